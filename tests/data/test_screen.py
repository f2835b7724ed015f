"""Screening asks fewer tests and changes no outcome."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidemill.data.check import prune_checks as screen
from tidemill.data.check.checks import Checked, without
from tidemill.data.contract.contract import Contract
from tidemill.types import parse_time

RULES = """\
apiVersion: v3.1.0
kind: DataContract
id: t
version: 1.0.0
schema:
  - name: t
    customProperties: [{ property: tidemill.key, value: [n, a] }]
    properties:
      - { name: a, logicalType: string, logicalTypeOptions: { minLength: 2, maxLength: 4, pattern: "^[xy]" } }
      - name: b
        logicalType: string
        required: true
        quality: [{ metric: invalidValues, mustBe: 0, arguments: { validValues: [p, q] } }]
      - { name: n, logicalType: integer, required: true, logicalTypeOptions: { minimum: 0, exclusiveMaximum: 5000 } }
      - { name: f, logicalType: number, logicalTypeOptions: { exclusiveMinimum: -1, maximum: 2.5 } }
      - { name: t, logicalType: timestamp, customProperties: [{ property: tidemill.role, value: time }] }
"""
NOW = parse_time("2011-01-10")


def rows(seed: int, wild: dict[str, bool], n: int = 4_000) -> pl.DataFrame:
    """Rows of which the columns that are ``wild`` break their limits somewhere."""
    rng = np.random.default_rng(seed)

    def with_some(values: list[Any], name: str, odd: list[Any]) -> list[Any]:
        for place in rng.integers(0, n, 7 if wild[name] else 0).tolist():
            values[place] = odd[int(rng.integers(len(odd)))]
        return values

    many = bool(seed % 2)
    texts = [f"x{v}" for v in rng.integers(0, 900 if many else 9, n)]
    moments = [datetime(2011, 1, 1) + timedelta(seconds=int(s)) for s in rng.integers(0, 8 * 86_400, n)]
    return pl.DataFrame(
        {
            "a": with_some(texts, "a", [None, "", "x", "z1", "xyzxyz"]),
            "b": with_some(rng.choice(["p", "q"], n).tolist(), "b", [None, "r", "pp"]),
            "n": with_some(rng.integers(0, 4_999, n).tolist(), "n", [None, -1, 5_000]),
            "f": with_some(rng.uniform(-0.99, 2.5, n).tolist(), "f", [None, -1.0, 2.6, math.nan, math.inf, -math.inf]),
            "t": with_some(moments, "t", [None, datetime(2011, 2, 1)]),
            "_row": range(n),
        },
        schema={
            "a": pl.String,
            "b": pl.String,
            "n": pl.Int64,
            "f": pl.Float64,
            "t": pl.Datetime("us"),
            "_row": pl.Int64,
        },
    )


def outcome(frame: pl.DataFrame, least: int) -> Checked:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(screen, "LEAST_ROWS", least)
        return Contract.parse(RULES).check(frame, NOW)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**16), st.fixed_dictionaries({name: st.booleans() for name in "abnft"}), st.booleans())
def test_the_same_rows_are_bad_for_the_same_reasons(seed: int, wild: dict[str, bool], typed: bool) -> None:
    frame = rows(seed, wild)
    if typed:
        frame = frame.with_columns(pl.col("t").dt.replace_time_zone("UTC"))
    plain, screened = outcome(frame, 10**9), outcome(frame, 0)
    assert screened.good.equals(plain.good) and screened.good.schema == plain.good.schema
    assert screened.bad["_row"].to_list() == plain.bad["_row"].to_list()
    assert [sorted(r) for r in screened.bad["_reasons"]] == [sorted(r) for r in plain.bad["_reasons"]]
    assert screened.counts == plain.counts


def test_only_what_can_fail_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    real = screen.screen

    def spy(tests: Any, frame: pl.DataFrame) -> Any:
        found = real(tests, frame)
        asked.extend(test.reason for test in found)
        return found

    monkeypatch.setattr("tidemill.data.check.checks.screen", spy)
    clean = outcome(rows(2, dict.fromkeys("abnft", False)), 0)
    assert asked == [] and clean.counts.keys() <= {"duplicate"}
    outcome(rows(2, {**dict.fromkeys("abnft", False), "f": True}), 0)
    assert asked and all(reason.startswith("f: ") for reason in asked)


def test_nothing_is_nothing() -> None:
    assert outcome(rows(1, dict.fromkeys("abnft", False), 1).clear(), 0).rows == 0


@pytest.mark.parametrize("places", [[], [0], [9_999], [0, 1, 5_000, 5_001, 9_998, 9_999], [3, 4, 5, 77]])
def test_a_few_rows_are_cut_out_as_a_filter_would(places: list[int]) -> None:
    frame = pl.DataFrame({"n": range(10_000), "t": [f"t{n}" for n in range(10_000)]})
    bad = pl.Series(np.isin(np.arange(10_000), places))
    found = without(frame, bad)
    assert found.equals(frame.filter(~bad)) and found.n_chunks() == 1
