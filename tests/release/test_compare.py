"""What a gate's comparison promises, against scipy and in simulation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from tests.raised import raised
from tidemill.errors import GateRefused, NotEnoughData
from tidemill.learning.evaluate import Scored
from tidemill.learning.intervals import auc_values
from tidemill.release.gates.compare import USUAL_SPREAD, compare, pooled, with_spread
from tidemill.release.gates.sentences import figures

steady = settings(deadline=None, derandomize=True, max_examples=40)


def scores(values, units=None, at=None):
    values = np.asarray(values, float)
    units = np.arange(len(values)).astype(str) if units is None else np.asarray(units)
    at = np.arange(len(values)) if at is None else at
    return Scored(values, units=units, at=at, cold=np.zeros(len(values), bool))


def shop(rng, subjects, loss=0.0, noise=0.15):
    """A champion's recalls, and a candidate's whose true mean is lower by ``loss``: most answers are the same."""
    counts = rng.geometric(0.6, subjects)
    unit = np.repeat(np.arange(subjects), counts)
    old = rng.binomial(8, rng.beta(0.8, 1.6, subjects)[unit]) / 8
    change = np.where(rng.random(len(unit)) < noise, rng.choice([-0.25, -0.125, 0.125, 0.25], len(unit)), 0.0)
    return scores(old + change - loss, unit.astype(str)), scores(old, unit.astype(str))


def test_one_request_a_subject_is_the_delta_method_of_a_ratio():
    """Against the linearised ratio as a plain sample, and the bootstrap of it."""
    rng = np.random.default_rng(0)
    old = rng.beta(2, 4, 300)
    new = old + rng.normal(0.004, 0.05, 300)
    found = compare("recall@20", scores(new), scores(old))
    assert found.gain == pytest.approx((new.mean() - old.mean()) / old.mean())
    linear = (new - old - found.gain * old) / old.mean()
    assert found.error == pytest.approx(stats.sem(linear))
    drawn = [new[i].mean() / old[i].mean() - 1 for i in rng.integers(0, 300, (2_000, 300))]
    assert found.error == pytest.approx(np.std(drawn), rel=0.06)
    interval = stats.ttest_1samp(linear + found.gain, 0).confidence_interval(0.95)
    assert found.low <= interval.low + 1e-12 and found.high >= interval.high - 1e-12
    assert (found.low, found.high) == pytest.approx(tuple(interval), abs=0.1 * found.error)


def test_the_same_subject_twice_is_not_twice_the_evidence():
    rng = np.random.default_rng(1)
    old, change = rng.beta(2, 4, 80), rng.normal(0.02, 0.1, 80)
    once = compare("recall@20", scores(old + change), scores(old))
    units = np.repeat(np.arange(80), 2)
    twice = compare("recall@20", scores(np.repeat(old + change, 2), units), scores(np.repeat(old, 2), units))
    assert (twice.gain, twice.error, twice.subjects) == (pytest.approx(once.gain), pytest.approx(once.error), 80)
    assert twice.requests == 160


@pytest.mark.parametrize("unit", ["subjects", "days", "rows"])
def test_the_sentence_says_what_was_counted(unit):
    rng = np.random.default_rng(4)
    new, old = (replace(scores(rng.beta(2, 4, 60), np.arange(60) // 2), unit=unit) for _ in range(2))
    found = pooled("recall@20", [(new, old)])
    assert figures(found).endswith(f"60 requests of 30 {unit}") and found.json()["unit"] == unit
    with pytest.raises(NotEnoughData, match=unit):
        compare("recall@20", replace(new, units=np.zeros(60)), replace(old, units=np.zeros(60)))


def test_a_subject_of_two_windows_is_one_subject():
    rng = np.random.default_rng(2)
    own = rng.normal(0.0, 0.1, 60)  # what a subject's tastes make of it, in every window
    old = [np.full(60, 0.3) for _ in range(3)]
    new = [values + own + rng.normal(0, 0.01, 60) for values in old]
    found = pooled("recall@20", [(scores(n), scores(o)) for n, o in zip(new, old)])
    assert found.subjects == 60 and found.requests == 180 and found.windows == 3
    assert found.error >= stats.sem(own) / 0.3 * 0.9


@pytest.mark.parametrize("alone", [{3}, {0, 1, 2, 3, 4}, set(range(6))])
def test_a_window_of_one_unit_has_no_error_of_its_own_and_takes_nothing_from_the_others(alone):
    rng, pairs = np.random.default_rng(6), []
    for place in range(6):
        units = np.repeat([f"{place}:{n}" for n in range(1 if place in alone else 40)], 5)
        old = rng.beta(2, 4, len(units))
        pairs.append((scores(old * 1.1 + rng.normal(0, 0.01, len(old)), units), scores(old, units)))
    found = pooled("recall@20", pairs)
    assert found.gain == pytest.approx(0.1, abs=0.05) and 0.004 <= found.error < 0.05
    assert found.low < found.gain < found.high


def test_several_windows_have_their_spread_in_the_error():
    rng = np.random.default_rng(3)
    apart = [0.10, -0.10, 0.12, -0.12, 0.08, -0.08]
    pairs = []
    for place, gain in enumerate(apart):
        old = rng.beta(2, 4, 400)
        units = [f"{place}:{n}" for n in range(400)]
        pairs.append((scores(old * (1 + gain), units), scores(old, units)))
    assert pooled("recall@20", pairs).error == pytest.approx(np.std(apart, ddof=1) / np.sqrt(6), rel=0.05)
    same = [(scores(o.values * 1.02, o.units), o) for _, o in pairs]
    assert pooled("recall@20", same).error == pytest.approx(0.01 / np.sqrt(6), rel=0.01), "at least what a shop shows"


def test_a_candidate_that_is_as_good_is_called_better_at_most_as_often_as_promised():
    rng = np.random.default_rng(7)
    tries = 500
    passed = sum(compare("recall@20", *shop(rng, 150)).bounds(0.95)[0] > 0 for _ in range(tries))
    assert passed / tries <= 0.05 + 3.1 * (0.05 * 0.95 / tries) ** 0.5


def test_its_power_is_what_it_says():
    rng = np.random.default_rng(8)
    visible = np.mean([compare("recall@20", *shop(rng, 150)).visible for _ in range(40)])
    seen = [compare("recall@20", *shop(rng, 150, loss=-visible / 3)).bounds(0.95)[0] > 0 for _ in range(300)]
    assert np.mean(seen) == pytest.approx(0.8, abs=0.08)  # the level is a third


def test_how_many_requests_it_needs():
    rng = np.random.default_rng(9)
    found = compare("recall@20", *shop(rng, 300))
    assert found.needed(found.visible) == pytest.approx(found.requests, abs=1)
    assert found.needed(found.visible / 2) == pytest.approx(4 * found.requests, rel=0.01)


def test_the_same_answers_are_no_gain_and_no_loss():
    _, champion = shop(np.random.default_rng(2), 60)
    same = compare("ndcg@10", champion, champion)
    assert (same.gain, same.error, same.bounds(0.95)) == (0.0, 0.0, (0.0, 0.0))
    nothing = scores(np.zeros(30))
    some = compare("ndcg@10", scores(np.full(30, 0.1)), nothing)
    assert some.gain == pytest.approx(0.1), "of nothing there is no share"


@steady
@given(st.integers(0, 1000), st.floats(0.5, 0.99))
def test_it_is_turned_the_right_way(seed, confidence):
    rng = np.random.default_rng(seed)
    candidate, champion = shop(rng, 40, loss=0.02)
    one = compare("recall@20", candidate, champion)
    low, high = one.bounds(confidence)
    assert low <= one.gain <= high
    other = compare("mae", candidate, champion)
    assert other.gain == pytest.approx(-one.gain) and other.error == pytest.approx(one.error)
    assert other.low == pytest.approx(-one.high) and other.high == pytest.approx(-one.low)


def test_all_that_is_said_of_rmse_is_of_the_root():
    rng = np.random.default_rng(3)
    old, new = rng.normal(0.0, 20.0, 400) ** 2, rng.normal(0.0, 18.0, 400) ** 2
    found = compare("rmse", scores(new), scores(old))
    assert (found.candidate, found.other) == (pytest.approx(np.sqrt(new.mean())), pytest.approx(np.sqrt(old.mean())))
    assert found.gain == pytest.approx(1 - found.candidate / found.other)
    drawn = [1 - np.sqrt(new[i].mean() / old[i].mean()) for i in rng.integers(0, 400, (500, 400))]
    assert found.error == pytest.approx(np.std(drawn), rel=0.2)


def test_windows_that_agree_add_the_usual_spread_and_those_that_differ_much_are_student_s_test_over_windows():
    alike, errors = np.full(6, 0.02), np.full(6, 0.012)
    error, freedom = with_spread(np.float64(0.005), alike, errors, 6, 600)
    assert error == pytest.approx(np.hypot(0.005, USUAL_SPREAD / np.sqrt(6)))
    assert freedom > 599, "the usual spread is taken as known"
    differ = np.array([-0.4, 0.5, 0.1, 0.9, -0.7, 0.3])
    error, freedom = with_spread(np.float64(0.005), differ, errors, 6, 600)
    assert error == pytest.approx(stats.sem(differ), rel=0.01) and freedom == pytest.approx(5, rel=0.01)


def test_auc_is_compared_as_auc_with_delong_s_error():
    """Against the plain definition of DeLong, Pearson and Clarke-Pearson (1988)."""
    rng = np.random.default_rng(5)
    true = (rng.random(300) < 0.3).astype(float)
    one, other = true + rng.normal(0, 0.9, 300), true + rng.normal(0, 1.2, 300)
    found = compare("auc", scores(auc_values(one, true)), scores(auc_values(other, true)))

    def placements(told):
        right = (told[true > 0][:, None] > told[true == 0]) + 0.5 * (told[true > 0][:, None] == told[true == 0])
        return right.mean(1), right.mean(0)

    (pos, neg), (pos2, neg2) = placements(one), placements(other)
    assert (found.candidate, found.other) == (pytest.approx(pos.mean()), pytest.approx(pos2.mean()))
    level = pos2.mean() - 0.5
    assert found.gain == pytest.approx((pos.mean() - pos2.mean()) / level)
    share = found.gain  # of a share: numerator and level are drawn together
    d10, d01 = pos - pos2 - share * (pos2 - 0.5), neg - neg2 - share * (neg2 - 0.5)
    delong = np.sqrt(d10.var(ddof=1) / len(d10) + d01.var(ddof=1) / len(d01)) / level
    assert found.error == pytest.approx(delong, rel=0.01)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_values_that_are_no_numbers_are_refused(bad):
    values = np.zeros(30)
    values[3] = bad
    with raised(GateRefused, "", hint=False) as caught:
        compare("recall@20", scores(values), scores(np.zeros(30)))
    assert "1 of 30" in str(caught.value) and "candidate" in str(caught.value)


def test_other_requests_are_refused():
    one = scores(np.zeros(30))
    for other in (scores(np.zeros(29)), scores(np.zeros(30), units=["x"] * 30), scores(np.zeros(30), at=np.ones(30))):
        with raised(GateRefused, "", hint=False):
            compare("recall@20", one, other)


def test_too_little_is_refused():
    with raised(NotEnoughData, ""):
        compare("recall@20", scores([]), scores([]))
    with raised(NotEnoughData, "") as caught:
        compare("recall@20", scores([0.1, 0.2], ["a", "a"]), scores([0.1, 0.3], ["a", "a"]))
    assert "two subjects" in str(caught.value)
