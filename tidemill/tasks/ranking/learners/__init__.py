"""Learners of recommenders: each fits a `Ranking`, a `Ranker` or `Sessions` to what was known at ``train.end``. Deterministic.

A recipe is JSON: ``method``, ``half_life`` (µs, of the history) and the method's own hyper-parameters.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from tidemill.errors import ModelError, NotEnoughData
from tidemill.learning.threads import one_thread
from tidemill.tasks.ranking.bundle import Fitted
from tidemill.tasks.ranking.interactions import Interactions
from tidemill.tasks.ranking.learners import blend, ease, neighbours, popularity, ranker, sessions
from tidemill.types import JsonObject, did_you_mean


class Method(NamedTuple):
    fit: Callable[[Interactions, JsonObject], Fitted]
    defaults: JsonObject


METHODS = {
    "popularity": Method(popularity.fit, popularity.DEFAULTS),
    "buy_again": Method(popularity.buy_again, popularity.DEFAULTS),
    "item_knn": Method(partial(neighbours.fit, neighbours.by_baskets), neighbours.DEFAULTS),
    "ease": Method(partial(neighbours.fit, ease.rows), ease.DEFAULTS),
    "blend": Method(blend.fit, blend.DEFAULTS),
    "sessions": Method(sessions.fit, sessions.DEFAULTS),
    "ranker": Method(ranker.fit, ranker.DEFAULTS),
}
TIMED = ("sessions", "ranker")
"""Those that read when a subject took its items; they are tried where ``[model] learners`` names them."""
USUAL = ("blend", "ease")
"""What is tried where nothing is said; the first is varied."""
BASELINES = ("popularity", "buy_again", "item_knn")
"""Always among the candidates: what a model has to beat to be worth having."""


def recipe_of(method: str, half_life: int) -> JsonObject:
    """The whole recipe, by the method's defaults. Raises ModelError for an unknown method.

    >>> recipe_of("popularity", 10)
    {'method': 'popularity', 'half_life': 10, 'popular_days': 28}
    """
    if method not in METHODS:
        raise ModelError(f"unknown method {method!r}", hint=did_you_mean(method, METHODS))
    return {"method": method, "half_life": half_life, **METHODS[method].defaults}


def fit(recipe: JsonObject, train: Interactions) -> Fitted:
    """A whole recipe fitted to these rows. Raises ModelError, NotEnoughData."""
    bought = train.purchases
    if not len(bought):
        raise NotEnoughData("there is no purchase to learn from", hint="rows with a value above zero")
    with one_thread():
        return METHODS[recipe["method"]].fit(bought, recipe)
