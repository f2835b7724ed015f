"""Drift from profiles alone: ten columns of thirty drifted, and ten are found."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest

from tidemill.config.policies import FalseAlarms
from tidemill.data.profile.profile import Profile, profile
from tidemill.monitor.calibrate import onsets
from tidemill.monitor.profiles import columns_of, compare, counts_in
from tidemill.types import DAY

PROMISE = FalseAlarms()
DRIFTED = {*(f"n{i}" for i in range(8)), "c0", "c1"}


def table(n: int, seed: int, shift: float) -> pl.DataFrame:
    """24 numbers and 6 categories, of which 8 and 2 move."""
    rng = np.random.default_rng(seed)
    columns: dict[str, object] = {f"n{i}": rng.normal(0.1 * shift * (i < 8), 1, n) for i in range(24)}
    for i in range(6):
        p = np.ones(12)
        p[0] += shift * (i < 2)
        columns[f"c{i}"] = np.array([f"k{j}" for j in range(12)])[rng.choice(12, n, p=p / p.sum())]
    return pl.DataFrame(columns)


@pytest.fixture(scope="module")
def base() -> Profile:
    return Profile.from_json(json.loads(json.dumps(profile(table(20_000, 1, 0)).to_json())))


def test_ten_of_ten_from_sketches_and_from_rows(base: Profile) -> None:
    columns = columns_of(base)
    assert len(columns) == 30
    window = table(20_000, 2, 1)
    for given in (profile(window), window):
        found = compare(columns, given, PROMISE, DAY)
        assert {c.name for c in found.which} == DRIFTED


def test_a_sketch_counts_as_rows_do(base: Profile) -> None:
    window = table(3_000, 5, 0.5)
    columns, sketched = columns_of(base), profile(window)
    by_rows = compare(columns, window, PROMISE, DAY)
    for column, rows in zip(columns, by_rows.columns):
        assert counts_in(column, sketched.columns[column.name]).sum() == 3_000
        assert column.compare(counts_in(column, sketched.columns[column.name])) == rows


def test_clean_windows_keep_the_promise(base: Profile) -> None:
    """Four quarters of clean days, thirty columns, in windows of 400 rows."""
    columns = columns_of(base)
    rows = table(364 * 400, 3, 0)
    alarms = [compare(columns, rows[i * 400 : (i + 1) * 400], PROMISE, DAY).alarm for i in range(364)]
    assert onsets(alarms) <= 4 + 2 * 4**0.5


def test_missing_values_are_a_bin(base: Profile) -> None:
    window = table(2_000, 4, 0).with_columns(
        pl.when(pl.int_range(pl.len()) % 5 > 0).then(pl.col("n20")).alias("n20"),
        pl.when(pl.int_range(pl.len()) % 5 > 0).then(pl.col("c5")).alias("c5"),
    )
    for given in (profile(window), window):
        found = compare(columns_of(base), given, PROMISE, DAY)
        assert {c.name for c in found.which} == {"n20", "c5"}
        assert all("missing 0.0% -> 20.0%" in c.words for c in found.which)


def test_times_constant_columns_and_endless_text_are_left_out() -> None:
    frame = pl.DataFrame(
        {
            "when": pl.Series(range(3000)).cast(pl.Datetime("us", "UTC")),
            "text": [f"t{i}" for i in range(3000)],
            "n": np.arange(3000.0),
            "c": ["a", "b", "c"] * 1000,
        }
    )
    assert [c.name for c in columns_of(profile(frame))] == ["n", "c"]
    assert [c.name for c in columns_of(profile(frame), leave_out=["c"])] == ["n"]
    assert columns_of(profile(frame.head(0))) == []
