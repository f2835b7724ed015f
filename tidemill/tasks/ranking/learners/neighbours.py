"""Neighbours of items: how few strong ones are kept of each, and item-kNN, whose neighbours are bought in the same baskets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from tidemill.features.transforms import decay
from tidemill.tasks.ranking.interactions import F8, I8, Interactions
from tidemill.tasks.ranking.learners import popularity
from tidemill.tasks.ranking.rank import Ranking
from tidemill.types import JsonObject

if TYPE_CHECKING:
    import scipy.sparse as sp

DEFAULTS: JsonObject = {"neighbours": 50, "shrink": 5.0, "power": 0.5, "popular_days": 28}
BLOCK, CELLS = (
    1_000,
    4_000_000,
)  # rows of the items x items that are made at a time, and cells: several copies of them are held
Rows = Callable[[Interactions, JsonObject], tuple[I8, F8]]


def fit(rows: Rows, train: Interactions, recipe: JsonObject) -> Ranking:
    """Of these neighbours alone, filled up with what is popular; ``power`` is put on a history item's count."""
    neighbours, weights = rows(train, recipe)
    base = popularity.filled(train, recipe)
    return Ranking(train.items, base, np.ones(len(base)), neighbours, weights, power=float(recipe["power"]))


def by_baskets(train: Interactions, recipe: JsonObject) -> tuple[I8, F8]:
    """(neighbours, weights), n x m: by time-decayed cosine, shrunk by ``shrink`` against chance; itself weighs 0."""
    baskets = basket_matrix(train, int(recipe["half_life"]))
    items = baskets.T.tocsr()
    size = np.sqrt(np.asarray(baskets.multiply(baskets).sum(axis=0)).ravel() + float(recipe["shrink"]))

    def blocks() -> Iterator[F8]:
        for low, high in pieces(len(train.items)):
            together = (items[low:high] @ baskets).tocoo()
            together.data /= size[low + together.row] * size[together.col]
            part = together.toarray()
            part[np.arange(len(part)), low + np.arange(len(part))] = 0.0
            yield part

    return strongest(blocks(), min(int(recipe["neighbours"]), len(train.items)))


def basket_matrix(train: Interactions, half_life: int) -> sp.csr_array:
    """Baskets x items: 1 for a basket of today; a basket's rows multiply to its decayed weight."""
    import scipy.sparse as sp

    _, basket = np.unique(train.basket, return_inverse=True)
    weights = decay(train.end - train.at, 2 * half_life)
    found = sp.coo_array(
        (weights, (basket.reshape(-1), train.item)), shape=(basket.max() + 1, len(train.items))
    ).tocsr()
    found.sum_duplicates()
    found.data = np.minimum(found.data, 1.0)
    return found


def pieces(n: int, width: int | None = None) -> Iterator[tuple[int, int]]:
    """From and to which row n rows of so many cells (n, if not said) are made at a time.

    >>> list(pieces(2_500)), list(pieces(3, 2_000_000))
    ([(0, 1000), (1000, 2000), (2000, 2500)], [(0, 2), (2, 3)])
    """
    step = max(1, min(BLOCK, CELLS // max(width or n, 1)))
    return ((low, min(low + step, n)) for low in range(0, n, step))


def strongest(blocks: Iterable[F8], k: int) -> tuple[I8, F8]:
    """(neighbours, weights), each n x k: the k greatest of each row of these blocks of rows, by neighbour.

    Of equal ones the first. Where a row has fewer than k cells, all of them.

    >>> neighbours, weights = strongest([np.array([[0.0, 3.0, 1.0], [2.0, 0.0, 2.0]])], 2)
    >>> neighbours.tolist(), weights.tolist()
    ([[1, 2], [0, 2]], [[3.0, 1.0], [2.0, 2.0]])
    """
    places, values = [], []
    for block in blocks:
        width = block.shape[1]
        if k < width:
            # The least of all but the strongest would do, but numpy selects seventeen times slower among many zeros below.
            least = -np.partition(-block, k - 1, axis=1)[:, k - 1, None]
            chosen = block >= least
            crowded = np.flatnonzero(np.count_nonzero(chosen, axis=1) > k)  # several stand at the border
            if len(crowded):
                above, equal = block[crowded] > least[crowded], block[crowded] == least[crowded]
                room = k - above.sum(axis=1, keepdims=True)
                chosen[crowded] = above | (equal & (np.cumsum(equal, axis=1) <= room))
            place = np.nonzero(chosen)[1].reshape(len(block), k)
        else:
            place = np.broadcast_to(np.arange(width), block.shape)
        places.append(place.astype(np.int64))
        values.append(np.take_along_axis(block, place, axis=1))
    return np.concatenate(places), np.concatenate(values)
