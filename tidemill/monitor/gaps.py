"""Does a gap between two groups open? The test of decay, of the distance of two groups less the largest that is allowed.

Each two groups of an attribute are watched both ways. A window's distance, less `max_gap`, is set against its standard error, and
four CUSUMs sum what is beyond (`tidemill.monitor.decay`); at the largest distance and below the sums drift to 0. All pairs share
one promise about false alarms: with n of them each may raise its own n times as seldom.

All is arrays, so that a simulation steps a thousand streams at once by this very code.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tidemill.evaluation.fairness.gap import Means
from tidemill.monitor.promise import LEAST_LOSS

F8 = NDArray[np.float64]


class Totals(NamedTuple):
    """Of all rows of a measure so far: how many, their sum, and that of their squares."""

    n: float = 0.0
    sum: float = 0.0
    squares: float = 0.0

    def more(self, values: F8) -> Totals:
        return Totals(self.n + len(values), self.sum + float(values.sum()), self.squares + float((values**2).sum()))

    def variance(self, rates: bool) -> float:
        """Of one row; of shares never 0 (Laplace's rule): ten rows of which none was selected say nothing of how sure that is."""
        if rates:
            share = (self.sum + 1) / (self.n + 2)
            return share * (1 - share)
        mean = self.sum / self.n if self.n else 0.0
        return max(self.squares / self.n - mean**2, 0.0) if self.n else 0.0


class Apart(NamedTuple):
    """Every two groups, both ways (the last axis): the place of each, how far the first is above the other beyond what is allowed, as
    `decay.advance` takes it, its squared error, the units of the smaller, and whether both were there."""

    one: NDArray[np.int64]
    other: NDArray[np.int64]
    beyond: F8
    error2: F8
    units: F8
    there: NDArray[np.bool_]


def apart(found: Means, largest: float, variance: F8 | float) -> Apart:
    """``variance``: of one row, as all windows so far have it."""
    groups = found.mean.shape[-1]
    one, other = (places.ravel() for places in np.indices((groups, groups)))
    both = one != other
    one, other = one[both], other[both]
    n = np.maximum(found.n, 1)
    least = np.asarray(variance)[..., None] * (1 / n[..., one] + 1 / n[..., other])
    error2 = np.maximum(found.error2[..., one] + found.error2[..., other], least)
    beyond = found.mean[..., one] - found.mean[..., other] - largest + LEAST_LOSS
    units = np.minimum(found.units[..., one], found.units[..., other])
    return Apart(one, other, beyond, error2, units, np.asarray(units > 0))
