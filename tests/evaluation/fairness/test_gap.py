"""Whether a gap is shown: refused and passed as often as promised, by simulation with known truth; errors by units that hang together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from tests.tiers import both
from tidemill.evaluation.fairness.gap import Means, Rule, drawn, judge, means_of, needed, pairs_of

LARGEST = 0.05
TOGETHER = 0.015  # what a rate over so many tables may lie above its promise by, by chance
Rates = tuple[float, ...]


def tables(rates: Rates, sizes: Sequence[float], many: int, seed: int = 0) -> Means:
    """So many tables, each with groups of these sizes whose true rates these are."""
    n = np.ceil(np.asarray(sizes, np.float64))
    mean = np.random.default_rng(seed).binomial(n.astype(np.int64), rates, (many, len(n))) / n
    return drawn(mean, n * mean * (1 - mean), np.broadcast_to(n, mean.shape), np.broadcast_to(n, mean.shape))


EXCHANGEABLE = [
    ((0.2, 0.2), (300, 300)),
    ((0.2, 0.2), (3000, 3000)),
    ((0.05,) * 5, (1000, 100, 50, 20, 10)),
    ((0.5,) * 3, (2000, 500, 200)),
    ((0.01,) * 4, (400, 40, 40, 12)),
]
TWICE = [
    ((0.2, 0.3), (100, 100)),
    ((0.2, 0.3, 0.2), (400, 100, 30)),
    ((0.02, 0.12), (400, 40)),
    ((0.45, 0.55, 0.45, 0.45), (400, 40, 40, 40)),
]
AT_THE_BOUND = [
    ((0.2, 0.25), (3000, 3000)),
    ((0.2, 0.25), (300, 300)),
    ((0.02, 0.07, 0.02), (2000, 60, 60)),
    ((0.0, 0.05), (1000, 300)),
]


@pytest.mark.parametrize("many", both(1000, 20_000))
@pytest.mark.parametrize(("rates", "sizes"), EXCHANGEABLE)
def test_equal_groups_are_refused_in_at_most_5_of_100(rates: Rates, sizes: tuple[int, ...], many: int) -> None:
    assert judge(tables(rates, sizes, many), Rule(LARGEST)).beyond.mean() <= 0.05


@pytest.mark.parametrize("many", both(1000, 20_000))
@pytest.mark.parametrize(("rates", "sizes"), AT_THE_BOUND)
def test_a_gap_of_the_largest_allowed_is_neither_refused_nor_passed_more_often_than_5_of_100(
    rates: Rates, sizes: tuple[int, ...], many: int
) -> None:
    found = judge(tables(rates, sizes, many), Rule(LARGEST))
    assert found.beyond.mean() <= 0.05 + TOGETHER
    assert found.within.mean() <= 0.05 + TOGETHER


@pytest.mark.parametrize("many", both(1000, 20_000))
@pytest.mark.parametrize(("rates", "sizes"), TWICE)
def test_twice_the_largest_is_refused_in_9_of_10_with_as_much_data_as_is_said_else_it_does_not_pass(
    rates: Rates, sizes: tuple[int, ...], many: int
) -> None:
    """What is needed is read off one small table, of these rates and of equal ones: nobody knows the truth before."""
    rule, size = Rule(LARGEST), np.asarray(sizes, np.float64)
    small = judge(tables(rates, sizes, many), rule)
    assert small.within.mean() <= 0.05, "too little data is no pass"
    for planned in (rates, (float(np.average(rates, weights=size)),) * len(rates)):
        one = tables(planned, sizes, 1, seed=1)
        first = Means(*(each[0] for each in one))
        grown = size * needed(first, rule) / size.sum()
        assert judge(tables(rates, grown, many), rule).beyond.mean() >= 0.90
        assert judge(tables((rates[0],) * len(rates), grown, many), rule).within.mean() >= 0.80


def test_a_group_of_one_is_never_within_and_refuses_nothing() -> None:
    found = means_of([0.0] * 500 + [0.0] * 500 + [1.0], [0] * 500 + [1] * 500 + [2], 3, range(1001))
    assert found.judged.tolist() == [True, True, False]
    said = judge(found, Rule(LARGEST))
    assert not said.beyond and not said.within
    assert needed(found, Rule(LARGEST)) > 1001


def test_rows_of_one_unit_count_as_one() -> None:
    """Each row five times over, by the same unit, says no more than once."""
    rng = np.random.default_rng(2)
    values, codes = rng.random(400) < 0.3, rng.integers(0, 2, 400)
    once = means_of(values, codes, 2, np.arange(400))
    often = means_of(np.repeat(values, 5), np.repeat(codes, 5), 2, np.repeat(np.arange(400), 5))
    assert often.mean == pytest.approx(once.mean)
    assert often.error2 == pytest.approx(once.error2)
    apart = means_of(np.repeat(values, 5), np.repeat(codes, 5), 2, np.arange(2000))
    assert (apart.error2 < 0.5 * often.error2).all()


@pytest.mark.parametrize("many", both(300, 4_000))
@pytest.mark.parametrize(("units", "rows", "alike"), [(5, 200, 0.2), (10, 50, 0.3), (30, 40, 0.3)])
def test_an_equal_group_of_few_units_with_many_rows_is_refused_as_seldom(
    units: int, rows: int, alike: float, many: int
) -> None:
    """Beside 2,000 of one row each; ``alike``: how much rows of one unit are correlated."""
    rng, codes = np.random.default_rng(4), np.repeat([0, 1], [2_000, units * rows])
    whose = np.concatenate([np.arange(2_000), 2_000 + np.repeat(np.arange(units), rows)])
    said, grown = [], 1 / alike - 1
    for _ in range(many):
        chance = np.concatenate([np.full(2_000, 0.3), rng.beta(0.3 * grown, 0.7 * grown, units)])
        found = judge(means_of(rng.random(len(codes)) < chance[whose], codes, 2, whose), Rule(LARGEST))
        said.append((bool(found.beyond), bool(found.within)))
    beyond, within = np.mean(said, axis=0)
    assert beyond <= 0.05 + TOGETHER and within <= 0.05


def test_an_error_is_that_of_an_independent_library() -> None:
    """Of rows that are units the textbook's error of a mean, but for what the groups share of their variances."""
    from scipy.stats import sem

    rng = np.random.default_rng(3)
    values, codes = rng.normal(0, 1, 4000), np.arange(4000) % 2
    found = means_of(values, codes, 2, np.arange(4000))
    assert np.sqrt(found.error2) == pytest.approx([sem(values[codes == g]) for g in (0, 1)], rel=0.01)
    assert pairs_of(found).apart == pytest.approx([values[codes == 0].mean() - values[codes == 1].mean()])
