"""What becomes of a file's rows: good, bad with reasons, or in the dataset already. Nothing is stored here.

Rows that are in already count once, and are told; they are neither bad nor doubled. So a file that grows, and a
function that gives the whole table each time, add what is new. A row is in already when

- its key is in the table, with the same value in every column that it brings; another value under a known key is a
  duplicate, and a value where the row had none completes it (`late`), or
- an earlier file of the same name brought the same row. Each row that came then stands for one row now, so that rows
  that were twice in the file stay twice. This is all there is to go by where the contract names no key.

Of items whose newest row counts (`Contract.revised`) no row is in already: a price that is what it was a month ago is news after
another one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import polars as pl

from tidemill.data.check.checks import Checked, duplicate, reasons_of
from tidemill.data.check.seen import Seen
from tidemill.data.discover.rows import Rows
from tidemill.data.discover.sources import SourceFile, find, in_pieces, pieces, read
from tidemill.data.ingest.changes import check_columns
from tidemill.data.ingest.late import NO_ROW, narrowed, sort_late
from tidemill.data.ingest.quarantine import broken_rows
from tidemill.data.ingest.register import Target
from tidemill.data.ingest.spill import Spill
from tidemill.data.tables.keys import KeyIndex, same
from tidemill.data.tables.tables import ORIGIN, QUARANTINE
from tidemill.errors import DataError, SourceError
from tidemill.store.records import IngestedFile
from tidemill.types import Micros

if TYPE_CHECKING:
    from tidemill.data.contract.contract import Contract
    from tidemill.scope.project import Project


Outcomes = Iterator[tuple[Checked, bool]]
"""Of each piece of a file what the contract says of it, and whether it can do nothing but complete rows."""
Apart = Callable[[SourceFile, "Contract", Sequence[Seen]], Outcomes | None]
"""What judges the pieces of a file; None for one that it cannot take apart."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One file. ``error``: why it is refused, or cannot be read; ``taken``: it is in the dataset already.

    ``cells``: the key and values of the rows that complete others; ``waits``: it does nothing but complete rows, and some
    that it names are not in (yet).
    """

    file: SourceFile
    checked: Checked | None = None
    error: DataError | None = None
    taken: bool = False
    cells: pl.DataFrame | None = None
    waits: bool = False
    kept: tuple[Spill, Spill] | None = None  # good and bad rows of a file in pieces

    @property
    def good(self) -> Iterable[pl.DataFrame]:
        """Its good rows, in parts."""
        return self.kept[0] if self.kept else [self.checked.good] if self.checked else []

    @property
    def bad(self) -> Iterable[pl.DataFrame]:
        """Its bad rows, in parts."""
        return self.kept[1] if self.kept else [self.checked.bad] if self.checked else []


@dataclass(frozen=True)
class Judge:
    """Judges files one after the other by the contract and by what the dataset holds at a version.

    The caller holds the dataset's lock when the first file is judged: what the key indexes hold then stays as it is.
    """

    into: Target
    version: int
    now: Micros
    pending: list[pl.DataFrame] = field(default_factory=list)  # what files of this ingest complete

    @property
    def sets(self) -> tuple[tuple[str, ...], ...]:
        """The sets of columns that are unique in the dataset, not in each of its files alone."""
        return () if self.into.contract.revised else self.into.contract.sets

    @cached_property
    def indexes(self) -> list[tuple[str, KeyIndex]]:
        """The index of each unique set of columns, with the reason for a row that is in it."""
        found = []
        for names in self.sets:
            index = KeyIndex(self.into.tables, self.into.dataset, names)
            index.catch_up(self.version)
            found.append((duplicate(self.into.contract.key, names), index))
        return found

    @cached_property
    def earlier(self) -> dict[str, list[IngestedFile]]:
        """The files that are in, by their names: the same name may have brought other bytes."""
        found: dict[str, list[IngestedFile]] = {}
        for file in self.into.project.store.files.list(dataset=self.into.dataset):
            found.setdefault(file.name, []).append(file)
        return found

    def judge(
        self, file: SourceFile, *, taken: bool = False, folder: Path | None = None, apart: Apart | None = None
    ) -> Judged:
        """What becomes of its rows. Of one that is ``taken`` only what the contract says.

        ``folder``: for the rows of one that is judged piece by piece, without it they are let go; ``apart``: what judges the pieces.
        """
        if in_pieces(file) and (found := self._judge_pieces(file, taken, folder, apart)):
            return found
        checked: Checked | None = None
        cells, waits = None, False
        try:
            checked, part = checked_by(self.into.contract, file, read(file), self.now)
            if not taken:
                checked, cells = self._compared(file, checked, part)
                checked = self._told(checked)
                waits = part and NO_ROW in checked.counts
                if waits and not checked.known and not checked.completed:
                    self.into.contract.check(read(file).frame, self.now)  # whatever is missing in it
                checked.judge(file.name)
        except DataError as exc:
            exc.place = exc.place or file.name
            return Judged(file, checked, exc, taken, waits=waits)
        return Judged(file, checked, None, taken, cells, waits)

    def _judge_pieces(self, file: SourceFile, taken: bool, folder: Path | None, apart: Apart | None) -> Judged | None:
        """The same, holding a piece of its rows at a time. None of a file of which that cannot be said: it only completes rows, or it
        brings again what its name brought, in rows that need have no key."""
        if not self.into.contract.all_keyed and file.name in self.earlier:
            return None
        kept = (Spill(folder), Spill(folder)) if folder else None
        seen, total, cells = [Seen(names) for names in self.into.contract.sets], None, list[pl.DataFrame]()
        try:
            elsewhere = apart(file, self.into.contract, seen) if apart else None
            here = (checked_by(self.into.contract, file, rows, self.now, seen) for rows in pieces(file))
            for checked, part in elsewhere or here:
                if part:
                    return None
                if not taken:
                    checked, late = self._compared(file, checked, part)
                    cells += [late] if late is not None and late.height else []
                for spill, frame in zip(kept or (), (checked.good, checked.bad), strict=False):
                    spill.add(frame)
                total = checked.after(total)
            if total is not None:
                total = self._told(total)
                total.judge(file.name)
        except DataError as exc:
            exc.place = exc.place or file.name
            if isinstance(exc, SourceError):  # what was read of it before is nothing that it holds
                return Judged(file, error=exc, taken=taken)
            return Judged(file, total, exc, taken, kept=kept)
        return Judged(file, total, None, taken, pl.concat(cells) if cells else None, kept=kept)

    def _compared(self, file: SourceFile, checked: Checked, part: bool) -> tuple[Checked, pl.DataFrame | None]:
        """The outcome with what the dataset holds in view; what the rows complete. ``part``: it can do nothing but complete."""
        contract, cells = self.into.contract, None
        if contract.revised:
            return checked, cells
        if not part:
            checked = self._in_already(checked, self.earlier.get(file.name, ()))
            checked = replace(checked, no_events=self._no_events(checked.good))
        if contract.key:
            checked, cells = sort_late(contract, self.indexes[0][1], checked, self.pending)
        for (reason, index), names in zip(self.indexes, contract.sets, strict=True):
            if set(names) <= set(checked.good.columns):
                checked = checked.reject(index.known(checked.good), reason)
        if part:
            checked = checked.reject(pl.repeat(True, checked.good.height, dtype=pl.Boolean, eager=True), NO_ROW)
            whole = pl.DataFrame(schema={**contract.stored, **ORIGIN})
            checked = replace(checked, good=whole)
        return checked, cells

    def reserve(self, judged: Judged) -> None:
        """Count its good rows as in the dataset, and what it completes, for the files that are judged after it."""
        if judged.checked is None:
            return
        for part in judged.good if self.indexes else ():
            for _, index in self.indexes:
                index.reserve(part)
        if judged.cells is not None and judged.cells.height:
            self.pending.append(judged.cells)

    def new_bad(self, judged: Judged) -> tuple[Iterable[pl.DataFrame], int, dict[str, int]]:
        """The file's bad rows without those that an earlier file of its name has put into quarantine, for the same reasons: in
        parts, how many, and for which reasons.

        To be asked when the file was judged: there each of them counts.
        """
        checked = judged.checked
        earlier = self.earlier.get(judged.file.name, ())
        took = {f.ingest for f in earlier if f.quarantined}
        if checked is None or not took or not checked.n_bad:
            return judged.bad, checked.n_bad if checked else 0, checked.counts if checked else {}
        bad = pl.concat(judged.bad)
        name = self.into.dataset + QUARANTINE
        there = self.into.tables.added(name, [c.version for c in self.into.tables.versions(name) if c.ingest in took])
        there = there.filter(pl.col("_file").is_in([f.digest for f in earlier]))
        bad = bad.filter(~same(*(_numbered(rows, ("_raw", "_reasons")) for rows in (bad, there))))
        return [bad], bad.height, reasons_of(bad)

    def _no_events(self, good: pl.DataFrame) -> int:
        """Good rows that the history leaves out: of nothing, neither bought nor returned."""
        value = self.into.contract.value if self.into.in_history else None
        return 0 if value is None else int((good[value] == 0).sum())

    def _told(self, checked: Checked) -> Checked:
        """The outcome of all rows, with what is to be said of those."""
        if not checked.no_events:
            return checked
        said = f"in {checked.no_events:,} of its rows {self.into.contract.value} is 0: they are in the table, and no events of the history"
        return replace(checked, said=(*checked.said, f"{said} that is served"))

    def _in_already(self, checked: Checked, earlier: Sequence[IngestedFile]) -> Checked:
        """The outcome without the rows that are in. ``earlier``: the files of the same name that were taken.

        A row with a whole key is found by it. Only for the others, of which there mostly are none where there is a key, is
        what the name ever brought read again.
        """
        names = self.into.contract.names
        for _, index in self.indexes[:1]:
            checked = checked.aside(index.holds(checked.good, names))
        if not earlier:
            return checked
        whole = self.indexes[0][1].keys(checked.good).is_not_null() if self.indexes else pl.Series([False])
        if not whole.all():
            rows = self.into.tables.added(self.into.dataset, sorted({f.version for f in earlier}))
            if rows.height:
                rows = rows.filter(pl.col("_file").is_in([f.digest for f in earlier]))
                checked = checked.aside(~whole & same(_numbered(checked.good, names), _numbered(rows, names)))
        return checked


def checked_by(
    contract: Contract, file: SourceFile, rows: Rows, now: Micros, seen: Sequence[Seen] = ()
) -> tuple[Checked, bool]:
    """What the contract says of the file's rows; lines that are no rows are bad ones. And whether the file has a part of the
    columns alone, and so can only complete rows."""
    frame = rows.frame.with_columns(pl.lit(file.digest).alias("_file"))
    if "_line" not in frame.columns:
        frame = frame.with_columns(pl.lit(None, pl.Int64).alias("_line"))
    part = completing(contract, frame.columns)
    checked = (part or contract).check(frame, now, () if part else seen)
    checked = replace(checked, said=rows.notes)
    if part:
        checked = replace(checked, absent=tuple(n for n in contract.names if n not in frame.columns))
    return checked.with_bad(broken_rows(file, rows.broken)) if rows.broken else checked, part is not None


def completing(contract: Contract, columns: Sequence[str]) -> Contract | None:
    """The contract of a file of these columns, where it can only complete rows; else None."""
    return None if contract.revised else narrowed(contract, columns)


def _numbered(rows: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    """These columns, and which of its equals each row is."""
    return rows.select(*names, pl.int_range(pl.len()).over(names).alias("?nth"))


def preview(project: Project, dataset: str) -> Iterator[Judged]:
    """What an ingest would say of every file of the source, in its order; stores nothing.

    Raises SourceError, ContractError when there can be none.
    """
    into = Target.of(project, dataset)
    check_columns(into)
    files = find(project.root, project.dataset(dataset).source)
    with into.tables.lock(dataset):
        version = into.tables.version(dataset) if into.tables.exists(dataset) else 0
        judge = Judge(into, version, project.clock.now())
        _ = judge.indexes  # what they hold after this stays as it is, whoever writes
    with TemporaryDirectory() as folder:
        yield from _each(judge, files, Path(folder))


def _each(judge: Judge, files: Sequence[SourceFile], folder: Path) -> Iterator[Judged]:
    seen = {file.digest for known in judge.earlier.values() for file in known}
    waiting: list[SourceFile] = []
    for file in files:
        judged = judge.judge(file, taken=file.digest in seen, folder=None if file is files[-1] else folder)
        seen.add(file.digest)
        if judged.waits:
            waiting.append(file)
            continue
        if not judged.taken and not judged.error:
            judge.reserve(judged)
        yield judged
    yield from (judge.judge(file) for file in waiting)
