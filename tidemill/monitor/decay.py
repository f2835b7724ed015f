"""Is the quality below what the version promised? Four CUSUMs of a standardised shortfall, one step a window.

A window's shortfall r, in shares of the promise, is set against how much windows of this version differ by themselves:
z = (r - least loss) / s, where s comes from earlier windows' differences (which see no level, so that a loss hardly
widens its own yardstick) and from this window's standard error. At the promise and above it the sums drift to 0; below
it each grows, the one with the fitting reference k fastest: G = max(0, G + z - k). Thresholds are Siegmund's (1985), of
a run length between false alarms of `SAFE` times the promised one for each of the sums: what that makes of answers
that hang together is measured and not assumed (docs/decay.md).

All is arrays, so that a simulation steps a thousand streams at once by this very code. After an alarm the sums start
at 0 and the spread is kept; another version starts anew.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tidemill.monitor.promise import LEAST_LOSS, Shortfall
from tidemill.store.payloads import DecayWindow, DetectorState
from tidemill.types import Micros

F8 = NDArray[np.float64]
REFERENCES = (0.125, 0.25, 0.5, 1.0)
"""Each of the sums is tuned to losses of twice so many standard deviations."""
SAFE = 4.0
"""Thresholds are set for so many times the promised run: scores of a few answers are not normal, nor independent."""
CLIP = 4.0
"""One window counts at most so many standard deviations."""
DAYS, FLOOR = 0.05, 0.025
"""How much windows may differ before any was seen, beside their standard error; and how much they do at least."""
WEEK = 7
"""Windows that are compared with the one after them: a level of the weekday, or of a few days, is no loss."""
YOUNG, MEMORY, JUMP = 28, 90, 10.0
"""The spread is a mean over `MEMORY` windows, begins as if over `YOUNG`, and takes at most `JUMP` times itself."""
UNITS, LONGEST, LEAST = 30, 5, 2
"""An alarm rests on about 30 subjects: on two to five windows where these have fewer each."""
SURE = 3.0
"""Standard errors in the range that an alarm tells: its beginning was chosen by the sums, which flatters the loss."""


class State(NamedTuple):
    """The detectors of any number of streams: (...) is their shape."""

    windows: int
    sums: F8  # (..., references)
    counts: NDArray[np.int64]  # windows since each sum stood at 0
    near: F8  # (...): variance of r by differences over up to a week
    week: F8  # by differences of whole weeks: sees days that go together
    last: F8  # (up to 14, ...)


class Found(NamedTuple):
    """What one more window says."""

    spread: F8  # s, the standard deviation that r was set against
    score: F8  # the largest of the sums, in shares of its threshold: 1 is an alarm
    which: NDArray[np.int64]  # that sum
    onset: NDArray[np.int64]  # windows since it last stood at 0


def fresh(error2: F8) -> State:
    """A detector that has seen no window, whose first one has this squared standard error."""
    shape = np.shape(error2)
    empty = np.zeros((*shape, len(REFERENCES)))
    start = np.asarray(error2 + DAYS**2)
    return State(0, empty, empty.astype(np.int64), start, start, np.empty((0, *shape)))


def advance(state: State, r: F8, error2: F8, units: Any, limits: F8) -> tuple[State, Found]:
    """One more window of each stream. ``units``: what was independent in it; ``limits``: `thresholds`."""
    variance = np.maximum(np.maximum(state.near, 0.8 * state.week), np.maximum(error2, FLOOR**2))
    z = np.minimum((r - LEAST_LOSS) / np.sqrt(variance), CLIP)
    sums = np.maximum(state.sums + z[..., None] - REFERENCES, 0.0)
    counts = np.where(sums > 0, state.counts + 1, 0)
    shares = np.where(counts >= _least(units)[..., None], sums / limits, 0.0)
    which = shares.argmax(axis=-1)
    score, onset = (np.take_along_axis(of, which[..., None], -1)[..., 0] for of in (shares, counts))
    over = (score >= 1)[..., None]
    near, week = _spread(state, r)
    last = np.concatenate([state.last, r[None]])[-2 * WEEK :]
    after = State(state.windows + 1, np.where(over, 0.0, sums), np.where(over, 0, counts), near, week, last)
    return after, Found(np.sqrt(variance), score, which, onset)


def _least(units: Any) -> Any:
    """How many windows an alarm rests on."""
    return np.minimum(LONGEST, np.maximum(LEAST, np.ceil(UNITS / np.maximum(units, 1))))


def _spread(state: State, r: F8) -> tuple[F8, F8]:
    """Both means with this window's differences from the ones before it."""
    near, week, weight = state.near, state.week, 1 / min(YOUNG + state.windows, MEMORY)
    if state.windows >= WEEK:
        apart = 0.5 * ((r - state.last[-WEEK:]) ** 2).mean(axis=0)
        near = near + (np.minimum(apart, JUMP * near) - near) * weight
    if state.windows >= 2 * WEEK - 1:
        before, now = state.last[-2 * WEEK + 1 : -WEEK + 1], state.last[-WEEK + 1 :]
        gap = (now.sum(axis=0) + r - before.sum(axis=0)) / WEEK
        week = week + (np.minimum(WEEK / 2 * gap * gap, JUMP * week) - week) * weight
    return near, week


@lru_cache(maxsize=64)
def thresholds(windows: float) -> tuple[float, ...]:
    """Of each sum, where a false alarm comes once in so many windows, or less often.

    >>> [round(h, 2) for h in thresholds(91)]
    [14.52, 9.31, 5.43, 2.82]
    """
    return tuple(_siegmund(k, SAFE * len(REFERENCES) * windows) for k in REFERENCES)


def _siegmund(k: float, run: float) -> float:
    """The threshold of a CUSUM of standard normals with reference ``k`` whose mean run is this (Siegmund 1985)."""
    low, high = 0.0, 300.0 / k
    for _ in range(100):
        b = (low + high) / 2
        low, high = (b, high) if math.expm1(2 * k * b) - 2 * k * b < 2 * k * k * run else (low, b)
    return max(low - 1.166, 0.0)


class Step(NamedTuple):
    """A window of one version: what it says, and the detector after it."""

    window: DecayWindow
    state: DetectorState


def step(state: DetectorState | None, found: Shortfall, start: Micros, run: float, model: str) -> Step:
    """One more window with answers, which began at ``start``. ``run``: so many windows between false alarms, at least.

    The detector of another version, or none, starts anew.
    """
    r, error2 = np.asarray(found.share), np.asarray(found.error2)
    known = state if state is not None and state.model == model else None
    before = _arrays(known) if known else fresh(error2)
    after, seen = advance(before, r, error2, found.units, np.asarray(thresholds(run)))
    began = known.since if known else (start,) * len(REFERENCES)
    since = tuple(at if count else start for at, count in zip(began, before.counts.tolist()))
    window = DecayWindow(
        shortfall=found.share,
        error2=found.error2,
        answers=found.answers,
        subjects=found.subjects,
        spread=float(seen.spread),
        score=float(seen.score),
        since=since[int(seen.which)] if seen.onset else start,
        windows=int(seen.onset),
    )
    return Step(window, _kept(model, after, since))


def _arrays(state: DetectorState) -> State:
    sums, counts = np.asarray(state.sums, np.float64), np.asarray(state.counts, np.int64)
    near, week = np.asarray(state.near), np.asarray(state.week)
    return State(state.windows, sums, counts, near, week, np.asarray(state.last, np.float64))


def _kept(model: str, state: State, since: tuple[Micros, ...]) -> DetectorState:
    sums, counts, last = tuple(state.sums.tolist()), tuple(state.counts.tolist()), tuple(state.last.tolist())
    return DetectorState(model, state.windows, sums, counts, since, float(state.near), float(state.week), last)


def since_onset(shares: Sequence[float], spread: float) -> tuple[float, float, float]:
    """The mean shortfall of the windows since the onset, and its range.

    >>> [round(x, 3) for x in since_onset([0.2, 0.3, 0.25, 0.25], 0.1)]
    [0.25, 0.1, 0.4]
    """
    mean = math.fsum(shares) / len(shares)
    reach = SURE * spread / math.sqrt(len(shares))
    return mean, mean - reach, mean + reach
