"""Readers: a file's bytes as rows, by the kind of file. `READERS` is the table of them.

A CSV is read line by line, so that a broken line is kept with its number and everything else is read. All columns are
text here; the contract types them. An empty field is null. A record with another number of fields than the header, a
quote that never ends or bytes that are not UTF-8 make a broken line; reading goes on with the next line.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import polars as pl

from tidemill.data.discover.foreign import read_parquet
from tidemill.data.discover.rows import EMPTY, NO_TEXT, BrokenLine, Rows, check_names, text_of
from tidemill.errors import SourceError

MOST_LINES = 100
"""A record in quotes may span this many lines: beyond that the quote was never closed."""

_OTHER: dict[bytes, tuple[str, str]] = {
    b"PAR1": ("Parquet", "let its name end in .parquet"),
    b"PK\x03\x04": ("a workbook or another packed file", "save the sheet as CSV (UTF-8)"),
    b"\xd0\xcf\x11\xe0": ("a workbook of an old Excel", "save the sheet as CSV (UTF-8)"),
    b"\x1f\x8b": ("packed by gzip", "unpack it: gunzip"),
}
"""How files begin that are none of text, whatever they are called: what they are, and what to do."""
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_SEPARATORS = ",;\t|"
_EXCEL = re.compile(r'"?sep=([^\w\s"]|\t)"?\s*', re.IGNORECASE)
"""Excel's own first line: which sign separates the fields."""
_QUOTED = re.compile(r'"[^"]*("|$)')
csv.field_size_limit(1 << 30)  # a field in quotes may be as long as one without; the file is in memory anyhow


def read_csv(data: bytes, name: str, *, tab: bool = False) -> Rows:
    """The rows as text columns with ``_row`` and ``_line``, and the broken lines. Raises SourceError.

    >>> frame, broken, _ = read_csv(b"sku,n\\na,1\\nb,2,3\\nc,4\\n", "x.csv")
    >>> frame["sku"].to_list(), frame["_row"].to_list(), broken[0].line, broken[0].reason
    (['a', 'c'], [0, 2], 3, '3 fields instead of 2')
    """
    (rows,) = csv_pieces([data], name, tab=tab)
    return rows


def csv_pieces(chunks: Iterable[bytes], name: str, *, tab: bool = False) -> Iterator[Rows]:
    """The same rows, about those of one chunk of the file's bytes at a time. What is to be said of the file comes with the last.

    >>> [piece.frame["n"].to_list() for piece in csv_pieces([b"n\\n1", b"\\n2\\n"], "x.csv")]
    [['1', '2']]
    """
    reader, data = _Csv(name, tab), b""
    for place, chunk in enumerate(chunks):
        if place and (rows := reader.rows(data, last=False)) is not None:
            yield rows
        data = chunk
    found = reader.rows(data, last=True)
    assert found is not None
    yield found


def csv_head(data: bytes, name: str, *, tab: bool = False) -> tuple[CsvHead, int] | None:
    """The header of a text that begins so, and at which byte its records begin.

    None where records cannot be read from the middle on: in UTF-16, with a column that has no name, with lines that are few and
    long. Raises SourceError for a header that cannot be read.

    >>> csv_head(b"sku,n\\na,1\\n" * 200, "x.csv")[0].names
    ['sku', 'n']
    """
    if data[:2] in _UTF16:
        return None
    reader = _Csv(name, tab)
    head = reader.head(data)
    if head is None or not all(head.names):
        return None
    bom = data.startswith(codecs.BOM_UTF8) * len(codecs.BOM_UTF8)
    return head, bom + sum(map(len, data[bom:].splitlines(keepends=True)[: head.end]))


class Taken(NamedTuple):
    """How far a reader came: so many records, lines and bytes."""

    records: int
    lines: int
    bytes: int


def csv_span(data: bytes, end: int, head: CsvHead) -> tuple[Rows, Taken]:
    """The records that begin in the first ``end`` bytes of a text that begins with a record, as if it were the first; and how far they go.

    What follows is `MOST_LINES` lines, where the text goes on so far.

    >>> rows, taken = csv_span(b"a,1\\nb,2\\nc,3\\n", 8, CsvHead(["sku", "n"], ",", "x.csv:1", 1, ()))
    >>> rows.frame["sku"].to_list(), taken.bytes
    (['a', 'b'], 8)
    """
    return _Csv(head.place, tab=False).span(head, data, end)


def csv_lines(data: bytes, head: CsvHead, lines: Iterable[int]) -> pl.DataFrame:
    """The records that begin at these lines of a text, 0-based: their columns as they came."""
    there, found = data.splitlines(keepends=True), []
    for at in lines:
        n = MOST_LINES if b'"' in there[at] else 1
        _, fields, _ = _record([text_of(line) for line in there[at : at + n]], 0, head.separator)
        found.append(tuple(fields or ()))
    return _as_texts(found, dict.fromkeys(head.names, pl.String))


def _as_texts(rows: list[tuple[Any, ...]], columns: dict[str, Any]) -> pl.DataFrame:
    """Records as columns; an empty text is null."""
    texts = pl.col(pl.String)
    return pl.DataFrame(rows, schema=columns, orient="row").with_columns(pl.when(texts != "").then(texts))


class _Csv:
    """Lines that came and are not read yet, and what is known of the file so far."""

    def __init__(self, name: str, tab: bool) -> None:
        self._name, self._tab = name, tab
        self._lines: list[bytes] = []
        self._text: list[str | None] = []
        self._rest = b""  # a line that has not ended
        self._gone = self._rows = self._at = 0  # lines that were let go, rows that were read, the line to go on with
        self._head: CsvHead | None = None
        self._unnamed: dict[int, set[str]] = {}
        self._notes: tuple[str, ...] = ()
        self._new = True
        self._decoder: codecs.IncrementalDecoder | None = None

    def rows(self, data: bytes, *, last: bool) -> Rows | None:
        """What can be read with these bytes, too: all but the last lines, which one record may still take; None for nothing yet."""
        self._take(data, last)
        if self._head is None:
            begins = _first(self._lines, 0)
            if not last and (begins is None or len(self._lines) <= begins + 2 * MOST_LINES):
                return None
            self._begin()
        return self._frame(len(self._lines) if last else len(self._lines) - MOST_LINES, last)

    def head(self, data: bytes) -> CsvHead | None:
        """The header of a text that begins so and goes on; None where it is not there yet."""
        self._take(data, last=False)
        begins = _first(self._lines, 0)
        if begins is None or len(self._lines) <= begins + 2 * MOST_LINES:
            return None
        self._begin()
        return self._head

    def span(self, head: CsvHead, data: bytes, end: int) -> tuple[Rows, Taken]:
        self._head, self._new = head, False
        self._take(data, last=True)
        rows = self._frame(len(self._lines) if end >= len(data) else len(data[:end].splitlines()), last=True)
        return rows, Taken(self._rows, self._gone, len(data) - sum(map(len, self._lines)))

    def _take(self, data: bytes, last: bool) -> None:
        """More lines, the last of which may go on. Raises SourceError."""
        if self._new:
            self._new = False
            if other := next((other for begins, other in _OTHER.items() if data.startswith(begins)), None):
                raise SourceError(f"it is no text: it is {other[0]}", place=self._name, hint=other[1])
            self._decoder = codecs.getincrementaldecoder("utf-16")() if data[:2] in _UTF16 else None
            data = self._utf8(data, last).removeprefix(b"\xef\xbb\xbf")
        elif self._decoder is not None:
            data = self._utf8(data, last)
        lines = (self._rest + data).splitlines(keepends=True)
        self._rest = lines.pop() if lines and not last and not lines[-1].endswith(b"\n") else b""
        self._lines += lines
        self._text += map(text_of, lines)

    def _utf8(self, data: bytes, last: bool) -> bytes:
        """The bytes as UTF-8, where the first two say that they are UTF-16; others that say so are said to be no text."""
        if self._decoder is None:
            return data
        try:
            data = self._decoder.decode(data, last).encode()
        except UnicodeDecodeError as exc:
            if self._head is not None:
                hint = "save the file as UTF-8"
                raise SourceError("it is not UTF-16 to its end", place=self._name, hint=hint) from exc
            self._decoder = None
        else:
            self._notes = ("it is UTF-16, and read as that",)
        return data

    def _begin(self) -> None:
        """Read the header."""
        head = self._head = _head(self._lines, self._text, self._name, self._tab)
        self._at = head.end
        for i in (i for i, name in enumerate(head.names) if not name):
            self._unnamed[i] = {"nothing", *(("0", "1") if i == 0 and len(head.names) > 1 else ())}

    def _frame(self, until: int, last: bool) -> Rows:
        head = self._head
        assert head is not None
        records = list(enumerate(self._records(until), self._rows))
        self._rows += len(records)
        broken = [
            BrokenLine.of(n, self._gone + at + 1, why, self._lines[at])
            for n, (at, fields, why) in records
            if fields is None
        ]
        whole = [(*fields, row, self._gone + at + 1) for row, (at, fields, _) in records if fields is not None]
        self._let_go()
        said = self._left_out(head, whole)
        names = [f"_{i}" if i in said else name for i, name in enumerate(head.names)]  # as no column may be called
        columns: dict[str, Any] = {**dict.fromkeys(names, pl.String), "_row": pl.Int64, "_line": pl.Int64}
        frame = _as_texts(whole, columns).drop(names[i] for i in said)
        return Rows(frame, broken, (*self._notes, *head.notes, *said.values()) if last else ())

    def _let_go(self) -> None:
        self._gone += self._at
        del self._lines[: self._at], self._text[: self._at]
        self._at = 0

    def _records(self, until: int) -> Iterator[tuple[int, list[str] | None, str]]:
        """(line, fields or None, what is wrong) of every record that begins before the line ``until``, 0-based: after the header."""
        assert self._head is not None
        text, separator, width = self._text, self._head.separator, len(self._head.names)
        while self._at < until:
            at = self._at
            taken, fields, reason = _record(text, at, separator)
            if fields == [""] and not (text[at] or "").strip():
                self._at += 1  # an empty line is no row; of one column an empty text in quotes is one
                continue
            if fields is not None and len(fields) != width:
                # lines that it swallowed in quotes may be whole: go on behind the first
                reason = f"{len(fields)} fields instead of {width}"
                taken, fields = 1, None
            self._at += taken
            yield at, fields, reason

    def _left_out(self, head: CsvHead, rows: list[tuple[Any, ...]]) -> dict[int, str]:
        """The columns that have no name and need none, by their place, and what is to be said of each: the row numbers that
        pandas and R write first, and columns that hold nothing. Raises SourceError for one that holds values.
        """
        found = {}
        for i, ways in self._unnamed.items():
            what = f"column {i + 1} of {len(head.names)} has no name"
            ways -= {n for n in ways - {"nothing"} if not all(r[0] == str(r[-2] + int(n)) for r in rows)}
            ways -= {"nothing"} if any(r[i].strip() for r in rows) else set()
            if not ways:
                hint = "name it; pandas leaves its row numbers out by to_csv(index=False)"
                raise SourceError(what, place=head.place, hint=hint)
            found[i] = f"{what} and {'no values' if ways == {'nothing'} else 'numbers the rows'}: left out"
        return found


@dataclass(frozen=True, slots=True)
class CsvHead:
    """The first record of a CSV: the names of its columns; ``notes``: what is to be said of it."""

    names: list[str]
    separator: str
    place: str
    end: int  # the line behind it, 0-based
    notes: tuple[str, ...]


def _head(lines: list[bytes], text: list[str | None], name: str, tab: bool) -> CsvHead:
    """Raises SourceError where there is none, or its names can be no columns'."""
    at, said = _first(lines, 0), "" if not tab else "\t"
    if at is not None and (excel := _EXCEL.fullmatch(text[at] or "")):
        at, said = _first(lines, at + 1), excel[1]
    if at is None:
        raise SourceError("the file is empty", place=name, hint=EMPTY)
    line, place = text[at], f"{name}:{at + 1}"
    if line is None:
        seems = " but UTF-16" if lines[0][:2] in (b"\xff\xfe", b"\xfe\xff") or b"\x00" in lines[at] else ""
        raise SourceError(f"the first line is not UTF-8{seems}", place=place, hint="save the file as UTF-8")
    separator = said or max(_SEPARATORS, key=_QUOTED.sub("", _opening(text, at)).count)
    taken, names, reason = _record(text, at, separator)
    if names is None:
        raise SourceError(f"the header cannot be read: {reason}", place=place, hint="close its quotes")
    names, notes = _stripped(names)
    check_names(names, place)
    if repeated := [n for n, count in Counter(names).items() if n and count > 1]:
        hint = "give each column a name of its own"
        raise SourceError(f"the column {min(repeated)!r} is there twice", place=place, hint=hint)
    return CsvHead(names, separator, place, at + taken, notes)


def _stripped(names: list[str]) -> tuple[list[str], tuple[str, ...]]:
    """The names without the blanks around them, and what is to be said of that."""
    found = [name.strip() for name in names]
    changed = [name for name, before in zip(found, names) if name and name != before]
    return found, (f"blanks around names of columns are left out: {', '.join(changed)}",) * bool(changed)


def _first(lines: list[bytes], at: int) -> int | None:
    """The first line from here on that is not empty."""
    return next((i for i in range(at, len(lines)) if lines[i].strip()), None)


def _opening(text: list[str | None], at: int) -> str:
    """The lines from here on, until every quote is closed."""
    found = ""
    for line in _following(text, at):
        found += line
        if found.count('"') % 2 == 0:
            break
    return found


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


READERS: dict[str, Callable[[bytes, str], Rows]] = {
    ".csv": read_csv,
    ".tsv": partial(read_csv, tab=True),
    ".parquet": read_parquet,
}
"""How a file's bytes are read, by how its name ends, in small letters: a new kind of file is one line here. Each raises SourceError."""

PIECED: dict[str, Callable[[Iterable[bytes], str], Iterator[Rows]]] = {
    ".csv": csv_pieces,
    ".tsv": partial(csv_pieces, tab=True),
}
"""The same of files that are too large to be read whole: text, by chunks of its bytes."""


def endings() -> str:
    """How the names of files end that can be read, for a sentence."""
    return ", ".join(READERS)
