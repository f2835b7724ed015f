"""The estimates of a profile: of different numbers by HyperLogLog, of quantiles by bins."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidemill.data.profile.profile import Profile, profile
from tidemill.data.profile.quantiles import Quantiles, bin_of


@pytest.mark.parametrize(
    "numbers",
    [
        np.concatenate([[-0.0, 0.0], np.arange(9_000) / 7, [-0.0, 5e-324, -1.7e308, 1.7e308]]),
        np.random.default_rng(2).integers(-(2**63), 2**63 - 1, 20_000),
        np.repeat(np.arange(3_000.0), 5),
    ],
)
def test_different_numbers_are_estimated_in_any_order(numbers: np.ndarray) -> None:
    shuffled = np.random.default_rng(0).permutation(numbers)
    found = [profile(pl.DataFrame({"n": n})).columns["n"].distinct for n in (numbers, shuffled)]
    assert found[0].serialize_compact() == found[1].serialize_compact()
    assert found[0].get_estimate() == pytest.approx(len(set(numbers.astype(float).tolist())), rel=0.06)


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
