"""What two sides have shown so far: sums by groups of subjects, which add up window by window. numpy only.

A subject's requests stand or fall together, and may come over weeks. Subjects are put into `GROUPS` groups by a hash, for
good: each group is a sum over independent subjects, so the spread between groups is that of subjects, whatever one subject
does twice, and a window keeps so many numbers however many requests it had. The difference is the logarithm of the ratio of two means (sums of
values over sums of requests), with the error of ratio estimates by clusters.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import NamedTuple

import numpy as np

from tidemill.experiment.sequence import ALPHA, half_width, student
from tidemill.learning.intervals import ratio
from tidemill.learning.measures import Measure

GROUPS = 256
LEAST = 20
"""Groups of each side with an answer that is judged, below which nothing is said."""
SURE = 0.2
"""And the least that each mean must be known to, a share of it: of eight sales nobody knows how rare sales are."""


@dataclass(frozen=True, slots=True)
class Side:
    """One side's answers whose truth is known: what they add to the metric's mean, and how many, by group."""

    sums: tuple[float, ...] = (0.0,) * GROUPS
    counts: tuple[int, ...] = (0,) * GROUPS

    def __add__(self, other: Side) -> Side:
        sums, counts = np.add(self.sums, other.sums), np.add(self.counts, other.counts)
        return Side(tuple(sums.tolist()), tuple(counts.tolist()))

    @property
    def judged(self) -> int:
        return sum(self.counts)

    @property
    def mean(self) -> float:
        """Needs an answer."""
        return sum(self.sums) / self.judged


@dataclass(frozen=True, slots=True)
class Estimate:
    """How much better the second side is than the first, as shares of the first one's level; more is better.

    ``low``, ``high``: of the confidence sequence; ``error``: the standard error of ``gain``.
    """

    gain: float
    error: float
    low: float
    high: float
    figures: tuple[float, float] = field(
        default=(math.nan, math.nan)
    )  # of the first side and of the second, as people read the metric
    judged: tuple[int, int] = (0, 0)


def group_of(unit: str) -> int:
    """Another hash than any that draws variants."""
    return int.from_bytes(hashlib.blake2b(unit.encode(), digest_size=4, person=b"group").digest(), "big") % GROUPS


def side(found: Iterable[tuple[str, float]]) -> Side:
    """Of (unit, value) of each answer that is judged."""
    sums, counts = [0.0] * GROUPS, [0] * GROUPS
    for unit, value in found:
        group = group_of(unit)
        sums[group] += value
        counts[group] += 1
    return Side(tuple(sums), tuple(counts))


def total(sides: Sequence[Side]) -> Side:
    return reduce(Side.__add__, sides, Side())


def estimate(first: Side, second: Side, measure: Measure, tau: float, alpha: float = ALPHA) -> Estimate | None:
    """None while too little is known of one of them."""
    one, other = known(first), known(second)
    if one is None:
        return None
    if other is None:
        return None if measure.less_is_better else _far_below(first, one, second, measure, tau, alpha)
    root = 0.5 if measure.root else 1.0
    log, error = root * math.log(other.mean / one.mean), root * math.hypot(one.error, other.error)
    reach = student(half_width(error, tau, alpha), error, min(one.groups, other.groups) - 1)
    low, high = sorted(_share(log + by, measure) for by in (-reach, reach))
    figures = measure.figure(one.mean), measure.figure(other.mean)
    return Estimate(_share(log, measure), math.exp(log) * error, low, high, figures, (first.judged, second.judged))


def _far_below(first: Side, one: Known, second: Side, measure: Measure, tau: float, alpha: float) -> Estimate | None:
    """A second side that is right too seldom for a logarithm, or never: by the difference, and only where that shows it worse.

    What is never right has no spread of its own: it is taken to be known no better than the first side's would be by so many answers.
    """
    groups = sum(n > 0 for n in second.counts)
    if groups < LEAST:
        return None
    share, floor = second.mean / one.mean, one.error * math.sqrt(first.judged / second.judged)
    own = float(ratio(np.array(second.sums), np.array(second.counts, np.float64)).error) / one.mean
    error = math.hypot(share * one.error, max(own, floor))
    reach = student(half_width(error, tau, alpha), error, min(one.groups, groups) - 1)
    if share - 1 + reach >= 0:
        return None
    figures = measure.figure(one.mean), measure.figure(second.mean)
    low, high = max(share - 1 - reach, -1.0), share - 1 + reach
    return Estimate(share - 1, error, low, high, figures, (first.judged, second.judged))


def _share(log: float, measure: Measure) -> float:
    """The logarithm of a ratio as a share of the first one's level, more being better."""
    return -math.expm1(log) if measure.less_is_better else math.expm1(log)


class Known(NamedTuple):
    mean: float
    error: float  # a share of it
    groups: int


def known(one: Side) -> Known | None:
    """None while too little is known."""
    sums, counts = np.array(one.sums), np.array(one.counts, np.float64)
    there = counts > 0
    groups = int(there.sum())
    if groups < LEAST or sums.sum() <= 0:
        return None
    found = ratio(sums[there], counts[there])
    error = float(found.error / found.gain)
    return Known(float(found.gain), error, groups) if error <= SURE else None
