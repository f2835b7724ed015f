"""Dataset versions: Delta Lake tables under ``.tidemill/tables`` or in object storage, written by Tidemill alone.

Promise: a version that `Tables.append` has returned is kept (on disk: data, log and folders fsynced) and is never edited: where
a later one completes rows (`tidemill.data.tables.fill`), other files stand in the place of theirs from then on.
Every data file is named by the SHA-256 of its bytes, so `Tables.verify` can check any version at any time. An append
whose ingest id is in the table already changes nothing. Version 0 is the empty table.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import polars as pl

from tidemill.data.tables.delta import LEASE, append, checkpoint_if_due, commits, first_entry
from tidemill.data.tables.local import LocalTables
from tidemill.data.tables.port import TableStore
from tidemill.data.tables.schema import Columns, with_added
from tidemill.errors import Conflict, Damaged, LeaseLost, NotFound
from tidemill.store.records import Fence
from tidemill.types import Micros, did_you_mean, digest

if TYPE_CHECKING:
    from tidemill.scope.project import Project

QUARANTINE = "__quarantine"
SPAN = "tidemill.completed"
"""Where a commit says the first and last moment of the rows that it completed."""
ORIGIN = {"_file": pl.String(), "_row": pl.Int64(), "_ingest": pl.String()}
"""Where a row came from: the source file's digest, its 0-based row there, the ingest that took it."""


Spans = Mapping[str, tuple[Micros, Micros]]
"""Of a file: the first and last moment of each time column."""
Within = tuple[str, Micros, Micros]
"""Rows with ``start <= column < end``: (column, start, end), the column a time."""


@dataclass(frozen=True, slots=True)
class TableCommit:
    """One version as the table's own log tells it."""

    version: int
    ingest: str
    files: Mapping[str, Spans]  # with the rows that it added
    meta: Mapping[str, Any]
    replaced: Mapping[str, tuple[str, Spans]] = field(default_factory=dict)  # what stands in the place of earlier files

    @property
    def completed(self) -> tuple[Micros, Micros] | None:
        """The first and last moment of the rows that it completed; None where it completed none, or they have no time."""
        span = self.meta.get(SPAN)
        return None if span is None else (int(span[0]), int(span[1]))


@dataclass
class _Log:
    """A table's commits, 0 first, as far as they were read; ``made`` tells this table from another in its place."""

    made: object
    columns: Columns = field(default_factory=dict)
    commits: list[TableCommit] = field(default_factory=list)
    terms: dict[str, int] = field(default_factory=dict)  # the last one of each lease

    def take(self, info: Mapping[str, Any]) -> None:
        """One more commit, as `tidemill.data.tables.delta.commits` tells it."""
        self.columns = info["columns"] or self.columns
        self.terms |= info["terms"]
        ingest, replaced = info.get("tidemill.ingest", ""), info["replaced"]
        self.commits.append(TableCommit(info["version"], ingest, info["files"], info, replaced))


class Tables:
    """The tables of one store: a folder, or ``s3://…#FOLDER`` (`open_tables_at`).

    >>> import tempfile
    >>> tables = Tables(Path(tempfile.mkdtemp()))
    >>> tables.append("sales", pl.DataFrame({"sku": ["a"], "n": [1]}), ingest="ing_1", at=0)
    1
    >>> tables.append("sales", pl.DataFrame({"sku": ["b"], "n": [2]}), ingest="ing_2", at=0)
    2
    >>> tables.read("sales", version=1).collect()["sku"].to_list()
    ['a']
    """

    def __init__(self, where: Path | str) -> None:
        self.store = open_tables_at(str(where))
        self.root = self.store.root
        self._logs: dict[str, _Log] = {}
        self._held: set[str] = set()  # by this process: nobody else writes to them
        self._reading = Lock()  # threads share what was read

    def folder(self, dataset: str) -> Path:
        """On this machine: it holds the table, or copies."""
        return self.store.folder(dataset)

    def exists(self, dataset: str) -> bool:
        return self._look(dataset) is not None

    def version(self, dataset: str) -> int:
        """The last version. Raises NotFound."""
        return self._up_to(dataset, None)[-1].version

    def look_again(self, dataset: str) -> int:
        """The last version as it is now, also for who holds the lock and has looked; 0 where there is no table."""
        log = self._read(dataset)
        return log.commits[-1].version if log else 0

    def versions(self, dataset: str) -> list[TableCommit]:
        """Every version with rows, oldest first (the empty version 0 is left out)."""
        log = self._look(dataset)
        return log.commits[1:] if log else []

    def commit(self, dataset: str, version: int) -> TableCommit:
        """One version's commit. Raises NotFound."""
        return self._up_to(dataset, version)[version]

    def added(
        self,
        dataset: str,
        versions: Iterable[int],
        columns: Sequence[str] | None = None,
        as_of: int | None = None,
        where: pl.Expr | None = None,
    ) -> pl.DataFrame:
        """The rows that these versions added, with ``_version``, as they are (at version ``as_of``). Reads their files alone;
        no files, no columns. ``where``: of them those alone.

        A column that came later than the rows is null.
        """
        parts = list(self._added(dataset, versions, columns, as_of))
        if where is not None:
            parts = [rows.filter(where) for rows in parts]
        return pl.concat(parts).collect() if parts else pl.DataFrame()

    def parts(
        self,
        dataset: str,
        versions: Iterable[int],
        columns: Sequence[str] | None = None,
        as_of: int | None = None,
    ) -> Iterator[pl.DataFrame]:
        """The same rows, file by file."""
        return (rows.collect() for rows in self._added(dataset, versions, columns, as_of))

    def _added(
        self, dataset: str, versions: Iterable[int], columns: Sequence[str] | None, as_of: int | None
    ) -> Iterator[pl.LazyFrame]:
        for version in versions:
            for file in self.standing(dataset, version, as_of):
                rows = self.scan(dataset, [file]).select(columns if columns is not None else pl.all())
                yield rows.with_columns(pl.lit(version, pl.UInt32).alias("_version"))

    def standing(self, dataset: str, version: int, as_of: int | None = None) -> list[str]:
        """The files that hold what a version added, by name, as they are now (at version ``as_of``)."""
        moved = _moved(self._up_to(dataset, as_of))
        return [_standing(name, {}, moved)[0] for name in self.commit(dataset, version).files]

    def scan(self, dataset: str, files: Sequence[str]) -> pl.LazyFrame:
        """The rows of these files, with the table's present columns."""
        paths = self.store.paths(dataset, files)
        return pl.scan_parquet(paths, schema=self._log(dataset).columns, glob=False, missing_columns="insert")

    def read(self, dataset: str, version: int | None = None, within: Within | None = None) -> pl.LazyFrame:
        """The rows of a version (the last one if not said), lazily, those of the latest files first. Raises NotFound.

        They have the table's present columns: one that came after their version is null.

        With ``within`` files that can have no such row are left out; of the others all rows are there.
        """
        files = [name for name, spans in self._whole(dataset, version) if _may_hold(spans, within)]
        return self.scan(dataset, files) if files else pl.LazyFrame(schema=self._log(dataset).columns)

    def _whole(self, dataset: str, version: int | None) -> list[tuple[str, Spans]]:
        """The files of a version, those of the latest commit first; those of one commit in their order."""
        commits = self._up_to(dataset, version)
        moved = _moved(commits)
        return [_standing(name, spans, moved) for commit in commits[::-1] for name, spans in commit.files.items()]

    def columns(self, dataset: str) -> Columns:
        """The table's columns: it keeps them for ever, and may gain some. Raises NotFound."""
        return self._log(dataset).columns

    def append(
        self,
        dataset: str,
        frame: pl.DataFrame,
        *,
        ingest: str,
        at: Micros,
        meta: Mapping[str, Any] | None = None,
        replaced: Mapping[str, pl.DataFrame] | None = None,
        fence: Fence | None = None,
        more: Iterable[pl.DataFrame] = (),
    ) -> int:
        """Add the rows as a new version, once per ingest id; the version. Columns that are new to the table are added to it.

        ``more``: rows behind them, of the same columns, each frame of which is a file of its own.
        ``replaced``: the same rows of these files, completed (`tidemill.data.tables.fill.rewritten`).
        ``fence``: the lease under which the caller writes, and its term. Raises LeaseLost where the log has a later one.
        Raises ContractError where one that is in the table is lacking or of another type, Conflict where another machine's
        writer was first: begin anew, from what is there now.

        The caller holds `lock`. An ingest id that is there already returns the version that it made.
        """
        if not self.exists(dataset):
            with suppress(Conflict):
                self.store.commit(dataset, 0, first_entry(frame.schema, dataset, at))
            self._read(dataset)
        log = self._log(dataset)
        for commit in log.commits:
            if commit.ingest == ingest:
                return commit.version
        columns, version = with_added(log.columns, frame.schema, dataset), log.commits[-1].version + 1
        for new in (replaced or {}).values():
            columns = with_added(columns, new.schema, dataset)
        if fence is not None and fence.term < (last := log.terms.get(f"{LEASE}{fence.name}", 0)):
            raise LeaseLost(f"term {last} writes to it, and this is {fence.term}", place=f"dataset:{dataset}")
        append(
            self.store,
            dataset,
            (_with_all(part, columns) for part in chain([frame], more)),
            version,
            app_id=ingest,
            at=at,
            meta={"tidemill.ingest": ingest, **(meta or {})},
            columns=columns if len(columns) > len(log.columns) else None,
            replaced={old: _with_all(new, columns) for old, new in (replaced or {}).items()},
            fence=fence,
        )
        self._read(dataset)
        checkpoint_if_due(self.store, dataset, version)
        return version

    def lay(self, folder: Path, versions: Mapping[str, int]) -> None:
        """A folder of tables that holds these datasets up to these versions at least, for one that only reads."""
        parts = {name: self._up_to(name, version) for name, version in versions.items()}
        files = {
            name: [file for one in commits for file in (*one.files, *(new for new, _ in one.replaced.values()))]
            for name, commits in parts.items()
        }
        self.store.lay(folder, files)

    @contextmanager
    def lock(self, dataset: str) -> Iterator[None]:
        """Held while writing: one writer of a table, and of its quarantine, at a time on this machine. What is there is looked at
        once then. Raises StoreBusy after a bounded wait."""
        both = {dataset, dataset + QUARANTINE}
        with self.store.lock(dataset):
            for name in both:
                self._look(name)
            self._held |= both
            try:
                yield
            finally:
                self._held -= both

    def files(self, dataset: str, version: int | None = None) -> list[str]:
        """The data files of a version, by name: each name is the digest of its bytes."""
        return sorted(name for name, _ in self._whole(dataset, version))

    def digest(self, dataset: str, version: int | None = None) -> str:
        """The version's identity: the digest of its list of files, which are named by theirs."""
        names = "\n".join(self.files(dataset, version))
        return digest(names.encode())

    def verify(self, dataset: str, version: int | None = None) -> int:
        """Read every file of the version and compare its digest with its name; how many. Raises Damaged."""
        names = self.files(dataset, version)
        for name in names:
            try:
                self.store.verify(dataset, name)
            except NotFound as exc:
                raise Damaged("a data file is missing", place=exc.place) from exc
        return len(names)

    def _log(self, dataset: str) -> _Log:
        """The table's log, as `_look` says. Raises NotFound."""
        log = self._look(dataset)
        if log is None:
            known = [name for name in self.store.names() if not name.endswith(QUARANTINE)]
            raise NotFound(f"no table {dataset!r}", hint=did_you_mean(dataset, known) if known else "run: tidemill run")
        return log

    def _look(self, dataset: str) -> _Log | None:
        """The table's log, brought up to date, where there is a table. Commits never change, so those that were read are kept."""
        return self._logs.get(dataset) if dataset in self._held else self._read(dataset)

    def _read(self, dataset: str) -> _Log | None:
        with self._reading:
            made = self.store.made(dataset)
            if made is None:
                self._logs.pop(dataset, None)
                return None
            log = self._logs.get(dataset)
            if log is None or log.made != made:
                log = self._logs[dataset] = _Log(made)
            since = len(log.commits)
            for info in commits(self.store.log(dataset, since), since):
                log.take(info)
            return log

    def _up_to(self, dataset: str, version: int | None) -> list[TableCommit]:
        """The commits up to a version (all, if not said), the empty one first. Raises NotFound."""
        found = self._log(dataset).commits
        if version is not None and version >= len(found):
            raise NotFound(f"no version {version} of {dataset!r}", hint=f"the last one is {len(found) - 1}")
        return found[: None if version is None else version + 1]


def _with_all(frame: pl.DataFrame, columns: Columns) -> pl.DataFrame:
    """The frame with all the table's columns, in their order."""
    lacking = [pl.lit(None, kind).alias(name) for name, kind in columns.items() if name not in frame.columns]
    return frame.with_columns(lacking).select(*columns)


Moved = Mapping[str, tuple[str, Spans]]


def _moved(commits: Sequence[TableCommit]) -> Moved:
    """What stands in the place of which file after these commits, step by step."""
    return {old: new for commit in commits for old, new in commit.replaced.items()}


def _standing(name: str, spans: Spans, moved: Moved) -> tuple[str, Spans]:
    """What a file has become."""
    while name in moved:
        name, spans = moved[name]
    return name, spans


def _may_hold(spans: Spans, within: Within | None) -> bool:
    """Whether a file can have such a row."""
    if within is None:
        return True
    column, start, end = within
    first, last = spans.get(column, (start, start))
    return first < end and last >= start


def open_tables_at(address: str) -> TableStore:
    """The store of tables that `TableStore.address` names. Raises ConfigError."""
    if "://" in address:
        from tidemill.data.tables.objects import ObjectTables

        return ObjectTables(address)
    return LocalTables(Path(address))


@lru_cache(maxsize=8)
def _tables_in(address: str) -> Tables:
    return Tables(address)


def open_tables(project: Project) -> Tables:
    """The project's tables; one object a place, which remembers what it has open."""
    return _tables_in(project.tables_at)
