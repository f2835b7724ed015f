"""Item-kNN: items that are bought in the same baskets, by time-decayed shrunk cosine."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tidemill.tasks.ranking.interactions import F8, I8, Interactions
from tidemill.tasks.ranking.learners import popularity
from tidemill.tasks.ranking.learners.rows import basket_matrix, strongest
from tidemill.tasks.ranking.rank import Ranking
from tidemill.types import JsonObject

DEFAULTS: JsonObject = {"neighbours": 50, "shrink": 5.0, "power": 0.5, "popular_days": 28}
BLOCK = 1_000


def fit(train: Interactions, recipe: JsonObject) -> Ranking:
    """``neighbours`` an item, ``shrink`` against chance, ``power`` of a history item's count."""
    neighbours, weights = rows(train, int(recipe["half_life"]), float(recipe["shrink"]), int(recipe["neighbours"]))
    base = popularity.filled(train, recipe)
    return Ranking(train.items, base, np.ones(len(base)), neighbours, weights, power=float(recipe["power"]))


def rows(train: Interactions, half_life: int, shrink: float, k: int) -> tuple[I8, F8]:
    """(neighbours, weights), n x min(k, n): the strongest neighbours of each item; itself weighs 0."""
    baskets = basket_matrix(train, half_life)
    items = baskets.T.tocsr()
    size = np.sqrt(np.asarray(baskets.multiply(baskets).sum(axis=0)).ravel() + shrink)

    def blocks() -> Iterator[F8]:
        for low in range(0, len(train.items), BLOCK):
            together = (items[low : low + BLOCK] @ baskets).tocoo()
            together.data /= size[low + together.row] * size[together.col]
            part = together.toarray()
            part[np.arange(len(part)), low + np.arange(len(part))] = 0.0
            yield part

    return strongest(blocks(), min(k, len(train.items)))
