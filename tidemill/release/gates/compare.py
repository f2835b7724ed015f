"""A candidate against another on the same requests: how much better, how sure, and what such a test could have seen.

Requests of one subject are not independent: the subject is what is drawn and what is counted. The lower bound is
the lowest of three: the paired bootstrap's, Student's over subjects, and Johnson's (1978), which corrects Student's
for skewness; each alone passes an inferior candidate more often than promised on some kind of data. Together they
keep the promise where a loss is spread over the subjects; where all of it falls on very few, no bound at this size
does.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tidemill.errors import GateRefused
from tidemill.learning.measures import Measure, measure
from tidemill.types import JsonObject

if TYPE_CHECKING:
    from tidemill.learning.evaluate import Scored

POWER = 0.8


@dataclass(frozen=True, slots=True)
class Comparison:
    """Candidate minus other, in the metric's unit and turned so that more is better; ``slack`` is what may be lost."""

    metric: str
    candidate: float  # mean over requests
    other: float
    difference: float
    low: float  # one-sided lower bound of the difference plus the slack: above 0, the claim holds
    slack: float  # what the candidate may be worse by
    confidence: float
    requests: int
    subjects: int
    error: float  # standard error of the difference plus the slack, over subjects
    visible: float  # the least true change that would be seen in 4 of 5 such tests

    @property
    def sure(self) -> bool:
        """The candidate is better than the other less the slack, with this confidence."""
        return self.low > 0 or (self.slack > 0 and self.low == 0)

    @property
    def if_equal(self) -> float:
        """The chance that a candidate which is exactly as good passes."""
        from scipy.special import ndtr, ndtri

        if self.error == 0:
            return 1.0 if self.slack > 0 else 0.0
        return float(ndtr(self.slack / self.error - ndtri(self.confidence)))

    def power(self, direction: str) -> str:
        """What such a test can see, in words.

        >>> c = Comparison("ndcg@10", .3, .3, 0., -.01, .006, .95, 310, 205, .012, .03)
        >>> c.power("loss")
        'with 310 requests of 205 subjects it can see a loss of 3.0 points'
        """
        return (
            f"with {self.requests} requests of {self.subjects} subjects it can see a {direction} of "
            f"{measure(self.metric).amount(self.visible)}"
        )

    def json(self) -> JsonObject:
        return {**asdict(self), "if_equal": self.if_equal}


def compare(
    metric: str,
    candidate: Scored,
    other: Scored,
    *,
    seed: int,
    confidence: float,
    margin: float = 0.0,
) -> Comparison:
    """Paired over requests, drawn by subject. ``margin`` is the share of the other's mean that may be lost.

    Raises GateRefused when there is nothing to compare, the two were not asked the same, or a value is not a number.
    """
    new, old, units = _checked(candidate, other)
    kind = measure(metric)
    floor = kind.worse(old, margin)  # what must be reached, a request
    gain = kind.sign * (new - floor)
    low, error, subjects = lower_bound(gain, units, seed=seed, confidence=confidence)
    from scipy.special import ndtri

    means = kind.figure(float(new.mean())), kind.figure(float(old.mean()))
    unit = _unit(kind, float(np.mean(old)), float(np.mean(floor)))
    return Comparison(
        metric=metric,
        candidate=means[0],
        other=means[1],
        difference=kind.sign * (means[0] - means[1]),
        low=low * unit,
        slack=abs(float(np.mean(floor)) - float(np.mean(old))) * unit,
        confidence=confidence,
        requests=len(new),
        subjects=subjects,
        error=error * unit,
        visible=float(ndtri(confidence) + ndtri(POWER)) * error * unit,
    )


def _unit(kind: Measure, old: float, floor: float) -> float:
    """What the figure changes by where its mean changes by one, between these two means: 1 unless a root is taken.

    >>> _unit(measure("mae"), 9.0, 16.0), _unit(measure("rmse"), 9.0, 16.0) * (16.0 - 9.0)
    (1.0, 1.0)
    """
    roots = kind.figure(old) + kind.figure(floor)
    return 1 / roots if kind.root and roots > 0 else 1.0


def lower_bound(
    gain: NDArray[np.float64], units: NDArray[Any], *, seed: int, confidence: float
) -> tuple[float, float, int]:
    """(one-sided lower bound of the mean gain, its standard error over units, how many units). Needs two units."""
    from scipy.special import stdtrit

    from tidemill.learning.intervals import paired_bootstrap

    names, codes = np.unique(units, return_inverse=True)
    groups = len(names)
    if groups < 2:
        raise GateRefused(f"{groups} subject in the test window: nothing can be compared", hint="a longer split.test")
    n = len(gain)
    mean = float(gain.mean())
    sums = np.bincount(codes, gain) - mean * np.bincount(codes)
    error = math.sqrt(float((sums**2).sum()) * groups / (groups - 1)) / n
    if error == 0:
        return mean, 0.0, groups
    drawn = paired_bootstrap(gain, np.zeros_like(gain), units, seed, level=2 * confidence - 1).low
    t = float(stdtrit(groups - 1, confidence))
    student = mean - t * error
    skewness = float(np.mean((sums / np.sqrt(np.mean(sums**2))) ** 3))
    johnson = student + error * skewness / (6 * math.sqrt(groups)) * (1 + 2 * t * t)
    return min(float(drawn), student, johnson), error, groups


def _checked(candidate: Scored, other: Scored) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[Any]]:
    new, old = np.asarray(candidate.values, np.float64), np.asarray(other.values, np.float64)
    if not len(new):
        raise GateRefused("no request in the test window", hint="a longer split.test, or more data")
    if not np.array_equal(candidate.units, other.units) or not np.array_equal(candidate.at, other.at):
        raise GateRefused("the two models were not asked the same requests")
    for who, values in (("candidate", new), ("other", old)):
        wrong = int((~np.isfinite(values)).sum())
        if wrong:
            raise GateRefused(f"{wrong} of {len(values)} values of the {who} are not numbers")
    return new, old, np.asarray(candidate.units)
