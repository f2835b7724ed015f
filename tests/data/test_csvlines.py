"""CSV: against Python's own csv module where the file is whole; a broken line is kept and hurts nobody else."""

from __future__ import annotations

import csv
import io
import re

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.raised import raised
from tidemill.data.discover.readers import MOST_LINES, read_csv
from tidemill.errors import SourceError

FIELD = st.text(st.sampled_from('ab,;"\n\r é'), max_size=4)


@given(
    st.lists(st.tuples(FIELD, FIELD, FIELD).filter(any), min_size=1, max_size=8), st.sampled_from([",", ";", "\t", "|"])
)
def test_a_whole_file_is_read_as_the_csv_module_reads_it(rows: list[tuple[str, ...]], separator: str) -> None:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=separator)
    writer.writerow(["x", "y", "z"])
    writer.writerows(rows)
    frame, broken, _ = read_csv(out.getvalue().encode(), "t.csv")
    assert not broken
    expected = [
        tuple(f or None for f in row)
        for row in csv.reader(io.StringIO(out.getvalue(), newline=""), delimiter=separator)
    ][1:]
    assert frame.select("x", "y", "z").rows() == expected
    assert frame["_row"].to_list() == list(range(len(rows)))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_is_read_where_it_says_that_it_is(encoding: str) -> None:
    mark = "" if encoding == "utf-16" else "\ufeff"
    frame, broken, notes = read_csv(f"{mark}a\tb\r\né\t\U0001f30a\r\n".encode(encoding), "x.csv")
    assert frame.select("a", "b").rows() == [("é", "\U0001f30a")] and not broken and notes
    with raised(SourceError, "x.csv:1"):
        read_csv(f"{mark}a\tb\n".encode(encoding)[:-1], "x.csv")


LINES = st.lists(st.sampled_from(["1,2", "1,2,3", "1", '"a', '"a,b",2', 'a",2', "", "é,ü", '"x\ny",2']), max_size=10)


@given(LINES)
def test_nothing_is_lost(lines: list[str]) -> None:
    """Every line that is not empty is in a row or in a broken line; every whole line without quotes is a row."""
    text = "x,y\n" + "".join(f"{line}\n" for line in lines)
    physical = text.split("\n")[1:-1]
    frame, broken, _ = read_csv(text.encode(), "t.csv")
    assert sorted([*frame["_row"].to_list(), *(b.row for b in broken)]) == list(range(frame.height + len(broken)))
    for b in broken:
        assert physical[b.line - 2] == b.raw
    starts = sorted([*frame["_line"].to_list(), *(b.line for b in broken)])
    assert len(set(starts)) == len(starts)
    whole = [i + 2 for i, line in enumerate(physical) if line in ("1,2", "é,ü")]
    if '"' not in text:
        assert set(whole) <= set(frame["_line"].to_list())


def test_a_quote_that_never_ends_takes_no_other_line_with_it() -> None:
    body = "".join(f"{i},x\n" for i in range(3 * MOST_LINES))
    frame, broken, _ = read_csv(('n,t\n0,"open\n' + body).encode(), "t.csv")
    assert [(b.line, b.raw, b.reason) for b in broken] == [(2, '0,"open', "a quote that never ends")]
    assert frame.height == 3 * MOST_LINES


def test_bytes_that_are_not_utf8_are_a_broken_line() -> None:
    frame, broken, _ = read_csv(b"\xef\xbb\xbfx,y\r\n1,2\r\n\xff,3\r\n4,5\r\n", "t.csv")
    assert frame["x"].to_list() == ["1", "4"]
    assert [(b.row, b.line, b.raw) for b in broken] == [(1, 3, "\\xff,3")]


def test_an_empty_field_is_null_and_spaces_stay() -> None:
    frame, _, _ = read_csv(b"x,y\n, a \n", "t.csv")
    assert frame.select("x", "y").rows() == [(None, " a ")]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "empty"),
        (b"sep=;\n", "empty"),
        (b"x,x\n1,2\n", "'x' is there twice"),
        (b"x,\n1,2\n", "column 2 of 2 has no name"),
        (b",x\n1,2\n7,3\n", "column 1 of 2 has no name"),
        (b'"x,y\n1,2\n', "a quote that never ends"),
        (b"_row,y\n1,2\n", "'_row': names that begin with _"),
        (b"\xff\n1\n", "first line is not UTF-8$"),
        ("x,y\n1,2\n".encode("utf-16")[:-1], "first line is not UTF-8 but UTF-16"),
        ("x,y\n1,2\n".encode("utf-16-le"), "first line is not UTF-8 but UTF-16"),
        (b"\n \r\n", "empty"),
        (b"PAR1\x15\x04", "it is Parquet"),
        (b"PK\x03\x04\x14\x00", "a workbook"),
        (b"\xd0\xcf\x11\xe0\xa1", "an old Excel"),
        (b"\x1f\x8b\x08\x00", "gzip"),
    ],
)
def test_a_file_that_is_no_table(data: bytes, message: str) -> None:
    with pytest.raises(SourceError) as caught:
        read_csv(data, "t.csv")
    assert re.search(message, caught.value.message)
    assert caught.value.place.startswith("t.csv")


def test_blank_lines_before_the_header_are_no_header() -> None:
    frame, broken, _ = read_csv(b"\n\r\nx,y\n1,2\n3\n", "t.csv")
    assert frame.rows() == [("1", "2", 0, 4)]
    assert [(b.line, b.raw) for b in broken] == [(5, "3")]


def test_a_nul_byte_is_said_as_what_it_is() -> None:
    frame, broken, _ = read_csv(b"x,y\n1,\x00\n\xff,2\n3,4\n", "t.csv")
    assert [b.reason for b in broken] == ["a NUL byte", "not UTF-8 text"]
    assert frame["x"].to_list() == ["3"]


def test_a_long_field_is_read_in_quotes_as_without() -> None:
    long = "a" * 200_000
    frame, broken, _ = read_csv(f'x,y\n"{long}",1\n{long},1\n'.encode(), "t.csv")
    assert frame["x"].to_list() == [long, long] and not broken


def test_a_column_may_be_called_like_a_pattern() -> None:
    frame = read_csv(b"a,*,^.*$,^b$\n1,,2,3\n", "x.csv").frame
    assert frame.select(pl.exclude("_row", "_line")).to_dicts() == [{"a": "1", "*": None, "^.*$": "2", "^b$": "3"}]


def test_a_header_alone_is_a_table_without_rows() -> None:
    frame, broken, _ = read_csv(b"x,y\n\n", "t.csv")
    assert (frame.columns, frame.height, broken) == (["x", "y", "_row", "_line"], 0, [])


@given(
    st.lists(FIELD.filter(str.strip), min_size=2, max_size=4, unique_by=str.strip),
    st.sampled_from([",", ";", "\t", "|"]),
)
def test_a_header_is_a_record_as_any_other(names: list[str], separator: str) -> None:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=separator, quoting=csv.QUOTE_ALL)
    writer.writerow(names)
    writer.writerow(["1"] * len(names))
    frame, broken, _ = read_csv(out.getvalue().encode(), "t.csv")
    header = next(csv.reader(io.StringIO(out.getvalue(), newline=""), delimiter=separator))
    assert frame.columns == [*map(str.strip, header), "_row", "_line"] and not broken


@pytest.mark.parametrize("sign", [",", ";", "\t", "|", "^", "#"])
@pytest.mark.parametrize("line", ["sep={}", "SEP={}", '"sep={}"', "\n\ufeff"[:1] + "sep={}"])
def test_excels_first_line_says_the_separator(sign: str, line: str) -> None:
    text = f"{line.format(sign)}\r\nx{sign}y\r\n1{sign}2\r\n"
    frame, broken, _ = read_csv(b"\xef\xbb\xbf" + text.encode(), "t.csv")
    assert frame.select("x", "y").rows() == [("1", "2")] and not broken


def test_blanks_around_names_are_left_out_and_said() -> None:
    frame, _, notes = read_csv(b"x , y,z\n1,2,3\n", "t.csv")
    assert frame.columns[:3] == ["x", "y", "z"] and len(notes) == 1
    with raised(SourceError, "t.csv:1"):
        read_csv(b"x, x\n1,2\n", "t.csv")


def test_row_numbers_without_a_name_are_left_out_and_said() -> None:
    for first in (0, 1):  # as pandas and R write them
        rows = "".join(f"{n + first},{n}\n" for n in range(3))
        frame, _, notes = read_csv(f",x\n{rows}".encode(), "t.csv")
        assert frame["x"].to_list() == ["0", "1", "2"] and len(notes) == 1
    frame, _, notes = read_csv(b"x,y,,\n1,2,,\n3,4,,\n", "t.csv")
    assert frame.columns == ["x", "y", "_row", "_line"] and len(notes) == 2
    assert read_csv(b"x,y\n1,2\n", "t.csv").notes == ()


def test_an_empty_text_in_quotes_is_a_row_of_one_column_and_an_empty_line_is_none() -> None:
    frame, broken, _ = read_csv(b'subject\n17838\n""\n\n17841\n', "t.csv")
    assert frame["subject"].to_list() == ["17838", None, "17841"] and not broken
