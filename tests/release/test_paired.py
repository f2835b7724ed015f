"""A bake by pairs: the bet against numerical integration, and what it does to releases whose truth is known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import integrate, stats

from tests.release.shoppers import REFIT, TUNING, Pair, draw, pool
from tidemill.release.gates.compare import Comparison
from tidemill.release.rollout.paired import LARGE, bet, not_worse

MARGIN = 0.02
PROOF = 20.0
TIMES = [300, pytest.param(4_000, marks=pytest.mark.nightly)]
BETS = np.vectorize(bet, otypes=[float])


def seen(gain: float, error: float = 0.02, subjects: int = 200) -> Comparison:
    return Comparison(
        "recall@20", 0.3 * (1 + gain), 0.3, gain, error, gain - 2 * error, gain + 2 * error, 300, subjects
    )


@pytest.mark.parametrize("margin", [0.01, 0.02, 0.1])
@pytest.mark.parametrize("z", [-1.0, 0.0, 1.0, 2.5, 4.0])
def test_the_bet_is_the_mean_likelihood_of_a_loss_of_this_size(z: float, margin: float) -> None:
    """Over half-normal losses, small and large, against no loss; with so many subjects that Student's is the normal one."""
    error = 0.02

    def ratio(loss: float) -> float:
        likelier = stats.norm.logpdf(-z * error, -loss, error) - stats.norm.logpdf(-z * error, 0, error)
        stake = (stats.halfnorm.pdf(loss, scale=2 * margin) + stats.halfnorm.pdf(loss, scale=LARGE)) / 2
        return float(stake * np.exp(likelier))

    whole = integrate.quad(ratio, 0, 1, points=[0.02, 0.1, 0.3], limit=400)[0]
    assert bet(-z * error, error, 10**9, margin) == pytest.approx(whole, rel=1e-4)


def test_few_subjects_and_losses_that_are_all_alike_prove_less() -> None:
    found = [bet(-0.1, 0.03, subjects, MARGIN) for subjects in (4, 5, 10, 30, 300, 10**6)]
    assert found[0] == 1.0 and found == sorted(found)
    assert bet(-1.0, 0.0, 5, MARGIN) < PROOF < bet(-1.0, 0.0, 60, MARGIN) < np.inf
    assert bet(0.0, 0.0, 60, MARGIN) <= 1 and bet(0.1, 0.0, 60, MARGIN) <= 1


def test_what_it_says() -> None:
    broken, doubtful, kept = (not_worse(seen(gain), MARGIN) for gain in (-0.1, -0.05, 0.0))
    assert (broken.broken, doubtful.doubtful, kept.powered) == (True, True, True)
    assert not doubtful.broken and not kept.broken and not kept.doubtful
    assert broken.figures["e_value"] >= PROOF and broken.figures["requests"] == 300
    unseen = not_worse(seen(0.0, 0.4, 6), MARGIN)
    assert not unseen.powered and not unseen.broken


def test_five_times_the_error_is_broken_however_little_is_known_of_its_size() -> None:
    found = Comparison("mae", 1.51, 0.3, -4.04, 0.72, -5.5, -2.6, 576, 200)
    assert not_worse(found, MARGIN).broken and not_worse(found, MARGIN).powered
    near = Comparison("mae", 0.3003, 0.3, -0.001, 0.02, -0.04, 0.04, 576, 200)
    assert not_worse(near, MARGIN).figures["e_value"] == pytest.approx(bet(-0.001, 0.02, 200, MARGIN), rel=0.01)


def bakes(pair: Pair, true: float, a_day: int, days: int, times: int, seed: int, *, lumps: bool = False) -> Any:
    """The day on which each bake is rolled back, looked at daily; infinite where it is not.

    ``lumps``: so large a share of the subjects loses everything; else all of them lose a little.
    """
    rng = np.random.default_rng([seed, a_day])
    gain, level = draw(pool(pair), a_day * days, 0.0 if lumps else true, rng, times)
    if lumps:
        gain = np.where(rng.random(gain.shape) < -true, -level, gain)
    ends = np.linspace(0, gain.shape[1], days + 1).astype(int)[1:]
    sums = [np.cumsum(one, axis=1)[:, ends - 1] for one in (gain, level, gain**2, gain * level, level**2)]
    share = sums[0] / np.maximum(sums[1], 1e-12)
    squares = np.maximum(sums[2] - 2 * share * sums[3] + share**2 * sums[4], 0)
    error = np.sqrt(squares * ends / (ends - 1)) / np.maximum(sums[1], 1e-12)
    over = BETS(share, error, np.broadcast_to(ends, share.shape), MARGIN) >= PROOF
    return np.where(over.any(1), over.argmax(1) + 1.0, np.inf)


@pytest.mark.parametrize("times", TIMES)
@pytest.mark.parametrize("pair", [REFIT, TUNING])
@pytest.mark.parametrize("a_day", [10, 100])
def test_a_release_that_is_not_worse_is_seldom_rolled_back_however_often_one_looks(
    pair: Pair, a_day: int, times: int
) -> None:
    back = np.isfinite(bakes(pair, 0.0, a_day, 28, times, seed=1)).mean()
    assert back <= 0.05 + 3.1 * np.sqrt(0.05 * 0.95 / times)


@pytest.mark.parametrize("times", TIMES)
@pytest.mark.parametrize("lumps", [False, True])
@pytest.mark.parametrize(("loss", "requests"), [(-0.10, 350), (-0.20, 150), (-0.50, 60)])
def test_a_loss_is_seen_after_so_many_requests(loss: float, requests: int, lumps: bool, times: int) -> None:
    found = bakes(REFIT, loss, 10, 60, times, seed=2, lumps=lumps) * 10
    assert np.median(found) <= requests and np.isfinite(found).mean() >= 0.9
