"""A quantile sketch that merges exactly and never differs for the same values (DDSketch: Masson, Rim & Lee, VLDB 2019).

Values fall into bins whose edges grow by a fixed factor, so that every quantile is right to 1 % of itself. Two
sketches merge by adding bins: the sketch of a whole is the sum of its parts' sketches, whatever the order. (KLL, the
usual choice, keeps a random sample: two runs over the same data differ, and with them the decisions taken on it.)
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

ACCURACY = 0.01
_GROWTH = (1 + ACCURACY) / (1 - ACCURACY)
_LOG = float(np.log(_GROWTH))
_TINY = 1e-9
"""Nearer to zero than this is zero."""
_HUGE = 1e298
"""Beyond this all is in one bin."""


@dataclass
class Quantiles:
    """Counts by bin: bin i > 0 holds growth^(i-1) … growth^i (in units of 1e-9), -i the same below zero, 0 holds zero.

    >>> q = Quantiles.of(np.arange(1, 1001, dtype=float))
    >>> round(q.quantiles([0.5])[0] / 500, 1), q.n
    (1.0, 1000)
    """

    bins: dict[int, int] = field(default_factory=dict)

    @staticmethod
    def of(values: NDArray[np.float64]) -> Quantiles:
        """The sketch of these finite values."""
        index, counts = np.unique(bin_of(values), return_counts=True)
        return Quantiles(dict(zip(index.tolist(), counts.tolist(), strict=True)))

    @property
    def n(self) -> int:
        return sum(self.bins.values())

    def merge(self, other: Quantiles) -> Quantiles:
        """The sketch of both together."""
        return Quantiles(dict(Counter(self.bins) + Counter(other.bins)))

    def quantiles(self, shares: list[float]) -> list[float]:
        """The values below which these shares lie, each right to 1 % of itself. The sketch is not empty."""
        index = np.array(sorted(self.bins))
        reached = np.cumsum([self.bins[i] for i in index.tolist()])
        ranks = [max(share * (int(reached[-1]) - 1), 0) for share in shares]
        return [float(middle(index[np.searchsorted(reached, rank, "right")])) for rank in ranks]


def bin_of(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Each value's bin."""
    size = np.abs(values)
    level = np.ceil(np.log(np.clip(size, _TINY, _HUGE) / _TINY) / _LOG).astype(np.int64)
    return np.where(size <= _TINY, 0, np.sign(values).astype(np.int64) * np.maximum(level, 1))


def middle(index: NDArray[np.int64] | int) -> NDArray[np.float64]:
    """The value that stands for a bin: within 1 % of everything in it."""
    level = np.abs(index)
    value = _TINY * np.exp((level - 1) * _LOG) * 2 * _GROWTH / (1 + _GROWTH)
    out: NDArray[np.float64] = np.where(level == 0, 0.0, np.sign(index) * value)
    return out
