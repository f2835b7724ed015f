"""Popularity: how often an item was bought lately, by anybody; and buy again, which is filled up with it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tidemill.features.transforms import decay
from tidemill.tasks.ranking.interactions import F8, Interactions
from tidemill.tasks.ranking.rank import Ranking
from tidemill.types import DAY, JsonObject

DEFAULTS: JsonObject = {"popular_days": 28}
FILL = 1e-3
"""So much of popularity breaks ties and fills up, and never outranks a purchase of the last two years."""


def fit(train: Interactions, recipe: JsonObject) -> Ranking:
    """``popular_days``: the half-life of a purchase."""
    return Ranking.plain(train.items, popular(train, float(recipe["popular_days"])))


def buy_again(train: Interactions, recipe: JsonObject) -> Ranking:
    """What the customer bought often and lately: the recipe's ``half_life`` says how much of each."""
    return replace(Ranking.plain(train.items, filled(train, recipe)), again=1.0)


def filled(train: Interactions, recipe: JsonObject) -> F8:
    """The base of what is personal: `FILL` of popularity."""
    return FILL * popular(train, float(recipe["popular_days"]))


def popular(train: Interactions, days: float) -> F8:
    """Decayed purchases of each item as of ``train.end``, 1 for the average item.

    >>> data = Interactions.of(["u", "u", "v"], ["b", "a", "a"], [0, 0, 0], end=0)
    >>> popular(data, 28).round(3).tolist()
    [1.333, 0.667]
    """
    weights = decay(train.end - train.at, round(days * DAY))
    found: F8 = np.bincount(train.item, weights, len(train.items)).astype(np.float64)
    return np.asarray(found / found.mean(), np.float64)
