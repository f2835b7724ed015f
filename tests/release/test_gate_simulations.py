"""What the gates decide when the truth is known: the gate's own arithmetic on drawn customers. Long in the nightly tier."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.special import stdtrit
from scipy.stats import kurtosis

from tests.release.shoppers import LEARNER, REFIT, TUNING, Pair, draw, pool
from tidemill.release.gates.compare import between, ratio
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


def methods(pair: Pair, true: float, requests: int, windows: int, times: int, seed: int) -> Any:
    """Which methods with this true gain are promoted over so many windows of so many requests each."""
    rng, people = np.random.default_rng([seed, requests]), pool(pair)
    each = [draw(people, requests, true, rng, times, between=0.01) for _ in range(windows)]
    alone = [ratio(*one) for one in each]
    whole = ratio(*(np.concatenate([one[place] for one in each], axis=1) for place in (0, 1)))
    shares, errors = (np.stack([one[place] for one in alone], -1) for place in (0, 1))
    error = np.sqrt(whole.error**2 + between(shares, errors) / windows) if windows > 1 else whole.error
    groups = windows * each[0][0].shape[1]
    t = float(stdtrit(groups - 1, 0.95))
    bent = error * whole.skewness / (6 * np.sqrt(groups)) * (1 + 2 * t * t)
    return whole.gain - t * error + np.minimum(0.0, bent) > 0


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


@pytest.mark.parametrize("times", TIMES)
@pytest.mark.parametrize(("pair", "requests"), [(TUNING, 150), (LEARNER, 600)])
def test_an_equal_method_is_seldom_promoted_and_one_that_is_2_percent_better_mostly(
    pair: Pair, requests: int, times: int
) -> None:
    assert methods(pair, 0.0, requests, 6, times, seed=4).mean() <= 0.05 + slack(0.05, times)
    assert methods(pair, 0.02, requests, 6, times, seed=5).mean() >= 0.80 - slack(0.80, times)


@pytest.mark.parametrize("times", TIMES)
@pytest.mark.parametrize("requests", [100, 300, 1_000])
def test_what_is_below_the_best_baseline_is_seldom_let_through(requests: int, times: int) -> None:
    """Better than the others by far, equal to the best: the test against each is a test of all, and needs no correction."""
    best = methods(LEARNER, 0.0, requests, 6, times, seed=6)
    others = methods(LEARNER, 0.10, requests, 6, times, seed=7)
    assert (best & others).mean() <= 0.05 + slack(0.05, times)
    assert methods(LEARNER, -0.023, requests, 1, times, seed=8).mean() <= 0.05 + slack(0.05, times)
