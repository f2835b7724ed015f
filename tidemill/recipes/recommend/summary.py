"""What a replay showed: quality month by month, the loop against what it is compared with, and the counts of the story."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from statistics import fmean

import msgspec
import numpy as np

from tidemill.tasks.ranking.metrics import ndcg_at, recall_at
from tidemill.types import JsonObject, Micros, to_iso

ARMS = {
    "loop": "the model that the loop keeps up to date",
    "static": "its own first model, never trained again",
    "buy_again": "what this customer bought before",
    "popularity": "what sells best",
}
"""Who answers each request beside the loop, and what that is."""


class Scored(msgspec.Struct, frozen=True, array_like=True):
    """One visit: what was recommended by whom, and what was bought."""

    request: str
    at: Micros
    customer: str
    model: str
    prediction: str
    items: dict[str, list[str]]  # arm -> up to 20 items
    truth: list[str]

    def recall(self, arm: str) -> float:
        return float(recall_at(self.items[arm], self.truth, 20))

    def ndcg(self, arm: str) -> float:
        return float(ndcg_at(self.items[arm], self.truth, 10))


def months(scored: Sequence[Scored]) -> list[JsonObject]:
    """Mean recall@20 and NDCG@10 of each arm, by month."""
    by_month: dict[str, list[Scored]] = defaultdict(list)
    for one in scored:
        by_month[to_iso(one.at)[:7]].append(one)
    return [
        {
            "month": month,
            "requests": len(part),
            "recall@20": {arm: fmean(one.recall(arm) for one in part) for arm in ARMS},
            "ndcg@10": {arm: fmean(one.ndcg(arm) for one in part) for arm in ARMS},
        }
        for month, part in sorted(by_month.items())
    ]


def difference(scored: Sequence[Scored], arm: str, seed: int, draws: int = 4000) -> list[float]:
    """Mean of recall@20 of the loop less that of ``arm``, with its 95 % interval: [mean, low, high].

    The bootstrap draws customers, not visits: visits of one customer are alike (percentile interval; Efron & Tibshirani 1993).
    """
    if not scored:
        return [0.0, 0.0, 0.0]
    sums: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for one in scored:
        entry = sums[one.customer]
        entry[0] += one.recall("loop") - one.recall(arm)
        entry[1] += 1
    table = np.array([sums[customer] for customer in sorted(sums)])
    drawn = np.random.default_rng(seed).integers(0, len(table), (draws, len(table)))
    picked = table[drawn].sum(axis=1)
    means = picked[:, 0] / picked[:, 1]
    low, high = np.quantile(means, [0.025, 0.975])
    return [float(table[:, 0].sum() / table[:, 1].sum()), float(low), float(high)]
