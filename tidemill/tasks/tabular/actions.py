"""What can be changed about a row, and which rows there are: made with a fit where columns are named actionable. numpy only.

A bundle holds no row of anybody. It holds for each number its quantiles, for each category how frequent it is, and how all of
them go together: the correlation of their normal scores and of the categories' indicators. So a row is as far from those that were
learned from as its squared Mahalanobis distance says, beside the distances that these have themselves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import NormalDist
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from tidemill.tasks.tabular.inputs import Input
from tidemill.types import JsonObject

F8 = NDArray[np.float64]
FILE = "actions.json"
Way = Literal["up", "down", "any"]
POINTS = 33
ROWS = 5_000
FREQUENT = 0.01
"""The share of rows that a category has at least for an action to lead to it."""
LEVELS, MOST = 12, 80
"""Categories of an input, and numbers and categories in all, that are looked at together."""
NEAR = 0.95
"""The share of the rows learned from that lie no further than what an action may lead to."""
SHRUNK = 0.002
"""Of the correlations: columns that say the same leave none of them without an inverse, and go together all the same."""


class Number(msgspec.Struct, frozen=True):
    """``at``: values from the least to the greatest that was learned from; ``score``: what each is on the normal scale."""

    place: int
    at: list[float]
    score: list[float]
    integer: bool = False

    def scores(self, values: F8) -> F8:
        """0 of what is missing."""
        return np.where(np.isnan(values), 0.0, np.interp(np.nan_to_num(values), self.at, self.score))

    def ranks(self, values: F8) -> F8:
        """The share of the rows that lie below, about: how far two values are from one another is told in it."""
        return np.interp(values, self.at, np.linspace(0.0, 1.0, len(self.at)))


class Level(msgspec.Struct, frozen=True):
    """One category of an input, and the share of rows that have it."""

    place: int
    code: float
    share: float


class Actions(msgspec.Struct, frozen=True):
    """``ways``: which way each actionable input may go. ``inverse``: of the correlations of numbers and levels, in this order."""

    ways: dict[str, Way]
    numbers: list[Number]
    levels: list[Level]
    inverse: list[list[float]]
    near: float

    def distances(self, x: F8) -> F8:
        """How far each of these encoded rows is from those that were learned from."""
        scores = _scores(x, self.numbers, self.levels)
        return np.asarray(np.einsum("ij,jk,ik->i", scores, np.array(self.inverse), scores))

    def json(self) -> JsonObject:
        found: JsonObject = msgspec.to_builtins(self)
        return found

    def number(self, place: int) -> Number | None:
        return next((one for one in self.numbers if one.place == place), None)

    def codes(self, place: int) -> list[float]:
        """The categories that are frequent enough, the most frequent first."""
        return [one.code for one in self.levels if one.place == place and one.share >= FREQUENT]


def fit_actions(x: F8, inputs: Sequence[Input], ways: Mapping[str, Way]) -> Actions:
    """From the encoded rows of a fit."""
    x = x[:: max(1, len(x) // ROWS)]
    places = _places(inputs, ways)
    there = [place for place in places if inputs[place].kind != "category" and not np.isnan(x[:, place]).all()]
    numbers = [_number(place, inputs[place], x[:, place]) for place in there]
    levels = [level for place in places if inputs[place].kind == "category" for level in _levels(place, x[:, place])]
    numbers, levels = numbers[:MOST], levels[: max(MOST - len(numbers), 0)]
    scores = _scores(x, numbers, levels)
    width = scores.shape[1]
    together = scores.T @ scores / max(len(scores), 1)
    scale = np.sqrt(np.maximum(np.diag(together), 1e-12))
    together = (1 - SHRUNK) * together / np.outer(scale, scale) + SHRUNK * np.eye(width)
    inverse = np.linalg.inv(together) / np.outer(scale, scale)
    made = Actions(dict(ways), numbers, levels, inverse.tolist(), 0.0)
    return msgspec.structs.replace(made, near=float(np.quantile(made.distances(x), NEAR)))


def _places(inputs: Sequence[Input], ways: Mapping[str, Way]) -> list[int]:
    """The inputs that are looked at: actionable ones first; no calendar, and none of a text's many numbers."""
    plain = [i for i, one in enumerate(inputs) if one.kind in ("number", "category") and one.embedding is None]
    return sorted(plain, key=lambda i: (inputs[i].name not in ways, i))


def _number(place: int, one: Input, values: F8) -> Number:
    grid = np.quantile(values[~np.isnan(values)], np.linspace(0, 1, POINTS), method="nearest")
    at, which = np.unique(grid, return_inverse=True)
    normal = np.array([NormalDist().inv_cdf((i + 0.5) / len(grid)) for i in range(len(grid))])
    score = np.bincount(which, normal) / np.bincount(which)  # of equal quantiles the mean
    return Number(place, at.tolist(), score.tolist(), one.read_as.kind == "integer")


def _levels(place: int, values: F8) -> list[Level]:
    codes, counts = np.unique(values[~np.isnan(values)], return_counts=True)
    order = np.argsort(-counts, kind="stable")[:LEVELS]
    return [Level(place, float(codes[i]), float(counts[i] / len(values))) for i in order]


def _scores(x: F8, numbers: Sequence[Number], levels: Sequence[Level]) -> F8:
    """Rows x (numbers and levels): normal scores, and indicators with mean 0."""
    columns = [one.scores(x[:, one.place]) for one in numbers]
    columns += [(x[:, one.place] == one.code) - one.share for one in levels]
    return np.column_stack(columns) if columns else np.zeros((len(x), 0))
