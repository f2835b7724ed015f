"""The blend: buy again and EASE, lifted by what sells now, with popularity behind them.

    score = (decayed count + similar * EASE + popular) * (what sells now + floor) ** lift

The last factor is what a refit is for: an item that nobody bought for weeks is gone from the shop or out of season, and is
not bought again, however dear it was to the customer. An item that the model has never seen is new: it counts as average.
"""

from __future__ import annotations

from tidemill.tasks.ranking.interactions import F8, Interactions
from tidemill.tasks.ranking.learners import ease, popularity
from tidemill.tasks.ranking.rank import Ranking
from tidemill.types import JsonObject

DEFAULTS: JsonObject = {
    "popular_days": 14,
    "lift": 0.3,
    "floor": 0.2,
    "similar": 0.8,
    "popular": 0.01,
    "ridge": 100.0,
    "power": 0.5,
    "neighbours": 24,
    "head": 1500,
}


def fit(train: Interactions, recipe: JsonObject) -> Ranking:
    """``popular_days``: half-life of what sells now; ``lift`` and ``floor`` its shape; ``similar``, ``popular``: weights."""
    factor = lift_of(popularity.popular(train, float(recipe["popular_days"])), recipe)
    neighbours, weights = ease.rows(train, recipe)
    return Ranking(
        items=train.items,
        base=float(recipe["popular"]) * factor,
        factor=factor,
        neighbours=neighbours,
        weights=float(recipe["similar"]) * weights,
        again=1.0,
        power=float(recipe["power"]),
        unknown=unknown(recipe),
    )


def lift_of(popular: F8, recipe: JsonObject) -> F8:
    """The factor of each item."""
    lifted: F8 = (popular + float(recipe["floor"])) ** float(recipe["lift"])
    return lifted


def unknown(recipe: JsonObject) -> float:
    """The factor of an item that is newer than the model: the average item's."""
    return float((1.0 + float(recipe["floor"])) ** float(recipe["lift"]))
