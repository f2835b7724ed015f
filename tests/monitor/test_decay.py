"""Quality below what was promised: a test that may be looked at after every window."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidemill.learning.measures import MEASURES, measure
from tidemill.monitor import decay
from tidemill.monitor.decay import BETS, WORST, promised, step
from tidemill.store.payloads import DetectorState

LIMIT = 91.0


def first_alarm(detector: DetectorState, days: list[np.ndarray]) -> int | None:
    for i, scores in enumerate(days):
        detector = step(detector, scores.tolist())
        if decay.evidence(detector) >= LIMIT:
            return i
    return None


def recalls(rng: np.random.Generator, mean: float, days: int, a_day: int = 11) -> list[np.ndarray]:
    return [rng.beta(4 * mean, 4 * (1 - mean), rng.poisson(a_day)) for _ in range(days)]


def test_false_alarms_are_at_least_a_quarter_apart_on_average() -> None:
    """Quality exactly at the promised low end, the worst case: the mean time to a false alarm is 91 windows or more."""
    waits = []
    for seed in range(60):
        found = first_alarm(DetectorState("m", 0.3), recalls(np.random.default_rng(seed), 0.3, 600))
        waits.append(600 if found is None else found + 1)
    assert np.mean(waits) >= LIMIT
    two_valued = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        days = [(rng.random(11) < 0.3).astype(float) for _ in range(600)]
        found = first_alarm(DetectorState("m", 0.3), days)
        two_valued.append(600 if found is None else found + 1)
    assert np.mean(two_valued) >= LIMIT, "whatever the distribution"


def test_a_drop_by_a_third_is_seen_within_weeks() -> None:
    waits = [first_alarm(DetectorState("m", 0.3), recalls(np.random.default_rng(seed), 0.2, 120)) for seed in range(20)]
    assert all(w is not None for w in waits) and np.median([w for w in waits if w is not None]) < 21


def test_a_drop_after_a_good_year_is_seen_as_soon() -> None:
    early, late = [], []
    for seed in range(15):
        rng = np.random.default_rng(seed)
        good, bad = recalls(rng, 0.36, 300), recalls(rng, 0.2, 120)
        early.append(first_alarm(DetectorState("m", 0.3), bad))
        found = first_alarm(DetectorState("m", 0.3), [*good, *bad])
        late.append(None if found is None else found - 300)
    assert None not in early and None not in late
    assert np.median(late) < np.median(early) + 7, "what was good is no credit"


def test_the_bet_is_fair_at_the_promised_mean() -> None:
    """One request of which half are hits at twice the mean: on average the factor is exactly 1."""
    for m in (0.05, 0.3, 0.9):
        low, high = 0.0, min(1.0, 2 * m)
        chance = m / high
        up = np.array(step(DetectorState("m", m), [low]).r)
        down = np.array(step(DetectorState("m", m), [high]).r)
        assert (1 - chance) * up + chance * down == pytest.approx(np.ones(len(BETS)))


@settings(max_examples=60, deadline=None)
@given(
    st.floats(0, 1),
    st.lists(st.lists(st.floats(0, 1), max_size=9), max_size=12),
)
def test_never_negative_never_broken_and_resumable(m: float, days: list[list[float]]) -> None:
    detector = DetectorState("model:shop@1", m)
    for scores in days:
        resumed = msgspec.json.decode(msgspec.json.encode(detector), type=DetectorState)
        detector = step(detector, scores)
        assert step(resumed, scores) == detector
        assert np.isfinite(decay.evidence(detector)) and decay.evidence(detector) >= 0
    assert detector.windows == sum(1 for d in days if d)


def test_an_empty_window_changes_nothing_and_a_wrong_score_is_refused() -> None:
    detector = step(DetectorState("m", 0.3), [0.1, 0.2])
    assert step(detector, []) is detector
    for wrong in (-0.1, 1.1, float("nan")):
        with pytest.raises(ValueError):
            step(detector, [wrong])


def test_what_a_version_promises() -> None:
    recall, mae = measure("recall@20"), MEASURES["mae"]
    assert promised({"recall@20": [0.31, 0.29, 0.33], "n": 300}, recall) == 0.29
    assert promised({"recall@20": (0.31, -0.01, 0.6)}, recall) == 0.0
    assert promised({"recall@20": 0.31}, recall) is None and promised({}, recall) is None
    assert promised({"mae": [12.0, 11.0, 14.0]}, mae) == 14.0, "an error promises its high end"
    assert promised({"mae": [12.0, 11.0]}, mae) is None and promised({"mae": [0.0, 0.0, 0.0]}, mae) is None


def test_an_error_is_a_score_that_keeps_the_promise_where_the_error_does() -> None:
    """Weighted by answers: the mean score stands to m as the mean error to the promise."""
    rng = np.random.default_rng(5)
    for name in ("mae", "rmse", "log_loss"):
        kind = MEASURES[name]
        values = rng.gamma(2.0, 1.5, 400)
        units = [f"u{n}" for n in rng.integers(0, 60, 400)]
        figure = kind.figure(float(values.mean()))
        m, found = decay.scores(kind, figure, values.tolist(), units)
        assert m == 1 - 1 / WORST and len(found) == len(set(units))
        assert np.mean(found) == pytest.approx(m), "exactly as promised"
        assert np.mean(decay.scores(kind, figure * 1.1, values.tolist(), units)[1]) > m
        assert np.mean(decay.scores(kind, figure * 0.9, values.tolist(), units)[1]) < m


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(["mae", "rmse", "log_loss"]),
    st.floats(1e-6, 1e6),
    st.lists(st.tuples(st.floats(0, 1e18), st.sampled_from("abc")), max_size=12),
)
def test_scores_stay_between_0_and_1(name: str, promise: float, rows: list[tuple[float, str]]) -> None:
    m, found = decay.scores(MEASURES[name], promise, [v for v, _ in rows], [u for _, u in rows])
    assert all(0.0 <= x <= 1.0 for x in found) and len(found) == len({u for _, u in rows})
    step(DetectorState("m", m), found)


def evidence(rng: np.random.Generator, mean: float, days: int, *, by_day: bool) -> list[float]:
    """Day by day, for errors of this mean where 1 is promised: eight subjects, each with six answers of its own kind.

    ``by_day``: nobody says a subject, and a whole day is easy or hard.
    """
    detector, found = None, []
    for day in range(days):
        level = rng.gamma(8.0, 1 / 8, 1 if by_day else 8)
        values = rng.exponential(mean * np.repeat(level, 48 if by_day else 6))
        units = ["day"] * 48 if by_day else [f"s{n}" for n in np.repeat(np.arange(8), 6)]
        m, said = decay.scores(MEASURES["mae"], 1.0, values.tolist(), units)
        detector = step(detector or DetectorState("m", m), said)
        found.append(decay.evidence(detector))
    return found


@pytest.mark.parametrize("by_day", [False, True])
def test_errors_at_the_promise_raise_few_alarms_and_worse_ones_are_seen(by_day: bool) -> None:
    """At most one alarm in 91 windows where errors are as promised, however they hang together within a unit."""
    quiet = [evidence(np.random.default_rng(seed), 1.0, 300, by_day=by_day) for seed in range(40)]
    waits = [next((i + 1 for i, e in enumerate(run) if e >= LIMIT), 300) for run in quiet]
    assert np.mean(waits) >= LIMIT
    worse = [evidence(np.random.default_rng(seed), 2.0, 120, by_day=by_day) for seed in range(15)]
    seen = [next((i for i, e in enumerate(run) if e >= LIMIT), None) for run in worse]
    assert None not in seen and np.median([s for s in seen if s is not None]) < 21


def test_one_mad_outcome_raises_no_alarm() -> None:
    m, found = decay.scores(MEASURES["mae"], 1.0, [1e9, *[0.9] * 20], [str(n) for n in range(21)])
    assert decay.evidence(step(DetectorState("m", m), found)) < LIMIT
