"""Intervals hold what they promise: by simulations whose truth is known, in each third of the answers; their score by scikit-learn."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.metrics import mean_pinball_loss

from tidemill.tasks.tabular.conformal import fit_interval, inside, interval_score, open_interval

F8 = np.ndarray
PLAYS, HELD = 120, 400


def demand(rng: np.random.Generator, n: int) -> tuple[F8, F8]:
    """Of many products: mostly nought or little, now and then a lot; what is answered is the true mean."""
    mean = rng.gamma(0.6, 6.0, n)
    size = rng.gamma(1.2, 1.0, n) / 1.2
    return mean, rng.poisson(mean * size).astype(float)


def noise(rng: np.random.Generator, n: int) -> tuple[F8, F8]:
    """Values on both sides of nought, that spread the more the greater they are; the answers are a little too high."""
    told = rng.uniform(-10, 30, n)
    return told + 0.3, told + rng.standard_t(4, n) * (1 + np.abs(told) / 5)


def played(world, rows: int, level: float, floor: float) -> tuple[float, list[float], float]:
    """Mean coverage, that of each third of the answers, and the mean width."""
    rng, covered, width = np.random.default_rng(3), [], []
    for _ in range(PLAYS):
        found = fit_interval(*world(rng, rows), level, floor)
        assert found is not None
        told, truth = world(rng, HELD)
        around = open_interval(found)(told)
        order = np.argsort(told)
        covered.append(inside(around, truth)[order].reshape(4, -1).mean(axis=1))
        width.append((around[:, 2] - np.maximum(around[:, 1], 0 if world is demand else -math.inf)).mean())
    return float(np.mean(covered)), np.mean(covered, axis=0).tolist(), float(np.mean(width))


@pytest.mark.parametrize("level", [0.8, 0.95])
@pytest.mark.parametrize("rows", [150, 3_000])
def test_the_truth_lies_within_as_often_as_is_said(level: float, rows: int) -> None:
    whole, _, _ = played(noise, rows, level, -math.inf)
    assert whole == pytest.approx(level, abs=0.01 + 1 / rows), "three errors of the simulation are .006"


def test_so_it_does_for_small_and_for_large_answers() -> None:
    """One reach for all would hold nearly every small one and too few of the large ones."""
    whole, quarters, _ = played(noise, 3_000, 0.9, -math.inf)
    assert min(quarters) > 0.88 and max(quarters) < 0.92, (whole, quarters)


def test_a_demand_that_is_mostly_nought_is_held_too_and_not_by_too_wide_an_interval() -> None:
    whole, quarters, width = played(demand, 3_000, 0.9, 0.0)
    assert min(quarters) > 0.88 and whole > 0.89, (whole, quarters)
    _, _, blind = played(demand, 3_000, 0.9, -math.inf)
    assert width < blind, "what cannot be missed below is not paid for above"


@pytest.mark.parametrize(("rows", "there"), [(19, True), (18, False), (0, False)])
def test_of_too_few_rows_nothing_is_said(rows: int, there: bool) -> None:
    told = np.arange(float(rows))
    assert (fit_interval(told, told + 1, 0.9) is not None) == there


def test_equal_answers_share_a_bin_and_a_value_lies_within_its_own_interval() -> None:
    told = np.repeat([0.0, 5.0, 9.0], [900, 60, 240])
    found = fit_interval(told, told + 2, 0.9)
    assert found is not None and len(found["edges"]) < 3 and len(found["low"]) == len(found["edges"]) + 1
    around = open_interval(found)(told)
    assert (around[:, 1] <= told).all() and (told <= around[:, 2]).all(), "though every truth is above"
    assert open_interval(found)(np.float64(5.0)).tolist() == around[900].tolist()


@pytest.mark.parametrize("level", [0.5, 0.9])
def test_the_interval_score_is_that_of_two_pinball_losses(level: float) -> None:
    rng = np.random.default_rng(0)
    truth, lower = rng.normal(size=500), rng.normal(-1, 0.5, 500)
    told = np.column_stack([lower, lower, lower + rng.exponential(2, 500)])
    below, above = (1 - level) / 2, (1 + level) / 2
    own = mean_pinball_loss(truth, told[:, 1], alpha=below) + mean_pinball_loss(truth, told[:, 2], alpha=above)
    assert interval_score(told, truth, level).mean() == pytest.approx(2 / (1 - level) * own)


def test_answers_below_the_floor_count_as_at_it() -> None:
    rng = np.random.default_rng(1)
    told = rng.normal(-1, 2, 1_000)
    found = fit_interval(told, rng.poisson(1, 1_000).astype(float), 0.9, 0.0)
    assert found is not None and min(found["edges"], default=1) > 0
    around = open_interval(found)(told)
    assert around.min() == 0 and (around[:, 1] <= around[:, 0]).all()


def test_where_all_may_lie_down_to_the_floor_it_does_so_for_greater_answers_too() -> None:
    rng = np.random.default_rng(2)
    told = rng.uniform(1, 2, 400)
    found = fit_interval(told, np.where(rng.random(400) < 0.7, 0.0, rng.poisson(4, 400)), 0.9, 0.0)
    assert found is not None
    assert open_interval(found)(np.array([1.5, 2.5, 50.0]))[:, 1].tolist() == [0.0, 0.0, 0.0]


def test_a_high_level_has_larger_bins_and_not_no_intervals() -> None:
    told = np.random.default_rng(0).normal(size=1_000)
    found = fit_interval(told, told + np.random.default_rng(1).normal(size=1_000), 0.99)
    assert found is not None and 1 <= len(found["edges"]) <= 4
