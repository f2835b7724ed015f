"""What the gates decide when the truth is known: the gate's own arithmetic on drawn customers. Long in the nightly tier."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.special import stdtrit
from scipy.stats import kurtosis

from tests.release.shoppers import LEARNER, REFIT, TUNING, Pair, draw, pool
from tidemill.release.gates.compare import bend, ratio, with_spread
from tidemill.release.gates.refits import Prior, posterior, prior_of, promoted, shown_worse

MARGIN = 0.02
TIMES = [600, pytest.param(4_000, marks=pytest.mark.nightly)]
"""How often each is played: bounded in every run, long in the night."""


def slack(limit: float, times: int) -> float:
    """How far a rate of this size strays by chance, once in a thousand."""
    return 3.1 * float(np.sqrt(limit * (1 - limit) / times))


def refits(true: float, requests: int, past: float | None, times: int, seed: int) -> tuple[Any, Any]:
    """(promoted, called worse) of refits with this true gain, after six that gained ``past`` (None: without any)."""
    rng, people = np.random.default_rng([seed, requests]), pool(REFIT)
    now = ratio(*draw(people, requests, true, rng, times))
    prior = Prior()
    if past is not None:
        each = [ratio(*draw(people, requests, past, rng, times, between=0.007)) for _ in range(6)]
        prior = prior_of(np.stack([e.gain for e in each], -1), np.stack([e.error for e in each], -1))
    after = posterior(now.gain, now.error, prior, MARGIN)
    return promoted(after), shown_worse(after)


def methods(pair: Pair, true: float, requests: int, windows: int, times: int, seed: int, spread: float = 0.01) -> Any:
    """Which methods with this true gain are promoted over so many windows of so many requests each."""
    rng, people = np.random.default_rng([seed, requests]), pool(pair)
    each = [draw(people, requests, true, rng, times, between=spread) for _ in range(windows)]
    alone = [ratio(*one) for one in each]
    whole = ratio(*(np.concatenate([one[place] for one in each], axis=1) for place in (0, 1)))
    shares, errors = (np.stack([one[place] for one in alone], -1) for place in (0, 1))
    groups = windows * each[0][0].shape[1]
    error, freedom = whole.error, groups - 1.0
    if windows > 1:
        error, freedom = with_spread(whole.error, shares, errors, windows, groups)
    bent = bend(error, whole.skewness, groups, freedom, 0.95)
    return whole.gain - stdtrit(freedom, 0.95) * error + np.minimum(0.0, bent) > 0


@pytest.mark.parametrize("pair", [REFIT, TUNING, LEARNER])
def test_the_customers_are_as_hard_as_a_real_shop_s(pair: Pair) -> None:
    people = pool(pair)
    assert 50 < kurtosis(people[:, 0], fisher=False) < 250
    assert np.mean(people[:, 0] == 0) == pytest.approx(1 - pair.differ, abs=0.03)
    found = ratio(people[None, :, 0], people[None, :, 1])
    assert float(found.error[0]) * np.sqrt(people[:, 2].sum()) == pytest.approx(pair.c, rel=0.1)


@pytest.mark.parametrize("times", TIMES)
def test_an_equal_refit_is_promoted_after_six_that_gained_and_is_not_called_worse(times: int) -> None:
    for requests in (100, 300, 1_000):
        passed, worse = refits(0.0, requests, 0.019, times, seed=1)
        assert passed.mean() >= 0.80 - slack(0.80, times), requests
        assert worse.mean() <= 0.02 + slack(0.02, times), requests


@pytest.mark.parametrize("times", TIMES)
@pytest.mark.parametrize(("loss", "requests", "most"), [(-0.10, 100, 0.03), (-0.04, 300, 0.12), (-0.02, 1_000, 0.15)])
def test_a_refit_that_loses_is_seldom_promoted(loss: float, requests: int, most: float, times: int) -> None:
    passed, _ = refits(loss, requests, 0.019, times, seed=2)
    assert passed.mean() <= most + slack(most, times)


@pytest.mark.parametrize("times", TIMES)
def test_without_past_refits_nothing_is_taken_on_trust(times: int) -> None:
    passed, worse = refits(0.0, 300, None, times, seed=3)
    assert 0.35 < passed.mean() < 0.65 and worse.mean() <= 0.02 + slack(0.02, times)
    assert refits(-0.04, 300, None, times, seed=3)[0].mean() <= 0.03 + slack(0.03, times)
    assert refits(-0.10, 300, None, times, seed=3)[1].mean() >= 0.9


METHODS = pytest.mark.parametrize(("pair", "requests"), [(TUNING, 150), (LEARNER, 600)])


@METHODS
def test_an_equal_method_is_seldom_promoted_and_one_that_is_2_percent_better_mostly(pair: Pair, requests: int) -> None:
    assert methods(pair, 0.0, requests, 6, 600, seed=4).mean() <= 0.05 + slack(0.05, 600)
    assert methods(pair, 0.02, requests, 6, 600, seed=5).mean() >= 0.80 - slack(0.80, 600)


@pytest.mark.nightly
@METHODS
def test_the_promise_to_methods_holds_within_the_bounds_of_long_play(pair: Pair, requests: int) -> None:
    """Not but for chance: the 95 % bounds of 16,000 plays, of seeds by which nothing was chosen, are on the right side."""
    for true, of in ((0.0, lambda rate, reach: rate + reach <= 0.05), (0.02, lambda rate, reach: rate - reach >= 0.80)):
        plays = np.concatenate([methods(pair, true, requests, 6, 1_000, seed) for seed in range(101_000, 101_016)])
        assert of(plays.mean(), 1.645 * plays.std() / np.sqrt(len(plays))), (true, plays.mean())


@pytest.mark.nightly
@METHODS
@pytest.mark.parametrize(("spread", "most"), [(0.0, 0.05), (0.02, 0.09), (0.034, 0.09)])
def test_windows_that_differ_more_than_usual_are_no_promotion_either(
    pair: Pair, requests: int, spread: float, most: float
) -> None:
    """Of so few windows nobody knows their spread well: the rule is wrong more often there, but not much."""
    assert methods(pair, 0.0, requests, 6, 4_000, seed=9, spread=spread).mean() <= most


@pytest.mark.parametrize("times", TIMES)
@pytest.mark.parametrize("requests", [100, 300, 1_000])
def test_what_is_below_the_best_baseline_is_seldom_let_through(requests: int, times: int) -> None:
    """Better than the others by far, equal to the best: the test against each is a test of all, and needs no correction."""
    best = methods(LEARNER, 0.0, requests, 6, times, seed=6)
    others = methods(LEARNER, 0.10, requests, 6, times, seed=7)
    assert (best & others).mean() <= 0.05 + slack(0.05, times)
    assert methods(LEARNER, -0.023, requests, 1, times, seed=8).mean() <= 0.05 + slack(0.05, times)
