"""Where a batch's answers go: a folder of Parquet files, one a partition, with a manifest; one file; or a Delta table.

A partition is there whole or not at all, and once: of a folder by its name, of a table by the transaction id that its commit carries.
"""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import polars as pl

from tidemill.data.discover.delta import LOG
from tidemill.data.tables.tables import Tables
from tidemill.errors import Conflict, ProjectError
from tidemill.files import fsync_folder, write_whole
from tidemill.store.records import BatchPart
from tidemill.types import JsonObject, digest

if TYPE_CHECKING:
    from tidemill.scope.project import Project

MANIFEST = "manifest.json"
DELTA = "delta:"
WRITERS = (".csv", ".parquet")


class Out(Protocol):
    """Takes a batch's partitions; the same one again changes nothing."""

    def has(self, part: BatchPart) -> bool:
        """Whether the partition is there."""
        ...

    def put(self, part: BatchPart, data: bytes) -> None:
        """A partition, as Parquet. On the disk when this returns."""
        ...

    def end(self, said: JsonObject, parts: Sequence[BatchPart]) -> None:
        """All are there."""
        ...


def checked(text: str) -> None:
    """Raises ProjectError where nothing can be written: asked before a long batch."""
    path = Path(text.removeprefix(DELTA))
    if text.startswith(DELTA) or not path.suffix:
        if path.exists() and not path.is_dir():
            raise ProjectError(f"{path} is a file", place="--out", hint="name a folder")
        return
    if path.suffix not in WRITERS:
        hint = f"it may end with {' or '.join(WRITERS)}, name a folder, or a table: {DELTA}FOLDER"
        raise ProjectError(f"{path.name} is no table", place="--out", hint=hint)
    if path.is_dir():
        raise ProjectError(f"{path} is a folder", place="--out", hint="name a file")
    if not path.parent.is_dir():
        raise ProjectError(f"there is no folder {path.parent}/", place="--out", hint=f"make it: mkdir -p {path.parent}")


def apart(project: Project, given: JsonObject, text: str) -> None:
    """Raises ProjectError where the answers would take the place of what is asked about, or lie among what the project keeps."""
    path = Path(text.removeprefix(DELTA)).resolve()
    if any(path == (project.root / name).resolve() for name in given.get("files", ())):
        raise ProjectError(
            f"the rows are read from {path.name}", place="--out", hint="name another place for the answers"
        )
    if path.is_relative_to(project.state.resolve()):
        raise ProjectError(f"{project.state.name}/ is the project's own", place="--out", hint="name a place beside it")


def placed(text: str) -> str:
    """As a run keeps it: wherever it is gone on from, it is the same place."""
    table = DELTA if text.startswith(DELTA) else ""
    return table + str(Path(text.removeprefix(DELTA)).absolute())


def out_of(text: str, batch: str, at: int) -> Out:
    """The place that ``--out`` names. Raises ProjectError, Conflict where another batch's answers are."""
    checked(text)
    path = Path(text.removeprefix(DELTA))
    if text.startswith(DELTA) or (path / LOG).is_dir():
        return TableOut(path, batch, at)
    if path.suffix in WRITERS:
        return FileOut(path, batch)
    return FolderOut.open(path, batch)


def name_of(part: BatchPart) -> str:
    return f"part-{part.number:05}.parquet"


@dataclass(frozen=True)
class FolderOut:
    """A file a partition, and a manifest with the digest of each."""

    folder: Path
    batch: str

    @classmethod
    def open(cls, folder: Path, batch: str) -> FolderOut:
        manifest = folder / MANIFEST
        there = json.loads(manifest.read_bytes()).get("batch") if manifest.is_file() else None
        if there != batch and folder.is_dir() and any(folder.iterdir()):
            what = f"another batch ({there})" if there else "files that are of no batch"
            raise Conflict(f"the folder holds {what}", place=str(folder), hint="name another folder, or take it away")
        folder.mkdir(parents=True, exist_ok=True)
        if there is None:
            write_whole(manifest, json.dumps({"batch": batch, "complete": False}).encode(), 0o644)
        return cls(folder, batch)

    def has(self, part: BatchPart) -> bool:
        path = self.folder / name_of(part)
        return path.is_file() and digest(path.read_bytes()) == part.out

    def put(self, part: BatchPart, data: bytes) -> None:
        write_whole(self.folder / name_of(part), data, 0o644)

    def end(self, said: JsonObject, parts: Sequence[BatchPart]) -> None:
        files = [
            {"name": name_of(part), "rows": part.rows, "errors": part.rows - part.answered, "digest": part.out}
            for part in parts
        ]
        whole = {**said, "batch": self.batch, "complete": True, "parts": files}
        write_whole(self.folder / MANIFEST, json.dumps(whole, indent=2).encode(), 0o644)


@dataclass(frozen=True)
class FileOut:
    """One file, put together of its partitions when the last is there; these wait beside it."""

    path: Path
    batch: str

    @property
    def _beside(self) -> Path:
        return self.path.parent / f".{self.path.name}.{self.batch}"

    def has(self, part: BatchPart) -> bool:
        path = self._beside / name_of(part)
        return path.is_file() and digest(path.read_bytes()) == part.out

    def put(self, part: BatchPart, data: bytes) -> None:
        self._beside.mkdir(exist_ok=True)
        write_whole(self._beside / name_of(part), data, 0o644)

    def end(self, said: JsonObject, parts: Sequence[BatchPart]) -> None:
        frames = [pl.scan_parquet(self._beside / name_of(part), glob=False) for part in parts]
        whole = pl.concat(frames, how="diagonal_relaxed")
        made = self._beside / f"whole{self.path.suffix}"
        if self.path.suffix == ".csv":
            _flat(whole).sink_csv(made)
        else:
            whole.sink_parquet(made)
        with made.open("rb+") as file:
            file.flush()
            _sync(file.fileno())
        made.replace(self.path)
        fsync_folder(self.path.parent)
        shutil.rmtree(self._beside)


@dataclass(frozen=True)
class TableOut:
    """A Delta table that batches are added to: a commit a partition, whose transaction id is the partition's name."""

    folder: Path
    batch: str
    at: int

    @property
    def _tables(self) -> Tables:
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        return Tables(self.folder.resolve().parent)

    def has(self, part: BatchPart) -> bool:
        tables, name = self._tables, self.folder.name
        return tables.exists(name) and any(one.ingest == part.name for one in tables.versions(name))

    def put(self, part: BatchPart, data: bytes) -> None:
        tables, name = self._tables, self.folder.name
        frame = _flat(pl.read_parquet(io.BytesIO(data)).lazy()).collect()
        with tables.lock(name):
            tables.append(name, frame, ingest=part.name, at=self.at)

    def end(self, said: JsonObject, parts: Sequence[BatchPart]) -> None:
        """Nothing more: its log says what is in it."""


def _flat(frame: pl.LazyFrame) -> pl.LazyFrame:
    """Lists as JSON, for what holds none."""
    lists = [name for name, kind in frame.collect_schema().items() if isinstance(kind, pl.List)]
    said = [pl.col(name).map_elements(_said, return_dtype=pl.String) for name in lists]
    return frame.with_columns(said)


def _said(values: pl.Series) -> str:
    return json.dumps(values.to_list(), ensure_ascii=False)


def _sync(fd: int) -> None:
    import os

    os.fsync(fd)
