"""What a reader gives, and what every reader needs: rows, lines that are no rows, the names that columns may have."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import polars as pl

from tidemill.errors import SourceError

EMPTY = "put rows in it or take it away; files that have some are taken in"
NO_TEXT = "not UTF-8 text"
POLARS = (pl.exceptions.PolarsError, pl.exceptions.PanicException)
"""What polars raises; on some damaged bytes it panics, which is no Exception to Python."""


@dataclass(frozen=True, slots=True)
class BrokenLine:
    """A line that is no row."""

    row: int  # 0-based, counted with the rows
    line: int  # 1-based, in the file
    reason: str
    raw: str

    @classmethod
    def of(cls, row: int, line: int, reason: str, raw: bytes) -> BrokenLine:
        """Of the line's bytes, as text.

        >>> BrokenLine.of(0, 2, NO_TEXT, b"a\\xff,1\\r\\n")
        BrokenLine(row=0, line=2, reason='not UTF-8 text', raw='a\\\\xff,1')
        """
        nul = reason == NO_TEXT and b"\x00" in raw
        text = raw.decode("utf-8", "backslashreplace").rstrip("\r\n")
        return cls(row, line, "a NUL byte" if nul else reason, text)


class Rows(NamedTuple):
    """What a file holds: its rows with their 0-based ``_row``, the lines that are no rows, and what is to be said of it."""

    frame: pl.DataFrame
    broken: Sequence[BrokenLine] = ()
    notes: tuple[str, ...] = ()


def numbered(frame: pl.DataFrame, name: str, first: int = 0) -> Rows:
    """A frame that has no broken lines, with ``_row``; ``first``: of its first row. Raises SourceError."""
    if not frame.width:
        raise SourceError("the table has no columns", place=name, hint=EMPTY)
    check_names(frame.columns, name)
    return Rows(frame.with_columns(pl.int_range(first, first + pl.len(), dtype=pl.Int64).alias("_row")))


def check_names(columns: Iterable[str], place: str) -> None:
    """Raises SourceError for a column that is called like one of Tidemill's own."""
    if own := next((c for c in columns if c.startswith("_")), None):
        message = f"column {own!r}: names that begin with _ are Tidemill's own"
        raise SourceError(message, place=place, hint=f"call it {own.lstrip('_') or 'something else'}")


def text_of(line: bytes) -> str | None:
    """The line as text; None where it is none (`NO_TEXT`)."""
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return None if "\x00" in text else text


def said(error: BaseException) -> str:
    """What polars says, without its plans and notes, which go over many lines."""
    return next(iter(str(error).splitlines()), type(error).__name__)
