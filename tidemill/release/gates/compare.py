"""A candidate beside another on the same requests: how much better, in shares of the other's level, and how sure that is.

Requests of one subject are not independent: the subject is what is drawn and what is counted, across windows too. The gain
is a ratio of sums, its error the one of ratio estimates by clusters. A bound is the outer one of Student's over subjects
and Johnson's (1978), which corrects Student's for skewness: each alone promises too much on some kind of data. Where all of
a loss falls on very few subjects no bound at this size sees it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tidemill.errors import GateRefused, NotEnoughData
from tidemill.learning.intervals import ratio
from tidemill.learning.measures import measure
from tidemill.types import JsonObject

if TYPE_CHECKING:
    from tidemill.learning.evaluate import Scored

F8 = NDArray[np.float64]
POWER = 0.8
POWER_Z = 2.4864749
"""The quantile of 95 % and that of `POWER` together: a true change of so many errors is seen in 4 of 5 such tests."""
USUAL_SPREAD = 0.01
"""What a method's true gain differs by from window to window: what the shop's own windows show."""
CHANCE = 0.8
"""Windows differ by more than usual where so many of such tests would differ less."""
LEVEL = 0.95
"""Of the interval that is told."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Candidate less other, turned so that more is better; ``gain``, ``error`` and bounds as shares of the other's level."""

    metric: str
    candidate: float  # figures over all requests
    other: float
    gain: float
    error: float  # standard error, with the spread between windows where there are several
    low: float  # of the interval of `LEVEL`
    high: float
    requests: int
    subjects: int
    skewness: float = 0.0
    windows: int = 1
    unit: str = "subjects"  # what ``subjects`` counts: of a table without them days, or rows
    freedom: float | None = None  # degrees of freedom of the error; None: one less than subjects

    def bounds(self, confidence: float) -> tuple[float, float]:
        """(lower, upper): each one-sided, with this confidence."""
        from scipy.special import stdtrit

        bent = float(bend(self.error, self.skewness, self.subjects, self.degrees, confidence))
        reach = float(stdtrit(self.degrees, confidence)) * self.error
        return self.gain - reach + min(0.0, bent), self.gain + reach + max(0.0, bent)

    @property
    def degrees(self) -> float:
        """Degrees of freedom of the error."""
        return self.subjects - 1 if self.freedom is None else self.freedom

    @property
    def visible(self) -> float:
        """The least true change that would be seen in 4 of 5 such tests."""
        return POWER_Z * self.error

    def needed(self, margin: float) -> int:
        """How many requests such a test needs to see a change of this size.

        >>> Comparison("recall@20", .3, .3, 0., .0145, -.03, .03, 400, 270).needed(.02)
        1300
        """
        return math.ceil((POWER_Z * self.error / margin) ** 2 * self.requests) if margin > 0 else 0

    @property
    def power(self) -> str:
        """What such a test can see, in words."""
        return f"minimum detectable change {self.visible * 100:.1f} % (95 % confidence, 80 % power)"

    def json(self) -> JsonObject:
        return {**asdict(self), "difference": measure(self.metric).sign * (self.candidate - self.other)}


def compare(metric: str, candidate: Scored, other: Scored) -> Comparison:
    """Two models on the same requests of one window.

    Raises NotEnoughData when there is nothing to compare; GateRefused when the two were not asked the same, or a value is
    not a number.
    """
    return pooled(metric, [(candidate, other)])


def pooled(metric: str, pairs: Sequence[tuple[Scored, Scored]]) -> Comparison:
    """Two methods over several windows: the error has the spread of the true gain between windows in it. Raises as `compare`."""
    kind, parts = measure(metric), [_checked(*pair) for pair in pairs]
    new, old, units = (np.concatenate([part[place] for part in parts]) for place in range(3))
    gain = kind.sign * (new - old)
    names, codes = np.unique(units, return_inverse=True)
    unit = pairs[0][0].unit
    if len(names) < 2:
        raise NotEnoughData(
            f"fewer than two {unit} in the test window: nothing can be compared", hint="a longer split.test"
        )
    found = ratio(*_by(codes, gain, _level(old - kind.zero)))
    error: Any = found.error
    freedom: Any = len(names) - 1
    if len(parts) > 1:
        error, freedom = with_spread(found.error, *_alone(kind.sign, kind.zero, parts), len(parts), len(names))
    by_figure = 1.0
    figures = kind.figure(float(new.mean())), kind.figure(float(old.mean()))
    if kind.root and figures[1] > 0:  # of a root the share is half as large
        by_figure = figures[1] / (figures[0] + figures[1])
    share, error = float(found.gain) * by_figure, float(error) * by_figure
    counts = len(new), len(names)
    told = metric, *figures, share, error, share, share, *counts, float(found.skewness), len(pairs), unit
    return _bounded(Comparison(*told, freedom=float(freedom)))


def _bounded(found: Comparison) -> Comparison:
    """With its interval."""
    low, high = found.bounds((1 + LEVEL) / 2)
    return replace(found, low=low, high=high)


def weighed(gains: Sequence[Any], errors: Sequence[Any]) -> tuple[Any, Any]:
    """Independent estimates as one, each weighed by the inverse of its variance, and the error of that; also of arrays.

    >>> [round(float(x), 4) for x in weighed([0.03, 0.0], [0.02, 0.01])]
    [0.006, 0.0089]
    """
    weights = [1 / np.maximum(error, 1e-9) ** 2 for error in errors]
    total = sum(weights)
    return sum(w * gain for w, gain in zip(weights, gains)) / total, total**-0.5


def together(window: Comparison, pairs: Comparison, spread: float = 0.0) -> Comparison:
    """What a gate's window and live pairs say together, each weighed by the inverse of its variance.

    ``spread``: how much a true gain differs from window to window, for the pairs are one more. Subjects are those of the larger
    part: the same ones may be in both.

    >>> one = Comparison("recall@20", .3, .29, .03, .02, -.01, .07, 300, 200)
    >>> found = together(one, one); found.gain, round(found.error / one.error, 4), found.requests
    (0.03, 0.7071, 600)
    """
    kind, parts = measure(window.metric), (window, pairs)
    errors = [window.error, math.hypot(pairs.error, spread)]
    gain, error = map(float, weighed([part.gain for part in parts], errors))
    requests, subjects = window.requests + pairs.requests, max(window.subjects, pairs.subjects)
    third = sum((error**2 / max(e, 1e-9)) ** 3 * p.skewness / math.sqrt(p.subjects) for e, p in zip(errors, parts))
    skewness = third * math.sqrt(subjects) / error**3
    candidate, other = (
        kind.figure(sum(kind.mean(getattr(part, name)) * part.requests for part in parts) / requests)
        for name in ("candidate", "other")
    )
    found = replace(window, candidate=candidate, other=other, gain=gain, error=error, skewness=skewness)
    unsure = sum((error**2 / max(e, 1e-9) ** 2) ** 2 / p.degrees for e, p in zip(errors, parts))
    return _bounded(replace(found, requests=requests, subjects=subjects, freedom=1 / unsure))


def _by(codes: NDArray[np.int64], *columns: F8) -> list[F8]:
    """Sums by cluster."""
    return [np.bincount(codes, column).astype(np.float64) for column in columns]


def _level(old: F8) -> F8:
    """What a share is one of; where the other's level is nothing a share is a plain difference."""
    return old if old.sum() > 0 else np.ones_like(old)


def _alone(sign: float, zero: float, parts: Sequence[tuple[F8, F8, NDArray[Any]]]) -> tuple[F8, F8]:
    """The gain of each window alone, and its error."""
    each = []
    for new, old, units in parts:
        names, codes = np.unique(units, return_inverse=True)
        if len(names) > 1:  # of one unit nobody knows the error: it is in the whole's, as one unit
            each.append(ratio(*_by(codes, sign * (new - old), _level(old - zero))))
    return np.array([one.gain for one in each], np.float64), np.array([one.error for one in each], np.float64)


def with_spread(error: F8, shares: F8, errors: F8, windows: int, groups: int) -> tuple[Any, Any]:
    """(error, degrees of freedom) of the whole with the spread of the true gain between windows in it.

    ``shares`` and ``errors``: of the windows alone (the last axis). The usual spread is taken as known. What they differ by
    beyond that, and beyond chance, is known by so few windows alone (Satterthwaite's degrees of freedom).
    """
    beyond = _beyond(shares, errors)
    variance = error**2 + (USUAL_SPREAD**2 + beyond) / windows
    unsure = (beyond / windows) ** 2 / (windows - 1) + error**4 / (groups - 1)
    return np.sqrt(variance), variance**2 / np.maximum(unsure, 1e-9 * variance**2)


def _beyond(shares: F8, errors: F8) -> Any:
    """The variance between windows above what the usual spread and chance would make of it in `CHANCE` of such tests."""
    from scipy.special import chdtri

    free = shares.shape[-1] - 1
    if free < 1:
        return 0.0
    by_chance = float(chdtri(free, 1 - CHANCE)) / free * (USUAL_SPREAD**2 + (errors**2).mean(-1))
    return np.maximum(0.0, shares.var(-1, ddof=1) - by_chance)


def bend(error: Any, skewness: Any, groups: int, freedom: Any, confidence: float) -> Any:
    """What Johnson's bound adds to Student's."""
    from scipy.special import stdtrit

    t = stdtrit(freedom, confidence)
    return error * skewness / (6 * math.sqrt(groups)) * (1 + 2 * t * t)


def _checked(candidate: Scored, other: Scored) -> tuple[F8, F8, NDArray[Any]]:
    new, old = np.asarray(candidate.values, np.float64), np.asarray(other.values, np.float64)
    if not len(new):
        raise NotEnoughData("no request in the test window", hint="a longer split.test, or more data")
    if not np.array_equal(candidate.units, other.units) or not np.array_equal(candidate.at, other.at):
        raise GateRefused("the two models were not asked the same requests")
    for who, values in (("candidate", new), ("other", old)):
        wrong = int((~np.isfinite(values)).sum())
        if wrong:
            raise GateRefused(f"{wrong} of {len(values)} values of the {who} are not numbers")
    return new, old, np.asarray(candidate.units)
