"""New files of a source into the next version of a dataset, once each, with everything that belongs to it.

`tidemill.data.pipeline.ingest` is the one way in: it begins an `Ingest`, and where there is news takes it in a run.

Order of an ingest, all under the dataset's lock: quarantine commit, table commit, key index, online history, metadata
(version, files, edges, profile, events; one transaction). The table's commit carries the ingest id and the list of
files, so that whatever a crash left undone after it is done from the log by `reconcile`; what a crash left before it
is simply done again, and the ingest id, which is made of the contract and the files' digests, keeps it from happening
twice.

Cost for n new rows in a dataset of N rows in F files and V versions: O(n log N) for the rows, O(F) to list names and
O(V) to list the log, and 12 bytes a row of the table are read for the index of its keys. The table itself is not read
again, but for the files that a suspected duplicate names and, where rows have no key, for what the same name brought
before; for the columns that rows are completed in, which are profiled anew; and for the rows that feedback has told
labels of since the last ingest.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import polars as pl
from msgspec.structs import replace as replace_struct

from tidemill.data.check.checks import FUTURE
from tidemill.data.check.normalised import by_column
from tidemill.data.discover.sources import SourceFile, batches, pending
from tidemill.data.ingest.apart import Parts
from tidemill.data.ingest.changes import adopt, check_columns, commit_rows, must_adopt
from tidemill.data.ingest.events import Commit, FileSummary, tell_again
from tidemill.data.ingest.judge import Judge, Judged
from tidemill.data.ingest.quarantine import QUARANTINE_COLUMNS
from tidemill.data.ingest.refused import READER, Refused, refused, remember
from tidemill.data.ingest.register import Target, catch_up
from tidemill.data.ingest.spill import in_parts
from tidemill.data.ingest.told import NAME, Told, told_labels
from tidemill.data.tables.tables import ORIGIN, QUARANTINE, open_tables
from tidemill.errors import DataBlocked, SourceError
from tidemill.scope.project import Project
from tidemill.store.records import DatasetVersion, Event
from tidemill.types import Micros, canonical, digest, named_id

Progress = Callable[[int, int, str], None]


@dataclass
class Ingest:
    """One ingest under way, from `begin` on: the dataset's lock is held, its files are found, nothing is taken yet."""

    judge: Judge
    adopts: bool
    files: list[SourceFile]
    done: bool = False
    made: DatasetVersion | None = None
    refused: list[Judged] = field(default_factory=list)
    recalled: dict[str, Refused] = field(default_factory=dict)  # what is told again, and not judged
    _parts: Parts | None = None

    def has_news(self) -> bool:
        """Whether `take` would change anything. A file that was refused before is judged again where that can change something."""
        mine = self.judge.into.contract.digest
        again = [f for f in self.files if f.digest in self.before and self.before[f.digest].contract == mine]
        if self.adopts or len(again) < len(self.files) or self.told.cells.height:
            return True
        self.told.keep()
        beside = self.judge.version
        self.refused = [judged for file in again if (judged := self._judged(file, beside)).error]
        self._remember()
        return len(self.refused) < len(again)

    @cached_property
    def before(self) -> dict[str, Refused]:
        """What ingests refused until now."""
        return refused(self.judge.into.project.store, self.judge.into.dataset)

    def _judged(self, file: SourceFile, beside: int | None = None, folder: Path | None = None) -> Judged:
        """``beside``: the version of the dataset, where no other file comes in; ``folder``: for a large one's rows."""
        known = self.before.get(file.digest)
        if known is None or not (known.stands(file.size) or known.beside == beside is not None):
            self.recalled.pop(file.digest, None)
            return self.judge.judge(file, folder=folder, apart=self._parts and self._parts.judge)
        self.recalled[file.digest] = known
        return Judged(file, error=known.error())

    def _remember(self) -> None:
        """Keep what is refused now: that, and no more."""
        into = self.judge.into
        found = {one.file.digest: self._kept(one) for one in self.refused}
        if found != self.before:
            remember(into.project.store, into.dataset, found)

    def _kept(self, judged: Judged) -> Refused:
        file, error, contract = judged.file, judged.error, self.judge.into.contract.digest
        assert error is not None
        if known := self.recalled.get(file.digest):
            return replace_struct(known, contract=contract)
        reader = READER if isinstance(error, SourceError) and error.lasting else ""
        said = {"message": error.message, "place": error.place, "hint": error.hint}
        timed = judged.checked is not None and any(reason.endswith(FUTURE) for reason in judged.checked.counts)
        beside = self.judge.version if isinstance(error, DataBlocked) and not timed else None
        return Refused(file=file.name, size=file.size, contract=contract, reader=reader, beside=beside, **said)

    @cached_property
    def told(self) -> Told:
        """Labels that feedback told, of rows that wait for one."""
        return told_labels(self.judge.into, lambda: self.judge.indexes[0][1], self.judge.now)

    def take(self, run: str | None, progress: Progress, parts: Parts | None = None) -> None:
        """Do it; `made` is then the new version, if there is one. Raises what the first refused file raised, when all others are in.

        ``parts``: what judges large files, and looks at what the table has of them, piece by piece.
        """
        self.refused, self.done, self._parts = [], True, parts
        shutil.rmtree(self._folder, ignore_errors=True)  # what a crash left
        if self.adopts:
            self.made = adopt(self.judge.into, run, self.judge.version)
            self.judge = replace(self.judge, version=self.made.version)
        seen = 0
        waiting: list[SourceFile] = []
        for batch in batches(self.files):
            waiting += self._take(batch, run)
            seen += len(batch)
            progress(seen, len(self.files), batch[-1].name)
        for batch in batches(waiting):
            self._take(batch, run, last=True)
        self._take_told(run)
        for judged in self.refused:
            self._tell(judged)
        self._remember()
        shutil.rmtree(self._folder, ignore_errors=True)
        self.raise_refused()

    def raise_refused(self) -> None:
        """Raise the error of the first file that was refused, if one was."""
        errors = [judged.error for judged in self.refused if judged.error]
        if len(errors) > 1:
            errors[0].message += f" (and {len(errors) - 1} more files are refused)"
        if errors:
            raise errors[0]

    def _take(self, batch: list[SourceFile], run: str | None, *, last: bool = False) -> list[SourceFile]:
        """One commit for a batch of files. Those that complete rows which are not in yet wait for the others: unless they are the last."""
        judge, into = self.judge, self.judge.into
        taken: list[tuple[Judged, _Bad]] = []
        waiting: list[SourceFile] = []
        for file in batch:
            judged = self._judged(file, folder=self._folder)
            if judged.waits and not last:
                waiting.append(file)
                continue
            if judged.error or judged.checked is None:
                self.refused.append(judged)
                continue
            if len(batch) > 1:  # else nothing is judged before it is in
                judge.reserve(judged)
            elif judged.cells is not None and judged.cells.height:
                judge.pending.append(judged.cells)
            taken.append((judged, _Bad(*judge.new_bad(judged))))
        if not taken:
            return waiting
        ingest_id = named_id("ing", into.dataset, into.contract.digest, *(judged.file.digest for judged, _ in taken))
        _keep_bad(into, ingest_id, judge.now, [(judged.file, bad.parts) for judged, bad in taken])
        files = tuple(_summary(*one, before=one[0].file.name in judge.earlier) for one in taken)
        commit = Commit(files, judge.now, run, into.contract.digest)
        rows = in_parts(self._stored(part, ingest_id) for judged, _ in taken for part in judged.good)
        indexes, summed = [index for _, index in judge.indexes], self._parts and self._parts.summed
        self.made = commit_rows(into, commit, ingest_id, rows, indexes, judge.pending, summed)
        judge.pending.clear()
        self._sweep()
        return waiting

    def _stored(self, good: pl.DataFrame, ingest: str) -> pl.DataFrame:
        """Good rows as the table has them."""
        into = self.judge.into
        return good.with_columns(pl.lit(ingest).alias("_ingest")).select(*into.contract.stored, *ORIGIN)

    @property
    def _folder(self) -> Path:
        """For rows of large files, while they are taken."""
        return self.judge.into.tables.root / f".{self.judge.into.dataset}.pieces"

    def _sweep(self) -> None:
        """No rows wait any more, but for the bad ones of refused files."""
        if not any(judged.kept for judged in self.refused):
            shutil.rmtree(self._folder, ignore_errors=True)

    def _take_told(self, run: str | None) -> None:
        """One commit for the labels that feedback told."""
        if self.told.cells.height:
            self.made = self._commit_told(self.told.cells, run)
        self.told.keep()

    def _commit_told(self, cells: pl.DataFrame, run: str | None) -> DatasetVersion:
        judge, into = self.judge, self.judge.into
        mark = digest(canonical(cells.cast(pl.String).rows()))
        ingest_id = named_id("ing", into.dataset, into.contract.digest, mark)
        summary = FileSummary(digest=mark, name=NAME, rows=0, quarantined=0, completed=cells.height)
        none = pl.DataFrame(schema=into.contract.stored | ORIGIN)
        commit = Commit((summary,), judge.now, run, into.contract.digest)
        return commit_rows(into, commit, ingest_id, [none], [index for _, index in judge.indexes], [cells])

    def _tell(self, judged: Judged) -> None:
        """Keep a refused file's bad rows and say so, once for the same bytes and contract."""
        into, now, file, error = self.judge.into, self.judge.now, judged.file, judged.error
        assert error is not None
        key = ("blocked", into.dataset, into.contract.digest, file.digest)
        if judged.checked:
            _keep_bad(into, named_id("blk", *key), now, [(file, judged.bad)])
        data = {"file": file.name, "digest": file.digest, "code": error.code, "message": error.message}
        event = Event(named_id("evt", *key), now, "blocked", f"dataset:{into.dataset}", data)
        into.project.store.events.add_once(event)


@contextmanager
def begin(project: Project, dataset: str) -> Iterator[Ingest]:
    """Hold the dataset, finish what a crash left, and find the source's files that are not in yet. No row is read.

    Raises ConfigError, ContractError, SourceError, StoreBusy.
    """
    into = Target.of(project, dataset)
    with into.tables.lock(dataset):
        gains = check_columns(into)
        catch_up(into)
        last = into.last
        adopts = last is not None and (must_adopt(into) or gains)
        again: dict[str, str] = {}
        cache = into.tables.root / f".{dataset}.seen.json"
        files = pending(project.store, project.root, dataset, project.dataset(dataset).source, cache, again)
        tell_again(project, dataset, again, last.ingest if last and into.contract.revised else None)
        yield Ingest(Judge(into, last.version if last else 0, project.clock.now()), adopts, files)


def reconcile(project: Project) -> list[DatasetVersion]:
    """Do what a crash between a table's commit and its metadata left undone, everywhere; the versions that were."""
    done: list[DatasetVersion] = []
    for dataset in project.datasets:
        if open_tables(project).exists(dataset):
            into = Target.of(project, dataset)
            with into.tables.lock(dataset):
                done += catch_up(into)
    return done


class _Bad(NamedTuple):
    """The bad rows of a file that are new in quarantine."""

    parts: Iterable[pl.DataFrame]
    n: int
    reasons: dict[str, int]


def _keep_bad(into: Target, ingest: str, now: Micros, of: Sequence[tuple[SourceFile, Iterable[pl.DataFrame]]]) -> None:
    own = (
        bad.with_columns(pl.lit(ingest).alias("_ingest"), pl.lit(file.name).alias("_name")).select(*QUARANTINE_COLUMNS)
        for file, parts in of
        for bad in parts
        if bad.height
    )
    rows = in_parts(own)
    if (first := next(rows, None)) is not None:
        fence = into.project.store.fence
        into.tables.append(into.dataset + QUARANTINE, first, ingest=ingest, at=now, fence=fence, more=rows)


def _summary(judged: Judged, new: _Bad, before: bool) -> FileSummary:
    """``new``: its bad rows that are new in quarantine; ``before``: a file of its name is in."""
    file, checked = judged.file, judged.checked
    assert checked is not None
    return FileSummary(
        digest=file.digest,
        name=file.name,
        rows=checked.n_good,
        quarantined=new.n,
        reasons=new.reasons,
        known=checked.known,
        completed=checked.completed,
        kept=checked.n_bad - new.n,
        before=before,
        surplus=checked.surplus,
        absent=checked.absent,
        changed=by_column(checked.changed),
        notes=checked.notes,
    )
