"""A made-up shop: customers of four tastes and their own who come back, items that come into fashion and go."""

from __future__ import annotations

from typing import Any

import numpy as np

from tidemill.tasks.ranking.interactions import Interactions
from tidemill.tasks.ranking.rank import RecommendScorer
from tidemill.types import DAY


def shop(seed: int = 0, users: int = 60, items: int = 40, days: int = 200, visits: int = 12) -> Interactions:
    """Every customer has a few favourites and comes about ``visits`` times; the first half of the items goes out of sale
    half way, and the last quarter comes in. Some rows are returns."""
    rng = np.random.default_rng(seed)
    names, subjects, at, value, basket = [], [], [], [], []
    fashions = rng.dirichlet(np.full(items, 0.1), 4)
    for user in range(users):
        taste = (rng.dirichlet(np.full(items, 0.15)) + 2 * fashions[user % 4]) / 3
        for visit in range(rng.poisson(visits) + 1):
            day = int(rng.integers(0, days))
            sold = np.arange(items) < 3 * items // 4 if day < days // 2 else np.arange(items) >= items // 4
            p = taste * sold
            moment = day * DAY + int(rng.integers(0, DAY))
            for item in rng.choice(items, size=min(4, int((p > 0).sum())), replace=False, p=p / p.sum()):
                names.append(f"i{item:03}")
                subjects.append(f"u{user:03}")
                at.append(moment)
                value.append(-1.0 if rng.random() < 0.03 else float(rng.integers(1, 5)))
                basket.append(user * 1000 + visit)
    return Interactions.of(subjects, names, at, value, basket, end=days * DAY)


def scores_of(scorer: RecommendScorer, items: list[str], values: Any) -> dict[str, float]:
    """Every item that the scorer knows, or the history, with its score."""
    return dict(zip(*scorer.recommend(items, values, 0, 10**6)))


def shuffled(data: Interactions, seed: int = 0) -> Interactions:
    """The same baskets dealt out anew among the customers."""
    baskets, place = np.unique(data.basket, return_inverse=True)
    owner = np.zeros(len(baskets), np.int64)
    owner[place] = data.user
    dealt = np.random.default_rng(seed).permutation(owner)[place]
    names = [data.users[u] for u in dealt]
    return Interactions.of(names, [data.items[i] for i in data.item], data.at, data.value, data.basket, end=data.end)
