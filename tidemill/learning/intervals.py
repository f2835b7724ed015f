"""How sure a mean is: bootstrap over the independent unit, for one model and for two on the same requests. numpy only."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tidemill.errors import NotEnoughData

F8 = NDArray[np.float64]
DRAWS = 2_000
LEVEL = 0.025, 0.975  # The quantiles of every interval that is told
_AT_ONCE = 4_000_000  # units drawn at a time
_BLOCK = 30_000  # rows of several draws together: they stay in the processor's cache
POWER_Z = 0.8416212335729143  # The quantile of 80 % power


class Interval(NamedTuple):
    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Difference:
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


def clustered_error(values: Any, units: Any) -> float:
    """The standard error of the mean of values whose units stand or fall together (Cameron and Miller 2015, CR1), without a bootstrap.

    >>> clustered_error([1.0, 1.0, 3.0, 3.0], ["a", "a", "b", "b"])
    1.0
    """
    off = np.asarray(values, np.float64) - np.mean(values)
    sums = np.bincount(np.unique(np.asarray(units), return_inverse=True)[1], off)
    if len(sums) < 2:
        return math.inf
    return math.sqrt(float(sums @ sums) * len(sums) / (len(sums) - 1)) / len(off)


class Ratio(NamedTuple):
    """Σ gain / Σ level by clusters (the last axis), its standard error, and the skewness of what the clusters add."""

    gain: F8
    error: F8
    skewness: F8


def ratio(gain: F8, level: F8) -> Ratio:
    """
    >>> found = ratio(np.array([1.0, 0.0, 2.0, 1.0]), np.array([10.0, 10.0, 10.0, 10.0]))
    >>> float(found.gain), round(float(found.error), 4)
    (0.1, 0.0408)
    """
    total, groups = level.sum(-1), gain.shape[-1]
    share = gain.sum(-1) / total
    rest = gain - share[..., None] * level
    size = np.sqrt((rest**2).mean(-1))
    error = size * groups / math.sqrt(groups - 1) / np.abs(total)
    skewness = ((rest / np.where(size > 0, size, 1.0)[..., None]) ** 3).mean(-1)
    return Ratio(share, error, skewness)


def bootstrap_intervals(values: Sequence[Any], units: Any, seed: int) -> list[Interval]:
    """(mean, low, high) of the mean over requests of each of these measures, units drawn with replacement (percentiles).

    Raises NotEnoughData without values.

    >>> bootstrap_intervals([[1.0, 1.0, 1.0]], ["a", "b", "c"], seed=0)
    [Interval(mean=1.0, low=1.0, high=1.0)]
    """
    found = []
    for numbers, drawn in zip(values, _draws(values, units, seed)):
        low, high = np.quantile(drawn, LEVEL)
        found.append(Interval(float(np.mean(numbers)), float(low), float(high)))
    return found


def paired_bootstrap(a: Any, b: Any, units: Any, seed: int, level: float = 0.95) -> Difference:
    """The mean of ``a - b`` over the same requests, with its interval and what the comparison could have seen."""
    return paired_bootstraps([a], [b], units, seed, level)[0]


def paired_bootstraps(
    a: Sequence[Any], b: Sequence[Any], units: Any, seed: int, level: float = 0.95
) -> list[Difference]:
    """`paired_bootstrap` of several measures of the same requests, on the same draws."""
    gains = [np.asarray(one, np.float64) - np.asarray(other, np.float64) for one, other in zip(a, b)]
    found, distinct = [], len(np.unique(np.asarray(units)))
    for gain, drawn in zip(gains, _draws(gains, units, seed)):
        low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
        error = float(drawn.std(ddof=1))
        visible = (NormalDist().inv_cdf((1 + level) / 2) + POWER_Z) * error
        found.append(Difference(float(gain.mean()), float(low), float(high), error, distinct, visible))
    return found


def _draws(values: Sequence[Any], units: Any, seed: int) -> F8:
    """For each measure the mean of each bootstrap sample: measures x draws."""
    numbers = [np.asarray(one, np.float64) for one in values]
    if not all(len(one) for one in numbers):
        raise NotEnoughData("nothing to measure", hint="a longer split.test, or more data")
    names, codes = np.unique(np.asarray(units), return_inverse=True)
    sums, counts = [np.bincount(codes, one) for one in numbers], np.bincount(codes)
    rng, means = np.random.default_rng(seed), np.empty((len(sums), DRAWS))
    step = max(1, _AT_ONCE // len(names))
    for start in range(0, DRAWS, step):  # block by block: a window of millions fits into memory
        picked = rng.integers(0, len(names), (min(step, DRAWS - start), len(names)))
        size = counts[picked].sum(axis=1)
        for row, total in zip(means, sums):
            row[start : start + step] = total[picked].sum(axis=1) / size
    return means


def auc_interval(told: Any, true: Any, units: Any, seed: int, draws: int = DRAWS) -> Interval:
    """The chance that a positive is told above a negative, ties half, with its interval, units drawn with replacement.

    NaN where one of the two is missing; draws with one label alone are left out.

    >>> auc_interval([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1], ["a"] * 4, seed=0).mean
    0.75
    """
    told, true = np.asarray(told, np.float64), np.asarray(true) > 0
    names, codes = np.unique(np.asarray(units), return_inverse=True)
    order = np.argsort(told, kind="stable")
    told, true, codes = told[order], true[order], codes[order]
    below, upto = (told.searchsorted(told[true], side) for side in ("left", "right"))

    def aucs(times: NDArray[np.int64]) -> F8:  # how often each row counts in each draw: none is sorted anew
        negatives = np.zeros((len(times), len(told) + 1))
        np.cumsum(np.where(true, 0, times), axis=1, out=negatives[:, 1:])
        positives = times[:, true]
        pairs = positives.sum(axis=1) * negatives[:, -1]
        won = (positives * (negatives[:, below] + negatives[:, upto])).sum(axis=1) / 2
        found = np.full(len(times), np.nan)
        np.divide(won, pairs, out=found, where=pairs > 0)
        return found

    (whole,), rng = aucs(np.ones((1, len(told)), np.int64)).tolist(), np.random.default_rng(seed)
    if math.isnan(whole):
        return Interval(whole, whole, whole)
    found, step = np.empty(draws), max(1, _BLOCK // max(1, len(told)))
    for start in range(0, draws, step):  # block by block: a window of millions fits into memory
        picked = rng.integers(0, len(names), (min(step, draws - start), len(names)))
        first = np.arange(len(picked))[:, None] * len(names)
        drawn = np.bincount((picked + first).ravel(), minlength=picked.size).reshape(picked.shape)
        found[start : start + step] = aucs(drawn[:, codes])
    low, high = np.nanquantile(found, LEVEL)
    return Interval(whole, float(low), float(high))


def precision_values(told: Any, true: Any) -> F8:
    """What each row adds to average precision (PR AUC): their mean is it, their spread its standard error (the influence of a row).

    Rows of equal probability stand or fall together, as in scikit-learn. A positive must be there.

    >>> precision_values([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1]).mean().round(4)
    np.float64(0.8333)
    """
    true = (np.asarray(true) > 0).astype(np.float64)
    _, group = np.unique(-np.asarray(told, np.float64), return_inverse=True)  # best first
    hits, rows = np.bincount(group, true), np.bincount(group)
    above = np.cumsum(rows)
    precision = np.cumsum(hits) / above
    n, positives = len(true), true.sum()
    whole = float((precision * hits).sum() / positives)
    mine = precision[group]
    # a row changes the precision of every positive that it stands above, or beside: by (its truth - precision) / rows above
    ones, shares = (np.cumsum((hits * by / above)[::-1])[::-1][group] for by in (np.ones(len(hits)), precision))
    moved = true * ones - shares
    return np.asarray(whole + (true * (mine - whole) + moved) * n / positives, np.float64)


def auc_values(told: Any, true: Any) -> F8:
    """What each row adds to AUC: their mean is AUC, their spread (by cluster) its standard error (DeLong 1988, Obuchowski 1997).

    A row's placement is the share of rows with the other label that it stands right of, ties half. Both labels must be there.

    >>> auc_values([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1]).tolist()
    [1.25, 0.25, 0.25, 1.25]
    """
    true = np.asarray(true) > 0
    values, group = np.unique(np.asarray(told, np.float64), return_inverse=True)
    positive, negative = (np.bincount(group[mask], minlength=len(values)) for mask in (true, ~true))
    below = (np.cumsum(negative) - negative / 2) / negative.sum()
    above = 1 - (np.cumsum(positive) - positive / 2) / positive.sum()
    placed = np.where(true, below[group], above[group])
    auc = placed[true].mean()
    return np.asarray(auc + (placed - auc) / np.where(true, true.mean(), 1 - true.mean()), np.float64)
