"""Rows of a large file on their way to the table: the first in memory, what is more in files of a folder, in order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import polars as pl

from tidemill.data.tables.local import translated

PART = 256 << 20
"""Bytes of rows (`_size`) that become one file of a table: as many rows as reach it, in whatever pieces they came."""


class Spill:
    """Frames of the same columns.

    >>> spill = Spill(Path("unused"))
    >>> spill.add(pl.DataFrame({"n": [1]})); spill.add(pl.DataFrame({"n": [2]}))
    >>> [part["n"].to_list() for part in spill], spill.rows
    ([[1, 2]], 2)
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: list[Path] = []
        self._held: list[pl.DataFrame] = []
        self._bytes = 0
        self.rows = 0

    def add(self, frame: pl.DataFrame) -> None:
        """Raises DiskFull."""
        self.rows += frame.height
        while (size := _size(frame)) + self._bytes >= PART:
            end = _reaching(frame, PART - self._bytes)
            self._write(pl.concat([*self._held, frame[:end]]).rechunk())
            self._held, self._bytes, frame = [], 0, frame[end:]
        self._held.append(frame)
        self._bytes += size

    def _write(self, frame: pl.DataFrame) -> None:
        path = self._folder / f"{id(self)}-{len(self._files)}.arrow"
        with translated(str(path)):
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            frame.write_ipc(path, compression="lz4")
        self._files.append(path)

    def __iter__(self) -> Iterator[pl.DataFrame]:
        """In parts of about `PART` bytes; one without rows where there are none."""
        for path in self._files:
            yield pl.read_ipc(path)
        if self._bytes or not self._files:
            yield pl.concat(self._held).rechunk()


def in_parts(frames: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """The same rows in parts of about `PART` bytes.

    >>> [part.height for part in in_parts([pl.DataFrame({"n": [1]}), pl.DataFrame({"n": [2]})])]
    [2]
    """
    held, size = list[pl.DataFrame](), 0
    for frame in frames:
        held.append(frame)
        size += _size(frame)
        if size >= PART:
            yield pl.concat(held)
            held, size = [], 0
    if held:
        yield pl.concat(held)


def _reaching(frame: pl.DataFrame, size: int) -> int:
    """So many rows take so many bytes, or just more."""
    texts = (
        pl.col(n).str.len_bytes().fill_null(0).cast(pl.Int64) for n, kind in frame.schema.items() if kind == pl.String()
    )
    each = pl.sum_horizontal(pl.lit(16 * frame.width, pl.Int64), *texts)
    return int(frame.select(each.cum_sum().alias("n"))["n"].search_sorted(size)) + 1


def _size(frame: pl.DataFrame) -> int:
    """Bytes that the rows take once they are read again: here one text may stand for all of a column."""
    texts = frame.select(pl.col(pl.String).str.len_bytes().sum()).row(0) if pl.String in frame.dtypes else ()
    return 16 * frame.width * frame.height + sum(int(n or 0) for n in texts)
