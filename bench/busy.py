"""A training that does not end: EASE and item-kNN on 4,000 items, side by side as a search fits them, again and again.

``python -m bench.busy [quiet]``; ``quiet``: as the loop's worker trains.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

from bench.recommend import HALF_LIFE, shop
from tidemill.learning.threads import side_by_side
from tidemill.retrain.worker import quietly
from tidemill.tasks.ranking.learners import fit, recipe_of

ITEMS = 4_000


def train() -> None:
    data = shop(ITEMS)
    recipes = [{**recipe_of("ease", HALF_LIFE), "head": ITEMS}, recipe_of("item_knn", HALF_LIFE)]
    print("fitting", flush=True)
    side_by_side(lambda recipe: endless(lambda: fit(recipe, data)), recipes)


def endless(work: Callable[[], object]) -> None:
    while True:
        work()


if __name__ == "__main__":
    quietly(train) if "quiet" in sys.argv else train()
