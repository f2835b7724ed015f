"""Buy again: what the customer bought often and lately; filled up with what is popular."""

from __future__ import annotations

from dataclasses import replace

from tidemill.tasks.ranking.interactions import Interactions
from tidemill.tasks.ranking.learners import popularity
from tidemill.tasks.ranking.rank import Ranking
from tidemill.types import JsonObject

DEFAULTS: JsonObject = {"popular_days": 28}
FILL = 1e-3
"""So much of popularity breaks ties and fills up, and never outranks a purchase of the last two years."""


def fit(train: Interactions, recipe: JsonObject) -> Ranking:
    """Frequency and recency are in the decayed counts: the recipe's ``half_life`` says how much of each."""
    popular = popularity.popular(train, float(recipe["popular_days"]))
    return replace(Ranking.plain(train.items, FILL * popular), again=1.0)
