"""What a batch asks about: files, a dataset's version or a Delta table, cut into partitions whose rows are read when their turn comes.

A file is known by its digest, so that the same rows are the same batch whatever they are called. Parquet is read where it lies, a
partition at a time; text and foreign tables are read once, in pieces, and wait as artifacts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from tidemill.data.discover.rows import POLARS, said
from tidemill.data.discover.sources import SourceFile, find, pieces
from tidemill.data.tables.tables import ORIGIN, open_tables
from tidemill.engine import Context
from tidemill.errors import NotFound, SourceError
from tidemill.ref import Ref
from tidemill.store.artifacts.codecs import load, save
from tidemill.store.batched import MOST_PARTS
from tidemill.types import JsonObject

if TYPE_CHECKING:
    from tidemill.scope.project import Project

CELLS, MOST, LEAST = 8_000_000, 100_000, 1_000
"""A partition has so many values at most, and between so many rows."""
BROKEN = "_broken"
"""The column with why a line of a file is no row."""
_LOST: dict[str, pl.DataType] = {"_row": pl.Int64(), BROKEN: pl.String()}
_OWN = (*ORIGIN, "_line", "_row", "_version", BROKEN)


@dataclass(frozen=True)
class Piece:
    """Rows that lie together: of a Parquet file, a file of a table, or an artifact."""

    kind: str  # file | table | artifact
    name: str
    rows: int
    digest: str = ""
    table: str = ""
    text: bool = False  # every column is text, as in the file


def given(project: Project, text: str) -> JsonObject:
    """What ``--in`` names, as a run's parameter: ``{"dataset": "sales@7"}`` or ``{"files": {name: digest}, "source": …}``.

    Raises NotFound, SourceError.
    """
    name, _, version = text.removeprefix("dataset:").partition("@")
    if name in project.datasets and (text.startswith("dataset:") or not (project.root / text).exists()):
        last = open_tables(project).version(name) if not version else Ref.versioned("dataset", f"{name}@{version}")[1]
        project.store.datasets.get(name, last)
        return {"dataset": f"{name}@{last}"}
    if text.startswith("dataset:"):
        raise NotFound(f"no dataset {name!r}", place="--in", hint=", ".join(project.datasets))
    found = find(project.root, text)
    for file in found:
        if file.error is not None:
            raise file.error
    return {"source": text, "files": {file.name: file.digest for file in found}}


def cut(asked: JsonObject, ctx: Context) -> list[JsonObject]:
    """The partitions of what `given` names: ``{"number", "first", "rows", "pieces": [[piece, first, rows]]}``. Raises SourceError."""
    project = ctx.resource("project")
    if "dataset" in asked:
        ctx.read(f"dataset:{asked['dataset']}")
        found = [*_of_dataset(project, asked["dataset"])]
    else:
        found = [*_of_files(project, asked, ctx)]
    if not sum(piece.rows for piece in found):
        raise SourceError("there are no rows", place=str(asked.get("source") or asked.get("dataset")))
    parts = [*partitions(found, _width(project, found[0]))]
    if len(parts) > MOST_PARTS:
        raise SourceError(f"more than {MOST_PARTS:,} partitions", hint="give it in several batches")
    return parts


def partitions(found: Iterable[Piece], width: int) -> Iterator[JsonObject]:
    """Pieces put together, or cut, to partitions. ``width``: how many columns they have.

    >>> [part["rows"] for part in partitions([Piece("file", "a", 150_000), Piece("file", "b", 10)], 2)]
    [100000, 50010]
    """
    most = min(MOST, max(LEAST, CELLS // max(width, 1)))
    number, first, taken, rows = 0, 0, list[list[object]](), 0
    for piece in found:
        at = 0
        while at < piece.rows:
            some = min(piece.rows - at, most - rows)
            taken.append([piece.__dict__, at, some])
            at, rows = at + some, rows + some
            if rows == most:
                yield {"number": number, "first": first, "rows": rows, "pieces": taken}
                number, first, taken, rows = number + 1, first + rows, [], 0
    if rows:
        yield {"number": number, "first": first, "rows": rows, "pieces": taken}


def frame_of(project: Project, part: JsonObject) -> tuple[pl.DataFrame, bool]:
    """The rows of a partition, and whether all columns are text. Raises SourceError, NotFound, Damaged."""
    read = [(Piece(**piece), first, rows) for piece, first, rows in part["pieces"]]
    frames = [_scan(project, piece).slice(first, rows).collect() for piece, first, rows in read]
    for (piece, _, rows), frame in zip(read, frames, strict=True):
        if frame.height != rows:
            raise _changed(piece.name)
    whole = pl.concat(frames, how="diagonal_relaxed")
    return whole, any(piece.text for piece, *_ in read)


def _scan(project: Project, piece: Piece) -> pl.LazyFrame:
    if piece.kind == "artifact":
        frame: pl.DataFrame = load(project.artifacts.plain, piece.digest, "table")
        return frame.lazy()
    if piece.kind == "table":
        return open_tables(project).scan(piece.table, [piece.name])
    try:
        return pl.scan_parquet(_unchanged(project.root / piece.name, piece), glob=False)
    except POLARS as exc:
        raise SourceError(said(exc), place=piece.name) from exc


def _unchanged(path: Path, piece: Piece) -> Path:
    """The file, as far as its size and time say that it is the one that was found."""
    try:
        state = path.stat()
    except OSError as exc:
        raise SourceError(f"cannot be read: {exc.strerror}", place=piece.name) from exc
    if piece.digest != _mark(state.st_size, state.st_mtime_ns):
        raise _changed(piece.name)
    return path


def _mark(size: int, changed: int) -> str:
    return f"{size}/{changed}"


def _changed(name: str) -> SourceError:
    return SourceError("it was changed while the batch was under way", place=name, hint="run the batch again")


def _of_dataset(project: Project, version: str) -> Iterator[Piece]:
    name, number = Ref.versioned("dataset", version)
    tables = open_tables(project)
    for file in tables.files(name, number):
        rows = int(tables.scan(name, [file]).select(pl.len()).collect().item())
        yield Piece("table", file, rows, table=name)


def _of_files(project: Project, asked: JsonObject, ctx: Context) -> Iterator[Piece]:
    found = {file.name: file for file in find(project.root, asked["source"])}
    for name, digest in asked["files"].items():
        if name not in found or found[name].digest != digest:
            raise _changed(name)
        ctx.read(f"file:{digest}")
        yield from _of_file(found[name], ctx)


def _of_file(file: SourceFile, ctx: Context) -> Iterator[Piece]:
    if file.path is not None and file.version is None and file.path.suffix.lower() == ".parquet":
        state = file.path.stat()
        try:
            rows = int(pl.scan_parquet(file.path, glob=False).select(pl.len()).collect().item())
        except POLARS as exc:
            raise SourceError(f"not readable as Parquet: {said(exc)}", place=file.name) from exc
        yield Piece("file", file.name, rows, _mark(state.st_size, state.st_mtime_ns))
        return
    is_text = file.path is not None and file.path.suffix.lower() != ".parquet" and file.version is None
    for found in pieces(file):
        why = [f"line {one.line}: {one.reason}" for one in found.broken]
        lost = pl.DataFrame({"_row": [one.row for one in found.broken], BROKEN: why}, schema=_LOST)
        frame = pl.concat([found.frame, lost], how="diagonal_relaxed").sort("_row").drop("_row", "_line", strict=False)
        if frame.height:
            yield Piece("artifact", file.name, frame.height, save(ctx.artifacts, frame).digest, text=is_text)


def _width(project: Project, piece: Piece) -> int:
    return len(_scan(project, piece).collect_schema())


def columns_of(frame: pl.DataFrame) -> list[str]:
    """The columns that the rows themselves have."""
    return [name for name in frame.columns if name not in _OWN]
