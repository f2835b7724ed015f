"""What a gate's comparison promises, against scipy and in simulation."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from tests.raised import raised
from tidemill.errors import GateRefused
from tidemill.release.gates.compare import compare, lower_bound

steady = settings(deadline=None, derandomize=True, max_examples=40)


def scores(values, units=None, at=None):
    values = np.asarray(values, float)
    units = np.arange(len(values)).astype(str) if units is None else np.asarray(units)
    at = np.arange(len(values)) if at is None else at
    return SimpleNamespace(values=values, units=units, at=at, cold=np.zeros(len(values), bool))


def shop(rng, subjects, loss=0.0, noise=0.15):
    """A champion's recalls, and a candidate's whose true mean is lower by ``loss``: most answers are the same."""
    counts = rng.geometric(0.6, subjects)
    unit = np.repeat(np.arange(subjects), counts)
    old = rng.binomial(8, rng.beta(0.8, 1.6, subjects)[unit]) / 8
    change = np.where(rng.random(len(unit)) < noise, rng.choice([-0.25, -0.125, 0.125, 0.25], len(unit)), 0.0)
    return scores(old + change - loss, unit.astype(str)), scores(old, unit.astype(str))


def test_one_request_a_subject_is_the_paired_t_test_or_more_careful():
    rng = np.random.default_rng(0)
    gain = rng.normal(0.02, 0.1, 200)
    low, error, units = lower_bound(gain, np.arange(200), seed=1, confidence=0.95)
    t = stats.ttest_1samp(gain, 0)
    assert units == 200 and error == pytest.approx(stats.sem(gain))
    assert low <= t.confidence_interval(0.9).low + 1e-12
    assert low == pytest.approx(t.confidence_interval(0.9).low, abs=0.1 * error)


def test_the_same_subject_twice_is_not_twice_the_evidence():
    rng = np.random.default_rng(1)
    gain = rng.normal(0.02, 0.1, 80)
    once = lower_bound(gain, np.arange(80), seed=1, confidence=0.95)
    twice = lower_bound(np.repeat(gain, 2), np.repeat(np.arange(80), 2), seed=1, confidence=0.95)
    assert twice[1] == pytest.approx(once[1]) and twice[2] == 80
    assert twice[0] == pytest.approx(once[0], abs=1e-9)


@pytest.mark.parametrize(("claim", "margin", "loss"), [("not inferior", 0.1, None), ("superior", 0.0, 0.0)])
def test_an_inferior_candidate_passes_at_most_as_often_as_promised(claim, margin, loss):
    """At the very edge of what may be lost (of nothing, for superior): the worst case of the promise."""
    rng = np.random.default_rng(7)
    tries, passed = 500, 0
    for n in range(tries):
        candidate, champion = shop(rng, 150, loss=0.0)
        edge = margin * 0.8 / 2.4 if loss is None else loss  # the champion's true mean is 0.8 / (0.8 + 1.6)
        candidate = scores(candidate.values - edge, candidate.units)
        passed += compare("recall@20", candidate, champion, seed=n, confidence=0.95, margin=margin).sure
    assert passed / tries <= 0.05 + 2 * (0.05 * 0.95 / tries) ** 0.5


def test_its_power_is_what_it_says():
    rng = np.random.default_rng(8)
    visible = np.mean([compare("recall@20", *shop(rng, 150), seed=n, confidence=0.95).visible for n in range(40)])
    seen = [compare("recall@20", *shop(rng, 150, loss=-visible), seed=n, confidence=0.95).sure for n in range(300)]
    assert np.mean(seen) == pytest.approx(0.8, abs=0.08)


def test_the_chance_of_an_equal_candidate_is_what_it_says():
    rng = np.random.default_rng(9)
    found = [compare("recall@20", *shop(rng, 150), seed=n, confidence=0.95, margin=0.06) for n in range(300)]
    assert np.mean([f.sure for f in found]) == pytest.approx(np.mean([f.if_equal for f in found]), abs=0.08)


def test_the_same_answers_are_not_inferior_and_not_superior():
    _, champion = shop(np.random.default_rng(2), 60)
    assert compare("ndcg@10", champion, champion, seed=0, confidence=0.95, margin=0.02).sure
    assert not compare("ndcg@10", champion, champion, seed=0, confidence=0.95).sure
    nothing = scores(np.zeros(30))
    assert compare("ndcg@10", nothing, nothing, seed=0, confidence=0.95, margin=0.02).sure is False


@steady
@given(st.integers(0, 1000), st.floats(0.5, 0.99), st.floats(0, 0.3))
def test_it_is_deterministic_and_turned_the_right_way(seed, confidence, margin):
    rng = np.random.default_rng(seed)
    candidate, champion = shop(rng, 40, loss=0.02)
    one = compare("recall@20", candidate, champion, seed=3, confidence=confidence, margin=margin)
    assert one == compare("recall@20", candidate, champion, seed=3, confidence=confidence, margin=margin)
    assert one.difference == pytest.approx(np.mean(candidate.values) - np.mean(champion.values))
    assert one.slack == pytest.approx(margin * np.mean(champion.values))
    assert one.low <= one.difference + one.slack + 1e-12
    turned = compare(
        "mae", scores(-candidate.values, candidate.units), scores(-champion.values, champion.units), seed=3,
        confidence=confidence,
    )  # fmt: skip
    assert turned.difference == pytest.approx(one.difference)


def test_all_that_is_said_of_rmse_is_in_its_own_unit():
    rng = np.random.default_rng(3)
    old, new = rng.normal(0.0, 20.0, 400) ** 2, rng.normal(0.0, 18.0, 400) ** 2
    found = compare("rmse", scores(new), scores(old), seed=0, confidence=0.95, margin=0.02)
    assert found.slack == pytest.approx(0.02 * found.other)
    gains = [np.sqrt(old[i].mean()) - np.sqrt(new[i].mean()) for i in rng.integers(0, 400, (500, 400))]
    assert found.error == pytest.approx(np.std(gains), rel=0.2)
    assert found.low < found.difference + found.slack < found.low + 4 * found.error


def test_a_margin_on_rmse_is_one_of_the_root():
    old = np.full(50, 4.0)  # squares: an rmse of 2
    spread = np.tile([-0.01, 0.01], 25)
    for factor, sure in ((1.09, True), (1.11, False)):
        new = scores(old * factor**2 + spread)
        found = compare("rmse", new, scores(old), seed=0, confidence=0.95, margin=0.1)
        assert found.sure is sure
        assert found.other == pytest.approx(2) and found.candidate == pytest.approx(2 * factor, rel=1e-3)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_values_that_are_no_numbers_are_refused(bad):
    values = np.zeros(30)
    values[3] = bad
    with raised(GateRefused, "", hint=False) as caught:
        compare("recall@20", scores(values), scores(np.zeros(30)), seed=0, confidence=0.95)
    assert "1 of 30" in str(caught.value) and "candidate" in str(caught.value)


def test_other_requests_are_refused():
    one = scores(np.zeros(30))
    for other in (scores(np.zeros(29)), scores(np.zeros(30), units=["x"] * 30), scores(np.zeros(30), at=np.ones(30))):
        with raised(GateRefused, "", hint=False):
            compare("recall@20", one, other, seed=0, confidence=0.95)


def test_too_little_is_refused():
    with raised(GateRefused, ""):
        compare("recall@20", scores([]), scores([]), seed=0, confidence=0.95)
    with raised(GateRefused, "") as caught:
        compare("recall@20", scores([0.1, 0.2], ["a", "a"]), scores([0.1, 0.3], ["a", "a"]), seed=0, confidence=0.95)
    assert "1 subject" in str(caught.value)
