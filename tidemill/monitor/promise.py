"""What a version promised, and by how much a window's answers miss it.

The promise is the worse end of the interval that the version was evaluated with. A window's shortfall is told in shares
of the promise: 0 is kept, 0.2 a fifth worse. It is taken on the scale on which answers average (of RMSE the squares).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tidemill.learning.measures import Measure

WORST = 10.0
"""An answer's error counts at most so many times the promised mean."""
LEAST_LOSS = 0.03
"""The least loss that is looked for, as a share of the promise: a difference below it is of no use to anybody."""
PRIOR = 100.0
"""So many subjects the evaluation is worth where a window says how much answers differ: few say little of it, and where
errors have heavy tails a window that looks bad looks unsure too, which hides the loss."""
_Z = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Promise:
    """What the version promised, on the scale of means."""

    mean: float  # what is promised: the worse end
    estimate: float  # what the evaluation found
    variance: float | None  # of one answer, subjects' clusters included, by the width of that interval

    @classmethod
    def of(cls, metrics: Mapping[str, Any], measure: Measure) -> Promise | None:
        """None where the version was not evaluated, or promised what nothing could fall short of."""
        figure = promised(metrics, measure)
        if not figure:
            return None
        found, mean = metrics[measure.name], measure.mean
        n, variance = metrics.get("n"), None
        if n and len(found) > 2:
            variance = ((mean(float(found[2])) - mean(float(found[1]))) / (2 * _Z)) ** 2 * float(n)
        return cls(mean(figure), mean(float(found[0])), variance)


@dataclass(frozen=True, slots=True)
class Shortfall:
    """How far a window's answers are behind the promise."""

    share: float  # of the promise; below 0 they are better
    error2: float  # the square of its standard error
    answers: int
    subjects: int  # 0: nobody says one, and each answer stands for itself

    @property
    def units(self) -> int:
        """What counts as independent."""
        return self.subjects or self.answers


def promised(metrics: Mapping[str, Any], measure: Measure) -> float | None:
    """The worse end of the interval that the version was evaluated with, if it was.

    >>> from tidemill.learning.measures import MEASURES, measure
    >>> promised({"recall@20": [0.31, 0.29, 0.33]}, measure("recall@20"))
    0.29
    >>> promised({"mae": [12.0, 11.0, 13.0]}, MEASURES["mae"])
    13.0
    """
    found = metrics.get(measure.name)
    if not isinstance(found, (list, tuple)) or len(found) < (3 if measure.less_is_better else 2):
        return None
    if measure.less_is_better:
        return float(found[2]) if found[2] > 0 else None
    return min(max(float(found[1]), 0.0), 1.0)


def blind_below(metrics: Mapping[str, Any], measure: Measure) -> float | None:
    """The loss, as a share of what was evaluated, up to which the promise still counts as kept.

    >>> from tidemill.learning.measures import MEASURES, measure
    >>> round(blind_below({"recall@20": [0.30, 0.27, 0.33]}, measure("recall@20")), 3)
    0.127
    >>> round(blind_below({"mae": [10.0, 9.0, 11.0]}, MEASURES["mae"]), 3)
    0.133
    """
    promise = Promise.of(metrics, measure)
    if promise is None or promise.estimate <= 0:
        return None
    seen = measure.figure(worse(measure, promise.mean, LEAST_LOSS)) / measure.figure(promise.estimate)
    return max(measure.sign * (1 - seen), 0.0)


def nothing_shown(blind: float | None) -> str:
    """What no alarm means: never that nothing was lost.

    >>> nothing_shown(0.12), nothing_shown(None)
    ('no loss of 3 % or more shown; blind below 12 %', 'no loss of 3 % or more shown')
    """
    said = f"no loss of {LEAST_LOSS * 100:.0f} % or more shown"
    return said if blind is None else f"{said}; blind below {blind * 100:.0f} %"


def worse(measure: Measure, mean: float, share: float) -> float:
    """The mean that falls short of this one by the share of it.

    >>> from tidemill.learning.measures import MEASURES, measure
    >>> worse(measure("recall@20"), 0.5, 0.2), worse(MEASURES["mae"], 10.0, 0.2)
    (0.4, 12.0)
    """
    return mean * (1 - measure.sign * share)


def capped(measure: Measure, promise: float | None, values: Sequence[float]) -> Sequence[float]:
    """Errors no larger than `WORST` times the promise, so that one mad outcome decides nothing; shares as they are.

    >>> from tidemill.learning.measures import MEASURES
    >>> capped(MEASURES["mae"], 2.0, [1.0, 99.0])
    [1.0, 20.0]
    """
    if not measure.less_is_better or promise is None:
        return values
    most = WORST * measure.mean(promise)
    return [min(value, most) for value in values]


def shortfall(measure: Measure, promise: Promise, values: Sequence[float], subjects: Sequence[str]) -> Shortfall | None:
    """Of a window's answers, each with its subject ("": none is said); None of no answer.

    >>> from tidemill.learning.measures import measure
    >>> found = shortfall(measure("recall@20"), Promise(0.5, 0.6, 0.0), [0.4, 0.4], ["a", "b"])
    >>> round(found.share, 3), found.error2, found.subjects
    (0.2, 0.0, 2)
    """
    if not values:
        return None
    found = np.asarray(values, np.float64)
    if measure.less_is_better:
        found = np.minimum(found, WORST * promise.mean)
    named = len({name for name in subjects if name})
    groups = [name or index for index, name in enumerate(subjects)]  # nobody's answers stand each for itself
    share = -measure.sign * (float(found.mean()) - promise.mean) / promise.mean
    return Shortfall(share, _error2(measure, promise, found, groups), len(found), named)


def _error2(measure: Measure, promise: Promise, values: Any, groups: Sequence[str | int]) -> float:
    """The square of the mean's standard error in shares of the promise: the larger of the answers' and the subjects',
    drawn to what the evaluation says where there are few of them."""
    n, scale = len(values), promise.mean**2
    _, codes = np.unique([str(name) for name in groups], return_inverse=True)
    sums = np.bincount(codes, values - values.mean())
    units = len(sums)
    prior = promise.variance if promise.variance is not None else _most(measure, promise)
    if units < 2:
        return prior / n / scale
    by_subject = float((sums**2).sum()) * units / (units - 1) / n**2
    by_answer = float(values.var(ddof=1)) / n
    return float(drawn_to(prior / n, max(by_subject, by_answer), units)) / scale


def drawn_to(prior: Any, own: Any, units: Any) -> Any:
    """A squared standard error as so many units show it, drawn to what was known before.

    >>> drawn_to(2.0, 1.0, 101), drawn_to(2.0, 1.0, 1)
    (1.5, 2.0)
    """
    return ((units - 1) * own + PRIOR * prior) / (units - 1 + PRIOR)


def _most(measure: Measure, promise: Promise) -> float:
    """Where the evaluation says nothing: the most that a share's variance can be; that of an exponential error."""
    return promise.mean**2 if measure.less_is_better else promise.mean * (1 - promise.mean)
