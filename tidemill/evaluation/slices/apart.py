"""How much worse a part of the requests is answered, and how sure that is: as a share of the level that it is held against.

The independent unit is what is counted: requests of one unit stand or fall together (Cameron and Miller 2015). Bounds are the
outer ones of Student's and Johnson's (1978), which corrects for skewness. Few answers may be alike by chance, so that the spread
of a part is taken to be at least what `LIKE` more of them with the spread of the whole would make of it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tidemill.evaluation.groups import FEWEST, UNITS, enough
from tidemill.learning.measures import Measure

F8 = NDArray[np.float64]
I8 = NDArray[np.int64]
LIKE = 20
POWER_Z = 2.4864749
"""The quantile of 95 % and that of 80 % power together."""
Verdict = Literal["worse", "promoted", "not_enough_data"]
"""Shown worse by more than what is allowed; shown not to be; neither is shown."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A part beside something else. ``gap``: worse by this share of the other's level, below 0 where it is better."""

    n: int  # requests of the part
    units: int  # independent units of the part
    figure: float
    other: float
    gap: float
    error: float  # standard error, infinite of one unit
    skewness: float = 0.0  # of the whole sum

    def by_figure(self, kind: Measure) -> float:
        """What a share of means is as a share of figures: of a root half as much."""
        both = self.figure + self.other
        return self.other / both if kind.root and both > 0 else 1.0

    def bounds(self, confidence: float) -> tuple[float, float]:
        """(lower, upper): each one-sided, with this confidence."""
        from scipy.special import stdtrit

        if not math.isfinite(self.error):
            return -math.inf, math.inf
        t = float(stdtrit(self.units - 1, confidence))
        bent, reach = self.error * self.skewness / 6 * (1 + 2 * t * t), t * self.error
        return self.gap - reach + min(0.0, bent), self.gap + reach + max(0.0, bent)

    def verdict(self, margin: float, confidence: float, of: int = 1) -> Verdict:
        """Whether it is worse by more than the margin. ``of``: one of so many that are judged, so that all of them err seldom."""
        if not enough(self.n, self.units):
            return "not_enough_data"
        if self.bounds(1 - (1 - confidence) / of)[0] > margin:
            return "worse"
        return "promoted" if self.bounds(confidence)[1] < margin else "not_enough_data"

    def needed(self, margin: float) -> int:
        """How many requests of the part would show, in 4 of 5 such tests, that it is no worse than the other, if that is so."""
        if not math.isfinite(self.error):
            return FEWEST
        least = max(FEWEST, math.ceil(UNITS * self.n / self.units))
        return max(math.ceil((POWER_Z * self.error / margin) ** 2 * self.n), least)


def beside_whole(kind: Measure, part: F8, rows: NDArray[Any], whole: F8, units: I8) -> Gap:
    """A part of the requests beside all of them. ``part``: what each of its answers adds to the metric of the part.

    >>> from tidemill.learning.measures import measure
    >>> found = beside_whole(measure("mae"), np.array([3.0, 3.0]), np.array([0, 1]), np.array([3.0, 3.0, 1.0, 1.0]), np.arange(4))
    >>> found.gap, found.figure, found.other
    (0.5, 3.0, 2.0)
    """
    mean, all_of_it = float(part.mean()), float(whole.mean())
    level, moved = _level(kind, whole, all_of_it)
    gap = -kind.sign * (mean - all_of_it) / level
    own, rest = (part - mean) / len(part), (whole - all_of_it) / len(whole)
    mine, everybody = np.bincount(units[rows], own, int(units.max()) + 1), np.bincount(units, rest)
    added = -kind.sign * (mine - everybody) / level - gap * moved * everybody / level
    count = len(np.unique(units[rows]))
    spread = float(mine @ mine) * _free(count)
    like = float(everybody @ everybody) * len(whole) / len(part)
    shrunk = (len(part) * spread + LIKE * like) / (len(part) + LIKE)
    more = max(0.0, shrunk - spread) if count > 1 else math.inf
    return _told(kind, (len(part), count), mean, all_of_it, gap, added, more / level**2)


def paired(kind: Measure, own: F8, other: F8, units: I8, whole: Gap | None = None, at_none: bool = False) -> Gap:
    """One model beside another on the same requests, as a share of the other's level. ``whole``: the same of all requests, of which
    these are a part. ``at_none``: the error is the one that there is where both are alike, which is what shows that they are not: around
    the gap that is found it is smaller the larger that is.

    >>> from tidemill.learning.measures import measure
    >>> paired(measure("mae"), np.array([3.0, 3.0]), np.array([2.0, 2.0]), np.array([0, 1])).gap
    0.5
    """
    mean, theirs = float(own.mean()), float(other.mean())
    level, moved = _level(kind, other, theirs)
    moved = 0.0 if at_none else moved
    gap = -kind.sign * (mean - theirs) / level
    moves = -kind.sign * (own - other) - gap * level - gap * moved * (other - theirs)
    added = np.bincount(units, moves / level / len(own)).astype(np.float64)
    counts = len(own), len(np.unique(units))
    spread = float(added @ added) * _free(counts[1])
    like = (whole.error / whole.by_figure(kind)) ** 2 * whole.n / len(own) if whole and counts[1] > 1 else spread
    more = max(0.0, (len(own) * spread + LIKE * like) / (len(own) + LIKE) - spread) if counts[1] > 1 else math.inf
    return _told(kind, counts, mean, theirs, gap, added, more)


def reached(kind: Measure, values: F8, units: I8) -> tuple[float, float, float] | None:
    """The figure of these answers with its 95 % interval by unit; None of too few units."""
    from scipy.special import stdtrit

    mean = float(values.mean())
    sums = np.bincount(np.unique(units, return_inverse=True)[1], values - mean)
    if not enough(len(values), len(sums)):
        return None
    error = math.sqrt(float(sums @ sums) * _free(len(sums))) / len(values)
    reach = float(stdtrit(len(sums) - 1, 0.975)) * error
    low, high = (kind.figure(max(mean + by, 0.0) if kind.root else mean + by) for by in (-reach, reach))
    return kind.figure(mean), low, high


def _level(kind: Measure, other: F8, mean: float) -> tuple[float, float]:
    """What a share is one of, and whether it moves with the values; where the other's level is nothing a share is a plain difference."""
    return (mean - kind.zero, 1.0) if mean > kind.zero else (1.0, 0.0)


def _free(count: int) -> float:
    return count / (count - 1) if count > 1 else math.inf


def _told(kind: Measure, counts: tuple[int, int], mean: float, other: float, gap: float, added: F8, more: float) -> Gap:
    """``added``: what each unit adds to the gap; ``more``: variance beyond that."""
    own, theirs = kind.figure(mean), kind.figure(other)
    by_figure = (
        theirs / (own + theirs) if kind.root and own + theirs > 0 else 1.0
    )  # of a root the share is half as large
    squares = float(added @ added)
    skewness = float((added**3).sum()) / squares**1.5 if squares > 0 else 0.0
    error = math.sqrt(squares * _free(counts[1]) + more) if counts[1] > 1 else math.inf
    return Gap(*counts, own, theirs, gap * by_figure, error * by_figure, skewness)
