"""Reading foreign bytes, the child's side: ``python -m tidemill.data.discover.foreign_main``, started by `foreign`.

For each file the system lets this process use no more memory and CPU than the file's size allows; beyond that it ends
here. What the file says of itself is looked at first, so that most bombs are refused before a value is read.
"""

from __future__ import annotations

import io
import resource
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

import polars as pl

from tidemill.data.discover.limits import cpu_seconds, judge, memory, piece
from tidemill.data.discover.rows import POLARS, said
from tidemill.errors import SourceError
from tidemill.process.guarded import parent
from tidemill.process.limited import next_of
from tidemill.process.memory import held, let, machine_memory
from tidemill.types import JsonObject

PIECE = 16 << 20  # bytes of a piece of the answer, about
_SPARE = 128 << 20


def main() -> None:
    """Answer with the rows of one file after the other."""
    channel = parent()
    if channel is None:
        raise SystemExit("whoever reads files starts this process")
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _warm()
    while (asked := next_of(channel)) is not None:
        data = channel.receive_bytes(asked.get("bytes", 0))
        try:
            frame, told = _read(asked, data)
            for part in _pieces(frame):
                channel.send({}, part)
            channel.send({"done": True, **told})
        except SourceError as exc:
            channel.send({"error": exc.message, "hint": exc.hint})


def _read(asked: JsonObject, data: bytearray) -> tuple[pl.DataFrame, JsonObject]:
    """All rows, or those of the piece that is asked for and where the next one begins; of a ``plan`` none, but how many a piece has.
    Raises SourceError."""
    what, size = asked["read"], asked["size"]
    if what == "delta":
        _warm_delta()
    let(resource.RLIMIT_CPU, int(time.process_time()) + cpu_seconds(size))
    let(resource.RLIMIT_DATA, held() + memory(size))
    try:
        if what == "delta":
            lazy, rows, size = _delta(Path(asked["folder"]), asked["version"])
        else:
            lazy, rows = _parquet(asked["path"] if "path" in asked else io.BytesIO(data))
        schema = lazy.collect_schema()  # of a table it starts what reads it: before what is held is looked at
        if "from" not in asked:
            let(resource.RLIMIT_DATA, held() + 2 * judge(schema, rows, size) + 16 * size + _SPARE)
            return _bounded(lazy.collect(), size), {}
        n = piece(schema, rows, size, asked.get("room", 0))
        if "plan" in asked:
            return lazy.head(0).collect(), {"rows": rows, "step": n}
        n = asked.get("step", n)
        end = asked["from"] + n
        return _bounded(lazy.slice(asked["from"], n).collect(), size), {"next": end if end < rows else None}
    except SourceError:
        raise
    except (*POLARS, OSError, MemoryError) as exc:
        if isinstance(exc, MemoryError):
            raise SourceError("it needs more memory to be read than a file of its size may") from exc
        kind = "Parquet" if what == "parquet" else "a Delta table"
        raise SourceError(f"not readable as {kind}: {said(exc)}", hint="export or copy it again") from exc


def _parquet(source: str | io.BytesIO) -> tuple[pl.LazyFrame, int]:
    """The file, not read yet, and how many rows it says that it has."""
    lazy = pl.scan_parquet(source)
    return lazy, lazy.select(pl.len()).collect().item()


def _delta(folder: Path, version: int) -> tuple[pl.LazyFrame, int, int]:
    """The same of a table, and the bytes of its files. Its log may name files of anywhere: only those below it are its own."""
    from deltalake import DeltaTable
    from deltalake.exceptions import DeltaError

    try:
        table = DeltaTable(str(folder), version=version)
        parts = [Path(uri) for uri in table.file_uris()]
    except (DeltaError, ValueError) as exc:
        raise SourceError(f"not readable as a Delta table: {said(exc)}", hint="copy it again, whole") from exc
    home = folder.resolve()
    for part in parts:
        if not part.resolve().is_relative_to(home):
            hint = "copy the table whole, with its files"
            raise SourceError(f"the log of this Delta table names a file outside it: {part.name}", hint=hint)
    rows = sum(pl.scan_parquet(part).select(pl.len()).collect().item() for part in parts)
    return pl.scan_delta(table), rows, sum(part.stat().st_size for part in parts)


def _bounded(frame: pl.DataFrame, size: int) -> pl.DataFrame:
    """The frame. Raises SourceError for texts that are one text again and again, which would grow where they are copied."""
    if (written := _written(frame)) > memory(size):
        raise SourceError(f"its texts would take {written / 1e9:,.1f} GB", hint="write it as several smaller files")
    return frame


def _written(frame: pl.DataFrame) -> int:
    """Bytes that the frame takes where nothing of it is shared."""
    texts = frame.select(pl.col(pl.String).str.len_bytes().sum(), pl.col(pl.Binary).bin.size().sum())
    return max(int(frame.estimated_size()), sum(int(n or 0) for n in texts.row(0)) if texts.width else 0)


def _pieces(frame: pl.DataFrame) -> Iterator[memoryview]:
    """The frame as Arrow IPC, in slices of about `PIECE`; at least one, which has its columns."""
    step = max(1, PIECE * frame.height // max(1, _written(frame)))
    for part in frame.iter_slices(step) if frame.height else [frame]:
        buffer = io.BytesIO()
        part.write_ipc_stream(buffer)
        yield buffer.getbuffer()


def _warm() -> None:
    """Start the threads that read, so that their stacks are no part of what a file takes."""
    buffer = io.BytesIO()
    pl.DataFrame({"n": [1]}).write_parquet(buffer)
    _read({"read": "parquet", "size": 0}, bytearray(buffer.getvalue()))


@cache
def _warm_delta() -> None:
    """The same of what reads Delta tables, when the first one is asked for: a table of its own is written and read.

    The limit of the file before does not hold for it. Where the table cannot be kept, the read is tried cold.
    """
    from deltalake.exceptions import DeltaError

    let(resource.RLIMIT_DATA, machine_memory())
    with suppress(OSError, DeltaError, SourceError), tempfile.TemporaryDirectory() as folder:
        pl.DataFrame({"n": [1]}).write_delta(folder)
        _delta(Path(folder), 0)[0].collect()


if __name__ == "__main__":
    main()
