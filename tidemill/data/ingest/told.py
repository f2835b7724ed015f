"""Labels that feedback told, for rows that are in without one: by the key of the row (`tidemill.data.contract.key`).

An outcome is of a row where it has the row's key, or names an answer that was asked for under the row's key. It comes by the
door of late values: a value where the row had none, known from the ingest that takes it on. Each ingest
looks at what is new since the last look: outcomes that were received since, and rows that came since. A contract that
changed, or a clock that was set back, makes it look at all of them again.

Rows are shared by all environments, and feedback completes them only from those that none comes ``after``: what is told in
staging is a rehearsal, and a label once told is never another one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, islice, pairwise

import msgspec
import polars as pl

from tidemill.data.check.columns import cast
from tidemill.data.ingest.late import merged, part_of
from tidemill.data.ingest.register import Target, event_key
from tidemill.data.tables.keys import KeyIndex
from tidemill.scope.project import Endpoint
from tidemill.store.records import Outcome
from tidemill.types import SECOND, Micros, named_id

Named = tuple[tuple[str, ...], Outcome]
"""An outcome, and what may be the key of its row: the first that is one is."""
NAME = "feedback"
"""What the labels are called among the files of a version."""
_OVERLAP: Micros = 60 * SECOND
"""Outcomes are written a moment after they were received, and not in that order."""
_MOST_SPLITS = 1_000


class _Looked(msgspec.Struct, frozen=True):
    """Until where was looked: outcomes by the clock, rows by their version."""

    contract: str  # its digest, and the columns that are labels
    at: Micros
    version: int

    def stands(self, contract: str, now: Micros, version: int) -> bool:
        """Whether what was looked at need not be looked at again."""
        return self.contract == contract and now >= self.at - _OVERLAP and version >= self.version


@dataclass(frozen=True)
class Told:
    """``cells``: the key and the labels of each row that waits for one and has an outcome. `keep` when they are in."""

    cells: pl.DataFrame
    into: Target
    looked: _Looked | None = None

    def keep(self) -> None:
        """Begin the next look where this one ended."""
        if self.looked is not None:
            self.into.project.store.settings.set(f"told:{self.into.dataset}", msgspec.to_builtins(self.looked))


def told_labels(into: Target, index: Callable[[], KeyIndex], now: Micros) -> Told:
    """What feedback told since the last look; the latest word counts. ``index``: of the key, up to the newest version.

    Models may learn different columns of the same rows. An outcome that the contract would not take as the row's value is none.
    """
    contract, columns = into.contract, labels_of(into)
    if not (columns and contract.key) or into.in_history or not into.tables.exists(into.dataset):
        return Told(pl.DataFrame(), into)
    kept, version = _last(into), into.tables.version(into.dataset)
    by = "/".join((contract.digest, *sorted(columns)))
    last = kept if kept is not None and kept.stands(by, now, version) else _Looked(by, 0, 0)
    names, since = [*contract.key, *columns], last.at - _OVERLAP
    seen = columns if last.version else {}  # from the first version on the rows are asked for what was told of them
    fresh = {column: _received(scopes, since) for column, scopes in seen.items()}
    if not any(fresh.values()) and last.version == version:
        return Told(pl.DataFrame(), into)
    keys = list(dict.fromkeys(key for named in fresh.values() for names_, _ in named for key in names_))
    near = [index().rows_of(_keys(into, keys, list(columns)), names)] if keys else []

    def rows() -> Iterator[pl.DataFrame]:
        """File by file, and what was told of."""
        yield from into.tables.parts(into.dataset, range(last.version + 1, version + 1), names)
        yield from near

    found = [_labelled(into, c, rows, columns[c], fresh.get(c, ()), now) for c in columns]
    cells = [part for part in found if part.height]
    return Told(merged(cells, contract.key) if cells else pl.DataFrame(), into, _Looked(by, now, version))


def labels_of(into: Target) -> dict[str, list[Endpoint]]:
    """The columns of these rows that models predict, each with the endpoints that are told what it truly was. No row waits for a
    part of its key."""
    found: dict[str, list[Endpoint]] = {}
    for scope in into.project.real_endpoints:
        label = scope.model.section.label
        if scope.model.dataset.name == into.dataset and not (label is not None and label.from_):
            column = label.column if label is not None else into.contract.target
            if column in into.contract.names and column not in into.contract.key:
                found.setdefault(str(column), []).append(scope)
    return found


def _received(scopes: Sequence[Endpoint], since: Micros) -> list[Named]:
    """The outcomes that were received since."""
    return [one for s in scopes for one in _named(s, _own(s, s.live.outcomes.received(s.name, since)))]


def _own(scope: Endpoint, outcomes: Iterable[Outcome]) -> list[Outcome]:
    return [o for o in outcomes if (o.endpoint, o.environment) == (scope.name, scope.environment)]


def _named(scope: Endpoint, outcomes: Sequence[Outcome]) -> list[Named]:
    """By the key under which the answer was asked that it names, else its own: that may be a number which another row has, too."""
    asked = scope.live.predictions.find(o.prediction for o in outcomes if o.prediction)
    here = (scope.name, scope.environment)
    theirs = {id_: p.key for id_, p in asked.items() if (p.endpoint, p.environment) == here and p.key}
    return [(tuple(filter(None, (theirs.get(o.prediction or ""), o.key))), o) for o in outcomes]


def _last(into: Target) -> _Looked | None:
    kept = into.project.store.settings.get(f"told:{into.dataset}")
    return None if kept is None else msgspec.convert(kept, _Looked)


def _labelled(
    into: Target,
    column: str,
    rows: Callable[[], Iterator[pl.DataFrame]],
    scopes: Sequence[Endpoint],
    fresh: Sequence[Named],
    now: Micros,
) -> pl.DataFrame:
    """Of these rows the key and what was told of this column, where they wait for that."""
    contract, latest = into.contract, dict[str, Outcome]()

    def keyed() -> Iterator[pl.DataFrame]:
        spelt = event_key(contract).alias("?key")
        there = (part.select(*contract.key, column, spelt) for part in rows() if part.width)
        return (part.drop_nulls([*contract.key, "?key"]) for part in there)

    parts = [part.filter(pl.col(column).is_null()).drop(column) for part in keyed()]
    if not parts:
        return pl.DataFrame()
    waiting = pl.concat(parts).unique(maintain_order=True)
    told = [*_told(into, waiting["?key"].to_list(), scopes), *fresh]
    asked = pl.Series([name for names, _ in told for name in names], dtype=pl.String).unique().implode()
    there = {key for part in keyed() for key in part["?key"].filter(part["?key"].is_in(asked))} if told else set[str]()
    for names, outcome in sorted(told, key=lambda named: (named[1].at, named[1].received)):
        if key := next((name for name in names if name in there), ""):
            latest[key] = outcome
    said = pl.Series(column, [_word(latest.get(key)) for key in waiting["?key"]], dtype=pl.String)
    named = waiting.drop("?key").with_columns(said).drop_nulls()
    return part_of(contract, named.columns).check(named, now).good if named.height else pl.DataFrame()


def _told(into: Target, keys: list[str], scopes: Sequence[Endpoint]) -> Iterator[Named]:
    """What was told of these rows, and of the answers that were asked under their keys."""
    outcomes = into.project.live.outcomes
    named = outcomes.of_keys(keys)
    for scope in scopes:
        yield from _named(scope, _own(scope, named))
        asked = {named_id("pred", *scope.salt, key): key for key in keys}
        for prediction, told in outcomes.of(asked).items():
            yield from (((asked[prediction],), outcome) for outcome in told)


def _keys(into: Target, texts: Sequence[str], labels: Sequence[str]) -> pl.DataFrame:
    """The rows' keys that these texts may be, as the table has them."""
    by_name = {column.name: column for column in into.contract.columns}
    plain = (by_name[name] for name in into.contract.key)
    columns = [replace(column, format=None, digits=None) for column in plain]  # as `event_key` spells them
    parts = [split for text in texts for split in _splits(text, len(columns))]
    frame = pl.DataFrame(parts, schema={c.name: pl.String for c in columns}, orient="row")
    keys = frame.select(cast(c, pl.String()).alias(c.name) for c in columns).drop_nulls()
    return keys.with_columns(pl.lit(None, into.contract.stored[name]).alias(name) for name in labels)


def _splits(text: str, n: int) -> Iterator[tuple[str, ...]]:
    """The ways in which n parts are this text, joined by "/": one, but where a part has one in it.

    >>> list(_splits("7000/mug", 2)), list(_splits("a/b/c", 2)), list(_splits("a/b", 1))
    ([('7000', 'mug')], [('a', 'b/c'), ('a/b', 'c')], [('a/b',)])
    """
    pieces = text.split("/")
    for cuts in islice(combinations(range(1, len(pieces)), n - 1), _MOST_SPLITS):
        ends = (0, *cuts, len(pieces))
        yield tuple("/".join(pieces[a:b]) for a, b in pairwise(ends))


def _word(outcome: Outcome | None) -> str | None:
    """What the outcome says, as text: a label, or a number."""
    return None if outcome is None else outcome.item or repr(outcome.value)
