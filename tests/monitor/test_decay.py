"""Quality below what was promised: sums that may be looked at after every window."""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidemill.monitor import decay
from tidemill.monitor.decay import REFERENCES, SAFE, Step, step, thresholds
from tidemill.monitor.promise import Shortfall
from tidemill.store.payloads import DetectorState
from tidemill.types import DAY

RUN = 91.0


def played(
    windows: Sequence[Shortfall], run: float = RUN, model: str = "m", state: DetectorState | None = None
) -> list[Step]:
    found = []
    for day, window in enumerate(windows):
        found.append(step(state, window, day * DAY, run, model))
        state = found[-1].state
    return found


def same(share: float, n: int = 1, subjects: int = 0, error2: float = 0.0) -> Shortfall:
    return Shortfall(share, error2, n, subjects)


def test_thresholds_are_siegmunds() -> None:
    """The mean run of a simulated CUSUM of standard normals is the one that the threshold was solved for."""
    rng = np.random.default_rng(3)
    k, run = 0.5, 60.0
    limit = decay._siegmund(k, run)
    sums, waits, began = np.zeros(4000), np.zeros(4000), np.zeros(4000, bool)
    for _ in range(1200):
        sums = np.maximum(0, sums + rng.normal(size=4000) - k)
        waits += ~began
        began |= sums >= limit
    assert began.mean() > 0.99 and waits.mean() == pytest.approx(run, rel=0.08)
    assert [round(h, 2) for h in thresholds(365)] == [19.80, 12.04, 6.82, 3.52]
    assert [round(h, 2) for h in thresholds(13)] == [7.96, 5.66, 3.53, 1.86]
    assert all(h >= 0 for h in thresholds(0.01))


@pytest.mark.parametrize("share", [0.0, -0.03, 0.03])
def test_what_is_as_promised_never_alarms(share: float) -> None:
    """No variance at all: windows are not counted, however many there are."""
    found = played([same(share)] * 3000)
    assert not any(one.window.alarm for one in found) and found[-1].state.sums == (0.0,) * len(REFERENCES)


def test_a_sudden_loss_is_seen_and_dated() -> None:
    rng = np.random.default_rng(1)
    r = np.r_[rng.normal(0, 0.05, 200), rng.normal(0.3, 0.05, 5)]
    found = played([same(float(x), 500, 100, 0.0025) for x in r])
    (first, *_) = [i for i, one in enumerate(found) if one.window.alarm]
    assert 200 <= first <= 203 and found[first].window.since == 200 * DAY
    assert found[first].window.windows == first - 199 and set(found[first].state.sums) == {0.0}
    assert found[first].state.near == pytest.approx(0.0025, rel=0.4), "what windows differ by, known"


@pytest.mark.parametrize(("units", "least"), [(1, 5), (7, 5), (10, 3), (15, 2), (500, 2)])
def test_an_alarm_rests_on_thirty_subjects(units: int, least: int) -> None:
    found = played([same(1.0, units, 0, 0.0)] * 8)
    assert [one.window.alarm for one in found].index(True) + 1 == least
    assert [one.window.score for one in found][: least - 1] == [0.0] * (least - 1)


def test_a_loss_does_not_widen_its_own_yardstick() -> None:
    """Differences between windows do not see a level: after a month the spread is what it was, but for the jump."""
    rng = np.random.default_rng(2)
    r = np.r_[rng.normal(0, 0.05, 300), rng.normal(0.2, 0.05, 60)]
    found = played([same(float(x), 500, 100, 0.001) for x in r])
    assert found[-1].window.spread < 1.5 * found[299].window.spread


def test_days_that_go_together_widen_it() -> None:
    rng = np.random.default_rng(4)
    level = np.repeat(rng.normal(0, 0.1, 60), 7)
    alone, together = (played([same(float(x), 500, 100, 1e-4) for x in r]) for r in (rng.normal(0, 0.1, 420), level))
    assert together[-1].state.week > 3 * alone[-1].state.week


def test_another_version_starts_anew_and_a_longer_promise_is_quieter() -> None:
    bad = [same(0.2, 20, 10, 0.02)] * 20
    one = played(bad)[-1].state
    fresh = step(one, bad[0], 99 * DAY, RUN, "another")
    assert fresh == step(None, bad[0], 99 * DAY, RUN, "another") and fresh.state.windows == 1
    quarter, year = ([s.window.alarm for s in played(bad, run)].index(True) for run in (91.0, 365.0))
    assert quarter < year


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(-50, 9), st.floats(0, 10), st.integers(1, 600)), max_size=30))
def test_it_goes_on_from_what_was_kept(rows: list[tuple[float, float, int]]) -> None:
    """Kept as JSON after each window, it says what it says in one go; and it never breaks."""
    windows = [Shortfall(r, error2, n, 0) for r, error2, n in rows]
    whole, state = played(windows), None
    for day, window in enumerate(windows):
        kept = state and msgspec.json.decode(msgspec.json.encode(state), type=DetectorState)
        found = step(kept, window, day * DAY, RUN, "m")
        assert found == whole[day]
        assert math.isfinite(found.window.score) and found.window.score >= 0 and found.window.spread > 0
        assert len(found.state.last) == min(day + 1, 14) and found.state.windows == day + 1
        state = found.state


def test_many_streams_at_once_are_each_alone() -> None:
    """What the simulations step in arrays is what a monitor steps window by window."""
    rng = np.random.default_rng(6)
    r, error2 = rng.normal(0.1, 0.1, (60, 5)), rng.uniform(0, 0.01, (60, 5))
    units = rng.integers(1, 60, (60, 5))
    state, limits = decay.fresh(error2[0]), np.array(thresholds(RUN))
    alone = [
        played([Shortfall(float(r[t, i]), float(error2[t, i]), int(units[t, i]), 0) for t in range(60)])
        for i in range(5)
    ]
    for t in range(60):
        state, found = decay.advance(state, r[t], error2[t], units[t], limits)
        assert found.score.tolist() == [one[t].window.score for one in alone]
        assert found.spread.tolist() == [one[t].window.spread for one in alone]
    assert any(found.window.alarm for one in alone for found in one)


def test_safety_is_a_factor_of_each_sum() -> None:
    for k, h in zip(REFERENCES, thresholds(RUN)):
        b = h + 1.166
        assert (math.exp(2 * k * b) - 2 * k * b - 1) / (2 * k * k) == pytest.approx(
            SAFE * len(REFERENCES) * RUN, rel=1e-6
        )
