"""The words of a rollout, and rules that may be looked at every day without promising more than they keep."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from tests.release.evidence import pair
from tests.tiers import both
from tidemill.config.policies import RollbackSection, Rule, StageSection, stages
from tidemill.errors import ConfigError
from tidemill.release.rollout.rules import Arm, clustered, drop_e_value, judge, share_e_value
from tidemill.types import DAY

steady = settings(deadline=None, derandomize=True, max_examples=60)


def rule(**said: str) -> Rule:
    (found,) = RollbackSection(**said).rules()
    return found


DROPS = rule(hit_rate_drop="20 %")
HALF, ALL = StageSection(share="50 %"), StageSection(share="100 %")


@pytest.mark.parametrize(
    ("stage", "share", "span", "requests"),
    [
        (StageSection(share="25 %", for_="2 days", min_requests=200), 0.25, 2 * DAY, 200),
        (StageSection(share="100%"), 1.0, 0, 0),
        (StageSection(share="0.005", min_requests=1), 0.005, 0, 1),
    ],
)
def test_stages(stage, share, span, requests):
    assert stage.json() == {"share": share, "span": span, "requests": requests}


@pytest.mark.parametrize(
    "stage",
    [
        StageSection(),
        StageSection(share="0 %"),
        StageSection(share="101 %"),
        StageSection(share="25 %", for_="soon"),
        StageSection(share="-5 %"),
        StageSection(share="25 %", min_requests=-1),
    ],
)
def test_a_stage_that_is_none(stage):
    with pytest.raises(ConfigError):
        stage.json()


@pytest.mark.parametrize("rollout", [(), (HALF,), (HALF, StageSection(share="25 %"), ALL), (ALL, ALL)])
def test_a_rollout_grows_to_the_whole(rollout):
    with pytest.raises(ConfigError):
        stages(rollout)


@pytest.mark.parametrize(
    "said", [{"errors": "0 %"}, {"errors": "1 ms"}, {"p99": "5 %"}, {"hit_rate_drop": "100 %"}, {"loss_rise": "much"}]
)
def test_a_rule_that_is_none(said):
    with pytest.raises(ConfigError):
        RollbackSection(**said).rules()


@steady
@given(n=st.integers(0, 60), share=st.floats(0, 1), limit=st.sampled_from([0.01, 0.05, 0.3]))
def test_the_bet_on_a_share_is_the_mean_likelihood_ratio(n, share, limit):
    bad = round(n * share)

    def ratio(p: float) -> float:
        return float(np.exp(stats.binom.logpmf(bad, n, p) - stats.binom.logpmf(bad, n, limit)))

    peak = min(max(bad / n if n else limit, limit), 1.0)
    area = integrate.quad(ratio, limit, 1, points=[peak], limit=500)[0]
    assert share_e_value(bad, n, limit) == pytest.approx(area / (1 - limit), rel=1e-5)


@steady
@given(st.integers(0, 60))
def test_the_bet_on_a_share_is_fair(n):
    """Its mean over what may happen at the limit is 1: nobody gains by looking."""
    chances = stats.binom.pmf(np.arange(n + 1), n, 0.05)
    assert sum(c * share_e_value(k, n, 0.05) for k, c in enumerate(chances)) == pytest.approx(1)


@steady
@given(st.floats(-5, 4), st.floats(0.01, 0.5), st.floats(0.01, 0.5))
def test_the_bet_on_a_drop_is_the_mean_likelihood_ratio(z, error, scale):
    gap = z * error

    def ratio(loss: float) -> float:
        prior = 2 * stats.norm.pdf(loss, scale=scale)
        return float(prior * np.exp(stats.norm.logpdf(gap, -loss, error) - stats.norm.logpdf(gap, 0, error)))

    weight = scale**2 / (scale**2 + error**2)
    peak = max(-gap * weight, 0.0)
    width = error * np.sqrt(weight)
    edges = [
        0.0,
        *(peak + k * width for k in (-8, -2, 0, 2, 8) if peak + k * width > 0),
        peak + 12 * width + 12 * scale,
    ]
    area = sum(integrate.quad(ratio, a, b)[0] for a, b in itertools.pairwise(edges))
    assert drop_e_value(gap, error, scale) == pytest.approx(area, rel=1e-4)


def test_a_release_that_fails_as_often_as_allowed_is_kept_however_often_one_looks():
    rng = np.random.default_rng(11)
    called = 0
    for _ in range(300):
        bad = np.cumsum(rng.random(400) < 0.01)
        called += any(share_e_value(int(bad[n - 1]), n, 0.01) >= 100 for n in range(1, 401, 3))
    assert called <= 300 * 0.01 + 3  # the promise is 1 %; 6 is what 300 such releases reach with 97 % certainty


def arms(rng, n_new, n_old, loss=0.0, useless=False, people=150):
    """Recall-like values: some people are easier than others, and come back."""

    def one(n, share):
        who = rng.integers(0, people, n)
        ease = np.random.default_rng(5).beta(1, 2, people)[who]
        values = np.round(rng.binomial(6, ease * share) / 6, 3)
        return Arm(n, 0, (), tuple(values.tolist()), tuple(f"p{w}" for w in who))

    new = one(n_new, 0.0 if useless else 1 - loss)
    return new, one(n_old, 1.0)


def first_n(arm, n):
    return Arm(n, 0, (), arm.values[:n], arm.subjects[:n])


def ever_called(rng, days, loss, useless=False):
    new, old = arms(rng, 3 * days, 9 * days, loss, useless)
    for day in range(1, days + 1):
        evidence = pair("r", first_n(new, 3 * day), first_n(old, 9 * day))
        if judge([DROPS], evidence)[0].broken:
            return day
    return None


@pytest.mark.parametrize("releases", both(50, 400))
def test_a_release_at_the_tolerated_loss_is_kept_though_looked_at_daily(releases):
    rng = np.random.default_rng(3)
    called = sum(ever_called(rng, 60, loss=0.2) is not None for _ in range(releases))
    assert called <= releases * 0.05 + 2 * math.sqrt(releases * 0.05 * 0.95)  # the promise, two standard errors on top


def test_an_equal_release_is_hardly_ever_called():
    rng = np.random.default_rng(4)
    assert sum(ever_called(rng, 40, loss=0.0) is not None for _ in range(100)) <= 2


def test_a_useless_release_is_called_within_days():
    rng = np.random.default_rng(5)
    days = [ever_called(rng, 30, loss=1.0, useless=True) for _ in range(50)]
    assert None not in days
    assert np.median(days) <= 10


def test_what_could_not_be_seen_is_underpowered():
    rng = np.random.default_rng(6)
    for n, powered in ((3, False), (60, True)):
        finding = judge([DROPS], pair("r", *arms(rng, n, 3 * n)))[0]
        assert finding.powered is powered and not finding.broken
        assert ("underpowered" in finding.text) is not powered
    assert not judge([DROPS], pair("r"))[0].powered


def test_a_useless_release_is_at_least_doubtful_where_an_equal_one_is_not():
    rng = np.random.default_rng(7)
    equal = [judge([DROPS], pair("r", *arms(rng, 10, 30)))[0] for _ in range(200)]
    useless = [judge([DROPS], pair("r", *arms(rng, 10, 30, useless=True)))[0] for _ in range(200)]
    assert sum(f.doubtful or f.broken for f in equal) <= 4
    assert sum(f.doubtful or f.broken for f in useless) >= 180
    assert all(("doubtful" in f.text) is f.doubtful and not (f.doubtful and f.broken) for f in [*equal, *useless])


def test_errors_and_latency():
    rules = [rule(errors="1 %"), rule(p99="50 ms")]
    bad = pair("r", Arm(40, 6, tuple([1_000] * 30 + [80_000] * 10)))
    assert [f.broken for f in judge(rules, bad)] == [True, True]
    good = pair("r", Arm(400, 1, tuple([1_000] * 399 + [80_000])))
    assert [f.broken for f in judge(rules, good)] == [False, False]
    assert [f.powered for f in judge(rules, good)] == [True, True]
    assert [f.powered for f in judge(rules, pair("r"))] == [False, False]


def test_one_failed_answer_is_not_yet_evidence():
    assert not judge([rule(errors="1 %")], pair("r", Arm(1, 1)))[0].broken
    assert judge([rule(errors="1 %")], pair("r", Arm(2, 2)))[0].broken


@steady
@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.floats(0, 1)), min_size=2, max_size=60))
def test_the_clustered_error_is_that_of_the_ratio_estimator(rows):
    who, values = [w for w, _ in rows], [v for _, v in rows]
    found = clustered(Arm(len(rows), 0, (), values, who))
    names = sorted(set(who))
    assert found.mean == pytest.approx(np.mean(values)) and found.subjects == len(names)
    if len(names) > 1:
        rest = [sum(v - found.mean for w, v in rows if w == name) for name in names]
        expected = np.sqrt(len(names) * np.var(rest, ddof=1) + len(names) ** 2 / (len(names) - 1) * np.mean(rest) ** 2)
        assert found.error == pytest.approx(expected / len(rows), abs=1e-12)


RISES = rule(loss_rise="20 %")


def erring(rng: np.random.Generator, n: int, mean: float) -> Arm:
    """Errors of people who are hard to predict, and of others."""
    who = rng.integers(0, max(n // 3, 2), n)
    hard = rng.gamma(4.0, 0.25, max(n // 3, 2))
    return Arm(n, 0, (), tuple(rng.exponential(mean * hard[who]).tolist()), tuple(f"p{w}" for w in who))


def test_an_error_that_rises_is_rolled_back_and_one_that_falls_is_not():
    rng = np.random.default_rng(8)
    champion = erring(rng, 900, 10.0)
    for mean, broken in ((20.0, True), (10.0, False), (5.0, False)):
        (found,) = judge([RISES], pair("r", erring(rng, 900, mean), champion, metric="mae"))
        assert (found.broken, found.powered) == (broken, True), found
    few = pair("r", erring(rng, 8, 10.0), erring(rng, 8, 10.0), metric="mae")
    assert not judge([RISES], few)[0].powered


def test_an_equal_model_is_hardly_ever_called_worse_however_often_one_looks():
    wrong = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        new, old = erring(rng, 600, 10.0), erring(rng, 600, 10.0)
        looks = (pair("r", part(new, n), part(old, n), metric="mae") for n in range(30, 600, 30))
        wrong += any(judge([RISES], look)[0].broken for look in looks)
    assert wrong <= 3


def part(arm: Arm, n: int) -> Arm:
    return Arm(n, 0, (), arm.values[:n], arm.subjects[:n])


def test_a_quality_rule_knows_its_metric():
    """For rmse the values are squares: a drop of 20 % is a root larger by a fifth."""
    flat = Arm(40, 0, (), (9.0,) * 40, tuple(f"p{n}" for n in range(40)))
    (found,) = judge([rule(quality_drop="20 %")], pair("r", flat, flat, metric="rmse"))
    assert found.figures["floor"] == pytest.approx((3.0 * 1.2) ** 2)
    assert "3 against 3" in found.text
