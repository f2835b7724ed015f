"""Columns as groups: bad columns too."""

from __future__ import annotations

import numpy as np

from tidemill.evaluation.groups import BINS, MISSING, MOST, OTHER, groups

N = 1_000
RNG = np.random.default_rng(0)


def test_a_column_that_is_missing_for_most_has_what_is_missing_as_one_group() -> None:
    column = np.where(RNG.random(N) < 0.9, None, "UK").astype(object)  # type: ignore[call-overload]
    found = groups(column, np.arange(N))
    assert found.labels == [MISSING, "UK"] and (found.codes == 0).sum() == sum(one is None for one in column)


def test_numbers_are_bins_of_about_as_many_rows_and_what_is_missing_is_one_more() -> None:
    column = RNG.normal(size=N)
    column[:100] = np.nan
    found = groups(column, np.arange(N))
    assert len(found.labels) == BINS + 1 and found.labels[-1] == MISSING
    assert np.bincount(found.codes).tolist() == [180] * BINS + [100]
    assert found.labels[0].startswith("below") and found.labels[BINS - 1].startswith("from")


def test_a_number_that_most_rows_have_stands_in_one_bin_whole() -> None:
    column = np.concatenate([np.zeros(800), np.arange(1.0, 201.0)])
    found = groups(column, np.arange(N))
    zero = set(found.codes[column == 0].tolist())
    assert len(zero) == 1 and len(found.labels) < BINS


def test_few_different_numbers_are_values() -> None:
    found = groups(np.arange(N) % 3, np.arange(N))
    assert sorted(found.labels) == ["0", "1", "2"]


def test_values_of_too_few_requests_or_of_too_few_units_are_looked_at_together() -> None:
    column = np.array(["UK"] * 900 + ["FR"] * 60 + [f"town {n}" for n in range(40)], object)
    assert (groups(column, np.arange(N)).labels, groups(column, np.arange(N)).few) == (["UK", "FR", OTHER], 40)
    one_unit = np.where(np.arange(N) < 900, np.arange(N), 900)  # all of FR is one customer's
    assert groups(column, one_unit).labels == ["UK", OTHER]


def test_one_value_alone_keeps_its_name() -> None:
    column = np.array(["UK"] * 999 + ["FR"], object)
    found = groups(column, np.arange(N))
    assert (found.labels, found.few) == (["UK", "FR"], 0)


def test_of_very_many_values_the_most_frequent_are_groups() -> None:
    column = RNG.integers(0, 40, 20_000).astype(str).astype(object)
    found = groups(column, np.arange(20_000))
    assert len(found.labels) == MOST + 1 and found.few == 20
