"""Validation windows of a recommender, scored many recipes at a time: dense, and EASE at low rank. numpy and scipy.

What a recipe costs beyond the first of its kind is a few passes over requests x items. A fold's values are those of the
real scorer, but that EASE and kNN keep all neighbours here.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from noria.model.evaluate import RANKED
from noria.model.interactions import F8, I8, Interactions, Requests, requests_between
from noria.model.learners import blend, ease, popularity
from noria.model.learners.buy_again import FILL
from noria.model.learners.rows import basket_matrix, strongest
from noria.model.threads import one_thread
from noria.types import JsonObject, Micros

MOST = 1_500
"""At most so many requests of a window, evenly taken."""
DEPTH = 20


class Folds:
    """Some windows, each scored in its own thread: numpy and LAPACK let go of the interpreter, and no sum is shared."""

    def __init__(
        self,
        data: Interactions,
        windows: Sequence[tuple[Micros, Micros]],
        half_life: Micros,
        train: Micros | None = None,
    ) -> None:
        self._folds = [Fold(data, start, end, half_life, train) for start, end in windows]
        self.units = np.concatenate([np.array(fold.requests.subjects, dtype=np.str_) for fold in self._folds])

    def values(self, recipe: JsonObject, metric: str) -> F8:
        """The metric's value for each request of each window."""
        with one_thread(), ThreadPoolExecutor(len(self._folds)) as side_by_side:
            return np.concatenate(list(side_by_side.map(lambda fold: fold.values(recipe, metric), self._folds)))


class Fold:
    """One window: models learn from what was before it."""

    def __init__(
        self, data: Interactions, start: Micros, end: Micros, half_life: Micros, train: Micros | None = None
    ) -> None:
        seen = data.before(end).purchases
        known = replace(seen.before(start), end=start)
        self._seen, self.train = seen, known if train is None else known.since(start - train)
        self.requests = _thinned(requests_between(seen, start, end))
        code = {name: i for i, name in enumerate(seen.items)}
        self._columns = np.array([code[name] for name in self.train.items], np.int64)
        self._history = self._counts(half_life)
        self._popular: dict[float, F8] = {}
        self._factors: dict[tuple[int, float], ease.Factors] = {}
        self._similar: dict[tuple[str, float, float], F8] = {}

    def values(self, recipe: JsonObject, metric: str) -> F8:
        """The metric's value for each request."""
        names, measure = self._seen.items, RANKED[metric]
        places, scores = strongest([self.scores(recipe)], DEPTH)
        best = np.take_along_axis(places, np.argsort(-scores, axis=1, kind="stable"), axis=1).tolist()
        answers = ([names[i] for i in row] for row in best)
        return np.array([measure(items, truth) for items, truth in zip(answers, self.requests.truth)], np.float64)

    def scores(self, recipe: JsonObject) -> F8:
        """requests x all items seen by the window's end; an item that training did not know has only its history."""
        method = recipe["method"]
        popular = self._popularity(float(recipe["popular_days"]))
        out = np.zeros((len(self.requests), len(self._seen.items)))
        if method == "popularity":
            out[:, self._columns] = popular
            return out
        if method in ("ease", "item_knn"):
            similar = self._ease(recipe) if method == "ease" else self._knn(recipe)
            out[:, self._columns] = similar + FILL * popular
            return out
        factor = np.full(len(self._seen.items), 1.0)
        base = FILL * popular
        if method == "blend":
            factor[:] = blend.unknown(recipe)
            factor[self._columns] = blend.lift_of(popular, recipe)
            base = float(recipe["popular"]) * factor[self._columns]
            out[:, self._columns] = float(recipe["similar"]) * self._ease(recipe)
        rows, items = self._history.row, self._history.col
        out[rows, items] += self._history.data
        out *= factor
        out[:, self._columns] += base
        return out

    def _popularity(self, days: float) -> F8:
        if days not in self._popular:
            self._popular[days] = popularity.popular(self.train, days)
        return self._popular[days]

    def _counts(self, half_life: Micros) -> sp.coo_array:
        """Decayed counts of each request's history, requests x items seen."""
        rows, items, counts = [], [], []
        for place, (subject, at) in enumerate(zip(self.requests.subjects, self.requests.at.tolist())):
            codes, values = self._seen.histories.of(subject, at, half_life)
            rows.append(np.full(len(codes), place))
            items.append(codes)
            counts.append(values)
        shape = (len(self.requests), len(self._seen.items))
        empty = np.empty(0, np.int64)
        where = (np.concatenate([empty, *rows]), np.concatenate([empty, *items]))
        return sp.coo_array((np.concatenate([np.empty(0), *counts]), where), shape=shape)

    def _known(self, power: float, items: I8 | NDArray[np.int64]) -> sp.csr_array:
        """The histories on these items of training, to a power."""
        found = self._history.tocsr()[:, self._columns[items]]
        found.data = found.data**power
        return found

    def _ease(self, recipe: JsonObject) -> F8:
        power, ridge = float(recipe["power"]), float(recipe["ridge"])
        key = ("ease", power, ridge)
        if key not in self._similar:
            kind = (int(recipe["head"]), power)
            if kind not in self._factors:
                self._factors[kind] = ease.factorise(self.train, recipe)
            factors = self._factors[kind]
            found = np.zeros((len(self.requests), len(self.train.items)))
            pieces = list(factors.scores(self._known(power, factors.head), ridge))
            found[:, factors.head] = np.concatenate(pieces) if pieces else 0.0
            self._similar[key] = found
        return self._similar[key]

    def _knn(self, recipe: JsonObject) -> F8:
        power, shrink = float(recipe["power"]), float(recipe["shrink"])
        key = ("item_knn", power, shrink)
        if key not in self._similar:
            baskets = basket_matrix(self.train, int(recipe["half_life"]))
            square = np.asarray(baskets.multiply(baskets).sum(axis=0), np.float64).ravel()
            size = np.sqrt(square + shrink)
            x = self._known(power, np.arange(len(self.train.items))) @ sp.diags_array(1 / size)
            own = x.multiply(square[None, :])
            self._similar[key] = ((x @ baskets.T) @ baskets - own).toarray() / size
        return self._similar[key]


def _thinned(requests: Requests) -> Requests:
    if len(requests) <= MOST:
        return requests
    return requests.take(np.unique(np.linspace(0, len(requests) - 1, MOST).astype(np.int64)))
