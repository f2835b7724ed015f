"""Scores items from a subject's history: one form for every built-in recommender. numpy only; the server runs this.

    score(i) = factor(i) * (again * v(i) + sum over history items j of v(j)**power * row(j, i)) + base(i)

``v`` are decayed counts of what the subject bought. ``row(j, ·)`` keeps the few strongest neighbours of item j.
Popularity has only ``base``, buy-again adds ``again``, item-kNN and EASE the rows, the blend all of it. An item that the
model has never seen but the subject has bought is scored too, with the factor of ``unknown``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from tidemill.features.times import Times
from tidemill.features.transforms import decay
from tidemill.types import Micros

F8 = NDArray[np.float64]
I8 = NDArray[np.int64]


@dataclass(frozen=True)
class Ranking:
    """The fitted numbers of a recommender. n items; every row has m neighbours, padded with item 0 and weight 0."""

    items: list[str]  # n, sorted
    base: F8  # n
    factor: F8  # n
    neighbours: NDArray[np.int64] | NDArray[np.int32]  # n x m
    weights: F8 | NDArray[np.float32]  # n x m; sums are in float64
    again: float = 0.0
    power: float = 1.0
    unknown: float = 1.0

    @staticmethod
    def plain(items: list[str], base: F8) -> Ranking:
        """Without anything personal."""
        n = len(items)
        return Ranking(items, base, np.ones(n), np.zeros((n, 0), np.int64), np.zeros((n, 0)))


class Event(Protocol):
    """A row of a subject's history, as far as it says something of an item."""

    @property
    def item(self) -> str: ...
    @property
    def at(self) -> Micros: ...
    @property
    def value(self) -> float: ...


class RecommendScorer:
    """Answers with the k best items. ``half_life``: which decayed counts it wants (µs)."""

    def __init__(self, ranking: Ranking, half_life: Micros) -> None:
        self.ranking, self.half_life = ranking, half_life
        self._code = {name: code for code, name in enumerate(ranking.items)}
        self.catalogue = self._code.keys()

    def recommend(self, items: Sequence[str], values: F8, at: Micros, k: int) -> tuple[list[str], F8]:
        """The k best items for this history and their scores, best first; equal ones in order of their names.

        ``items`` and ``values``: what the subject bought, with decayed counts as of ``at``. Fewer than k items only
        where the model and the history have fewer.
        """
        scores, strange = self.scores(items, values)
        best = top(scores, k)
        names, found = [self.ranking.items[i] for i in best.tolist()], scores[best]
        if not strange:
            return names, found
        merged = sorted([*zip((-found).tolist(), names), *((-s, name) for name, s in strange)])[: max(k, 0)]
        return [name for _, name in merged], -np.array([s for s, _ in merged])

    def contributions(self, history: Sequence[Event], wanted: Sequence[str], at: Micros) -> F8:
        """History rows x wanted items: the item's score less its score without that row, which is left out and scored anew.

        Rows that a request at ``at`` does not count (returns, later rows) contribute 0.
        """
        counted = np.array([row.value > 0 and row.at < at for row in history], np.bool_)
        ages = np.array([at - row.at for row in history], np.int64)
        weights = np.where(counted, decay(np.maximum(ages, 0), self.half_life), 0.0)
        names, place = np.unique([row.item for row in history], return_inverse=True)

        def scores(left: F8) -> F8:
            counts = np.bincount(place, left, len(names)).astype(np.float64, copy=False)
            bought = counts > 0
            known, strange = self.scores(names[bought].tolist(), counts[bought])
            own = dict(strange)
            return np.array([known[c] if (c := self._code.get(w)) is not None else own.get(w, 0.0) for w in wanted])

        out, whole = np.zeros((len(history), len(wanted))), scores(weights)
        for row in np.flatnonzero(counted):
            out[row] = whole - scores(np.where(np.arange(len(weights)) == row, 0.0, weights))
        return out

    def code(self, item: str, unknown: int) -> int:
        """The item's place, or what is said of one that the model has never seen."""
        return self._code.get(item, unknown)

    def scores(self, items: Sequence[str], values: F8) -> tuple[F8, list[tuple[str, float]]]:
        """Of every item, and by name of those of the history that the model has never seen."""
        r, n = self.ranking, len(self.ranking.items)
        codes = [self._code.get(name, -1) for name in items]
        history, counts, strange = np.array(codes, np.int64), values, []
        if -1 in codes:
            strange = [i for i, code in enumerate(codes) if code < 0]
            counts, history = counts[history >= 0], history[history >= 0]
        if r.neighbours.shape[1] and len(history):
            spread = r.weights[history] * (counts**r.power)[:, None]
            scores = np.bincount(r.neighbours[history].ravel(), spread.ravel(), n).astype(np.float64, copy=False)
        else:
            scores = np.zeros(n)
        if r.again:
            scores[history] += r.again * counts
        scores *= r.factor
        scores += r.base
        if not r.again:
            return scores, []
        return scores, [(items[i], r.again * float(values[i]) * r.unknown) for i in strange]


def best_of(
    scorer: Any, items: Sequence[str], values: F8, at: Micros, k: int, times: Callable[[], Times]
) -> tuple[list[str], F8]:
    """What a scorer recommends; one that is ``timed`` also reads when the subject took its items."""
    found: tuple[list[str], F8] = scorer.recommend(
        items, values, at, k, *((times(),) if getattr(scorer, "timed", False) else ())
    )
    return found


def top(scores: F8, k: int) -> I8:
    """Places of the k greatest scores, greatest first; of equal ones the first.

    >>> top(np.array([1.0, 3.0, 3.0, 2.0]), 3).tolist()
    [1, 2, 3]
    """
    n, k = len(scores), max(k, 0)
    if k >= n:
        return np.argsort(-scores, kind="stable")
    if k == 0:
        return np.empty(0, np.int64)
    # The k best blocks hold k scores that are at least as great as the least of their bests: no need to look below it.
    width = n // (8 * k)
    best = scores.copy() if width < 4 else np.maximum.reduceat(scores, np.arange(0, n, width))
    best.partition(len(best) - k)
    near = (scores >= best[len(best) - k]).nonzero()[0]
    chosen: I8 = near[(-scores[near]).argsort(kind="stable")][:k]
    return chosen
