"""New files of a source into the next version of a dataset, once each, with everything that belongs to it.

`tidemill.data.pipeline.ingest` is the one way in: it begins an `Ingest`, and where there is news takes it in a run.

Order of an ingest, all under the dataset's lock: quarantine commit, table commit, key index, online history, metadata
(version, files, edges, profile, events; one transaction). The table's commit carries the ingest id and the list of
files, so that whatever a crash left undone after it is done from the log by `reconcile`; what a crash left before it
is simply done again, and the ingest id, which is made of the contract and the files' digests, keeps it from happening
twice.

Cost for n new rows in a dataset of N rows in F files and V versions: O(n log N) for the rows, O(F) to list names and
O(V) to list the log. The table itself is not read again, but for the files that a suspected duplicate names
and, where rows have no key, for what the same name brought before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import polars as pl

from tidemill.data.check.checks import Checked, reasons_of
from tidemill.data.contract.contract import Contract
from tidemill.data.discover.discover import pending
from tidemill.data.discover.sources import SourceFile, batches
from tidemill.data.ingest.commit import Commit, meta_of
from tidemill.data.ingest.events import tell_again
from tidemill.data.ingest.evolution import check_columns
from tidemill.data.ingest.quarantine import QUARANTINE_COLUMNS
from tidemill.data.ingest.register import catch_up, keep_contract, register
from tidemill.data.ingest.roles import adopt, must_adopt
from tidemill.data.ingest.validate import judge_file, key_indexes, new_bad, taken_by_name
from tidemill.data.tables.keys import KeyIndex
from tidemill.data.tables.tables import ORIGIN, QUARANTINE, Tables, open_tables
from tidemill.errors import DataError
from tidemill.scope.project import Project
from tidemill.store.records import DatasetVersion, Event, IngestedFile
from tidemill.types import JsonObject, Micros, named_id


@dataclass
class _Taken:
    """A file that was read and checked, and lets itself be ingested."""

    file: SourceFile
    checked: Checked
    bad: pl.DataFrame  # less those that are in quarantine already


@dataclass
class _Refused:
    """A file that is not ingested, and why; its bad rows, where it could be read."""

    file: SourceFile
    error: DataError
    bad: pl.DataFrame | None = None


Progress = Callable[[int, int, str], None]


@dataclass
class Ingest:
    """One ingest under way, from `begin` on: the dataset's lock is held, its files are found, nothing is taken yet."""

    project: Project
    dataset: str
    contract: Contract
    tables: Tables
    now: Micros
    last: DatasetVersion | None
    adopts: bool
    files: list[SourceFile]
    run: str | None = None
    done: bool = False
    made: DatasetVersion | None = None
    indexes: list[tuple[str, KeyIndex]] = field(default_factory=list)
    earlier: dict[str, list[IngestedFile]] = field(default_factory=dict)
    refused: list[_Refused] = field(default_factory=list)

    def has_news(self) -> bool:
        """Whether `take` would change anything. A file that was refused before is read and judged again: time passes."""
        before = _refused_before(self)
        again = [f for f in self.files if before.get(f.digest) == self.contract.digest]
        return self.adopts or len(again) < len(self.files) or any(_look_at(self, f, alone=True) for f in again)

    def take(self, run: str | None, progress: Progress) -> DatasetVersion | None:
        """Do it; the new version, if there is one. Raises what the first refused file raised, when all others are in."""
        self.run, self.refused, self.done = run, [], True
        if self.adopts:
            self.made = adopt(self.project, self.tables, self.dataset, self.contract, self.last, run)
        self.last, seen = self.made or self.last, 0
        for batch in batches(self.files):
            self.made = _take(self, batch) or self.made
            seen += len(batch)
            progress(seen, len(self.files), batch[-1].name)
        for refusal in self.refused:
            _tell(self, refusal)
        _remember_refused(self)
        self.raise_refused()
        return self.made

    def raise_refused(self) -> None:
        """Raise the error of the first file that was refused, if one was."""
        if self.refused:
            raise _first(self.refused)


def load_contract(project: Project, dataset: str) -> Contract:
    """The dataset's contract. Raises ContractError, and NotAvailableYet for a rule that this version does not build."""
    return Contract.load(project.dataset(dataset).contract_path)


@contextmanager
def begin(project: Project, dataset: str) -> Iterator[Ingest]:
    """Hold the dataset, finish what a crash left, and find the source's files that are not in yet. No row is read.

    Raises ConfigError, ContractError, SourceError, StoreBusy.
    """
    source, contract = project.dataset(dataset).source, load_contract(project, dataset)
    tables = open_tables(project)
    with tables.lock(dataset):
        gains = check_columns(project, tables, dataset, contract)
        last = catch_up(project, tables, dataset, contract)
        adopts = must_adopt(project, tables, dataset, contract, last) or (gains and last is not None)
        cache = tables.root / f".{dataset}.seen.json"
        again: dict[str, str] = {}
        files = pending(project.store, project.root, dataset, source, cache, again=again)
        tell_again(project, dataset, again)
        work = Ingest(project, dataset, contract, tables, project.clock.now(), last, adopts, files)
        work.earlier = taken_by_name(project, dataset) if files else {}
        yield work


def reconcile(project: Project) -> list[DatasetVersion]:
    """Do what a crash between a table's commit and its metadata left undone, everywhere; the versions that were."""
    tables, done = open_tables(project), []
    for dataset in project.datasets:
        if not tables.exists(dataset):
            continue
        with tables.lock(dataset):
            before = {v.version for v in project.store.datasets.list(dataset=dataset)}
            catch_up(project, tables, dataset, load_contract(project, dataset))
            done += [v for v in project.store.datasets.list(dataset=dataset) if v.version not in before]
    return done


def _take(work: Ingest, batch: list[SourceFile]) -> DatasetVersion | None:
    """One commit for a batch of files."""
    taken = [t for t in (_look_at(work, file, alone=len(batch) == 1) for file in batch) if t is not None]
    if not taken:
        return None
    ingest_id = named_id("ing", work.dataset, work.contract.digest, *(t.file.digest for t in taken))
    _keep_bad(work, ingest_id, [(t.file, t.bad) for t in taken])
    good = pl.concat([t.checked.good for t in taken]).with_columns(pl.lit(ingest_id).alias("_ingest"))
    good = good.select(*work.contract.stored, *ORIGIN)
    summaries = [_summary(t, before=t.file.name in work.earlier) for t in taken]
    meta = meta_of(summaries, work.run, work.now, work.contract.digest)
    keep_contract(work.project, work.dataset)
    version = work.tables.append(work.dataset, good, ingest=ingest_id, at=work.now, meta=meta)
    for _, index in work.indexes:
        index.add(good, version)
    commit = Commit(version, ingest_id, tuple(summaries), work.now, work.run)
    work.last = register(work.project, work.tables, work.dataset, work.contract, commit, good, work.last)
    return work.last


def _look_at(work: Ingest, file: SourceFile, alone: bool) -> _Taken | None:
    """Read and check one file; None when it is refused."""
    bad: pl.DataFrame | None = None
    earlier = work.earlier.get(file.name, [])
    if not work.indexes:
        version = work.last.version if work.last else 0
        work.indexes = key_indexes(work.tables, work.dataset, work.contract, version)
    try:
        checked = judge_file(work.tables, work.contract, file, work.now, earlier, work.indexes)
        bad = checked.bad
        checked.judge(file.name)
    except DataError as exc:
        exc.place = exc.place or file.name
        work.refused.append(_Refused(file, exc, bad))
        return None
    if not alone:
        for _, index in work.indexes:
            index.reserve(checked.good)
    return _Taken(file, checked, new_bad(checked.bad, work.tables, earlier))


def _keep_bad(work: Ingest, ingest_id: str, parts: list[tuple[SourceFile, pl.DataFrame]]) -> None:
    kept = [
        bad.with_columns(pl.lit(ingest_id).alias("_ingest"), pl.lit(file.name).alias("_name")).select(
            *QUARANTINE_COLUMNS
        )
        for file, bad in parts
        if bad.height
    ]
    if kept:
        name = work.dataset + QUARANTINE
        work.tables.append(name, pl.concat(kept), ingest=ingest_id, at=work.now)


def _summary(taken: _Taken, before: bool) -> JsonObject:
    """What the commit says of the file: its good rows, and those that are new in quarantine, with their reasons.

    ``known``: rows that are in already; ``kept``: bad ones in quarantine already; ``before``: a file of its name is in;
    ``surplus`` and ``absent``: columns that it has beside the contract's, and optional ones that it has not.
    """
    file, checked, bad = taken.file, taken.checked, taken.bad
    counts: JsonObject = {"rows": checked.good.height, "quarantined": bad.height, "reasons": reasons_of(bad)}
    more: JsonObject = {"known": checked.known, "kept": checked.bad.height - bad.height, "before": before}
    more |= {"surplus": list(checked.surplus), "absent": list(checked.absent)}
    return {
        "digest": file.digest,
        "name": file.name,
        **counts,
        **{name: value for name, value in more.items() if value},
    }


def _tell(work: Ingest, refusal: _Refused) -> None:
    """Keep a refused file's bad rows and say so, once for the same bytes and contract."""
    key = ("blocked", work.dataset, work.contract.digest, refusal.file.digest)
    if refusal.bad is not None:
        _keep_bad(work, named_id("blk", *key), [(refusal.file, refusal.bad)])
    file, error = refusal.file, refusal.error
    data = {"file": file.name, "digest": file.digest, "code": error.code, "message": error.message}
    work.project.store.events.add_once(
        Event(named_id("evt", *key), work.now, "blocked", f"dataset:{work.dataset}", data)
    )


def _refused_before(work: Ingest) -> JsonObject:
    """Files that an earlier ingest refused: digest -> the contract's, by which it did."""
    kept = work.project.store.settings.get(f"refused:{work.dataset}")
    return dict(kept) if isinstance(kept, dict) else {}


def _remember_refused(work: Ingest) -> None:
    refused = {r.file.digest: work.contract.digest for r in work.refused}
    if refused != _refused_before(work):
        work.project.store.settings.set(f"refused:{work.dataset}", refused)


def _first(refused: list[_Refused]) -> DataError:
    error = refused[0].error
    if len(refused) > 1:
        error.message += f" (and {len(refused) - 1} more files are refused)"
    return error
