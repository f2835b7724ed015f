"""Labels that feedback told, for rows that are in without one: by the key of the row (`tidemill.data.contract.key`).

They come by the door of late values: a value where the row had none, known from the ingest that takes it on. Each ingest
looks at what is new since the last look: outcomes that were received since, and rows that came since. A contract that
changed, or a clock that was set back, makes it look at all of them again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, islice, pairwise

import msgspec
import polars as pl

from tidemill.data.check.columns import cast
from tidemill.data.ingest.late import part_of
from tidemill.data.ingest.register import Target, event_key
from tidemill.data.tables.keys import KeyIndex
from tidemill.store.records import Outcome
from tidemill.types import SECOND, Micros

NAME = "feedback"
"""What the labels are called among the files of a version."""
_OVERLAP: Micros = 60 * SECOND
"""Outcomes are written a moment after they were received, and not in that order."""
_MOST_SPLITS = 1_000


class _Looked(msgspec.Struct, frozen=True):
    """Until where was looked: outcomes by the clock, rows by their version."""

    contract: str
    at: Micros
    version: int

    def stands(self, contract: str, now: Micros, version: int) -> bool:
        """Whether what was looked at need not be looked at again."""
        return self.contract == contract and now >= self.at - _OVERLAP and version >= self.version


@dataclass(frozen=True)
class Told:
    """``cells``: the key and the target of each row that waits for its label and has an outcome. `keep` when they are in."""

    cells: pl.DataFrame
    into: Target
    looked: _Looked | None = None

    def keep(self) -> None:
        """Begin the next look where this one ended."""
        if self.looked is not None:
            self.into.project.store.settings.set(f"told:{self.into.dataset}", msgspec.to_builtins(self.looked))


def told_labels(into: Target, index: Callable[[], KeyIndex], now: Micros) -> Told:
    """What feedback told since the last look; the latest word counts. ``index``: of the key, up to the newest version.

    An outcome that the contract would not take as the row's value is none.
    """
    contract, live = into.contract, into.project.live
    endpoints = {e.name for e in into.project.endpoints.values() if e.model.dataset.name == into.dataset}
    if not (contract.target and contract.key) or into.in_history or not into.tables.exists(into.dataset):
        return Told(pl.DataFrame(), into)
    kept, version = _last(into), into.tables.version(into.dataset)
    last = kept if kept is not None and kept.stands(contract.digest, now, version) else _Looked(contract.digest, 0, 0)
    names, since = [*contract.key, contract.target], last.at - _OVERLAP
    seen = endpoints if last.version else ()  # from the first version on the rows are asked for what was told of them
    fresh = [o.key for name in seen for o in live.outcomes.received(name, since)]
    if not fresh and last.version == version:
        return Told(pl.DataFrame(), into)
    rows = [into.tables.added(into.dataset, range(last.version + 1, version + 1), names)]
    rows += [index().rows_of(_keys(into, fresh), names)] if fresh else []
    waiting = pl.concat([part.select(names) for part in rows if part.width] or [pl.DataFrame()]).unique()
    found = _labelled(into, waiting, endpoints, now) if waiting.height else pl.DataFrame()
    return Told(found, into, _Looked(contract.digest, now, version))


def _last(into: Target) -> _Looked | None:
    kept = into.project.store.settings.get(f"told:{into.dataset}")
    return None if kept is None else msgspec.convert(kept, _Looked)


def _labelled(into: Target, rows: pl.DataFrame, endpoints: set[str], now: Micros) -> pl.DataFrame:
    """Of these rows the key and what was told of it, where they wait for that."""
    contract, latest = into.contract, dict[str, Outcome]()
    waiting = rows.filter(pl.col(str(contract.target)).is_null())
    waiting = waiting.select(*contract.key, event_key(contract).alias("?key")).drop_nulls()
    told = into.project.live.outcomes.of_keys(waiting["?key"])
    for outcome in sorted(told, key=lambda o: (o.at, o.received)):
        if outcome.endpoint in endpoints:
            latest[outcome.key] = outcome
    said = pl.Series(contract.target, [_word(latest.get(key)) for key in waiting["?key"]], dtype=pl.String)
    named = waiting.drop("?key").with_columns(said).drop_nulls()
    return part_of(contract, named.columns).check(named, now).good if named.height else pl.DataFrame()


def _keys(into: Target, texts: Sequence[str]) -> pl.DataFrame:
    """The rows' keys that these texts may be, as the table has them."""
    by_name = {column.name: column for column in into.contract.columns}
    columns = [replace(by_name[name], format=None) for name in into.contract.key]  # as `event_key` spells them
    parts = [split for text in texts for split in _splits(text, len(columns))]
    frame = pl.DataFrame(parts, schema={c.name: pl.String for c in columns}, orient="row")
    target = str(into.contract.target)
    keys = frame.select(cast(c, pl.String()).alias(c.name) for c in columns).drop_nulls()
    return keys.with_columns(pl.lit(None, into.contract.stored[target]).alias(target))


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
