"""Counting different numbers by blocks: byte for byte the sketch of adding them one after the other."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from datasketches import hll_sketch, tgt_hll_type
from hypothesis import given, settings
from hypothesis import strategies as st

from tidemill.data.profile import distinct
from tidemill.data.profile.profile import Profile, profile
from tidemill.data.profile.quantiles import Quantiles, bin_of


def empty() -> hll_sketch:
    return hll_sketch(11, tgt_hll_type.HLL_8)


def plain(numbers: np.ndarray) -> bytes:
    sketch = empty()
    for number in numbers.tolist():
        sketch.update(number)
    return bytes(sketch.serialize_compact())


def by_blocks(numbers: np.ndarray) -> bytes:
    sketch = empty()
    distinct.add(sketch, numbers)
    return bytes(sketch.serialize_compact())


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from([0, 1, 50, 191, 193, 1_023, 1_025, 5_000, 10**12]),
    st.sampled_from([0, 1, 4_096, 4_097, 9_000, 80_000]),
    st.booleans(),
)
def test_the_same_bytes_as_one_by_one(seed: int, different: int, n: int, whole: bool) -> None:
    numbers = np.random.default_rng(seed).integers(0, different + 1, n)
    assert by_blocks(numbers if whole else numbers * 0.37) == plain(numbers if whole else numbers * 0.37)


@pytest.mark.parametrize(
    "numbers",
    [
        np.concatenate([np.zeros(5_000), np.random.default_rng(1).normal(size=9_000)]),
        np.concatenate([[-0.0, 0.0], np.arange(9_000) / 7, [-0.0, 5e-324, -1.7e308, 1.7e308]]),
        np.random.default_rng(2).integers(-(2**63), 2**63 - 1, 20_000),
        np.repeat(np.arange(3_000.0), 5),
    ],
)
def test_edges(numbers: np.ndarray) -> None:
    before = numbers.copy()
    assert by_blocks(numbers) == plain(numbers)
    np.testing.assert_array_equal(numbers, before)


def test_of_columns_that_are_views() -> None:
    wide = np.random.default_rng(3).normal(size=(9_000, 2))
    assert by_blocks(wide[:, 1]) == plain(wide[:, 1])


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(-1e300, 1e300), max_size=200))
def test_bins_are_counted_as_one_by_one(values: list[float]) -> None:
    numbers = np.array(values, dtype=np.float64)
    index, counts = np.unique(bin_of(numbers), return_counts=True)
    assert dict(Quantiles.of(numbers).bins) == dict(zip(index.tolist(), counts.tolist(), strict=True))


def test_large_frames_are_profiled_as_small_ones_and_merge() -> None:
    """Beyond the size up to which numbers are sorted first, everything but the estimate is the same to the last bit."""
    rng = np.random.default_rng(4)
    rows = pl.DataFrame({"x": rng.normal(size=260_000), "n": rng.integers(0, 700, 260_000)})
    whole = profile(rows)
    parts = [profile(rows.slice(start, 100_000)) for start in range(0, 260_000, 100_000)]
    merged: Profile = parts[0].merge(parts[1]).merge(parts[2])
    for name, column in whole.columns.items():
        other = merged.columns[name]
        assert (column.count, column.least, column.greatest) == (other.count, other.least, other.greatest)
        assert column.quantiles == other.quantiles
        true = rows[name].n_unique()
        assert column.distinct.get_estimate() == pytest.approx(true, rel=0.06)
        assert other.distinct.get_estimate() == pytest.approx(true, rel=0.06)
