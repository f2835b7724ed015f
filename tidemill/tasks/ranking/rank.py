"""Scores items from a subject's history: one form for every built-in recommender. numpy only; the server runs this.

    score(i) = factor(i) * (again * v(i) + sum over history items j of v(j)**power * row(j, i)) + base(i)

``v`` are decayed counts of what the subject bought. ``row(j, ·)`` keeps the few strongest neighbours of item j.
Popularity has only ``base``, buy-again adds ``again``, item-kNN and EASE the rows, the blend all of it. An item that the
model has never seen but the subject has bought is scored too, with the factor of ``unknown``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tidemill.features.times import Times
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


POPULAR = "popularity"
"""The part of a score that is the same whoever asks."""


class Shares(NamedTuple):
    """What scores are made of: of each wanted item the score is base + the sum over the history's items + the sum of the parts."""

    history: F8  # items of the history x wanted
    parts: Mapping[str, F8]  # wanted
    base: float = 0.0
    features: Mapping[str, F8] = {}
    """Of a scorer of features what each of them adds to the base, before that is traced to items and parts."""

    @property
    def total(self) -> F8:
        found: F8 = self.base + self.history.sum(axis=0) + sum(self.parts.values())
        return found


class RecommendScorer:
    """Answers with the k best items. ``half_life``: which decayed counts it wants (µs)."""

    def __init__(self, ranking: Ranking, half_life: Micros) -> None:
        self.ranking, self.half_life = ranking, half_life
        self.titles: Mapping[str, str] = {}  # what items are called, where the bundle says it
        self.codes = {name: code for code, name in enumerate(ranking.items)}
        self.names, self.catalogue = ranking.items, self.codes.keys()

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

    def shares(self, wanted: Sequence[str], items: Sequence[str], values: F8, at: Micros = 0) -> Shares:
        """What the scores of these items are made of: popularity, and what each item of the history adds, lifted as a whole is."""
        r, n, width = self.ranking, len(self.ranking.items), len(wanted)
        codes = np.array([self.codes.get(name, n) for name in wanted], np.int64)
        inside, known = codes < n, np.minimum(codes, n - 1)
        column = np.full(n + 1, -1, np.int64)
        column[codes[inside]] = np.flatnonzero(inside)
        history = np.array([self.codes.get(name, -1) for name in items], np.int64)
        there = np.flatnonzero(history >= 0)
        near = column[r.neighbours[history[there]]]
        row, nth = np.nonzero(near >= 0)
        spread = r.weights[history[there[row]], nth] * values[there[row]] ** r.power
        cells = there[row] * width + near[row, nth]
        out = np.bincount(cells, spread, len(items) * width).astype(np.float64, copy=False).reshape(-1, width)
        if r.again:
            own = {name: place for place, name in enumerate(items)}
            for place, name in enumerate(wanted):
                if name in own:
                    out[own[name], place] += r.again * values[own[name]]
        out *= np.where(inside, r.factor[known], r.unknown)
        return Shares(out, {POPULAR: np.where(inside, r.base[known], 0.0)})

    def code(self, item: str, unknown: int) -> int:
        """The item's place, or what is said of one that the model has never seen."""
        return self.codes.get(item, unknown)

    def scores(self, items: Sequence[str], values: F8) -> tuple[F8, list[tuple[str, float]]]:
        """Of every item, and by name of those of the history that the model has never seen."""
        r, n = self.ranking, len(self.ranking.items)
        code = self.codes.get
        codes = [code(name, -1) for name in items]
        history, counts, strange = np.array(codes, np.int64), values, []
        if -1 in codes:
            strange = [i for i, code in enumerate(codes) if code < 0]
            counts, history = counts[history >= 0], history[history >= 0]
        if r.neighbours.shape[1] and len(history):
            spread = r.weights.take(history, axis=0) * (counts**r.power)[:, None]
            near = r.neighbours.take(history, axis=0)
            scores = np.bincount(near.ravel(), spread.ravel(), n).astype(np.float64, copy=False)
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
