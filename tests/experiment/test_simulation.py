"""Simulated traffic with a known truth: how often an A/B errs whenever it is stopped, when it finds what it was planned for, and
whether the intervals cover."""

from __future__ import annotations

import numpy as np
import pytest

from tests.experiment.traffic import RECALL, course, side, strangers
from tests.tiers import both
from tidemill.experiment.plan import days_for, fitted
from tidemill.experiment.ratio import is_off, odds
from tidemill.experiment.sequence import tuned
from tidemill.experiment.sums import estimate, known
from tidemill.experiment.verdict import judge

EFFECT, DAYS = 0.05, 40


@pytest.mark.parametrize("runs", both(10, 2_000))
@pytest.mark.parametrize("traffic", [strangers, side])
def test_whenever_it_is_stopped_it_errs_as_seldom_as_it_says(runs: int, traffic: object) -> None:
    """Two arms that are the same, a look a day: how often any look says better or worse."""
    rng, wrong = np.random.default_rng(12), 0
    for _ in range(runs):
        first, second = (traffic(rng, 1_500, DAYS, 0.3) for _ in range(2))  # type: ignore[operator]
        looks = course(first, second, tuned(EFFECT))
        wrong += any(judge(one, 0.0, False) in ("better", "worse") for one in looks)
    print(f"{traffic.__name__}: {wrong} of {runs} wrong")  # type: ignore[attr-defined]
    assert wrong <= 0.065 * runs + (3 if runs < 100 else 0)


@pytest.mark.parametrize("runs", both(50, 2_000))
def test_of_sides_that_are_right_too_seldom_none_is_called_worse_that_is_not(runs: int) -> None:
    """Two arms that are the same, and sell once in 300 answers: little is known of either for long."""
    rng, wrong, told = np.random.default_rng(17), 0, 0
    for _ in range(runs):
        first, second = (strangers(rng, 500, 30, 1 / 300) for _ in range(2))
        looks = [one for one in course(first, second, tuned(EFFECT)) if one is not None]
        told += bool(looks)
        wrong += any(one.high < 0 for one in looks)
    print(f"{wrong} of {runs} wrong, {told} told anything")
    assert wrong <= 0.025 * runs + 1


@pytest.mark.parametrize("runs", both(8, 500))
def test_it_finds_the_effect_that_it_was_planned_for_in_the_time_that_was_stated(runs: int) -> None:
    """The plan is made from a log of the same traffic without any test; then the test runs so long."""
    rng, found, stated = np.random.default_rng(13), 0, []
    for _ in range(runs):
        whole = strangers(rng, 3_000, 14, 0.3)  # the log: both halves of the share together
        spread = [(d, one.error**2) for d, day in enumerate(whole, 1) if (one := known(day))]
        days = days_for(EFFECT, 1.0, *fitted(spread))
        assert days is not None
        stated.append(days)
        first, second = (strangers(rng, 1_500, int(np.ceil(days)), 0.3 * (1 + more)) for more in (0.0, EFFECT))
        found += any(judge(one, 0.0, False) == "better" for one in course(first, second, tuned(EFFECT)))
    print(f"found {found} of {runs}, {np.mean(stated):.1f} days stated")
    assert found >= (0.8 if runs > 100 else 0.6) * runs


@pytest.mark.parametrize("runs", both(8, 1_000))
def test_what_the_loop_was_worth_is_covered(runs: int) -> None:
    """A holdout of 10 %, subjects who come again: the truth lies in every interval that is ever told of it."""
    rng, missed, told = np.random.default_rng(14), 0, 0
    for _ in range(runs):
        held, others = side(rng, 512, 30, 0.25), side(rng, 512 * 9, 30, 0.3)
        looks = [estimate(a, b, RECALL, tuned(0.1)) for a, b in zip(held, others, strict=True)]
        told += looks[-1] is not None
        missed += any(one is not None and not one.low <= 0.2 <= one.high for one in looks)
    print(f"{missed} of {runs} missed at some time")
    assert told == runs and missed <= 0.065 * runs + (3 if runs < 100 else 0)


@pytest.mark.parametrize("runs", both(40, 2_000))
def test_a_ratio_that_is_right_is_seldom_called_off(runs: int) -> None:
    rng, off = np.random.default_rng(15), 0
    for _ in range(runs):
        a = rng.binomial(500, 0.5, 60).cumsum()
        off += any(is_off(odds({"a": int(n), "b": int(500 * d - n)}, {"a": 0.5, "b": 0.5})) for d, n in enumerate(a, 1))
    print(f"{off} of {runs} called off")
    assert off <= 0.01 * runs + 3


def test_a_scorer_that_drops_a_tenth_of_an_arm_is_seen_in_days() -> None:
    rng = np.random.default_rng(16)
    a, b = rng.binomial(500, 0.5, 60).cumsum(), rng.binomial(500, 0.45, 60).cumsum()
    off = [d for d, (n, m) in enumerate(zip(a, b), 1) if is_off(odds({"a": int(n), "b": int(m)}, {"a": 0.5, "b": 0.5}))]
    assert off[0] < 20 and off[-1] == 60, "and stays"
