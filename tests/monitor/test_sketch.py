"""Requests counted one by one fall into the same bins as rows, and what training never had is named."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidemill.monitor.bins import column_of, places
from tidemill.monitor.drift import Column
from tidemill.monitor.sketch import Sketch

KINDS: dict[str, tuple[pl.Series, st.SearchStrategy[object]]] = {
    "number": (pl.Series("c", np.linspace(-5, 5, 200)), st.floats(-9, 9) | st.integers(-9, 9)),
    "whole": (pl.Series("c", [1, 2, 3] * 50), st.integers(0, 5)),
    "constant": (pl.Series("c", [1.5] * 50), st.sampled_from([1.5, 2.5])),
    "flag": (pl.Series("c", [True, False] * 50), st.booleans()),
    "text": (pl.Series("c", ["a", "b"] * 50), st.sampled_from(["a", "b", "z"])),
    "long": (pl.Series("c", ["x" * (i % 60) + str(i) for i in range(600)]), st.text(max_size=80)),
    "code": (pl.Series("c", [f"{i:06}" for i in range(600)]), st.text(max_size=8)),
}


def column(kind: str) -> Column:
    found = column_of("c", KINDS[kind][0])
    assert isinstance(found, Column)
    return found


@settings(max_examples=30, deadline=None)
@given(st.data())
@pytest.mark.parametrize("kind", KINDS)
def test_a_request_falls_where_a_row_does(kind: str, data: st.DataObject) -> None:
    values = data.draw(st.lists(st.none() | KINDS[kind][1], min_size=1, max_size=20))
    sketch = Sketch([column(kind)])
    for value in values:
        sketch.add({} if value is None else {"c": value})
    rows = pl.Series("c", values, dtype=KINDS[kind][0].dtype, strict=False)
    by_rows = np.bincount(places(column(kind), rows), minlength=len(column(kind).labels))
    assert sketch.counts()[0].tolist() == by_rows.tolist() and sketch.n == len(values)


@pytest.mark.parametrize(
    ("kind", "value", "reason"),
    [
        ("number", "12.5", "unknown"),
        ("number", True, "unknown"),
        ("number", float("inf"), "unknown"),
        ("number", None, "missing"),
        ("flag", "true", "unknown"),
        ("flag", 1, "unknown"),
        ("flag", None, "missing"),
        ("text", "z", "unknown"),
        ("text", 5, "unknown"),
        ("long", 5, "unknown"),
        ("whole", 2.5, "unknown"),
        ("whole", True, "unknown"),
    ],
)
def test_what_training_never_had_is_counted_by_reason(kind: str, value: object, reason: str) -> None:
    sketch = Sketch([column(kind)])
    sketch.add({"c": value})
    assert sketch.reasons() == {"c": {reason: 1}}
    assert sketch.counts()[0].sum() == 1
