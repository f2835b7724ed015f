"""How sure a mean is: bootstrap over the independent unit, for one model and for two on the same requests. numpy only."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from noria.errors import NotEnoughData

F8 = NDArray[np.float64]
DRAWS = 2_000
_AT_ONCE = 4_000_000  # units drawn at a time
POWER_Z = 0.8416212335729143
"""The quantile of 80 % power."""


class Interval(NamedTuple):
    mean: float
    low: float
    high: float


class Difference(NamedTuple):
    """a - b over the same requests."""

    mean: float
    low: float
    high: float
    error: float  # standard error
    units: int
    visible: float  # the least true difference that 4 of 5 such comparisons would see

    def power(self, requests: int) -> str:
        """What such a comparison can see.

        >>> Difference(0.01, 0.0, 0.02, 0.005, 200, 0.014).power(310)
        'with 310 requests of 200 units a difference of 0.0140 would be seen in 4 of 5 comparisons'
        """
        return (
            f"with {requests} requests of {self.units} units a difference of {self.visible:.4f} "
            "would be seen in 4 of 5 comparisons"
        )


def bootstrap_interval(values: Any, units: Any, seed: int, level: float = 0.95, draws: int = DRAWS) -> Interval:
    """(mean, low, high) of the mean over requests, units drawn with replacement (percentiles).

    Raises NotEnoughData without values.

    >>> bootstrap_interval([1.0, 1.0, 1.0], ["a", "b", "c"], seed=0)
    Interval(mean=1.0, low=1.0, high=1.0)
    """
    drawn, mean = _draws(values, units, seed, draws)
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return Interval(mean, float(low), float(high))


def paired_bootstrap(a: Any, b: Any, units: Any, seed: int, level: float = 0.95, draws: int = DRAWS) -> Difference:
    """The mean of ``a - b`` over the same requests, with its interval and what the comparison could have seen."""
    gain = np.asarray(a, np.float64) - np.asarray(b, np.float64)
    drawn, mean = _draws(gain, units, seed, draws)
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    error = float(drawn.std(ddof=1))
    visible = (_normal_quantile((1 + level) / 2) + POWER_Z) * error
    return Difference(mean, float(low), float(high), error, len(np.unique(np.asarray(units))), visible)


def _draws(values: Any, units: Any, seed: int, draws: int) -> tuple[F8, float]:
    """The mean of each bootstrap sample, and that of the sample at hand."""
    numbers = np.asarray(values, np.float64)
    if not len(numbers):
        raise NotEnoughData("nothing to measure", way_out="a longer split.test, or more data")
    names, codes = np.unique(np.asarray(units), return_inverse=True)
    sums, counts = np.bincount(codes, numbers), np.bincount(codes)
    rng, means = np.random.default_rng(seed), np.empty(draws)
    step = max(1, _AT_ONCE // len(names))
    for start in range(0, draws, step):  # block by block: a window of millions fits into memory
        picked = rng.integers(0, len(names), (min(step, draws - start), len(names)))
        means[start : start + step] = sums[picked].sum(axis=1) / counts[picked].sum(axis=1)
    return means, float(numbers.mean())


def _normal_quantile(p: float) -> float:
    from statistics import NormalDist

    return NormalDist().inv_cdf(p)


def auc(told: Any, true: Any) -> float:
    """The chance that a positive is told above a negative, ties half. NaN when one of the two is missing.

    >>> auc([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1])
    0.75
    """
    told, true = np.asarray(told, np.float64), np.asarray(true) > 0
    positives, n = int(true.sum()), len(true)
    if positives in (0, n):
        return math.nan
    _, group, size = np.unique(told, return_inverse=True, return_counts=True)
    rank = (np.cumsum(size) - (size - 1) / 2)[group]
    return float((rank[true].sum() - positives * (positives + 1) / 2) / (positives * (n - positives)))


def auc_interval(told: Any, true: Any, units: Any, seed: int, level: float = 0.95, draws: int = 200) -> Interval:
    """AUC with its interval, units drawn with replacement; draws with one label alone are left out."""
    told, true = np.asarray(told, np.float64), np.asarray(true)
    names, codes = np.unique(np.asarray(units), return_inverse=True)
    order = np.argsort(codes, kind="stable")
    edges = np.searchsorted(codes[order], np.arange(len(names) + 1))
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(draws):
        picked = rng.integers(0, len(names), len(names))
        rows = np.concatenate([order[edges[u] : edges[u + 1]] for u in picked])
        found.append(auc(told[rows], true[rows]))
    low, high = np.nanquantile(found, [(1 - level) / 2, (1 + level) / 2])
    return Interval(auc(told, true), float(low), float(high))
