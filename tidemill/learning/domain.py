"""Whether two sets of rows are alike: a classifier that tells them apart, cross-fitted by the independent unit, and what its odds weigh.

The AUC of telling them apart is a two-sample test of all columns together (Lopez-Paz and Oquab 2017): 0.5 tells nothing. Its odds say
how much more often such a row is in the other set, so that a mean over one set can be told as it would be over the other
(Bickel et al. 2009), as far as the effective sample size goes (Kish 1965).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tidemill.errors import NotEnoughData
from tidemill.learning.findings.together import fitted
from tidemill.learning.intervals import auc_values, clustered_error
from tidemill.learning.split import places

F8 = NDArray[np.float64]
Units = NDArray[Any]
FOLDS = 5
LEAST = 20
"""Units of each set; with fewer nothing is said."""
MOST_ODDS = 20.0
"""A row counts so much at most: beyond it odds are a guess, and one row would decide."""
_Z = 1.959963984540054


@dataclass(frozen=True)
class Domain:
    """``auc`` (mean, low, high; 95 %, by unit); of each row of the first set, how much it counts in the other (on average 1)."""

    auc: tuple[float, float, float]
    weights: F8

    @property
    def effective(self) -> float:
        """The effective sample size of the first set as the other, as a share of it."""
        return float(self.weights.sum() ** 2 / (len(self.weights) * (self.weights**2).sum()))


def domain(one: F8, other: F8, units: Units, others: Units) -> Domain:
    """Rows x columns of both sets, NaN is missing. Rows of one unit are never on both sides of a fit. Raises NotEnoughData.

    >>> rng = np.random.default_rng(0)
    >>> found = domain(rng.normal(size=(400, 2)), rng.normal(2, size=(400, 2)), np.arange(400), np.arange(400, 800))
    >>> found.auc[0] > 0.9, found.effective < 0.5
    (True, True)
    """
    if min(len(np.unique(units)), len(np.unique(others))) < LEAST:
        raise NotEnoughData(
            f"fewer than {LEAST} independent units on one of the two sides", hint="more requests, or more rows"
        )
    x, names = np.concatenate([one, other]), np.concatenate([units.astype(str), others.astype(str)])
    is_other = np.repeat([0.0, 1.0], [len(one), len(other)])
    fold = np.array(places(names.tolist())) % FOLDS
    told = np.zeros(len(x))
    for each in range(FOLDS):
        learn = fold != each
        if not learn.all():
            told[~learn] = fitted(x[learn], is_other[learn], x[~learn])
    values = auc_values(told, is_other)
    mean, error = float(values.mean()), clustered_error(values, names)
    least = 1 / (MOST_ODDS * len(x))
    chance = np.clip(_calibrated(told, is_other)[: len(one)], least, 1 - least)
    odds = np.minimum(chance / (1 - chance) * len(one) / len(other), MOST_ODDS)
    return Domain((mean, mean - _Z * error, mean + _Z * error), odds / odds.mean())


def _calibrated(told: F8, came: F8) -> F8:
    """As often as it came true, along a line: where a fit learned noise by heart all are told the mean, and weigh the same."""
    off = told - told.mean()
    spread = float(off @ off)
    slope = max(float(off @ (came - came.mean())) / spread, 0.0) if spread > 0 else 0.0
    return np.asarray(came.mean() + slope * off, np.float64)


def reweighted(values: F8, weights: F8, units: Units) -> tuple[float, float, float]:
    """By how much the weighted mean differs from the plain one (mean, low, high; 95 %, by unit).

    >>> reweighted(np.array([1.0, 2.0, 3.0, 4.0]), np.ones(4), np.arange(4))
    (0.0, 0.0, 0.0)
    """
    share = weights / weights.mean()
    weighted, plain = float((share * values).mean()), float(values.mean())
    influence = share * (values - weighted) - (values - plain)
    error = clustered_error(influence, units)
    if not math.isfinite(error):
        raise NotEnoughData("all rows are of one unit")
    gain = weighted - plain
    return gain, gain - _Z * error, gain + _Z * error
