"""How a table's model answers on its test, as curves: ROC, calibration, confusion, residuals. numpy only.

``told`` and ``truth`` are what the step ``evaluate`` keeps: for labels the probability of each (rows x labels) and the
place of the true one (-1: a label that training never saw), for values both as numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

F8 = NDArray[np.float64]
BINS = 10
MOST = 200  # so many points a curve or a cloud has at most


@dataclass(frozen=True, slots=True)
class Bin:
    """Answers of about the same probability: the mean of it, how often it came true, and of how many."""

    told: float
    came: float
    n: int


def roc(told: F8, true: NDArray[np.bool_]) -> list[tuple[float, float]]:
    """The points (share of the others, share of the true ones) that are told above a threshold, over all thresholds.

    >>> roc(np.array([0.9, 0.8, 0.3, 0.1]), np.array([True, False, True, False]))
    [(0.0, 0.0), (0.0, 0.5), (0.5, 0.5), (0.5, 1.0), (1.0, 1.0)]
    """
    order = np.argsort(-told, kind="stable")
    ends = np.flatnonzero(np.diff(told[order], append=-np.inf))  # equal scores stand or fall together
    hits, falses = np.cumsum(true[order])[ends], np.cumsum(~true[order])[ends]
    points = np.column_stack([falses / max(falses[-1], 1), hits / max(hits[-1], 1)])
    places = np.unique(np.linspace(0, len(points) - 1, MOST).astype(np.int64))
    return [(0.0, 0.0), *((float(x), float(y)) for x, y in points[places])]


def calibration(told: F8, true: NDArray[np.bool_]) -> list[Bin]:
    """Answers by tenths of their probability, those that have any.

    >>> calibration(np.array([0.05, 0.95, 0.97]), np.array([False, True, False]))
    [Bin(told=0.05, came=0.0, n=1), Bin(told=0.96, came=0.5, n=2)]
    """
    place = np.minimum((told * BINS).astype(np.int64), BINS - 1)
    n = np.bincount(place, minlength=BINS)
    sums, came = np.bincount(place, told, BINS), np.bincount(place, true, BINS)
    return [Bin(round(float(sums[i] / n[i]), 6), float(came[i] / n[i]), int(n[i])) for i in np.flatnonzero(n)]


def confusion(answered: NDArray[np.int64], truth: F8, labels: int) -> NDArray[np.int64]:
    """How often each label (row) was answered with each (column), both as places; unseen labels are left out.

    >>> confusion(np.array([0, 1, 0]), np.array([0.0, 1.0, 1.0]), 2).tolist()
    [[1, 0], [1, 1]]
    """
    known = truth >= 0
    places = truth[known].astype(np.int64) * labels + answered[known]
    return np.bincount(places, minlength=labels * labels).reshape(labels, labels)


def residuals(told: F8, truth: F8) -> list[tuple[float, float]]:
    """(predicted, predicted less true) of rows from all over the test, at most `MOST`, in the order of what was predicted."""
    places = (
        np.unique(np.linspace(0, len(told) - 1, MOST).astype(np.int64)) if len(told) > MOST else np.arange(len(told))
    )
    chosen = places[np.argsort(told[places], kind="stable")]
    return [(float(told[i]), float(told[i] - truth[i])) for i in chosen]


def answers_of(told: Any, truth: Any) -> dict[str, NDArray[Any]]:
    """What the step keeps of a test: the answers in 32 bit, beside the truth."""
    return {"told": np.asarray(told, np.float32), "truth": np.asarray(truth, np.float64)}
