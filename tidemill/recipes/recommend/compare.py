"""What the loop is compared with: its own first model left alone, buy-again, and popularity, on the same requests and the same history."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from tidemill.features.online import History
from tidemill.recipes.recommend.shop import OPENING, Line, Visit
from tidemill.tasks.ranking.rank import RecommendScorer
from tidemill.types import DAY, Micros

POPULARITY_HALF_LIFE = 30 * DAY
BUY_AGAIN_HALF_LIFE = 180 * DAY
K = 20
MOST_ITEMS = 16_384  # More than the shop has


class Rivals:
    """Answers every visit as the rivals would, knowing what the server knew: all lines before the visit.

    ``static`` is the first champion's bundle: its fitted parameters stay, the customer's history goes on. ``buy_again`` ranks what the customer
    bought before by decayed counts and fills up with what is popular now; ``popularity`` is what is popular now (both learn every day: the
    strongest form of each).
    """

    def __init__(self, static: RecommendScorer) -> None:
        self._static = static
        self._history = History()
        self._popular = _Popular()

    def learn(self, customer: str, lines: Iterable[Line]) -> None:
        """Take in what was bought, after it happened."""
        bought = [line for line in lines if line.value > 0]
        first = self._history.seq + 1
        self._history.load((seq, customer, line.item, line.at, line.value) for seq, line in enumerate(bought, first))
        for line in bought:
            self._popular.add(line.item, 2.0 ** ((line.at - OPENING) / POPULARITY_HALF_LIFE))

    def answer(self, visit: Visit, at: Micros) -> dict[str, list[str]]:
        """Up to 20 items of each rival for this visit."""
        items, values = self._history.items(visit.customer, at, self._static.half_life)
        static, _ = self._static.recommend(items, values, at, K)
        again, counts = self._history.items(visit.customer, at, BUY_AGAIN_HALF_LIFE)
        popular = self._popular.best(2 * K + len(again))
        bought = [again[i] for i in np.lexsort((np.array(again), -np.asarray(counts)))] if again else []
        own = set(bought)
        filled = bought[:K] + [item for item in popular if item not in own][: max(0, K - len(bought))]
        return {"static": list(static), "buy_again": filled, "popularity": popular[:K]}


class _Popular:
    """Items and what they weigh, and the heaviest of them without sorting all at every visit."""

    def __init__(self) -> None:
        self._code: dict[str, int] = {}
        self._names: list[str] = []
        self._weights = np.zeros(MOST_ITEMS)

    def add(self, item: str, weight: float) -> None:
        code = self._code.setdefault(item, len(self._names))
        if code == len(self._names):
            self._names.append(item)
        self._weights[code] += weight

    def best(self, k: int) -> list[str]:
        """The k heaviest, heaviest first, by name where they weigh the same."""
        weights = self._weights[: len(self._names)]
        least = np.partition(weights, len(weights) - k)[len(weights) - k] if 0 < k < len(weights) else -np.inf
        there = np.flatnonzero(weights >= least).tolist()
        return [name for _, name in sorted((-weights[i], self._names[i]) for i in there)][:k]
