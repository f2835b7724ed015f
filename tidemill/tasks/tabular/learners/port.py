"""The port of a learner of tables: what it learns from, and what one must bring. numpy only."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tidemill.learning.space import Choice
from tidemill.store.artifacts.codecs import Bundle
from tidemill.tasks.port import Unit
from tidemill.tasks.tabular.inputs import Input
from tidemill.types import JsonObject

F8 = NDArray[np.float64]
Row = F8 | Sequence[float]
Bounds = tuple[float | None, float | None]


def held(told: F8, bounds: Bounds) -> F8:
    """Values within their bounds.

    >>> held(np.array([-1.0, 5.0]), (0.0, None)).tolist()
    [0.0, 5.0]
    """
    low, high = bounds
    told = told if low is None else np.maximum(told, low)
    return told if high is None else np.minimum(told, high)


class Terms(NamedTuple):
    """What the scores of encoded rows add up from, where a learner can say it without trying.

    ``of``: rows x outputs x (inputs + 1), what each column adds and last the base; ``score``: rows x outputs, by another way than the sum;
    ``link``: scores → what `Asked.rows` answers; ``unit``: the scale of scores (`tidemill.tasks.port.Explanation`).
    """

    of: Callable[[F8], F8]
    score: Callable[[F8], F8]
    link: Callable[[F8], F8]
    unit: Unit
    method: str


class Asked(NamedTuple):
    """How a fitted learner answers encoded rows: with one value; or the probability of each label, of two labels that of the second.

    ``row``: one row, safe for threads and quick; ``rows``: a matrix of them → rows x outputs. They agree to 1e-9.
    ``terms``: what its scores add up from; None of one that nobody looks into.
    """

    row: Callable[[Row], F8]
    rows: Callable[[F8], F8]
    terms: Terms | None = None
    tried: Callable[[F8, float], F8] | None = None
    """`rows` of one that may hang, by a moment (of `time.monotonic`): as many are asked as an explanation needs."""


@dataclass(frozen=True)
class Problem:
    """What a learner learns from: rows in the order of time, encoded; the value, or the place of the label, of each.

    ``inputs`` says what each column of ``x`` is; NaN is what is missing, of categories `Input.other` what is rare or unknown.
    """

    x: F8
    y: F8
    inputs: tuple[Input, ...]
    labels: list[Any] | None = None
    monotone: Mapping[str, int] = field(default_factory=dict)
    """Inputs with which the answer may only rise (1) or only fall (-1): the value, or of two labels the second one's probability."""

    given: object = None
    """Of a learner that is not built in: `tidemill.learning.given`."""
    weights: F8 | None = None
    """How much each label's rows count; what a learner of such rows answers is put right by `tidemill.tasks.tabular.probabilities`."""

    start: Bundle | None = None
    """What the fit begins from (`tidemill.tasks.tabular.begun`): a bundle of the same learner, of these inputs."""

    bounds: Bounds = (None, None)
    """The least and the greatest that a value can be, where that is known: answers are held within."""

    each: F8 | None = None
    """How much each row counts beside that: what it moves is meant, and is not taken back."""

    @property
    def by_row(self) -> F8 | None:
        """`weights` of each row, times `each`."""
        own = None if self.weights is None else self.weights[self.y.astype(np.int64)]
        return self.each if own is None else own if self.each is None else own * self.each

    @property
    def ways(self) -> list[int]:
        """`monotone` of each column."""
        return [self.monotone.get(one.name, 0) for one in self.inputs]

    @property
    def categories(self) -> list[int]:
        """The columns that hold places of categories."""
        return [place for place, one in enumerate(self.inputs) if one.kind == "category"]


def nothing(task: str, metric: str) -> JsonObject:
    """The hyper-parameters of a learner that has none."""
    return {}


def same(told: F8) -> F8:
    """The link of scores that are the answer."""
    return told


def logistic(score: F8) -> F8:
    """Log-odds → the probability of the second label."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(score, -700.0, 700.0))))


def softmax(score: F8) -> F8:
    """Log-odds of each label → its probability."""
    odds = np.exp(score - score.max(axis=-1, keepdims=True))
    return np.asarray(odds / odds.sum(axis=-1, keepdims=True))


@dataclass(frozen=True)
class Learner:
    """A learner: how it is fitted to files of data, and how these answer. Promise: deterministic; `open` imports numpy at most.

    ``fit``: (recipe, problem) → the files of a bundle; raises ModelError. ``open``: a bundle → how it answers; raises ModelError.
    """

    fit: Callable[[JsonObject, Problem], dict[str, bytes]]
    open: Callable[[Bundle], Asked]
    defaults: Callable[[str, str], JsonObject] = nothing
    """(task, metric) → its hyper-parameters, where nothing is known of the rows."""
    space: Callable[[str, str], Mapping[str, Choice]] = lambda task, metric: {}
    """(task, metric) → where a search looks for better ones."""
    first: Callable[[str, str], Sequence[JsonObject]] = lambda task, metric: ()
    """(task, metric) → points of it that are tried before it is explored."""
    series: bool = False
    """Whether it asks whose row it is: the last input is then the subject."""
    weighs: bool = False
    """Whether it learns by `Problem.weights`."""
    libraries: tuple[str, ...] = ()
    """The distributions that fit it."""
