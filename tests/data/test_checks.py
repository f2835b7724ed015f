"""Checks against a naive oracle that looks at one row after the other, in plain Python."""

from __future__ import annotations

import json
import math
import re
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.data.small import CONTRACT, DAY_1, NOW, frame
from tests.raised import raised
from tidemill.data.check.checks import Checked, _matches
from tidemill.data.contract.contract import Contract
from tidemill.errors import DataBlocked, SourceError
from tidemill.types import parse_time, to_iso

RULES = """\
apiVersion: v3.1.0
kind: DataContract
id: t
version: 1.0.0
schema:
  - name: t
    customProperties: [{ property: tidemill.key, value: [a, n] }]
    quality: [{ metric: duplicateValues, mustBe: 0, arguments: { properties: [b] } }]
    properties:
      - name: a
        logicalType: string
        required: true
        logicalTypeOptions: { minLength: 1, maxLength: 2, pattern: "^[xy]" }
      - { name: n, logicalType: integer, required: true, logicalTypeOptions: { minimum: 0, exclusiveMaximum: 5 } }
      - { name: f, logicalType: number, logicalTypeOptions: { exclusiveMinimum: -1, maximum: 2.5 } }
      - name: b
        logicalType: string
        quality: [{ metric: invalidValues, mustBe: 0, arguments: { validValues: [p, q] } }]
      - { name: t, logicalType: timestamp, customProperties: [{ property: tidemill.role, value: time }] }
"""

LATER = parse_time("2011-01-10T00:00:01")


def oracle(rows: list[dict[str, Any]]) -> tuple[list[int], dict[int, list[str]]]:
    """Indices of the good rows, and the reasons of each bad one."""
    reasons: dict[int, list[str]] = {i: _row_reasons(row) for i, row in enumerate(rows)}
    for names, reason in ((("a", "n"), "duplicate"), (("b",), "b: duplicate")):
        seen: set[tuple[Any, ...]] = set()
        before = {i for i, why in reasons.items() if not why}
        for i in sorted(before):
            key = tuple(rows[i][n] for n in names)
            if None in key:
                continue
            if key in seen:
                reasons[i].append(reason)
            seen.add(key)
    return [i for i, why in reasons.items() if not why], {i: why for i, why in reasons.items() if why}


def _row_reasons(row: dict[str, Any]) -> list[str]:
    a, n, f, b, t = (row[k] for k in "anfbt")
    why = []
    if a is None or a == "":  # a text of nothing is nothing
        why.append("a: missing")
    else:
        why += ["a: shorter than 1"] * (len(a) < 1) + ["a: longer than 2"] * (len(a) > 2)
        why += ["a: does not match ^[xy]"] * (re.search("^[xy]", a) is None)
    if n is None:
        why.append("n: missing")
    else:
        why += ["n: below 0"] * (n < 0) + ["n: not below 5"] * (n >= 5)
    if f is not None and not math.isnan(f):
        if math.isinf(f):
            why.append("f: not a finite number")
        else:
            why += ["f: above 2.5"] * (f > 2.5) + ["f: not above -1"] * (f <= -1)
    why += ["b: not an allowed value"] * (b is not None and b not in ("p", "q"))
    why += ["t: in the future"] * (t is not None and t > NOW)
    return why


ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "a": st.sampled_from([None, "", "x", "xy", "xyz", "z", "y"]),
            "n": st.sampled_from([None, -1, 0, 1, 4, 5]),
            "f": st.sampled_from([None, -1.0, 0.0, 2.5, 2.6, math.inf, -math.inf, math.nan]),
            "b": st.sampled_from([None, None, None, "p", "q", "r"]),
            "t": st.sampled_from([None, NOW - 1, NOW, LATER]),
        }
    ),
    max_size=12,
)


def typed(rows: list[dict[str, Any]]) -> pl.DataFrame:
    kinds = {"a": pl.String, "n": pl.Int32, "f": pl.Float64, "b": pl.String, "t": pl.Int64}
    data = pl.DataFrame(rows, schema=kinds).with_columns(pl.col("t").cast(pl.Datetime("us")))
    return data.with_row_index("_row").with_columns(pl.col("_row").cast(pl.Int64))


def as_text(rows: list[dict[str, Any]]) -> pl.DataFrame:
    def text(key: str, value: Any) -> str | None:
        if value is None or (key == "f" and math.isnan(value)):
            return None
        return to_iso(value) if key == "t" else str(value)

    kinds = dict.fromkeys("anfbt", pl.String)
    data = pl.DataFrame([{k: text(k, v) for k, v in row.items()} for row in rows], schema=kinds)
    return data.with_row_index("_row").with_columns(pl.col("_row").cast(pl.Int64))


def judged(checked: Checked) -> tuple[list[int], dict[int, list[str]]]:
    bad = dict(zip(checked.bad["_row"].to_list(), checked.bad["_reasons"].to_list(), strict=True))
    return checked.good["_row"].to_list(), bad


@given(ROWS)
def test_typed_rows_are_judged_as_one_by_one(rows: list[dict[str, Any]]) -> None:
    assert judged(Contract.parse(RULES).check(typed(rows), NOW)) == oracle(rows)


@given(ROWS)
def test_rows_of_text_are_judged_the_same(rows: list[dict[str, Any]]) -> None:
    assert judged(Contract.parse(RULES).check(as_text(rows), NOW)) == oracle(rows)


@given(ROWS)
def test_nothing_is_lost_and_good_rows_keep_their_values(rows: list[dict[str, Any]]) -> None:
    checked = Contract.parse(RULES).check(typed(rows), NOW)
    assert sorted(checked.good["_row"].to_list() + checked.bad["_row"].to_list()) == list(range(len(rows)))
    for row in checked.good.rows(named=True):
        given_row = rows[row["_row"]]
        assert (row["a"], row["n"], row["b"]) == (given_row["a"], given_row["n"], given_row["b"])
    for row in checked.bad.rows(named=True):
        assert json.loads(row["_raw"])["a"] == rows[row["_row"]]["a"]


@pytest.mark.parametrize(
    ("kind", "value", "good"),
    [
        ("integer", "12", 12),
        ("integer", " 12 ", 12),
        ("integer", "1.5", None),
        ("integer", "99999999999999999999", None),
        ("number", "1e3", 1000.0),
        ("number", "nan", "nothing"),
        ("number", "inf", None),
        ("number", "1,5", None),
        ("boolean", "Yes", True),
        ("boolean", "0", False),
        ("boolean", "maybe", None),
        ("date", "2011-02-28", "2011-02-28"),
        ("date", "2011-02-30", None),
        ("timestamp", "2011-01-02 03:04:05.000006", "2011-01-02 03:04:05.000006+00:00"),
        ("timestamp", "2011-01-02T03:04:05Z", "2011-01-02 03:04:05+00:00"),
        ("timestamp", "2011-01-02T03:04:05+02:00", "2011-01-02 01:04:05+00:00"),
        ("timestamp", "2011-01-02 03:04", "2011-01-02 03:04:00+00:00"),
        ("timestamp", "2011-01-02", "2011-01-02 00:00:00+00:00"),
        ("timestamp", "02/01/2011", None),
    ],
)
def test_text_is_typed_or_a_reason(kind: str, value: str, good: object) -> None:
    contract = Contract.parse(one_column(kind))
    checked = contract.check(pl.DataFrame({"x": [value]}))
    if good is None:
        assert checked.bad["_reasons"].to_list()[0][0].startswith("x: not ")
        assert json.loads(checked.bad["_raw"][0]) == {"x": value}
    elif good == "nothing":
        assert checked.good["x"].to_list() == [None]
    else:
        found = checked.good["x"].to_list()
        assert [str(v) if kind in ("date", "timestamp") else v for v in found] == [good]


@pytest.mark.parametrize(
    ("kind", "given_values", "expected"),
    [
        ("integer", pl.Series([1.0, 1.5]), [1, None]),
        ("string", pl.Series([12345, 1], dtype=pl.Int32), ["12345", "1"]),
        ("string", pl.Series([1.5, 2.0]), [None, "2"]),
        ("string", pl.Series(["a", "b"], dtype=pl.Categorical), ["a", "b"]),
        ("number", pl.Series([True, False]), [None, None]),
        ("integer", pl.Series(["a", "2"]), [None, 2]),
    ],
)
def test_typed_sources_are_cast_only_without_loss(kind: str, given_values: pl.Series, expected: list[object]) -> None:
    checked = Contract.parse(one_column(kind)).check(pl.DataFrame({"x": given_values}))
    assert checked.good["x"].to_list() == [v for v in expected if v is not None]
    assert checked.bad.height == sum(v is None for v in expected)


def test_bytes_are_kept_as_text_or_in_hex_and_nested_ones_are_refused() -> None:
    contract = Contract.parse(one_column("string"))
    bad = contract.check(pl.DataFrame({"x": [b"abc", b"\xff\x00", None]})).bad
    assert bad["_reasons"].to_list() == [["x: not a text"]] * 2
    assert [json.loads(raw)["x"] for raw in bad["_raw"]] == ["abc", "ff00"]
    with raised(SourceError, "") as caught:
        contract.check(pl.DataFrame({"x": [[b"abc"]]}))
    assert "x List(Binary)" in caught.value.message


def one_column(kind: str) -> str:
    head, _, _ = RULES.partition("    customProperties")
    return head + f"    properties: [{{ name: x, logicalType: {kind} }}]\n"


def test_java_formats() -> None:
    text = one_column("timestamp").replace(
        "timestamp }", 'timestamp, logicalTypeOptions: { format: "dd/MM/yyyy HH:mm" } }'
    )
    checked = Contract.parse(text).check(pl.DataFrame({"x": ["31/12/2010 23:59", "2010-12-31 23:59"]}))
    assert [str(v) for v in checked.good["x"].to_list()] == ["2010-12-31 23:59:00+00:00"]


def test_a_future_row_is_bad_only_when_the_clock_is_asked() -> None:
    contract, data = Contract.parse(CONTRACT), frame(DAY_1)
    assert contract.check(data).bad.height == 0
    assert contract.check(data, parse_time("2011-01-01T10:30:00")).counts == {"at: in the future": 1}


def test_too_many_bad_rows_block_and_say_why() -> None:
    checked = Contract.parse(CONTRACT).check(frame(DAY_1.replace("mug,2", "mug,two").replace("mug,1,", "mug,,")))
    assert checked.share == 2 / 3
    with pytest.raises(DataBlocked) as caught:
        checked.judge("x.csv")
    assert caught.value.place == "x.csv"
    assert "2 of 3 rows (66.67%)" in caught.value.message
    assert "quantity: not an integer (1)" in caught.value.message


def test_columns_that_do_not_fit_the_contract() -> None:
    contract, data = Contract.parse(CONTRACT), frame(DAY_1)
    with raised(DataBlocked, "") as caught:
        contract.check(data.drop("sku"))
    assert "'sku'" in caught.value.message and "invoice" in caught.value.hint
    with raised(DataBlocked, "") as caught:
        contract.check(data.rename({"quantity": "quantty"}))
    assert "'quantity'" in caught.value.message and "'quantty'" in caught.value.hint
    assert contract.check(data.drop("price")).good["price"].null_count() == 3


def test_a_reason_from_outside_moves_rows_to_the_bad_ones() -> None:
    checked = Contract.parse(CONTRACT).check(frame(DAY_1).with_columns(pl.Series("_row", [0, 1, 2])))
    moved = checked.reject(pl.Series([False, True, False]), "duplicate")
    assert moved.good["_row"].to_list() == [0, 2]
    assert moved.bad["_reasons"].to_list() == [["duplicate"]]
    assert json.loads(moved.bad["_raw"][0])["sku"] == "lamp"


@pytest.mark.parametrize("kinds", [1, 3, 16, 17, 400])
def test_a_pattern_says_the_same_of_few_texts_and_of_many(kinds: int) -> None:
    texts = [None if n % 11 == 0 else f"{'xyz'[n % kinds % 3]}{n % kinds}" for n in range(2_000)]
    rare = pl.Series([*texts, "x-late", "z-late", ""])
    assert _matches(rare, "^[xy]").to_list() == rare.str.contains("^[xy]").to_list()
