"""How far groups are apart, and whether that is shown to be too far, or near enough. numpy, and scipy's t.

Each group has a mean with its error by the independent unit. A variance that few units show is drawn to that of all groups
together, so that a group of ten of whom none was selected is not held to be sure of it; where its own is greater, of few units with
many rows each, its own is what counts, known as well as so few can say. Of two groups at a distance d:

- *beyond* is shown where a true distance of the largest that is allowed would give one of |d| so seldom (a minimum-effect
  test, Murphy and Myors 1999), of all pairs together by Bonferroni;
- *within* is shown of all pairs, each at the whole level: to pass, every one must (intersection-union, Berger 1982).

What is neither is not enough data. All is arrays with groups last, so that a simulation judges a thousand tables at once.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

F8 = NDArray[np.float64]
PRIOR = 30.0
"""So many units the variance of all groups together is worth, where a group's own is estimated."""
FEWEST = 2
"""Units of a group, below which nothing is said of it."""
SEEN, PASSED = 0.90, 0.80
"""How often a gap of twice the largest shall be refused, and equal groups pass, with as much data as is said to be needed."""


class Means(NamedTuple):
    """The mean of each group (the last axis), its squared standard error with its degrees of freedom, and of how many rows and units."""

    mean: F8
    error2: F8
    n: F8
    units: F8
    freedom: F8

    @property
    def judged(self) -> NDArray[np.bool_]:
        """Which groups are large enough for anything to be said of them."""
        return np.asarray(self.units >= FEWEST)

    def interval(self, place: int, level: float = 0.95) -> tuple[float, float, float]:
        """Mean, low, high of one group."""
        from scipy.special import stdtrit

        reach = float(stdtrit(self.freedom[place], (1 + level) / 2)) * math.sqrt(float(self.error2[place]))
        mean = float(self.mean[place])
        return mean, mean - reach, mean + reach


def means_of(values: Any, codes: Any, groups: int, units: Any) -> Means:
    """Of rows, each with its value, its group and its independent unit.

    >>> found = means_of([1.0, 0.0, 1.0, 1.0], [0, 0, 1, 1], 2, ["a", "b", "c", "d"])
    >>> found.mean.tolist(), found.units.tolist()
    ([0.5, 1.0], [2.0, 2.0])
    """
    values, codes = np.asarray(values, np.float64), np.asarray(codes, np.int64)
    n = np.bincount(codes, minlength=groups).astype(np.float64)
    mean = np.bincount(codes, values, groups) / np.maximum(n, 1)
    _, of = np.unique(np.asarray(units), return_inverse=True)
    pairs, place = np.unique(codes * (int(of.max(initial=0)) + 1) + of, return_inverse=True)
    sums = np.bincount(place, values - mean[codes])
    whose = pairs // (int(of.max(initial=0)) + 1)
    squares, many = np.bincount(whose, np.square(sums), groups), np.bincount(whose, minlength=groups)
    return drawn(mean, np.asarray(squares, np.float64), n, many.astype(np.float64))


def drawn(mean: F8, squares: F8, n: F8, units: F8) -> Means:
    """``squares``: by group the sum over its units of the square of what they are off its mean by."""
    own = squares * units / np.maximum(units - 1, 1) / np.maximum(n, 1) ** 2
    whole = squares.sum(-1, keepdims=True) / np.maximum(n.sum(-1, keepdims=True), 1)
    prior = whole / np.maximum(n, 1)
    weight = np.where(units >= FEWEST, units, 0.0)
    both = (weight * own + PRIOR * prior) / (weight + PRIOR)
    alone = (weight > 0) & (own > both)
    return Means(mean, np.where(alone, own, both), n, units, np.maximum(np.where(alone, 0.0, PRIOR) + units - 1, 1.0))


class Pairs(NamedTuple):
    """Every two groups (the last axis): how far apart (the first less the second), its error, degrees of freedom, whether both are judged."""

    one: NDArray[np.int64]
    other: NDArray[np.int64]
    apart: F8
    error: F8
    freedom: F8
    judged: NDArray[np.bool_]

    def beyond(self, largest: float) -> F8:
        """How seldom a true distance of the largest gives one as large: small where the distance is shown to be larger."""
        distance = np.abs(self.apart)
        return _above((distance - largest) / self.error, self.freedom) + _above(
            (distance + largest) / self.error, self.freedom
        )

    def within(self, largest: float) -> F8:
        """How seldom it gives one as small: small where the distance is shown to be smaller."""
        return _above((largest - np.abs(self.apart)) / self.error, self.freedom)


def pairs_of(found: Means) -> Pairs:
    one, other = np.triu_indices(found.mean.shape[-1], 1)
    error = np.sqrt(np.maximum(found.error2[..., one] + found.error2[..., other], 1e-30))
    freedom = np.minimum(found.freedom[..., one], found.freedom[..., other])
    judged = found.judged[..., one] & found.judged[..., other]
    return Pairs(one, other, found.mean[..., one] - found.mean[..., other], error, freedom, judged)


def _above(t: F8, freedom: F8) -> F8:
    from scipy.special import stdtr

    return np.asarray(stdtr(freedom, -t), np.float64)


class Judged(NamedTuple):
    """Whether a gap is shown to be beyond, or all are shown to be within; neither is not enough data. ``worst``: the pair that says it."""

    beyond: NDArray[np.bool_]
    within: NDArray[np.bool_]
    worst: NDArray[np.int64]


class Rule(NamedTuple):
    """``largest``: the gap that is allowed; ``refusal``, ``passing``: how often each may be wrong; ``rates``: means are shares."""

    largest: float
    refusal: float = 0.05
    passing: float = 0.05
    rates: bool = True


def judge(found: Means, rule: Rule) -> Judged:
    """Pairs with a group that is too small are never within. A share counts for a pass with the variance that it had at the bound.

    >>> found = drawn(np.array([0.2, 0.4]), np.array([160.0, 240.0]), np.array([1000.0, 1000.0]), np.array([1000.0, 1000.0]))
    >>> [bool(one) for one in judge(found, Rule(0.05))[:2]]
    [True, False]
    """
    pairs, bound = pairs_of(found), pairs_of(_at_bound(found, rule, rule.largest))
    count = np.maximum(pairs.judged.sum(-1), 1)
    far = np.where(pairs.judged, pairs.beyond(rule.largest), 1.0)
    near = np.where(pairs.judged, bound.within(rule.largest), 1.0)
    beyond = far.min(-1, initial=1.0) * count <= rule.refusal
    within = near.max(-1, initial=0.0) <= rule.passing
    widest = np.where(pairs.judged, np.abs(pairs.apart), -1.0).argmax(-1)
    return Judged(beyond, within & ~beyond, np.where(beyond, far.argmin(-1), widest))


def needed(found: Means, rule: Rule) -> int:
    """How many rows, spread over the groups as these, would refuse twice the largest gap `SEEN` and pass equal groups `PASSED`."""
    from scipy.special import ndtri

    if not rule.largest:  # of values that are all answered exactly: a share of no error
        return 0
    pairs = pairs_of(_at_bound(found, rule, 2 * rule.largest))
    count = max(int(pairs.judged.sum()), 1)
    refuse = float(ndtri(SEEN) - ndtri(rule.refusal / count))
    allow = float(ndtri(1 - (1 - PASSED) / 2 / count) - ndtri(rule.passing))
    worst = float(np.max(pairs.error, initial=0.0)) ** 2
    return math.ceil((max(refuse, allow) / rule.largest) ** 2 * worst * float(found.n.sum()))


def _at_bound(found: Means, rule: Rule, by: float) -> Means:
    """With the largest variance that shares so far off would have: it grows towards one half."""
    if not rule.rates:
        return found
    off = np.clip(0.5, found.mean - by, found.mean + by)
    binomial, grown = off * (1 - off), np.maximum(found.mean * (1 - found.mean), 0.01)
    error2 = np.maximum(found.error2 * np.maximum(binomial / grown, 1.0), binomial / np.maximum(found.n, 1))
    return found._replace(error2=error2)
