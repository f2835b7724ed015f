"""What a shadow decides when the truth is known: the gate's window and live pairs by the product's own arithmetic. Long in the nightly tier."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest
from scipy.special import stdtrit

from tests.release.shoppers import LEARNER, REFIT, TUNING, Pair, draw, pool
from tests.release.test_gate_simulations import MARGIN, TIMES, slack
from tidemill.release.gates.compare import POWER_Z, USUAL_SPREAD, bend, ratio, weighed, with_spread
from tidemill.release.gates.refits import Prior, posterior, prior_of, promoted, shown_worse
from tidemill.release.shadow import OF_METHODS

LOOKS = (0.5, 0.75, 1.0)
"""Pairs at each look, in windows, where as many come as in the window before: the first half, half more, and the end."""


class Ended(NamedTuple):
    """Which are promoted, called worse, and not decided in the end."""

    promoted: Any
    worse: Any
    undecided: Any


def refits(true: float, requests: int, past: float | None, times: int, seed: int) -> tuple[Ended, Ended]:
    """By the window alone, and after a shadow of one window's length."""
    rng, people = np.random.default_rng([seed, requests]), pool(REFIT)
    prior = Prior()
    if past is not None:
        each = [ratio(*draw(people, requests, past, rng, times, between=0.007)) for _ in range(6)]
        prior = prior_of(np.stack([e.gain for e in each], -1), np.stack([e.error for e in each], -1))
    now = ratio(*draw(people, requests, true, rng, times))
    alone = ended = _refit(now.gain, now.error, prior)
    gain, level = draw(people, requests, true, rng, times)
    for part in LOOKS:
        some = slice(round(part * gain.shape[1]))
        live = ratio(gain[:, some], level[:, some])
        then = _refit(*weighed([now.gain, live.gain], [now.error, live.error]), prior)
        ended = Ended(*(np.where(ended.undecided, new, old) for new, old in zip(then, ended)))
    return alone, ended


def _refit(gain: Any, error: Any, prior: Prior) -> Ended:
    after = posterior(gain, error, prior, MARGIN)
    up, down = promoted(after), shown_worse(after)
    return Ended(up, down, ~up & ~down & (error * POWER_Z > MARGIN))


def methods(pair: Pair, true: float, requests: int, times: int, seed: int, confidence: float = OF_METHODS) -> Any:
    """(promoted by six windows alone, and with a shadow of one window's length) of methods with this true gain."""
    rng, people = np.random.default_rng([seed, requests]), pool(pair)
    each = [draw(people, requests, true, rng, times, between=0.01) for _ in range(6)]
    alone = [ratio(*one) for one in each]
    whole = ratio(*(np.concatenate([one[place] for one in each], axis=1) for place in (0, 1)))
    shares, errors = (np.stack([one[place] for one in alone], -1) for place in (0, 1))
    groups = 6 * each[0][0].shape[1]
    error, freedom = with_spread(whole.error, shares, errors, 6, groups)
    up, down = _method(whole.gain, error, whole.skewness, groups, freedom, 0.95)
    first, open_ = up.copy(), ~up & ~down
    gain, level = draw(people, requests, true, rng, times, between=0.01)
    for part in LOOKS:
        some = slice(round(part * gain.shape[1]))
        live = ratio(gain[:, some], level[:, some])
        gain_of_both, of_both = weighed([whole.gain, live.gain], [error, np.hypot(live.error, USUAL_SPREAD)])
        known = 1 / (
            (of_both / error) ** 4 / freedom + (1 - (of_both / error) ** 2) ** 2 / (gain[:, some].shape[1] - 1)
        )
        better, worse = _method(gain_of_both, of_both, whole.skewness, groups, known, confidence)
        up |= open_ & better
        open_ &= ~better & ~worse
    return first, up


def _method(gain: Any, error: Any, skewness: Any, groups: int, freedom: Any, confidence: float) -> tuple[Any, Any]:
    reach, bent = stdtrit(freedom, confidence) * error, bend(error, skewness, groups, freedom, confidence)
    return gain - reach + np.minimum(0.0, bent) > 0, gain + reach + np.maximum(0.0, bent) < MARGIN


@pytest.mark.parametrize("times", TIMES)
@pytest.mark.parametrize("requests", [100, 300])
def test_a_shadow_lets_more_equal_refits_through_and_calls_few_worse(requests: int, times: int) -> None:
    alone, ended = refits(0.0, requests, 0.019, times, seed=21)
    assert ended.promoted.mean() >= max(0.84, alone.promoted.mean()) - slack(0.84, times)
    assert ended.worse.mean() <= 0.02 + slack(0.02, times)
    assert ended.undecided.mean() < alone.undecided.mean()


@pytest.mark.parametrize("times", TIMES)
@pytest.mark.parametrize(("loss", "requests", "most"), [(-0.10, 100, 0.04), (-0.10, 300, 0.01), (-0.04, 300, 0.12)])
def test_a_shadow_lets_few_that_lose_through(loss: float, requests: int, most: float, times: int) -> None:
    alone, ended = refits(loss, requests, 0.019, times, seed=22)
    assert ended.promoted.mean() <= most + slack(most, times)
    assert ended.worse.mean() >= alone.worse.mean()


@pytest.mark.parametrize("times", TIMES)
@pytest.mark.parametrize(("pair", "requests"), [(TUNING, 150), (LEARNER, 600)])
def test_an_equal_method_is_seldom_promoted_however_often_it_is_looked_at(
    pair: Pair, requests: int, times: int
) -> None:
    assert methods(pair, 0.0, requests, times, seed=23)[1].mean() <= 0.05 + slack(0.05, times)
    first, then = methods(pair, 0.02, requests, times, seed=24)
    assert then.mean() >= first.mean()
