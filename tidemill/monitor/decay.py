"""Is the quality below what the version promised? A sequential test that may be looked at after every window.

Each request scores x in [0, 1] (recall; `scores` makes such of errors). Under "nothing is wrong" its mean, given the past, is at least m: the low end
of the interval that the version was evaluated with. Betting against that, ``L = prod(1 + bet * (m - x))`` never grows
on average whatever the distribution of x (Waudby-Smith & Ramdas 2024). The Shiryaev-Roberts sum ``R = (R + 1) * L``,
one step a window, is an e-detector (Shin, Ramdas & Rinaldo 2024): stopped at R >= c it runs c windows or more on
average before a false alarm. So "1 per quarter" of daily windows is c = 91, and nothing has to be estimated. Bets of
several sizes are averaged, which keeps the promise.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from tidemill.learning.measures import Measure
from tidemill.store.payloads import DetectorState

BETS = (0.1, 0.2, 0.35, 0.5, 0.7)
"""As shares of the largest bet that cannot lose everything, 1 / (1 - m)."""
WORST = 10.0
"""An answer's error counts at most so many times the promised mean."""
_CAP = 1e12
"""Where R stops counting: far beyond any threshold, and safely inside a float."""


def evidence(state: DetectorState) -> float:
    """In windows: at c, such evidence comes once in c windows or less often when nothing is wrong."""
    return sum(state.r) / len(BETS)


def step(state: DetectorState, scores: Sequence[float]) -> DetectorState:
    """The state after one more window. A window without scores changes nothing.

    >>> quiet = step(DetectorState("model:shop@1", 0.3), [0.3, 0.3, 0.3]); round(evidence(quiet), 9)
    1.0
    """
    if not scores:
        return state
    if any(not 0.0 <= x <= 1.0 for x in scores):
        raise ValueError("a score is outside [0, 1]")
    grown = []
    for share, r in zip(BETS, state.r or (0.0,) * len(BETS), strict=True):
        bet = share / max(1.0 - state.expected, 1e-9)
        log_l = math.fsum(math.log1p(bet * (state.expected - x)) for x in scores)
        grown.append(min(_CAP, (r + 1.0) * math.exp(min(log_l, 60.0))))
    return replace(state, windows=state.windows + 1, r=tuple(grown))


def promised(metrics: Mapping[str, Any], measure: Measure) -> float | None:
    """The worse end of the interval that the version was evaluated with, if it was.

    >>> from tidemill.learning.measures import MEASURES, measure
    >>> promised({"recall@20": [0.31, 0.29, 0.33]}, measure("recall@20"))
    0.29
    >>> promised({"mae": [12.0, 11.0, 13.0]}, MEASURES["mae"])
    13.0
    """
    found = metrics.get(measure.name)
    if not isinstance(found, (list, tuple)) or len(found) < (3 if measure.less_is_better else 2):
        return None
    if measure.less_is_better:
        return float(found[2]) if found[2] > 0 else None
    return min(max(float(found[1]), 0.0), 1.0)


def capped(measure: Measure, promise: float | None, values: Sequence[float]) -> Sequence[float]:
    """Errors no larger than `WORST` times the promise, so that one mad outcome decides nothing; shares as they are.

    >>> from tidemill.learning.measures import MEASURES
    >>> capped(MEASURES["mae"], 2.0, [1.0, 99.0])
    [1.0, 20.0]
    """
    if not measure.less_is_better or promise is None:
        return values
    most = WORST * measure.mean(promise)
    return [min(value, most) for value in values]


def scores(
    measure: Measure, promise: float, values: Sequence[float], units: Sequence[str]
) -> tuple[float, Sequence[float]]:
    """(m, scores in [0, 1]): whose mean is m or more just where the values keep the promise.

    Shares are scores as they are. Errors are capped, and those of a unit are one score, weighted by how many they are:
    one subject's answers, or one day's where no subject is said, err together.

    >>> from tidemill.learning.measures import MEASURES
    >>> scores(MEASURES["mae"], 2.0, [1.0, 3.0, 2.0], ["a", "a", "b"])
    (0.9, [0.9, 0.9])
    >>> scores(MEASURES["mae"], 2.0, [99.0], ["a"])
    (0.9, [0.0])
    """
    if not measure.less_is_better:
        return promise, values
    mean = measure.mean(promise)
    sums: dict[str, float] = {}
    counts: dict[str, int] = {}
    for value, unit in zip(capped(measure, promise, values), units, strict=True):
        sums[unit] = sums.get(unit, 0.0) + value / mean
        counts[unit] = counts.get(unit, 0) + 1
    most = max(counts.values(), default=1)
    losses = [1 + (sums[unit] - counts[unit]) / most for unit in sums]  # in promises; 1 is the promise
    return 1 - 1 / WORST, [min(max(1 - loss / WORST, 0.0), 1.0) for loss in losses]
