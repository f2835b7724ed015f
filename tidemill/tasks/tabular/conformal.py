"""Prediction intervals by split conformal prediction, by level of the answer. numpy only.

What is held against the truth are answers of a window that the model did not learn from. Answers of about the same level make
a bin; within it the truth of a further answer lies beyond the k-th greatest of n residuals with a chance of at most k / (n + 1),
whatever the model is and however the residuals are spread (Vovk 2005; by bin: Mondrian). So the promise holds in each bin, for
answers that are to the window's as these are among each other: not beyond a break, which the live coverage shows.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from tidemill.types import JsonObject

F8 = NDArray[np.float64]
FILE = "interval.json"
LEAST, MOST = 100, 20
"""So many answers a bin has at least, where there are so many; and so many bins there are at most."""
_ANY = 1e300


def fit_interval(told: F8, truth: F8, level: float, floor: float = -math.inf) -> JsonObject | None:
    """How far the truth may lie from an answer, by its level; None of too few answers to say so.

    ``floor``: what no truth is below. Where an interval begins there, nothing can be missed on that side, and all of the misses that
    ``level`` leaves may lie above: else intervals of a demand that is mostly nought would be too wide.
    """
    told = np.maximum(told, floor)
    edges = _edges(told, math.ceil(2 / (1 - level) - 1e-9))
    place = np.searchsorted(edges, told, "right")
    found = [_reach(told[place == one], truth[place == one], 1 - level, floor) for one in range(len(edges) + 1)]
    reach = [one for one in found if one is not None]
    if len(reach) < len(found):
        return None
    low, high = zip(*reach, strict=True)
    said: JsonObject = {
        "level": level,
        "edges": edges.tolist(),
        "low": list(low),
        "high": list(high),
        "rows": len(told),
    }
    return said | ({"floor": floor} if math.isfinite(floor) else {})


def _edges(told: F8, least: int) -> F8:
    """Where a bin ends and the next begins: of equal answers all are in one. ``least``: so many answers one needs to say its ends."""
    ordered, edges, start = np.sort(told), [], 0
    size = max(LEAST, least, math.ceil(len(told) / MOST))
    while len(ordered) - start >= 2 * size:
        start = int(np.searchsorted(ordered, ordered[start + size - 1], "right"))
        if len(ordered) - start >= size:
            edges.append(ordered[start])
    return np.array(edges, np.float64)


def _reach(told: F8, truth: F8, misses: float, floor: float) -> tuple[float, float] | None:
    """The least and the greatest residual that are still inside: half of the misses on each side, or none below where that is narrower."""
    n, residual = len(told), np.sort(truth - told)
    total, below = (int(share * (n + 1) + 1e-9) for share in (misses, misses / 2))
    if below < 1:
        return None
    both = float(residual[below - 1]), float(residual[n - total + below])
    # down to the floor from wherever an answer is, also beyond the greatest of the window
    above = -_ANY, float(residual[n - total])
    return min(both, above, key=lambda reach: _width(told, reach, floor)) if math.isfinite(floor) else both


def _width(told: F8, reach: tuple[float, float], floor: float) -> float:
    return float((np.maximum(told + reach[1], told) - np.maximum(np.minimum(told + reach[0], told), floor)).mean())


def open_interval(said: JsonObject) -> Callable[[F8], F8]:
    """Values, of any shape → [value, lower, upper] in a last axis, none of them below the floor.

    >>> open_interval({"edges": [10.0], "low": [-1.0, -5.0], "high": [2.0, 8.0]})(np.array([4.0, 20.0])).tolist()
    [[4.0, 3.0, 6.0], [20.0, 15.0, 28.0]]
    """
    edges, low, high = (np.array(said[name], np.float64) for name in ("edges", "low", "high"))
    floor = float(said.get("floor", -math.inf))

    def around(values: F8) -> F8:
        values = np.maximum(values, floor)
        place = np.searchsorted(edges, values, "right")
        lower, upper = np.minimum(values + low[place], values), np.maximum(values + high[place], values)
        return np.stack([values, np.maximum(lower, floor), upper], axis=-1)

    return around


def inside(told: F8, truth: F8) -> F8:
    """1 where the truth lies within the interval, else 0. ``told``: rows x [value, lower, upper]."""
    return ((told[:, 1] <= truth) & (truth <= told[:, 2])).astype(np.float64)


def interval_score(told: F8, truth: F8, level: float) -> F8:
    """How wide each interval is, and how far its truth is off, times 2 / (1 - level): least for true quantiles (Gneiting 2007).

    >>> interval_score(np.array([[5.0, 2.0, 8.0]] * 2), np.array([4.0, 9.0]), 0.9).round(6).tolist()
    [6.0, 26.0]
    """
    _, lower, upper = told.T
    off = np.maximum(lower - truth, 0) + np.maximum(truth - upper, 0)
    return np.asarray(upper - lower + 2 / (1 - level) * off, np.float64)
