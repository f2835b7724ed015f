"""What a version knows of its own error: how good its answers to new rows will turn out, and how sure that is. numpy only.

The interval around an estimate is one for what the labels will show, not for a long-run mean. Four things make it wide: chance,
by the number of answers; how much windows differ beyond it; that the test the estimate was fitted on is finite; and how far
the rows are from the test's, by what the estimate missed on halves of the test that differ so much.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from tidemill.evaluation.estimate.expected import Expected, auc, log_losses, of_labels
from tidemill.evaluation.estimate.loss import LossModel
from tidemill.evaluation.estimate.places import ANSWER, Places
from tidemill.learning.measures import measure
from tidemill.tasks.tabular.probabilities import open_map
from tidemill.types import JsonObject

F8 = NDArray[np.float64]
I8 = NDArray[np.int64]
HALF = 0.5
"""So far from all rows is a half of them, as `Places.moved` counts it."""
OUTSIDE = 0.1
"""A window of which a greater share is beyond what the test had, in a column, is not what the estimate was measured on."""
LEVEL = 0.95


class Answers(NamedTuple):
    """Answers to rows: values (rows x 1) or each label's probability, the place of the label that was answered, and the columns."""

    told: F8
    answered: I8 | None
    columns: Mapping[str, Any]

    @property
    def answer(self) -> F8:
        """The answer as a column, see `tidemill.evaluation.estimate.places.ANSWER`."""
        many = self.told.shape[1]
        return self.told[:, 0] if many == 1 else self.told[:, 1] if many == 2 else self.told.max(axis=1)


class Guess(msgspec.Struct, frozen=True):
    """What is expected of answers: of labels by the ``map`` of their probabilities to those that come true, of values by models of
    their errors. ``costs``: rows the label that is answered, columns the one that is true."""

    map: JsonObject | None = None
    costs: tuple[tuple[float, ...], ...] = ()
    losses: Mapping[str, LossModel] = {}

    def chance(self, told: F8) -> F8:
        """How likely each label is."""
        assert self.map is not None
        return open_map(self.map)(told)

    def expected(self, metric: str, told: F8, answered: I8 | None, places: I8) -> Expected:
        """What each answer adds to a metric that is a mean."""
        if self.map is None:
            return self.losses[metric].of(places)
        if metric == "log_loss":
            return of_labels(log_losses(told), self.chance(told))
        return of_labels(np.asarray(self.costs, np.float64)[answered], self.chance(told))


class Spread(msgspec.Struct, frozen=True):
    """How far the truth was from the estimate where both were known: windows of the test, estimated without their own half of it.

    On the scale of means, squared: ``between`` windows beyond chance; ``own``: because the test is finite; ``shifted``: by column,
    on halves of the test. ``noise``: so many times the variance of independent answers is theirs.
    """

    windows: int
    noise: float
    between: float
    own: float
    shifted: Mapping[str, float] = {}
    inside: int = 0
    """Windows whose truth lay within the interval."""

    @property
    def reach(self) -> float:
        """Standard errors to each end: Student's, of as many windows as the error was measured on."""
        return student(self.windows)

    def steady(self, moved: Mapping[str, float]) -> float:
        """The part that more answers do not make smaller, of rows that differ so much from the test's."""
        shifted = (error * (moved.get(name, 0.0) / HALF) ** 2 for name, error in self.shifted.items())
        return self.between + self.own + max(shifted, default=0.0)


class Estimate(NamedTuple):
    """A figure as it is expected, with the interval in which that of the labels will lie. The rest is on the scale of means:
    ``mean``, ``chance`` (variance by the number of answers) and ``steady`` (the other parts, see `Spread`)."""

    metric: str
    value: float
    low: float
    high: float
    mean: float
    chance: float
    steady: float


class Estimator(msgspec.Struct, frozen=True):
    """Of one version, as its run keeps it. ``rows``: of the test; ``labels``: by text."""

    metric: str
    rows: int
    places: tuple[Places, ...]
    guess: Guess
    spreads: Mapping[str, Spread]
    labels: tuple[str, ...] = ()

    def bins(self, asked: Answers) -> I8:
        """rows x columns."""
        return bins_of(self.places, asked)

    def moved(self, bins: I8) -> dict[str, float]:
        """By column how far these rows are from the test's."""
        return {one.name: one.moved(bins[:, i]) for i, one in enumerate(self.places)}

    def beyond(self, asked: Answers) -> dict[str, float]:
        """By column that is asked the share of rows beyond what the test had, where that is too much to be measured."""
        shares = {one.name: one.beyond(asked.columns[one.name]) for one in self.places if one.name != ANSWER}
        return {name: share for name, share in shares.items() if share > OUTSIDE + 2 / self.rows}

    def estimates(self, asked: Answers) -> dict[str, Estimate]:
        """Every metric of these answers: of an AUC none, where nothing is told apart."""
        bins = self.bins(asked)
        moved = self.moved(bins)
        found = ((metric, self.of(metric, asked, bins)) for metric in self.spreads)
        return {
            metric: stated(metric, *one, self.spreads[metric], moved) for metric, one in found if math.isfinite(one[0])
        }

    def of(self, metric: str, asked: Answers, bins: I8) -> tuple[float, float]:
        """The mean as it is expected, and the variance of that of the labels were they independent."""
        if metric == "auc":
            return auc(asked.told[:, 1], self.guess.chance(asked.told)[:, 1])
        one = self.guess.expected(metric, asked.told, asked.answered, bins)
        return float(one.mean.mean()), float(one.variance.sum()) / len(one.mean) ** 2


def stated(metric: str, mean: float, variance: float, spread: Spread, moved: Mapping[str, float]) -> Estimate:
    """The estimate with its interval: on the scale that people read, and no end of it beyond what can be."""
    kind, chance, steady = measure(metric), spread.noise * variance, spread.steady(moved)
    reach = spread.reach * math.sqrt(chance + steady)
    low, high = max(mean - reach, 0.0), mean + reach
    if not kind.less_is_better:
        high = min(high, 1.0)
    return Estimate(metric, kind.figure(mean), kind.figure(low), kind.figure(high), mean, chance, steady)


def bins_of(places: Sequence[Places], asked: Answers) -> I8:
    """The bin of each row in each column: rows x columns."""
    return np.stack([one.place(_column(asked, one.name)) for one in places], axis=1)


def _column(asked: Answers, name: str) -> Any:
    return asked.answer if name == ANSWER else asked.columns[name]


def student(windows: int) -> float:
    """Student's quantile of `LEVEL` (Hill 1970's expansion of the normal one: no scipy where estimates are read).

    >>> round(student(4), 2), round(student(12), 2)
    (2.78, 2.18)
    """
    z, n = 1.959963984540054, float(max(windows, 2))
    a = (z**3 + z) / 4
    b = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    c = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    d = (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160
    return z + a / n + b / n**2 + c / n**3 + d / n**4
