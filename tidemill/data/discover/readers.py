"""Readers: a file's bytes as rows, by the kind of file. `READERS` is the table of them.

A CSV is read line by line, so that a broken line is kept with its number and everything else is read. All columns are
text here; the contract types them. An empty field is null. A record with another number of fields than the header, a
quote that never ends or bytes that are not UTF-8 make a broken line; reading goes on with the next line.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import polars as pl

from tidemill.data.discover.rows import EMPTY, NO_TEXT, POLARS, BrokenLine, Rows, check_names, numbered, said, text_of
from tidemill.errors import SourceError

MOST_LINES = 100
"""A record in quotes may span this many lines: beyond that the quote was never closed."""

_SEPARATORS = ",;\t|"
csv.field_size_limit(1 << 30)  # a field in quotes may be as long as one without; the file is in memory anyhow


def read_csv(data: bytes, name: str, *, tab: bool = False) -> Rows:
    """The rows as text columns with ``_row`` and ``_line``, and the broken lines. Raises SourceError.

    >>> frame, broken = read_csv(b"sku,n\\na,1\\nb,2,3\\nc,4\\n", "x.csv")
    >>> frame["sku"].to_list(), frame["_row"].to_list(), broken[0].line, broken[0].reason
    (['a', 'c'], [0, 2], 3, '3 fields instead of 2')
    """
    lines = data.removeprefix(b"\xef\xbb\xbf").splitlines(keepends=True)
    first = next((i for i, line in enumerate(lines) if line.strip()), None)
    if first is None:
        raise SourceError("the file is empty", place=name, hint=EMPTY)
    text = [text_of(line) for line in lines]
    head = text[first]
    if head is None:
        seems = " but UTF-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\x00" in lines[first] else ""
        hint = "save the file as UTF-8"
        raise SourceError(f"the first line is not UTF-8{seems}", place=f"{name}:{first + 1}", hint=hint)
    separator = "\t" if tab else max(_SEPARATORS, key=head.count)
    header = _header(head, separator, f"{name}:{first + 1}")
    records = list(enumerate(_records(text, separator, len(header), first + 1)))
    if not records:
        raise SourceError("the table has a header and no rows", place=name, hint=EMPTY)
    broken = [BrokenLine.of(n, line, why, lines[line - 1]) for n, (line, fields, why) in records if fields is None]
    whole = [(*fields, row, line) for row, (line, fields, _) in records if fields is not None]
    columns: dict[str, Any] = {**dict.fromkeys(header, pl.String), "_row": pl.Int64, "_line": pl.Int64}
    frame, texts = pl.DataFrame(whole, schema=columns, orient="row"), pl.col(pl.String)
    return Rows(frame.with_columns(pl.when(texts != "").then(texts)), broken)


def _header(head: str, separator: str, place: str) -> list[str]:
    header = next(csv.reader([head], delimiter=separator))
    repeated = sorted({h for h in header if header.count(h) > 1})
    check_names(header, place)
    if repeated or "" in header:
        what = f"the column {repeated[0]!r} is there twice" if repeated else "a column has no name"
        raise SourceError(what, place=place, hint="name each column; pandas leaves its row numbers out by index=False")
    return header


def _records(
    text: list[str | None], separator: str, width: int, at: int
) -> Iterator[tuple[int, list[str] | None, str]]:
    """(line number, fields or None, what is wrong) of every record from line ``at``, 0-based: after the header."""
    while at < len(text):
        taken, fields, reason = _record(text, at, separator)
        if fields == [""]:
            at += 1  # an empty line is no row
            continue
        if fields is not None and len(fields) != width:
            # lines that it swallowed in quotes may be whole: go on behind the first
            reason = f"{len(fields)} fields instead of {width}"
            taken, fields = 1, None
        yield at + 1, fields, reason
        at += taken


def _record(text: list[str | None], at: int, separator: str) -> tuple[int, list[str] | None, str]:
    """The record that begins at this line: how many lines it takes, its fields, or what is wrong."""
    line = text[at]
    if line is None:
        return 1, None, NO_TEXT
    if '"' not in line:
        return 1, line.rstrip("\r\n").split(separator), ""
    reader = csv.reader(_following(text, at), delimiter=separator, strict=True)
    try:
        fields = next(reader)
    except csv.Error as exc:
        return 1, None, "a quote that never ends" if "end of data" in str(exc) else str(exc)
    return reader.line_num, fields, ""


def _following(text: list[str | None], at: int) -> Iterator[str]:
    for i in range(at, min(at + MOST_LINES, len(text))):
        line = text[i]
        if line is None:
            return
        yield line


def _parquet(data: bytes, name: str) -> Rows:
    try:
        return numbered(pl.read_parquet(io.BytesIO(data)), name)
    except (*POLARS, OSError) as exc:
        hint = "export or copy the file again"
        raise SourceError(f"not readable as Parquet: {said(exc)}", place=name, hint=hint) from exc


READERS: dict[str, Callable[[bytes, str], Rows]] = {
    ".csv": read_csv,
    ".tsv": partial(read_csv, tab=True),
    ".parquet": _parquet,
}
"""How a file's bytes are read, by how its name ends: a new kind of file is one line here. Each raises SourceError."""


def endings() -> str:
    """How the names of files end that can be read, for a sentence."""
    return ", ".join(READERS)
