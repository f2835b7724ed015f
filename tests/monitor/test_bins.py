"""How columns are cut: every column is watched or named, whatever it is called and whatever it holds."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tidemill
from tidemill.config.policies import FalseAlarms
from tidemill.monitor.baseline import Roles, build, subjects
from tidemill.monitor.bins import bucket, column_of, places
from tidemill.types import DAY

ROWS = 400
OURS = sorted(
    {
        node.value
        for path in (Path(tidemill.__file__).parent / "monitor").glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and 0 < len(node.value) < 30
    }
    | {
        "count",
        "index",
        "len",
        "literal",
        "value",
        "n",
        "at",
        "window",
        "_window",
        "_at",
        "proportion",
        "new",
        "unseen items",
    }
)


def frame(names: list[str]) -> tuple[pl.DataFrame, Roles]:
    """A small table: a time, a subject, an item, a value, and a column of each kind, called like this."""
    rng = np.random.default_rng(0)
    columns = [
        pl.Series(np.arange(ROWS) * (90 * DAY // ROWS)).cast(pl.Datetime("us", "UTC")),
        pl.Series([f"c{i % 7}" for i in range(ROWS)]),
        pl.Series([f"i{i % 11}" for i in range(ROWS)]),
        pl.Series(rng.integers(1, 9, ROWS)),
        pl.Series(rng.normal(size=ROWS)),
        pl.Series(rng.random(ROWS) < 0.5),
        pl.Series(rng.choice(["a", "b"], ROWS)),
    ]
    return pl.DataFrame(dict(zip(names, columns))), Roles(*names[:4])


@settings(max_examples=25, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(OURS), st.text(min_size=1, max_size=8)), min_size=7, max_size=7, unique=True))
def test_a_column_may_have_any_name(names: list[str]) -> None:
    """No name of ours is in the way of one of the user's: the same is found, whatever the columns are called."""
    (rows, roles), (plain, own) = frame(names), frame(list("tsivxyz"))
    found, usual = (build(r, o, FalseAlarms(), DAY, model="m") for r, o in ((rows, roles), (plain, own)))
    assert {*names} <= {*found.skipped, *(c.source for c in found.columns)}
    assert len({c.name for c in found.columns}) == len(found.columns)
    late, usual_late = (
        b.compare(r.tail(60), subjects(r, o)) for b, r, o in ((found, rows, roles), (usual, plain, own))
    )
    assert sorted(c.p for c in late.columns.values()) == sorted(c.p for c in usual_late.columns.values())


@pytest.mark.parametrize("value", ["A", True, 7, 1.5, None])
def test_a_constant_is_watched(value: object) -> None:
    """A category with one value, or none: what was never there is "others"."""
    there = pl.Series("c", [value] * 50)
    column = column_of("c", there)
    assert not isinstance(column, str) and column.kind == "category"
    other = {True: False, 7: 8, 1.5: 2.5}.get(value, "B")  # type: ignore[call-overload]
    found = places(column, pl.Series("c", [value, other, None]))
    assert found.tolist() == ([0, 1, 2] if value is not None else [1, 0, 1])


def test_a_value_that_is_most_of_a_column_has_a_bin_of_its_own() -> None:
    """What moves away from it upwards does not stay beside it."""
    column = column_of("c", pl.Series([0.0] * 90 + [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0]))
    assert not isinstance(column, str)
    usual, moved = (places(column, pl.Series("c", [value])).tolist() for value in (0.0, 0.5))
    assert usual != moved


@pytest.mark.parametrize("same_length", [False, True])
def test_texts_that_are_nearly_all_different_are_watched(same_length: bool) -> None:
    """By length, or by a hash where nearly all are equally long: one and the same text in every row is seen, and none at all."""
    texts = [f"{i:06}" if same_length else "x" * (1 + i % 50) + str(i) for i in range(500)]
    rows = pl.DataFrame({"c": texts})
    baseline = build(rows, Roles(), FalseAlarms(), DAY, model="m")
    assert baseline.columns[0].kind == ("hash" if same_length else "length")
    assert not baseline.compare(rows.sample(60, seed=1), ()).which
    for spoilt in (pl.lit(texts[7]), pl.lit(None, pl.String)):
        assert baseline.compare(rows.head(30).with_columns(c=spoilt), ()).which == ("c",)


def test_a_bucket_is_for_ever_the_same() -> None:
    assert [bucket(text) for text in ("", "a", "é", "\ud800")] == [0, 7, 6, 0]


def test_a_column_that_came_later_is_named_and_one_that_is_gone_is_missing() -> None:
    rows = pl.DataFrame({"a": ["x", "y"] * 50, "b": [1.5, 2.5] * 50})
    baseline = build(rows, Roles(), FalseAlarms(), DAY, model="m")
    found = baseline.compare(rows.select("a", later=1), ())
    assert found.skipped == {"later": "newer than the model"} and found.which == ("b",)
