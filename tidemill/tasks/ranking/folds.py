"""Validation windows of a recommender, scored many recipes at a time: dense, and EASE at low rank; what is timed, request by request.

What a blend costs beyond the first is a few passes over requests x items. A fold's values are those of the real scorer, but that
the blend keeps all neighbours of EASE here, so that one factorisation serves every λ: on the shop its cut to 24 costs nothing. EASE
alone loses by its cut, and is scored with the rows that are served.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tidemill.learning.rows import evenly
from tidemill.learning.threads import side_by_side
from tidemill.learning.trainer import Windows
from tidemill.tasks.ranking import learners
from tidemill.tasks.ranking.bundle import Fitted
from tidemill.tasks.ranking.evaluate import report
from tidemill.tasks.ranking.interactions import F8, I8, Interactions, requests_between
from tidemill.tasks.ranking.learners import blend, ease, popularity
from tidemill.tasks.ranking.metrics import RANKED
from tidemill.tasks.ranking.rank import Ranking
from tidemill.tasks.ranking.serving import scorer_of
from tidemill.types import JsonObject, Micros

if TYPE_CHECKING:
    import scipy.sparse as sp

MOST = 1_500  # At most so many requests of a window, evenly taken
DEPTH = 20
AT_ONCE = 64  # Requests that are scored at a time
Similar = tuple[I8, Callable[[slice], F8]]
"""Places among the items seen, and for some requests their scores by what the subject bought: these x requests."""


class Folds:
    """Some windows, each scored in its own thread: a `tidemill.learning.search.Validation`."""

    def __init__(self, data: Interactions, windows: Windows, half_life: Micros, train: Micros | None = None) -> None:
        self._folds = side_by_side(lambda window: Fold(data, *window, half_life, train), windows)
        self._units = np.array([asked.subject for fold in self._folds for asked in fold.requests], np.str_)

    def __call__(self, recipe: JsonObject, metric: str) -> tuple[F8, NDArray[np.str_]]:
        """The metric's value for each request of each window, and whose it was."""
        return np.concatenate(side_by_side(lambda fold: fold.values(recipe, metric), self._folds)), self._units


class Parts(NamedTuple):
    """What a recipe's scores are made of: factor * (again * history + similar) + base."""

    base: F8  # all items seen, a column
    factor: F8  # a column
    again: float
    similar: Similar | None


class Fold:
    """One window: models learn from what was before it."""

    def __init__(self, data: Interactions, start: Micros, end: Micros, half_life: Micros, train: Micros | None) -> None:
        seen = data.before(end).purchases
        self._seen, self.train = seen, seen.learned(start, train)
        requests = requests_between(seen, start, end)
        self.requests = [requests[place] for place in evenly(len(requests), MOST)]
        code = {name: i for i, name in enumerate(seen.items)}
        self._places = np.array([code[name] for name in self.train.items], np.int64)
        self._history = self._counts(half_life)
        self._popular = cache(partial(popularity.popular, self.train))
        self._asked = cache(self._ask)
        self._similar = cache(self._at_ridge)

    def values(self, recipe: JsonObject, metric: str) -> F8:
        """The metric's value for each request."""
        names, measure = self._seen.items, RANKED[metric]
        if recipe["method"] in learners.TIMED:
            return self._one_by_one(recipe, metric)
        best = [row for part in self.scores(recipe) for row in greatest(part, DEPTH).tolist()]
        answers = ([names[i] for i in row] for row in best)
        return np.array([measure(items, asked.truth) for items, asked in zip(answers, self.requests)], np.float64)

    def _one_by_one(self, recipe: JsonObject, metric: str) -> F8:
        """By the real scorer, for what reads when the subject took its items."""
        scorer = scorer_of(learners.fit(recipe, self.train), int(recipe["half_life"]))
        scored = report(scorer, self._seen, self.requests).scored
        return scored[metric].values

    def scores(self, recipe: JsonObject) -> Iterator[F8]:
        """All items seen by the window's end x requests, `AT_ONCE` of these at a time: so many stay in the cache.

        An item that training did not know has only its history.
        """
        parts = self._blend(recipe) if recipe["method"] == "blend" else self._fitted(learners.fit(recipe, self.train))
        for low in range(0, len(self.requests), AT_ONCE):
            some = slice(low, min(low + AT_ONCE, len(self.requests)))
            out = np.zeros((len(self._seen.items), some.stop - low))
            if parts.similar is not None:
                places, similar = parts.similar
                out[places] = similar(some)
            if parts.again:
                history = self._history[:, some].tocoo()
                out[history.row, history.col] += parts.again * history.data
            out *= parts.factor
            out += parts.base
            yield out

    def _fitted(self, ranking: Fitted) -> Parts:
        """By the neighbours that are kept: what the server does."""
        import scipy.sparse as sp

        if not isinstance(ranking, Ranking):
            raise TypeError("what is timed is asked one by one")
        n, width = ranking.neighbours.shape
        similar: Similar | None = None
        if width:
            cells = ranking.weights.ravel(), ranking.neighbours.ravel(), np.arange(0, n * width + 1, width)
            to, x = sp.csr_array(cells, shape=(n, n)).T.tocsr(), self._known(ranking.power, self._places).tocsc()
            similar = self._places, lambda some: np.asarray((to @ x[:, some]).toarray())
        factor = self._spread(ranking.factor, ranking.unknown)
        return Parts(self._spread(ranking.base), factor, ranking.again, similar)

    def _blend(self, recipe: JsonObject) -> Parts:
        """By all neighbours, at low rank."""
        lift, weight = blend.lift_of(self._popular(float(recipe["popular_days"])), recipe), float(recipe["similar"])
        kind = int(recipe["half_life"]), float(recipe["power"]), int(recipe["head"])
        places, found = self._similar(*kind, float(recipe["ridge"]))
        base = self._spread(float(recipe["popular"]) * lift)
        factor = self._spread(lift, blend.unknown(recipe))
        return Parts(base, factor, 1.0, (places, lambda some: weight * found[:, some]))

    def _ask(self, half_life: Micros, power: float, head: int) -> tuple[I8, ease.Asked]:
        matrix, items = ease.heavy(self.train, half_life, power, head)
        places = self._places[items]
        return places, ease.Asked(matrix, self._known(power, places))

    def _at_ridge(self, half_life: Micros, power: float, head: int, ridge: float) -> tuple[I8, F8]:
        places, asked = self._asked(half_life, power, head)
        return places, asked.scores(ridge)

    def _spread(self, values: F8, rest: float = 0.0) -> F8:
        """A column of all items from one value for each item of training."""
        found = np.full((len(self._seen.items), 1), rest)
        found[self._places, 0] = values
        return found

    def _counts(self, half_life: Micros) -> sp.csc_array:
        """Decayed counts of each request's history, items seen x requests."""
        import scipy.sparse as sp

        found = [self._seen.histories.of(asked.subject, asked.at, half_life) for asked in self.requests]
        items = np.concatenate([np.empty(0, np.int64), *(codes for codes, _ in found)])
        counts = np.concatenate([np.empty(0), *(values for _, values in found)])
        starts = np.cumsum([0, *(len(codes) for codes, _ in found)])
        return sp.csc_array((counts, items, starts), shape=(len(self._seen.items), len(found)))

    def _known(self, power: float, places: I8) -> sp.csr_array:
        """The histories on these of the items seen, to a power."""
        found = self._history.tocsr()[places]
        found.data = found.data**power
        return found


def greatest(scores: F8, k: int) -> NDArray[np.int64]:
    """Requests x k: the places of the k greatest of each column, greatest first; of equal ones the first.

    >>> greatest(np.array([[1.0, 0.0], [3.0, 0.0], [3.0, 2.0]]), 2).tolist()
    [[1, 2], [2, 0]]
    """
    items, requests = scores.shape
    k = min(k, items)
    # As in `rank.top`: the k best blocks hold k scores that are at least as great as the least of their bests.
    width = items // (8 * k)
    best = scores if width < 4 else np.maximum.reduceat(scores, np.arange(0, items, width), axis=0)
    least = np.partition(best, len(best) - k, axis=0)[len(best) - k]
    place, request = np.divmod(np.flatnonzero(scores >= least), requests)
    order = np.lexsort((place, -scores[place, request], request))
    starts = np.searchsorted(request[order], np.arange(requests))
    found: NDArray[np.int64] = place[order][starts[:, None] + np.arange(k)]
    return found
