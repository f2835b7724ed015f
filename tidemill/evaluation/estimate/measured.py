"""The estimator of a version, fitted to its test, and how far it is off, measured on windows that it was not fitted to. numpy and scipy.

The test is cut in two halves, older and newer; what is fitted to one estimates windows of the other. The difference to what was
true is the estimator's own error, and what is kept is fitted to both.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from tidemill.errors import NotEnoughData
from tidemill.evaluation.estimate.estimator import Answers, Estimator, Guess, Spread, bins_of, student
from tidemill.evaluation.estimate.expected import auc
from tidemill.evaluation.estimate.loss import fit_loss
from tidemill.evaluation.estimate.places import ANSWER, Places
from tidemill.learning.intervals import auc_values
from tidemill.learning.measures import measure
from tidemill.learning.rows import evenly
from tidemill.tasks.tabular.calibrate import fit_map
from tidemill.types import JsonObject

F8 = NDArray[np.float64]
I8 = NDArray[np.int64]
LEAST, MOST, MOST_COLUMNS = 60, 4_000, 20
"""Answers that the estimator is fitted to; columns that it looks at."""
WINDOW, FEWEST, MANY = 40, 4, 12
"""The test is cut into windows of about so many answers: at least and at most so many windows."""


class OfTest(NamedTuple):
    """A test's answers in the order of their time, what was true, whose they were, and what each added to the metrics."""

    asked: Answers
    truth: F8
    units: Any
    losses: Mapping[str, F8]
    at: I8

    @property
    def n(self) -> int:
        return len(self.truth)

    def take(self, which: I8) -> OfTest:
        told, answered, columns = self.asked
        asked = Answers(
            told[which], None if answered is None else answered[which], {n: c[which] for n, c in columns.items()}
        )
        losses = {name: values[which] for name, values in self.losses.items()}
        return OfTest(asked, self.truth[which], self.units[which], losses, self.at[which])


class Past(NamedTuple):
    """A window of the test: its first moment, answers, the estimate with its interval, and what was true."""

    at: int
    n: int
    value: float
    low: float
    high: float
    truth: float
    inside: bool


class Fitted(NamedTuple):
    estimator: Estimator
    past: Mapping[str, list[Past]]  # by metric


def fit(tested: OfTest, metric: str, labels: Sequence[str] = (), costs: Sequence[Sequence[float]] = ()) -> Fitted:
    """The estimator with its own error. Raises NotEnoughData where there are too few answers."""
    n = tested.n
    if n < LEAST:
        raise NotEnoughData(
            f"an estimate before labels needs {LEAST} answers of the test, and there are {n}",
            hint="a longer split.test",
        )
    tested = tested.take(np.asarray(evenly(n, MOST)))
    names = list(tested.asked.columns)[:MOST_COLUMNS]
    places = (Places.of(ANSWER, tested.asked.answer), *(Places.of(one, tested.asked.columns[one]) for one in names))
    bins = bins_of(places, tested.asked)
    crossed = _crossed(tested, bins, places, costs)
    spreads, past = {}, {}
    for name in [*tested.losses, *(["auc"] if len(labels) == 2 else [])]:
        found = _spread(name, tested, crossed, bins, places)
        if found is not None:
            spreads[name], past[name] = found
    guess = _guess(tested, bins, places, costs)
    return Fitted(Estimator(metric, tested.n, places, guess, spreads, tuple(labels)), past)


def _guess(tested: OfTest, bins: I8, places: Sequence[Places], costs: Sequence[Sequence[float]]) -> Guess:
    if tested.asked.answered is not None:
        return Guess(fit_map(tested.asked.told, tested.truth), tuple(map(tuple, costs)))
    many = [one.bins for one in places]
    return Guess(losses={name: fit_loss(values, bins, many) for name, values in tested.losses.items()})


class _Crossed(NamedTuple):
    """What each answer was expected to add, by what was fitted to the other half: by metric; and of each label how likely it is."""

    mean: Mapping[str, F8]
    variance: Mapping[str, F8]
    chance: F8 | None


def _crossed(tested: OfTest, bins: I8, places: Sequence[Places], costs: Sequence[Sequence[float]]) -> _Crossed:
    order = np.arange(tested.n)
    halves = np.array_split(order, 2)
    mean = {name: np.empty(len(order)) for name in tested.losses}
    variance = {name: np.empty(len(order)) for name in tested.losses}
    chance = None if tested.asked.answered is None else np.empty_like(tested.asked.told)
    for own, other in (halves, halves[::-1]):
        guess, part = _guess(tested.take(other), bins[other], places, costs), tested.take(own).asked
        for name in tested.losses:
            one = guess.expected(name, part.told, part.answered, bins[own])
            mean[name][own], variance[name][own] = one
        if chance is not None:
            chance[own] = guess.chance(part.told)
    return _Crossed(mean, variance, chance)


class _Off(NamedTuple):
    """Of some rows: what was expected, its variance by chance, and what was true; on the scale of means."""

    mean: float
    variance: float
    truth: float

    @property
    def square(self) -> float:
        return (self.truth - self.mean) ** 2


def _spread(
    metric: str, tested: OfTest, crossed: _Crossed, bins: I8, places: Sequence[Places]
) -> tuple[Spread, list[Past]] | None:
    """The error of one metric, and the windows that it was measured on; None where no window has both labels."""
    off = _auc_of(tested, crossed) if metric == "auc" else _mean_of(metric, tested, crossed)
    windows = [(rows, found) for rows in _windows(tested.n) if (found := off(rows)) is not None]
    whole = off(np.arange(tested.n))
    if whole is None or len(windows) < 2:
        return None
    noise = _noise(metric, tested, crossed)
    beyond = [found.square - noise * found.variance for _, found in windows]
    spread = Spread(
        windows=len(windows),
        noise=noise,
        between=max(float(np.mean(beyond)), 0.0),
        own=noise * whole.variance,
        shifted={one.name: _halves(bins[:, i], one, off, noise) for i, one in enumerate(places)},
    )
    past = [_past(metric, tested, rows, found, spread) for rows, found in windows]
    return msgspec.structs.replace(spread, inside=sum(one.inside for one in past)), past


def _past(metric: str, tested: OfTest, rows: I8, found: _Off, spread: Spread) -> Past:
    kind = measure(metric)
    reach = student(spread.windows) * math.sqrt(spread.noise * found.variance + spread.between + spread.own)
    value, low, high, truth = (
        kind.figure(x) for x in (found.mean, max(found.mean - reach, 0.0), found.mean + reach, found.truth)
    )
    return Past(int(tested.at[rows[0]]), len(rows), value, low, high, truth, abs(found.truth - found.mean) <= reach)


def _windows(n: int) -> Iterator[I8]:
    many = min(max(n // WINDOW, FEWEST), MANY)
    yield from np.array_split(np.arange(n), many)


def _mean_of(metric: str, tested: OfTest, crossed: _Crossed) -> Callable[[I8], _Off | None]:
    losses, mean, variance = tested.losses[metric], crossed.mean[metric], crossed.variance[metric]

    def off(rows: I8) -> _Off:
        return _Off(float(mean[rows].mean()), float(variance[rows].sum()) / len(rows) ** 2, float(losses[rows].mean()))

    return off


def _auc_of(tested: OfTest, crossed: _Crossed) -> Callable[[I8], _Off | None]:
    told, true = tested.asked.told[:, 1], tested.truth > 0
    assert crossed.chance is not None
    chance = crossed.chance[:, 1]

    def off(rows: I8) -> _Off | None:
        if true[rows].all() or not true[rows].any():
            return None
        return _Off(*auc(told[rows], chance[rows]), float(auc_values(told[rows], true[rows]).mean()))

    return off


def _noise(metric: str, tested: OfTest, crossed: _Crossed) -> float:
    """How many times the expected variance of independent answers is theirs, those of one unit together. At least 1."""
    name = metric if metric in tested.losses else "log_loss"
    _, units = np.unique(tested.units, return_inverse=True)
    sums = np.bincount(units, tested.losses[name] - crossed.mean[name])
    expected = float(crossed.variance[name].sum())
    return max(1.0, float((sums**2).sum()) / expected) if len(sums) > 1 and expected > 0 else 1.0


def _halves(bins: I8, place: Places, off: Callable[[I8], _Off | None], noise: float) -> float:
    """What the estimate missed, squared and beyond chance, on two halves of the rows that this column makes: low and high, or frequent and rare."""
    order = np.argsort(bins, kind="stable")
    ends = np.flatnonzero(np.diff(bins[order])) + 1  # rows of one bin stay together
    if not len(ends):
        return 0.0
    cut = int(ends[np.abs(ends - len(order) / 2).argmin()])
    found = [one for rows in (order[:cut], order[cut:]) if len(rows) >= WINDOW // 2 and (one := off(rows)) is not None]
    return max(float(np.mean([one.square - noise * one.variance for one in found])), 0.0) if found else 0.0


def told_of(fitted: Fitted) -> JsonObject:
    """As the run keeps it: `Estimator` under ``estimator``, and by metric the windows that its error was measured on."""
    past = {name: [one._asdict() for one in windows] for name, windows in fitted.past.items()}
    return {"estimator": msgspec.to_builtins(fitted.estimator), "past": past}
