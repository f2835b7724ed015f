"""The pieces of a large file as parts of the step that takes it: each reads its own rows, and says what the contract says of them.

What rows of one piece have to do with those of another is settled where pieces meet, in their order: by hashes of their keys. The
outcome is that of `Judge` without parts, to the last byte. A piece finds its bytes in the file where the project's folder is
shared by all who do parts, as its stores are; else it gets them, or the rows of a packed file, as an artifact.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from tidemill.data.check.checks import Came, Checked, duplicate
from tidemill.data.check.normalised import Normalised
from tidemill.data.check.seen import Seen, hashes
from tidemill.data.contract.contract import Contract
from tidemill.data.discover import sources
from tidemill.data.discover.foreign import Plan, packed, piece, plan
from tidemill.data.discover.readers import PIECED, CsvHead, Taken, csv_head, csv_lines, csv_span
from tidemill.data.discover.rows import Rows
from tidemill.data.discover.sources import SourceFile, lasting, unchanged
from tidemill.data.discover.spans import Span, spans
from tidemill.data.ingest.changes import Summary, Summed
from tidemill.data.ingest.judge import Apart, Outcomes, checked_by, completing
from tidemill.data.ingest.register import Target, profile_of
from tidemill.data.profile.profile import Profile
from tidemill.data.tables.keys import hashes_of
from tidemill.data.tables.tables import open_tables
from tidemill.engine import Context, step
from tidemill.engine.raised import StepRaised
from tidemill.errors import SourceError
from tidemill.types import JsonObject, Micros

OUTPUTS = ("good", "bad", "told", "keys")


@step(version="1", outputs=OUTPUTS)
def judged(
    file: JsonObject, contract: str, now: int, where: JsonObject, data: Any = None
) -> tuple[pl.DataFrame, pl.DataFrame, JsonObject, dict[str, Any]]:
    """What the contract says of a piece, each row by itself: its good and bad rows, what else is to be said, the hashes of its keys.

    Rows and lines of a text are counted from the piece's first.
    """
    source = SourceFile(**{**file, "path": file["path"] and Path(file["path"])})
    rules = Contract.parse(contract)
    rows, taken = _read(source, where, data)
    checked, _ = checked_by(replace(rules, key=(), unique=()), source, rows, now)
    told = {"from": where.get("start"), "taken": taken, "changed": checked.changed, "said": checked.said}
    told |= {"surplus": checked.surplus, "absent": checked.absent}
    return checked.good, checked.bad, told, _keys(rules, checked.good)


@step(version="1", outputs=("profile", "keys"))
def summed(
    dataset: str, file: str, contract: str, sets: list[list[str]], ctx: Context
) -> tuple[JsonObject, dict[str, Any]]:
    """The profile of a file of a table, and the hashes of its keys."""
    rows = open_tables(ctx.resource("project")).scan(dataset, [file]).collect()
    keys = {str(i): hashes_of(rows, columns) for i, columns in enumerate(sets)}
    return profile_of(Contract.parse(contract), rows).to_json(), keys


class Parts(NamedTuple):
    """What an ingest does by parts of its step."""

    judge: Apart
    summed: Summed


def parts_of(ctx: Context, began: Micros, now: Micros) -> Parts | None:
    """None where the run has no places for them.

    ``began``: when the run did. It judges by that moment also where it was killed and goes on, but for files that came later.
    """
    return Parts(partial(_judging, ctx, began, now), partial(_summed, ctx)) if ctx.apart else None


def _summed(ctx: Context, into: Target, files: Sequence[str], sets: Sequence[tuple[str, ...]]) -> Iterator[Summary]:
    same = {"dataset": into.dataset, "sets": [list(columns) for columns in sets]}
    with _raised():
        each = ctx.each(summed, ({**same, "file": file} for file in files), contract=into.contract.text)
        for done, made in enumerate(each, 1):
            ctx.progress(done, len(files), "profile and keys")
            keys = made["keys"]
            yield Summary(Profile.from_json(made["profile"]), [keys[str(i)] for i in range(len(sets))])


def _judging(
    ctx: Context, began: Micros, now: Micros, file: SourceFile, contract: Contract, seen: Sequence[Seen]
) -> Outcomes | None:
    assert file.path is not None
    keep = ctx.keep if "://" in ctx.artifacts.address else None
    with lasting():
        pieces = _Text.of(file, keep) if file.path.suffix.lower() in PIECED else _Packed.of(file, keep)
    if pieces is None or completing(contract, pieces.columns.columns):
        return None
    came = file.path.stat().st_mtime_ns // 1000
    return _outcomes(ctx, pieces, contract, seen, max(began, min(came, now)))


def _outcomes(ctx: Context, pieces: _Text | _Packed, contract: Contract, seen: Sequence[Seen], now: Micros) -> Outcomes:
    contract.check(
        pieces.columns, now
    )  # what each piece would be refused with: a column that is missing, or one too many
    file = pieces.file
    said = {"digest": file.digest, "name": file.name, "size": file.size, "version": file.version}
    same = {"file": {**said, "path": None if pieces.keep else str(file.path)}, "now": now}
    with lasting(), _raised():
        each = ctx.each(judged, ({**same, **item} for item in pieces.items()), contract=contract.text)
        for done, made in enumerate(each, 1):
            ctx.progress(done, pieces.n, f"{Path(file.name).name} in pieces")
            whole = pieces.whole(made, lambda where: _here({**same, "contract": contract.text, "where": where}))
            yield _settled(contract, _checked(contract, whole), whole.made["keys"], seen), False
    unchanged(file)


def _here(given: JsonObject) -> Mapping[str, Any]:
    return dict(zip(OUTPUTS, judged.fn(**given), strict=True))


@contextmanager
def _raised() -> Iterator[None]:
    """What a part raised elsewhere."""
    try:
        yield
    except StepRaised as exc:
        raise exc.error from exc


class _Whole(NamedTuple):
    """What a part gave, after so many rows and lines; how its rows came."""

    made: Mapping[str, Any]
    rows: int
    lines: int
    came: Came


@dataclass
class _Text:
    """A text in spans. ``at``, ``rows``, ``lines``: where the next record begins, and how many were before it."""

    file: SourceFile
    keep: Callable[[Any], Any] | None
    head: CsvHead
    at: int
    rows: int = 0
    lines: int = 0

    def __post_init__(self) -> None:
        self.lines, self._first, self._asked = self.head.end, self.at, deque[Span]()
        self.columns = pl.DataFrame(schema=dict.fromkeys(self.head.names, pl.String))
        self.n = -(-self.file.size // sources.PIECE)

    @staticmethod
    def of(file: SourceFile, keep: Callable[[Any], Any] | None) -> _Text | None:
        """None where records cannot be read from the middle on, or none can be read at all, which is said by who reads it from the start."""
        assert file.path is not None
        with file.path.open("rb") as handle:
            data = handle.read(sources.PIECE)
        try:
            found = csv_head(data, file.name, tab=file.path.suffix.lower() == ".tsv")
        except SourceError:
            return None
        return found and _Text(file, keep, *found)

    def items(self) -> Iterator[JsonObject]:
        assert self.file.path is not None
        for span, data in spans(self.file.path, self._first, sources.PIECE):
            self._asked.append(span)
            yield {"where": self._where(span), **({"data": self.keep(data)} if self.keep else {})}

    def _where(self, span: Span) -> JsonObject:
        return {**span._asdict(), "head": asdict(self.head)}

    def whole(self, made: Mapping[str, Any], here: Callable[[JsonObject], Mapping[str, Any]]) -> _Whole:
        """The next span's. Where a record of the one before goes into it, it is read again, without that."""
        span = self._asked.popleft()._replace(start=self.at)
        path, head, lines = self.file.path, self.head, self.lines
        assert path is not None
        if made["told"]["from"] != self.at:
            made = here(self._where(span))
        found = _Whole(
            made,
            self.rows,
            lines,
            lambda rows: csv_lines(_bytes(path, span), head, (rows["_line"] - 1 - lines).to_list()),
        )
        records, taken, size = made["told"]["taken"]
        self.rows, self.lines, self.at = self.rows + records, lines + taken, self.at + size
        return found


@dataclass
class _Packed:
    """A Parquet file or Delta table in pieces of so many rows."""

    file: SourceFile
    keep: Callable[[Any], Any] | None
    plan: Plan

    def __post_init__(self) -> None:
        self.columns, self._at = self.plan.columns, 0
        self.n = max(1, -(-self.plan.rows // self.plan.step))

    @staticmethod
    def of(file: SourceFile, keep: Callable[[Any], Any] | None) -> _Packed:
        assert file.path is not None
        return _Packed(file, keep, plan(packed(file.path, file.version), file.size, file.name, sources.ROWS))

    def items(self) -> Iterator[JsonObject]:
        for at in range(0, max(1, self.plan.rows), self.plan.step):
            data = {"data": self.keep(_piece(self.file, at, self.plan.step).frame)} if self.keep else {}
            yield {"where": {"at": at, "step": self.plan.step}, **data}

    def whole(self, made: Mapping[str, Any], here: Callable[[JsonObject], Mapping[str, Any]]) -> _Whole:
        at, self._at = self._at, self._at + self.plan.step

        def came(rows: pl.DataFrame) -> pl.DataFrame:
            return _piece(self.file, at, self.plan.step).frame.filter(pl.col("_row").is_in(rows["_row"].implode()))

        return _Whole(made, 0, 0, came)


def _read(file: SourceFile, where: JsonObject, data: Any) -> tuple[Rows, Taken | None]:
    if "at" in where:
        return (Rows(data) if data is not None else _piece(file, where["at"], where["step"])), None
    span, head = (
        Span(*(where[name] for name in Span._fields)),
        CsvHead(**{**where["head"], "notes": tuple(where["head"]["notes"])}),
    )
    if data is None:
        assert file.path is not None
        data = _bytes(file.path, span)
    return csv_span(data, max(0, span.end - span.start), head)


def _bytes(path: Path, span: Span) -> bytes:
    with path.open("rb") as handle:
        handle.seek(span.start)
        return handle.read(max(0, span.stop - span.start))


def _piece(file: SourceFile, at: int, step: int) -> Rows:
    assert file.path is not None
    return piece(packed(file.path, file.version), file.size, file.name, at, step)


def _keys(rules: Contract, good: pl.DataFrame) -> dict[str, Any]:
    """Of each unique set which rows have a whole key, and its hashes."""
    found: dict[str, Any] = {}
    for i, columns in enumerate(rules.sets):
        whole = good.select(pl.all_horizontal(pl.col(n).is_not_null() for n in columns)).to_series()
        a, b = hashes(good.filter(whole), columns)
        found |= {f"{i} at": np.flatnonzero(whole.to_numpy()), f"{i} a": a, f"{i} b": b}
    return found


def _checked(contract: Contract, whole: _Whole) -> Checked:
    """The outcome of a piece, its rows counted in the file."""
    made, told = whole.made, whole.made["told"]
    counted = [pl.col("_row") + whole.rows, pl.col("_line") + whole.lines]
    return Checked(
        made["good"].with_columns(counted),
        made["bad"].with_columns(counted),
        contract.max_bad_share,
        surplus=tuple(told["surplus"]),
        absent=tuple(told["absent"]),
        changed=tuple(Normalised(*one) for one in told["changed"]),
        said=tuple(told["said"]),
        came=whole.came,
    )


def _settled(contract: Contract, checked: Checked, keys: Mapping[str, Any], seen: Sequence[Seen]) -> Checked:
    """The outcome without rows whose key came before: set by set, among those that passed everything before."""
    left = np.ones(checked.good.height, np.bool_)
    for i, columns in enumerate(contract.sets):
        at, a, b = (keys[f"{i} {what}"] for what in ("at", "a", "b"))
        mine = left[at]
        at, a, b = at[mine], a[mine], b[mine]
        first = pl.DataFrame({"a": a, "b": b}).select(pl.struct("a", "b").is_first_distinct()).to_series().to_numpy()
        again = at[seen[i].came(a, b) | ~first]
        out = np.zeros(len(left), np.bool_)
        out[again] = True
        checked = checked.reject(pl.Series(out[left]), duplicate(contract.key, columns))
        left[again] = False
    return checked
