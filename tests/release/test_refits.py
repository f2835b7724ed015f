"""The shrinkage of the refit gate, against numerical integration and the normal theory that it mixes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from tidemill.release.gates.compare import Comparison
from tidemill.release.gates.refits import BROKEN, BROKEN_SPREAD, Prior, posterior, prior_of, spread_of
from tidemill.release.gates.ruling import of_baselines, of_method, of_refit

FEW = Prior(0.018, 0.012, 6)


def seen(gain: float, error: float = 0.0145, requests: int = 400) -> Comparison:
    bound = 1.97 * error
    return Comparison("recall@20", 0.3 * (1 + gain), 0.3, gain, error, gain - bound, gain + bound, requests, 270)


@pytest.mark.parametrize("gain", [-0.12, -0.03, 0.0, 0.01, 0.05])
@pytest.mark.parametrize("prior", [Prior(), FEW])
def test_the_posterior_is_the_one_of_bayes(gain: float, prior: Prior) -> None:
    error = 0.0145

    def density(true: float) -> float:
        usual = (1 - BROKEN) * stats.norm.pdf(true, prior.mean, prior.spread)
        return float((usual + BROKEN * stats.norm.pdf(true, 0, BROKEN_SPREAD)) * stats.norm.pdf(gain, true, error))

    def over(function, high: float = 1.0) -> float:
        points = sorted({-0.2, -0.05, gain, prior.mean, 0.1})
        return float(integrate.quad(function, -1.0, high, points=[p for p in points if p < high], limit=400)[0])

    whole = over(density)
    found = posterior(gain, error, prior, 0.02)
    assert found.expected == pytest.approx(over(lambda x: x * density(x)) / whole, abs=1e-6)
    assert found.worse == pytest.approx(over(density, -0.02) / whole, abs=1e-6)


def test_the_prior_is_the_weighted_mean_shrunk_to_nothing() -> None:
    gains, errors = np.array([0.01, 0.03, 0.02, 0.04]), np.array([0.01, 0.02, 0.015, 0.01])
    prior = prior_of(gains, errors)
    weights = 1 / (errors**2 + 0.01**2)
    mean = np.average(gains, weights=weights)
    shrunk = 0.02**2 / (0.02**2 + 1 / weights.sum())
    assert prior.mean == pytest.approx(shrunk * mean) and prior.windows == 4
    assert prior.spread >= 0.01


def test_the_spread_between_windows_is_dersimonian_and_laird_s() -> None:
    """Their estimate is unbiased: its mean over many draws is the true variance, before it is cut at 0."""
    rng = np.random.default_rng(0)
    errors = rng.uniform(0.01, 0.03, 6)
    drawn = rng.normal(0, 0.05, (20_000, 6)) + rng.normal(0, errors, (20_000, 6))
    assert spread_of(drawn, np.broadcast_to(errors, drawn.shape)).mean() == pytest.approx(0.05**2, rel=0.03)


def test_only_the_last_windows_count_and_fewer_than_three_say_nothing() -> None:
    assert prior_of([0.5] * 2, [0.01] * 2) == Prior()
    assert prior_of([], []) == Prior()
    old = [9.0, *[0.02] * 8]
    assert prior_of(old, [0.01] * 9) == prior_of(old[1:], [0.01] * 8)


@given(st.floats(-0.2, 0.2), st.floats(0.001, 0.1), st.floats(-0.05, 0.05))
def test_more_gain_is_never_worse(gain: float, error: float, mean: float) -> None:
    one, other = (posterior(x, error, Prior(mean, 0.015, 5), 0.02) for x in (gain, gain + 0.01))
    assert 0 <= one.worse <= 1
    if gain > -0.05:  # far below, a loss is a broken refit's: there it is believed as it is seen
        assert other.worse <= one.worse + 1e-9


def test_the_four_verdicts() -> None:
    assert of_refit(seen(0.004), FEW, 0.02).verdict == "promoted"
    assert of_refit(seen(-0.075, 0.016), FEW, 0.02).verdict == "worse"
    assert of_refit(seen(-0.008, 0.0198, 310), Prior(), 0.02).verdict == "not_enough_data"
    assert of_refit(seen(-0.004, 0.0077, 1_400), Prior(), 0.02).verdict == "no_gain"


def test_the_same_answers_are_no_gain() -> None:
    found = of_refit(seen(0.0, 0.0), Prior(), 0.02)
    assert (found.verdict, found.needed) == ("no_gain", 0)


def test_the_four_verdicts_of_a_method() -> None:
    assert of_method(seen(0.05), 0.02, 0.95).verdict == "promoted"
    assert of_method(seen(0.01), 0.02, 0.95).verdict == "not_enough_data"
    assert of_method(seen(0.0, 0.005), 0.02, 0.95).verdict == "no_gain"
    assert of_method(seen(-0.05), 0.02, 0.95).verdict == "worse"


def test_the_baseline_that_decides_is_the_one_that_is_beaten_least() -> None:
    rulings = {name: of_method(seen(gain), 0.02, 0.95) for name, gain in (("a", 0.2), ("b", 0.05), ("c", 0.04))}
    assert of_baselines(rulings)[0] == "c" and of_baselines(rulings)[1].verdict == "promoted"
    rulings["d"] = of_method(seen(-0.05), 0.02, 0.95)
    assert of_baselines(rulings)[0] == "d" and of_baselines(rulings)[1].verdict == "worse"
