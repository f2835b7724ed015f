"""Profiles: right to what they promise, mergeable in any cut, and the same bytes for the same rows."""

from __future__ import annotations

import json
import math

import numpy as np
import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tidemill.data.profile.profile import KEPT, Profile, profile
from tidemill.data.profile.quantiles import Quantiles, bin_of, middle
from tidemill.types import canonical

NUMBERS = st.lists(
    st.floats(-1e12, 1e12, allow_nan=False, allow_subnormal=False).filter(lambda v: v == 0 or abs(v) > 1e-6),
    max_size=60,
)


@example([0.0, 1.0], 0.9999999999999999)
@given(NUMBERS.filter(bool), st.floats(0, 1))
def test_a_quantile_is_right_to_one_percent(values: list[float], share: float) -> None:
    found = Quantiles.of(np.array(values)).quantiles([share])[0]
    rank = share * (len(values) - 1)
    exact = sorted(values)[min(math.floor(rank), len(values) - 1)]
    assert found == pytest.approx(exact, rel=0.0101, abs=1e-9)


@given(NUMBERS, NUMBERS)
def test_the_sketch_of_a_whole_is_the_sum_of_its_parts(left: list[float], right: list[float]) -> None:
    merged = Quantiles.of(np.array(left, float)).merge(Quantiles.of(np.array(right, float)))
    assert merged == Quantiles.of(np.array([*left, *right], float))


@given(NUMBERS.filter(bool))
def test_a_bin_stands_for_its_values(values: list[float]) -> None:
    given_values = np.array(values)
    np.testing.assert_allclose(middle(bin_of(given_values)), given_values, rtol=0.0101, atol=1e-9)


def data(n: int, seed: int = 0) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    return pl.DataFrame(
        {
            "n": pl.Series(rng.integers(0, 50, n)),
            "x": pl.Series(rng.lognormal(0, 2, n)).set(pl.Series(rng.random(n) < 0.1), None),
            "t": pl.Series(rng.integers(0, 10**15, n)).cast(pl.Datetime("us")),
            "w": pl.Series([f"w{v}" for v in rng.zipf(1.6, n) % 100]),
            "b": pl.Series(rng.random(n) < 0.3),
            "_row": pl.int_range(n, eager=True),
        }
    )


def test_what_a_profile_says() -> None:
    rows = data(5000)
    shown = profile(rows).to_json()["columns"]
    assert list(shown) == ["n", "x", "t", "w", "b"]
    assert shown["n"]["distinct"] == pytest.approx(50, rel=0.05)
    assert shown["x"]["nulls"] == rows["x"].null_count()
    assert shown["x"]["mean"] == pytest.approx(rows["x"].mean())
    assert (shown["x"]["min"], shown["x"]["max"]) == (rows["x"].min(), rows["x"].max())
    assert shown["x"]["quantiles"]["0.5"] == pytest.approx(rows["x"].quantile(0.5), rel=0.02)
    assert shown["t"]["max"] == rows["t"].dt.epoch("us").max()
    top = rows["w"].value_counts().sort(["count", "w"], descending=[True, False]).head(3)
    assert shown["w"]["top"][:3] == [list(r) for r in top.rows()]
    assert shown["b"]["distinct"] == 2


def test_merging_versions_is_profiling_the_whole() -> None:
    whole = data(3000)
    parts = [profile(whole.slice(i, 700)) for i in range(0, 3000, 700)]
    merged = parts[0]
    for part in parts[1:]:
        merged = merged.merge(part)
    one = profile(whole)
    assert merged.rows == one.rows
    for name, column in one.columns.items():
        mine = merged.columns[name]
        assert (mine.count, mine.nulls, mine.least, mine.greatest) == (
            column.count,
            column.nulls,
            column.least,
            column.greatest,
        )
        assert mine.quantiles == column.quantiles
        assert mine.frequent == column.frequent
        assert mine.total == pytest.approx(column.total)
        assert mine.distinct.get_estimate() == pytest.approx(column.distinct.get_estimate(), rel=0.03)


def test_the_same_rows_give_the_same_bytes_and_come_back() -> None:
    first = canonical(profile(data(2000)).merge(profile(data(500, 1))).to_json())
    again = canonical(profile(data(2000)).merge(profile(data(500, 1))).to_json())
    assert first == again
    back = [Profile.from_json(json.loads(first)).to_json() for _ in range(2)]
    assert back[0] == back[1]
    for found in (back[0], once := json.loads(first)):
        for column in found["columns"].values():
            assert column["sketches"].pop("distinct")  # says the same in other bytes: "distinct" is compared
    assert json.loads(canonical(back[0])) == once


def test_many_different_values_are_cut_and_say_so() -> None:
    rows = pl.DataFrame({"w": [f"w{i:04}" for i in range(2 * KEPT)] + ["w0007"] * 5})
    column = profile(rows).columns["w"]
    assert column.cut
    assert len(column.frequent) == KEPT
    assert column.to_json()["top"][0] == ["w0007", 6]
    assert column.distinct.get_estimate() == pytest.approx(2 * KEPT, rel=0.1)


def test_of_a_private_column_no_value_is_kept() -> None:
    found = canonical(
        profile(pl.DataFrame({"who": ["ann", "bob"], "id": [31337, 31338]}), private=("who", "id")).to_json()
    )
    assert b"ann" not in found and b"31337" not in found
    assert json.loads(found)["columns"]["who"]["distinct"] == 2


def test_a_column_of_nulls() -> None:
    found = profile(pl.DataFrame({"x": pl.Series([None, None], dtype=pl.Float64)})).columns["x"].to_json()
    assert (found["nulls"], found["mean"], found["min"], found["quantiles"]) == (2, None, None, {})
