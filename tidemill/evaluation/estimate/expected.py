"""What answers add to a metric on average, where their probabilities are right: no truth is needed. numpy only.

An answer whose label is c with probability p(c) adds L(c) then: its mean is sum p L, its variance sum p L^2 - (sum p L)^2.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

F8 = NDArray[np.float64]
LEAST = 1e-15


class Expected(NamedTuple):
    """Of each answer the mean and the variance of what it will add."""

    mean: F8
    variance: F8

    def take(self, which: Any) -> Expected:
        return Expected(self.mean[which], self.variance[which])


def of_labels(losses: F8, chance: F8) -> Expected:
    """``losses``: what each answer adds with each label being true; ``chance``: how likely that is. Both answers x labels.

    >>> one = of_labels(np.array([[0.0, 1.0]]), np.array([[0.8, 0.2]]))
    >>> one.mean.round(6).tolist(), one.variance.round(6).tolist()
    ([0.2], [0.16])
    """
    mean = (chance * losses).sum(axis=1)
    return Expected(mean, np.maximum((chance * losses**2).sum(axis=1) - mean**2, 0.0))


def log_losses(told: F8) -> F8:
    """What probabilities that were told add to the log loss, label by label."""
    return np.asarray(-np.log(np.clip(told, LEAST, 1.0)))


def auc(told: F8, chance: F8) -> tuple[float, float]:
    """AUC of these answers as it is to be expected, and its variance; ``chance``: of the positive label. NaN where none can be.

    Pairs weigh by how likely they are a positive and a negative; the variance is that of the linear part (Hájek).

    >>> auc(np.array([0.1, 0.9]), np.array([0.0, 1.0]))
    (1.0, 0.0)
    """
    _, group = np.unique(told, return_inverse=True)
    positive, negative = np.bincount(group, chance), np.bincount(group, 1 - chance)
    own = chance * (1 - chance)  # a row is no pair with itself
    below = (np.cumsum(negative) - negative / 2)[group] - (1 - chance) / 2
    above = (positive.sum() - np.cumsum(positive) + positive / 2)[group] - chance / 2
    pairs = float(positive.sum() * negative.sum() - own.sum())
    if pairs <= 0:
        return float("nan"), float("nan")
    whole = float((chance * below).sum()) / pairs
    moved = (negative.sum() - (1 - chance)) - (positive.sum() - chance)
    slope = (below - above - whole * moved) / pairs
    return whole, float((own * slope**2).sum())
