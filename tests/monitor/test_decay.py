"""Quality below what was promised: a test that may be looked at after every window."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from noria.monitor.decay import BETS, Detector, expected_low

LIMIT = 91.0


def first_alarm(detector: Detector, days: list[np.ndarray]) -> int | None:
    for i, scores in enumerate(days):
        detector = detector.step(scores.tolist())
        if detector.evidence >= LIMIT:
            return i
    return None


def recalls(rng: np.random.Generator, mean: float, days: int, a_day: int = 11) -> list[np.ndarray]:
    return [rng.beta(4 * mean, 4 * (1 - mean), rng.poisson(a_day)) for _ in range(days)]


def test_false_alarms_are_at_least_a_quarter_apart_on_average() -> None:
    """Quality exactly at the promised low end, the worst case: the mean time to a false alarm is 91 windows or more."""
    waits = []
    for seed in range(60):
        found = first_alarm(Detector("m", 0.3), recalls(np.random.default_rng(seed), 0.3, 600))
        waits.append(600 if found is None else found + 1)
    assert np.mean(waits) >= LIMIT
    two_valued = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        days = [(rng.random(11) < 0.3).astype(float) for _ in range(600)]
        found = first_alarm(Detector("m", 0.3), days)
        two_valued.append(600 if found is None else found + 1)
    assert np.mean(two_valued) >= LIMIT, "whatever the distribution"


def test_a_drop_by_a_third_is_seen_within_weeks() -> None:
    waits = [first_alarm(Detector("m", 0.3), recalls(np.random.default_rng(seed), 0.2, 120)) for seed in range(20)]
    assert all(w is not None for w in waits) and np.median([w for w in waits if w is not None]) < 21


def test_a_drop_after_a_good_year_is_seen_as_soon() -> None:
    early, late = [], []
    for seed in range(15):
        rng = np.random.default_rng(seed)
        good, bad = recalls(rng, 0.36, 300), recalls(rng, 0.2, 120)
        early.append(first_alarm(Detector("m", 0.3), bad))
        found = first_alarm(Detector("m", 0.3), [*good, *bad])
        late.append(None if found is None else found - 300)
    assert None not in early and None not in late
    assert np.median(late) < np.median(early) + 7, "what was good is no credit"


def test_the_bet_is_fair_at_the_promised_mean() -> None:
    """One request of which half are hits at twice the mean: on average the factor is exactly 1."""
    for m in (0.05, 0.3, 0.9):
        low, high = 0.0, min(1.0, 2 * m)
        chance = m / high
        up = np.array(Detector("m", m).step([low]).r)
        down = np.array(Detector("m", m).step([high]).r)
        assert (1 - chance) * up + chance * down == pytest.approx(np.ones(len(BETS)))


@settings(max_examples=60, deadline=None)
@given(
    st.floats(0, 1),
    st.lists(st.lists(st.floats(0, 1), max_size=9), max_size=12),
)
def test_never_negative_never_broken_and_resumable(m: float, days: list[list[float]]) -> None:
    detector = Detector("model:shop@1", m)
    for scores in days:
        resumed = Detector.from_json(json.loads(json.dumps(detector.to_json())))
        detector = detector.step(scores)
        assert resumed.step(scores) == detector
        assert np.isfinite(detector.evidence) and detector.evidence >= 0
    assert detector.windows == sum(1 for d in days if d)


def test_an_empty_window_changes_nothing_and_a_wrong_score_is_refused() -> None:
    detector = Detector("m", 0.3).step([0.1, 0.2])
    assert detector.step([]) is detector
    for wrong in (-0.1, 1.1, float("nan")):
        with pytest.raises(ValueError):
            detector.step([wrong])


def test_what_a_version_promises() -> None:
    assert expected_low({"recall@20": [0.31, 0.29, 0.33], "n": 300}) == 0.29
    assert expected_low({"recall@20": (0.31, -0.01, 0.6)}) == 0.0
    assert expected_low({"recall@20": 0.31}) is None and expected_low({}) is None
