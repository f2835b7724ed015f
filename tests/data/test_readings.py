"""How docs/data.md says that values are read is how they are read."""

from __future__ import annotations

import csv
import io
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.data.small import drop, rows
from tidemill.data.check.checks import Rules
from tidemill.data.check.column import Column
from tidemill.data.check.normalised import by_column
from tidemill.data.check.readings import BLANKS, Unread, epoch, name_of
from tidemill.data.check.readings import read as read_value
from tidemill.data.contract.contract import Contract
from tidemill.data.discover.readers import READERS
from tidemill.data.pipeline import ingest
from tidemill.errors import BadRequest, ContractError
from tidemill.ops.data import summary, version
from tidemill.scope.project import Project
from tidemill.serve.bodies import moment

DOCS = Path(__file__).parents[2] / "docs/data.md"
HEAD = "apiVersion: v3.0.2\nkind: DataContract\nid: x\nversion: '1'\nschema:\n  - name: x\n    properties:\n"


def read(kind: str, value: str, form: str | None = None) -> Any:
    """The value as the table holds it; ``bad`` when the row is a bad one."""
    options = f", logicalTypeOptions: {{ format: {form!r} }}" if form else ""
    contract = Contract.parse(f"{HEAD}      - {{ name: v, logicalType: {kind}{options} }}\n")
    checked = contract.check(pl.DataFrame({"v": [value], "_row": [0]}))
    return checked.good["v"][0] if checked.good.height else "bad"


@pytest.mark.parametrize(
    ("digits", "text", "expected"),
    [
        ("comma", "1.234,5", 1234.5),
        ("comma", "-0,25", -0.25),
        ("comma", "1 234 567", 1234567.0),
        ("comma", "12.5", None),
        ("point", "1,234.5", 1234.5),
        ("point", "1'234", 1234.0),
        ("point", "12,5", None),
    ],
)
def test_numbers_as_people_write_them_are_named_in_the_contract(digits: str, text: str, expected: float | None) -> None:
    said = f"customProperties: [{{ property: tidemill.number, value: {digits} }}]"
    contract = Contract.parse(f"{HEAD}      - {{ name: v, logicalType: number, {said} }}\n")
    checked = contract.check(pl.DataFrame({"v": [text], "_row": [0]}))
    assert checked.good["v"].to_list() == ([] if expected is None else [expected])
    with pytest.raises(ContractError):
        Contract.parse(f"{HEAD}      - {{ name: v, logicalType: string, {said} }}\n")


HALF_PAST = datetime(2024, 1, 31, 10, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("number", "1234.5", 1234.5),
        ("number", "1234,5", "bad"),
        ("number", "1,234.5", "bad"),
        ("date", "2024-01-31", date(2024, 1, 31)),
        ("timestamp", "2024-01-31 10:30", HALF_PAST),
        ("timestamp", "2024-01-31T10:30", HALF_PAST),
        ("timestamp", "2024-01-31 10:30:00.5", HALF_PAST.replace(microsecond=500_000)),
        ("timestamp", "2024-01-31T12:30:00+02:00", HALF_PAST),
        ("timestamp", "2024-01-31 10:30:00Z", HALF_PAST),
        ("timestamp", "2024-01-31", datetime(2024, 1, 31, tzinfo=UTC)),
        ("timestamp", "31.01.2024 10:30", "bad"),
        ("boolean", "Yes", True),
        ("boolean", "f", False),
        ("boolean", "nein", "bad"),
        ("boolean", "1.0", True),
        ("integer", "5.0", 5),
        ("integer", "5.5", "bad"),
        ("number", "1e-3", 0.001),
        ("number", "NA", None),
        ("string", "NA", "NA"),
        ("timestamp", "1706697000", HALF_PAST),
        ("timestamp", "1706697000000", HALF_PAST),
        ("timestamp", "2024-01-31 10:30:00 UTC", HALF_PAST),
        ("date", "2024-01-31 00:00:00", date(2024, 1, 31)),
        ("date", "2024-01-31 10:30", "bad"),
    ],
)
def test_values_are_read_as_documented(kind: str, value: str, expected: Any) -> None:
    assert read(kind, value) == expected


def test_the_hint_shows_nothing_that_would_not_be_read() -> None:
    with pytest.raises(Unread) as caught:
        read_value(Column("v", "date", format="dd.MM.yyyy"), "2011-01-31")
    assert "dd.MM.yyyy" in caught.value.hint and "2011-01-31" not in caught.value.hint


def test_another_way_of_writing_a_time_is_named_in_the_contract() -> None:
    assert '`logicalTypeOptions: { format: "dd.MM.yyyy HH:mm" }`' in DOCS.read_text()
    assert read("timestamp", "31.01.2024 10:30", "dd.MM.yyyy HH:mm") == HALF_PAST


# every way in reads a value alike ----------------------------------------------------------------------------------

BAD, NOTHING_THERE = "bad", "nothing"
COLUMNS = [
    Column("v", kind, narrow=narrow, normal=normal, format=form, digits=digits)
    for kind in ("string", "integer", "number", "boolean", "date", "timestamp")
    for narrow in ((False, True) if kind in ("integer", "number") else (False,))
    for normal in ((False, True) if kind == "string" else (False,))
    for form in (
        (None, "dd.MM.yyyy HH:mm")
        if kind == "timestamp"
        else (None, "dd.MM.yyyy", "dd.MM.yyyy HH:mm")
        if kind == "date"
        else (None,)
    )
    for digits in ((None, "comma", "point") if kind in ("integer", "number") and not narrow else (None,))
]


def in_file(column: Column, values: pl.Series) -> list[Any]:
    """Each value as a file's reading of it leaves it, times in µs."""
    checked = Rules(columns=(column,)).check(pl.DataFrame({"v": values, "_row": range(len(values))}))
    good = checked.good["v"]
    found: dict[int, Any] = dict.fromkeys(checked.bad["_row"], BAD)
    times = good.cast(pl.Datetime("us")).to_physical() if good.dtype.is_temporal() else good
    found |= dict(zip(checked.good["_row"], times.to_list(), strict=True))
    return [NOTHING_THERE if found[n] is None else found[n] for n in range(len(values))]


def in_request(column: Column, value: Any) -> Any:
    """As a request's reading leaves it."""
    try:
        found = read_value(column, value)
    except Unread as exc:
        return BAD if exc.hint else "without a hint"
    return NOTHING_THERE if found is None else found


def in_csv(column: Column, texts: list[str]) -> list[Any]:
    """As a CSV brings it: only what a field can hold."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerows([["v", "w"], *([text, "x"] for text in texts)])
    rows = READERS[".csv"](out.getvalue().encode(), "x.csv")
    assert not rows.broken
    return in_file(column, rows.frame["v"])


blanks = st.sampled_from(
    ["", "", "", " ", "\t", "\N{NO-BREAK SPACE}", "\N{ZERO WIDTH SPACE}", "\N{IDEOGRAPHIC SPACE}", "\ufeff"]
)
digits = st.integers(-(2**70), 2**70) | st.integers(-3, 3) | st.integers(600_000_000, 2_100_000_000)
clock = st.sampled_from(
    [
        "",
        " 10:30",
        "T10:30",
        " 1:2",
        "T10:30:00",
        " 23:59:60",
        " 24:00",
        " 10:30:00.5",
        "T00:00",
        "T10:30:00.123456789",
        " 10",
        "T10:30:00.123456",
    ]
)
zones = st.sampled_from(["", "", "Z", "z", " UTC", "+02:00", " +0200", "-05", "+24:00", "+00", " Europe/Paris"])
DAYS = (
    "2024-01-31 2024-1-5 2024-02-30 0001-01-01 9999-12-31 0000-01-01 1969-12-31 31.01.2024 31.01.24 20240131 24-01-31"
)
days = st.sampled_from(DAYS.split())
WORDS = (
    "NA n/a NULL None nan - ? yes No TRUE f 1 0 1.0 0.0 inf -Infinity 1e3 12E4 1_000 １２ 0x10 ß \u00e9 e\u0301 \\N İ"
)
words = st.sampled_from(WORDS.split())
texts = st.builds(
    lambda before, text, after: f"{before}{text}{after}",
    blanks,
    words
    | digits.map(str)
    | st.from_regex(r"[+-]?[0-9]{1,3}([.,' ][0-9]{3}){0,2}([.,][0-9]{0,3})?", fullmatch=True)
    | st.builds(lambda n, tail: f"{n}{tail}", digits, st.sampled_from([".", ".0", ".50", "e2", "E-1", "e+400"]))
    | st.floats(allow_nan=True).map(repr)
    | st.builds(lambda a, b, c: a + b + c, days, clock, zones)
    | st.text("aeio01.-+: \u0301\u00a0", max_size=8),
    blanks,
)


@given(column=st.sampled_from(COLUMNS), said=st.lists(texts, min_size=1, max_size=8))
@settings(max_examples=100, deadline=None)
def test_a_text_means_the_same_in_a_csv_a_parquet_file_and_a_request(column: Column, said: list[str]) -> None:
    expected = [in_request(column, text) for text in said]
    assert in_file(column, pl.Series(said)) == expected
    assert in_csv(column, said) == expected
    assert in_file(column, pl.Series(said).cast(pl.Categorical)) == expected


MOMENTS = [0, 1, 1_728_468_000, 1_728_468_000_000, 1_728_468_000_000_000, 1_728_468_000_000_000_123]
INTS = st.integers(-(2**63), 2**63 - 1) | st.integers(-9, 9) | st.sampled_from(MOMENTS)
FLOATS = st.floats(allow_nan=False) | st.sampled_from([0.0, 1.0, 1.5, 17000.0, 2.0**53, 1_728_468_000.25, 1.728468e15])
SERIES = st.one_of(
    st.lists(INTS, min_size=1).map(lambda v: pl.Series(v, dtype=pl.Int64)),
    st.lists(st.integers(0, 2**64 - 1), min_size=1).map(lambda v: pl.Series(v, dtype=pl.UInt64)),
    st.lists(FLOATS, min_size=1).map(lambda v: pl.Series(v, dtype=pl.Float64)),
    st.lists(st.booleans(), min_size=1).map(pl.Series),
)


@given(column=st.sampled_from(COLUMNS), values=SERIES)
@settings(max_examples=100, deadline=None)
def test_a_number_or_boolean_means_the_same_in_a_parquet_file_and_a_request(column: Column, values: pl.Series) -> None:
    assert in_file(column, values) == [in_request(column, value) for value in values.to_list()]


@given(
    column=st.sampled_from(COLUMNS),
    values=st.lists(st.decimals(-(10**9), 10**9, places=2) | st.integers(-9, 9).map(Decimal), min_size=1),
)
@settings(max_examples=100, deadline=None)
def test_a_decimal_means_the_number_that_it_is(column: Column, values: list[Decimal]) -> None:
    """Whole: as its digits; else as a float. Never cut."""
    found = in_file(column, pl.Series(values, dtype=pl.Decimal(20, 2)))
    assert found == [in_request(column, int(v) if v == int(v) else float(v)) for v in values]


@given(text=texts)
@settings(max_examples=100, deadline=None)
def test_the_time_of_an_outcome_is_read_as_a_file_s(text: str) -> None:
    (expected,) = in_file(Column("v", "timestamp"), pl.Series([text]))
    if expected in (BAD, NOTHING_THERE) or expected < 0:
        with pytest.raises(BadRequest):
            moment(text, "$.at")
    else:
        assert moment(text, "$.at") == expected


@given(text=texts)
@settings(max_examples=100, deadline=None)
def test_a_name_in_a_request_is_the_name_in_the_table(text: str) -> None:
    column = Column("v", "string", normal=True)
    (expected,) = in_file(column, pl.Series([text]))
    assert (name_of(None, text) or NOTHING_THERE) == (name_of(column, text) or NOTHING_THERE) == expected


@pytest.mark.parametrize("kind", ["integer", "number", "timestamp", "date", "boolean"])
@pytest.mark.parametrize("text", ["9" * 5_000, "-" + "9" * 20, "0" * 5_000 + "7", "5." + "0" * 50, f"1.{'9' * 5_000}"])
def test_a_number_of_many_digits_is_read_or_refused_as_in_a_file(kind: str, text: str) -> None:
    column = Column("v", kind)
    checked = Rules(columns=(column,)).check(pl.DataFrame({"v": [text], "_row": [0]}))
    try:
        found = read_value(column, text)
    except Unread:
        assert checked.bad.height
    else:
        assert checked.good["v"].to_list() == [found]


def test_a_time_of_many_digits_is_refused_in_an_outcome() -> None:
    with pytest.raises(BadRequest):
        moment("9" * 5_000, "$.at")


@pytest.mark.parametrize("number", [2024, 20240131, 2033051803, 17, 1_728_468_000_000_000_000_000, -1])
def test_a_number_that_is_no_plausible_moment_is_none(number: int) -> None:
    assert epoch(number) is None and in_request(Column("v", "timestamp"), number) == BAD


# names -------------------------------------------------------------------------------------------------------------

NAMED = HEAD.replace(
    "    properties:\n", "    customProperties: [{{ property: tidemill.key, value: [id] }}]\n    properties:\n"
)
PROPERTIES = """\
      - {{ name: id, logicalType: string }}
      - {{ name: who, logicalType: string, customProperties: [{{ property: tidemill.role, value: subject }}{more}] }}
      - {{ name: where, logicalType: string }}
      - {{ name: at, logicalType: timestamp }}
"""


def named(more: str = "") -> Contract:
    return Contract.parse((NAMED + PROPERTIES).format(more=more))


ROWS = pl.DataFrame(
    {
        "id": ["1", "2 ", "3", "4", "5.0"],
        "who": [" ann", "ann", "Rene\u0301e", "NULL", "\N{NO-BREAK SPACE}"],
        "where": ["NA", " FR", "FR", "", None],
        "at": ["1728468000", "2024-10-09", "-", "", None],
        "_row": range(5),
    }
)


def test_what_was_read_otherwise_than_written_is_counted() -> None:
    checked = named().check(ROWS)
    assert checked.good["id"].to_list() == ["1", "2", "3", "4", "5.0"]
    assert checked.good["who"].to_list() == ["ann", "ann", "Ren\u00e9e", None, None]
    assert checked.good["where"].to_list() == ["NA", " FR", "FR", None, None]
    assert by_column(checked.changed) == {
        "id": {"blanks": 1, "point_zero": 1},
        "who": {"blanks": 1, "forms": 1, "nothing": 2},
        "at": {"nothing": 1, "epoch": 1},
    }
    assert all(one.column in str(one) and str(one.n) in str(one) for one in checked.changed)


def test_a_name_may_be_left_exactly_as_it_is_written() -> None:
    exact = named(", { property: tidemill.text, value: exact }")
    assert exact.check(ROWS).good["who"].to_list() == ROWS["who"].to_list()


def test_two_spellings_of_a_key_are_one_row() -> None:
    rows = pl.DataFrame({"id": ["7", " 7"], "who": ["a", "b"], "_row": [0, 1]})
    assert named().check(rows).counts == {"duplicate": 1}


def test_how_a_text_is_read_is_said_of_texts_alone() -> None:
    with pytest.raises(ContractError):
        Contract.parse(
            f"{HEAD}      - {{ name: v, logicalType: integer, customProperties: [{{ property: tidemill.text, value: exact }}] }}\n"
        )


# limits ------------------------------------------------------------------------------------------------------------

LIMITED = [
    Column("v", "integer", minimum=0, maximum=9),
    Column("v", "number", above=0, below=1),
    Column("v", "number", allowed=(1, 2.5)),
    Column("v", "boolean", allowed=(True,)),
    Column("v", "string", min_length=2, max_length=3),
    Column("v", "string", pattern="^[A-Z]"),
    Column("v", "string", allowed=("AB", "x")),
    Column("v", "timestamp", minimum=1_728_468_000_000_000),
]


@pytest.mark.parametrize("column", LIMITED, ids=lambda c: str(c.json()))
def test_a_limit_is_broken_in_a_request_as_in_a_file(column: Column) -> None:
    texts = ["-1", "0", "1", "2.5", "9", "10", "true", "false", "A", "AB", "ABCD", "x", "2024-10-09", "2024-10-10"]
    for text in texts:
        checked = Rules(columns=(column,)).check(pl.DataFrame({"v": [text], "_row": [0]}))
        reasons = [
            r for r in checked.counts if not r.startswith("v: not a") or r == "v: not an allowed value" or "above" in r
        ]
        value = in_request(column, text)
        words = column.broken(value) if value not in (BAD, NOTHING_THERE) else ""
        assert [f"v: {words}"] * bool(words) == [r for r in reasons if value != BAD][:1], text


@pytest.mark.parametrize("pattern", [r"^(a+)+$", r"(x{1,9}){1,9}", r"\p{L}+", "(" * 5_000])
def test_a_pattern_that_could_be_made_slow_is_not_judged_in_requests(pattern: str) -> None:
    assert Column("v", "string", pattern=pattern).of_requests().pattern is None


def test_the_profile_says_what_was_read_otherwise_than_written(project: Project, folder: Path) -> None:
    drop(folder, "1.csv", rows(("1", "mug", 1, "2011-01-01 10:00:00", 1.5, " ann")))
    ingest(project, "sales")
    drop(
        folder,
        "2.csv",
        rows(("2", "mug\t", 1, "2011-01-02 10:00:00", 1.5, "ann "), ("3", "mug", 1, "2011-01-02", 0.0, "ann")).replace(
            "0.0", "NA"
        ),
    )
    made = ingest(project, "sales")
    assert made is not None and made.rows == 3
    columns = summary(project, "sales")["columns"]
    said = {name: column["changed"] for name, column in columns.items() if "changed" in column}
    assert said == {"customer": {"blanks": 2}, "sku": {"blanks": 1}, "price": {"nothing": 1}}
    assert len(version(project, "sales").changed) == 3


def test_every_white_space_of_unicode_is_a_blank() -> None:
    """They are looked for in its beginning alone: every process would take a twentieth of a second to look at all of it."""
    assert {c for c in map(chr, range(sys.maxunicode + 1)) if c.isspace()} < set(BLANKS)
