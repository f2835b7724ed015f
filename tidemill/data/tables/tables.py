"""Dataset versions: Delta Lake tables under ``.tidemill/tables``, written by Tidemill alone.

Promise: a version that `Tables.append` has returned is on disk (data, log and folders fsynced) and is never edited: where
a later one completes rows (`tidemill.data.tables.fill`), other files stand in the place of theirs from then on.
Every data file is named by the SHA-256 of its bytes, so `Tables.verify` can check any version at any time. An append
whose ingest id is in the table already changes nothing. Version 0 is the empty table.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from tidemill.data.tables.delta import append, checkpoint_if_due, commits, create_delta, log_file, writing
from tidemill.data.tables.schema import Columns, with_added
from tidemill.errors import Damaged, NotFound
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

    made: tuple[int, int]
    columns: Columns = field(default_factory=dict)
    commits: list[TableCommit] = field(default_factory=list)


class Tables:
    """The tables in one folder.

    >>> import tempfile
    >>> tables = Tables(Path(tempfile.mkdtemp()))
    >>> tables.append("sales", pl.DataFrame({"sku": ["a"], "n": [1]}), ingest="ing_1", at=0)
    1
    >>> tables.append("sales", pl.DataFrame({"sku": ["b"], "n": [2]}), ingest="ing_2", at=0)
    2
    >>> tables.read("sales", version=1).collect()["sku"].to_list()
    ['a']
    """

    def __init__(self, root: Path) -> None:
        self.root = Path(root)
        self._logs: dict[str, _Log] = {}

    def folder(self, dataset: str) -> Path:
        return self.root / dataset

    def exists(self, dataset: str) -> bool:
        return log_file(self.folder(dataset), 0).is_file()

    def version(self, dataset: str) -> int:
        """The last version. Raises NotFound."""
        return self._up_to(dataset, None)[-1].version

    def versions(self, dataset: str) -> list[TableCommit]:
        """Every version with rows, oldest first (the empty version 0 is left out)."""
        return self._log(dataset).commits[1:] if self.exists(dataset) else []

    def commit(self, dataset: str, version: int) -> TableCommit:
        """One version's commit. Raises NotFound."""
        return self._up_to(dataset, version)[version]

    def added(
        self,
        dataset: str,
        versions: Iterable[int],
        columns: Sequence[str] | None = None,
        as_of: int | None = None,
    ) -> pl.DataFrame:
        """The rows that these versions added, with ``_version``, as they are (at version ``as_of``). Reads their files alone;
        no files, no columns.

        A column that came later than the rows is null.
        """
        parts = []
        for version in versions:
            if files := self.standing(dataset, version, as_of):
                rows = self.scan(dataset, files).select(columns if columns is not None else pl.all())
                parts.append(rows.with_columns(pl.lit(version, pl.UInt32).alias("_version")))
        return pl.concat(parts).collect() if parts else pl.DataFrame()

    def standing(self, dataset: str, version: int, as_of: int | None = None) -> list[str]:
        """The files that hold what a version added, by name, as they are now (at version ``as_of``)."""
        moved = _moved(self._up_to(dataset, as_of))
        return [_standing(name, {}, moved)[0] for name in self.commit(dataset, version).files]

    def scan(self, dataset: str, files: Sequence[str]) -> pl.LazyFrame:
        """The rows of these files, with the table's present columns."""
        paths = [self.folder(dataset) / name for name in files]
        return pl.scan_parquet(paths, schema=self._log(dataset).columns, glob=False, missing_columns="insert")

    def read(self, dataset: str, version: int | None = None, within: Within | None = None) -> pl.LazyFrame:
        """The rows of a version (the last one if not said), lazily, those of the latest files first. Raises NotFound.

        They have the table's present columns: one that came after their version is null.

        With ``within`` files that can have no such row are left out; of the others all rows are there.
        """
        files = [name for name, spans in self._whole(dataset, version) if _may_hold(spans, within)]
        return self.scan(dataset, files[::-1]) if files else pl.LazyFrame(schema=self._log(dataset).columns)

    def _whole(self, dataset: str, version: int | None) -> list[tuple[str, Spans]]:
        """The files of a version, those of the earliest rows first."""
        commits = self._up_to(dataset, version)
        moved = _moved(commits)
        return [_standing(name, spans, moved) for commit in commits for name, spans in commit.files.items()]

    def columns(self, dataset: str) -> Columns:
        """The table's columns: it keeps them for ever, and may gain some. Raises NotFound."""
        self._must_exist(dataset)
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
    ) -> int:
        """Add the rows as a new version, once per ingest id; the version. Columns that are new to the table are added to it.

        ``replaced``: the same rows of these files, completed (`tidemill.data.tables.fill.rewritten`).
        Raises ContractError where one that is in the table is lacking or of another type.

        The caller holds `lock`. An ingest id that is there already returns the version that it made.
        """
        folder = self.folder(dataset)
        if not self.exists(dataset):
            create_delta(folder, frame.schema, dataset)
        log = self._log(dataset)
        for commit in log.commits:
            if commit.ingest == ingest:
                return commit.version
        columns, version = with_added(log.columns, frame.schema, dataset), log.commits[-1].version + 1
        for new in (replaced or {}).values():
            columns = with_added(columns, new.schema, dataset)
        append(
            folder,
            _with_all(frame, columns),
            version,
            app_id=ingest,
            at=at,
            meta={"tidemill.ingest": ingest, **(meta or {})},
            columns=columns if len(columns) > len(log.columns) else None,
            replaced={old: _with_all(new, columns) for old, new in (replaced or {}).items()},
        )
        checkpoint_if_due(folder, version)
        return version

    def lock(self, dataset: str) -> AbstractContextManager[None]:
        """Held while writing: one writer of a table at a time. Raises StoreBusy after a bounded wait."""
        return writing(self.root / f".{dataset}.lock")

    def files(self, dataset: str, version: int | None = None) -> list[str]:
        """The data files of a version, by name: each name is the digest of its bytes."""
        return sorted(name for name, _ in self._whole(dataset, version))

    def digest(self, dataset: str, version: int | None = None) -> str:
        """The version's identity: the digest of its list of files, which are named by theirs."""
        names = "\n".join(self.files(dataset, version))
        return digest(names.encode())

    def verify(self, dataset: str, version: int | None = None) -> int:
        """Read every file of the version and compare its digest with its name; how many. Raises Damaged."""
        folder = self.folder(dataset)
        names = self.files(dataset, version)
        for name in names:
            path = folder / name
            if not path.is_file():
                raise Damaged("a data file is missing", place=str(path))
            with path.open("rb") as handle:
                found = hashlib.file_digest(handle, "sha256").hexdigest()
            if found != path.stem:
                raise Damaged("a data file was changed", place=str(path), hint="restore it from a backup")
        return len(names)

    def _log(self, dataset: str) -> _Log:
        """The table's log, brought up to date. Commits never change, so those that were read are kept."""
        folder = self.folder(dataset)
        made = log_file(folder, 0).stat()
        log = self._logs.get(dataset)
        if log is None or log.made != (made.st_ino, made.st_mtime_ns):
            log = self._logs[dataset] = _Log((made.st_ino, made.st_mtime_ns))
        for info in commits(folder, len(log.commits)):
            log.columns = info["columns"] or log.columns
            made, replaced = info.get("tidemill.ingest", ""), info["replaced"]
            log.commits.append(TableCommit(info["version"], made, info["files"], info, replaced))
        return log

    def _up_to(self, dataset: str, version: int | None) -> list[TableCommit]:
        """The commits up to a version (all, if not said), the empty one first. Raises NotFound."""
        self._must_exist(dataset)
        found = self._log(dataset).commits
        if version is not None and version >= len(found):
            raise NotFound(f"no version {version} of {dataset!r}", hint=f"the last one is {len(found) - 1}")
        return found[: None if version is None else version + 1]

    def _must_exist(self, dataset: str) -> None:
        if not self.exists(dataset):
            known = [p.name for p in self.root.glob("*") if self.exists(p.name) and not p.name.endswith(QUARANTINE)]
            raise NotFound(f"no table {dataset!r}", hint=did_you_mean(dataset, known) if known else "run: tidemill run")


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


@lru_cache(maxsize=8)
def _tables_in(root: Path) -> Tables:
    return Tables(root)


def open_tables(project: Project) -> Tables:
    """The project's tables; one object a folder, which remembers what it has open."""
    return _tables_in(project.tables_dir)
