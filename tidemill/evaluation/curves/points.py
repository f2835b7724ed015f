"""The points of curves: ROC, precision and recall, gain, calibration, confusion, residuals. numpy only.

Each of those that rank is made of rows with weights, so that a bootstrap over units (how often each was drawn) draws the curve
anew without sorting again. ``told`` and ``truth``: for labels the probability of each (rows x labels) and the place of the
true one (-1: a label that training never saw), for values both as numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

F8 = NDArray[np.float64]
BINS = 10
MOST = 200  # so many points a cloud has at most


class Ranked:
    """Rows from the highest score to the lowest; those of one score stand or fall together."""

    def __init__(self, told: F8, true: NDArray[np.bool_]) -> None:
        self._order = np.argsort(-told, kind="stable")
        self._true = true[self._order]
        self._ends = np.flatnonzero(np.diff(told[self._order], append=-np.inf))

    def counted(self, weights: F8) -> tuple[F8, F8]:
        """(true ones, others) above each threshold, of rows that count so much: draws x thresholds, the first above all scores."""
        sorted_ = np.atleast_2d(weights)[:, self._order]
        hits = np.cumsum(np.where(self._true, sorted_, 0.0), axis=1)[:, self._ends]
        falses = np.cumsum(np.where(self._true, 0.0, sorted_), axis=1)[:, self._ends]
        none = np.zeros((len(sorted_), 1))
        return np.hstack([none, hits]), np.hstack([none, falses])


def roc(hits: F8, falses: F8, at: F8) -> F8:
    """The share of the true ones that is told above a threshold, where so large a share (``at``) of the others is.

    >>> hits, falses = Ranked(np.array([0.9, 0.8, 0.3, 0.1]), np.array([True, False, True, False])).counted(np.ones(4))
    >>> roc(hits[0], falses[0], np.array([0.0, 0.5, 1.0])).tolist()
    [0.5, 1.0, 1.0]
    """
    x, y = falses / max(falses[-1], 1e-12), hits / max(hits[-1], 1e-12)
    last = np.append(np.flatnonzero(np.diff(x)), len(x) - 1)  # of points above one another the highest
    return np.asarray(np.interp(at, x[last], y[last]))


def precision(hits: F8, falses: F8, at: F8) -> F8:
    """How many of those that are told are true, where so large a share (``at``) of the true ones is told.

    >>> hits, falses = Ranked(np.array([0.9, 0.8, 0.3, 0.1]), np.array([True, False, True, False])).counted(np.ones(4))
    >>> precision(hits[0], falses[0], np.array([0.5, 1.0])).round(3).tolist()
    [1.0, 0.667]
    """
    told = hits[1:] + falses[1:]
    reached = np.divide(hits[1:], told, out=np.ones_like(told), where=told > 0)
    place = np.searchsorted(hits[1:] / max(hits[-1], 1e-12), at - 1e-12)
    return np.asarray(reached[np.minimum(place, len(reached) - 1)])


def gain(hits: F8, falses: F8, at: F8) -> F8:
    """The share of the true ones among so large a share (``at``) of all rows, those with the highest scores.

    >>> hits, falses = Ranked(np.array([0.9, 0.8, 0.3, 0.1]), np.array([True, False, True, False])).counted(np.ones(4))
    >>> gain(hits[0], falses[0], np.array([0.25, 0.5, 1.0])).tolist()
    [0.5, 0.5, 1.0]
    """
    both = hits + falses
    return np.asarray(np.interp(at, both / max(both[-1], 1e-12), hits / max(hits[-1], 1e-12)))


def areas(hits: F8, falses: F8) -> tuple[F8, F8]:
    """(AUC, average precision) of each draw: NaN where it has one label alone."""
    step = np.diff(falses, axis=1)
    pairs = hits[:, -1] * falses[:, -1]
    told = hits[:, 1:] + falses[:, 1:]
    reached = np.divide(hits[:, 1:], told, out=np.zeros_like(told), where=told > 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        auc = (step * (hits[:, 1:] + hits[:, :-1]) / 2).sum(1) / pairs
        average = (np.diff(hits, axis=1) * reached).sum(1) / hits[:, -1]
    return auc, average


@dataclass(frozen=True, slots=True)
class Bin:
    """Answers of about the same probability: the mean of it, how often it came true, and of how many."""

    told: float
    came: float
    n: int


def calibration(told: F8, true: NDArray[np.bool_]) -> list[Bin]:
    """Answers by tenths of their probability, those that have any.

    >>> calibration(np.array([0.05, 0.95, 0.97]), np.array([False, True, False]))
    [Bin(told=0.05, came=0.0, n=1), Bin(told=0.96, came=0.5, n=2)]
    """
    place = tenth(told)
    n = np.bincount(place, minlength=BINS)
    sums, came = np.bincount(place, told, BINS), np.bincount(place, true, BINS)
    return [Bin(round(float(sums[i] / n[i]), 6), float(came[i] / n[i]), int(n[i])) for i in np.flatnonzero(n)]


def tenth(told: F8) -> NDArray[np.int64]:
    """The tenth that each probability lies in; 1 is in the last."""
    return np.minimum((told * BINS).astype(np.int64), BINS - 1)


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


def by_tenth(told: F8) -> NDArray[np.int64]:
    """The tenth of the rows that each predicted value stands in: as many rows in each, equal values together.

    >>> by_tenth(np.array([3.0, 1.0, 2.0])).tolist()
    [9, 0, 4]
    """
    edges = np.unique(np.quantile(told, np.linspace(0, 1, BINS + 1)[1:-1]))
    return np.searchsorted(edges, told, side="left")


def weights_of(units: NDArray[Any], draws: int, seed: int) -> F8:
    """How often each row counts in each draw of its units with replacement: draws x rows."""
    rng, n = np.random.default_rng(seed), int(units.max()) + 1
    picked = rng.integers(0, n, (draws, n)) + n * np.arange(draws)[:, None]
    times = np.bincount(picked.ravel(), minlength=draws * n).reshape(draws, n)
    return times[:, units].astype(np.float64)
