"""What a training does not look at, by count: no cap is silent. The card and the version's metrics say it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from tidemill.learning.search import Settings
from tidemill.learning.trainer import Bound
from tidemill.tasks.ranking import learners
from tidemill.tasks.ranking.folds import MOST
from tidemill.tasks.ranking.interactions import Interactions, requests_between
from tidemill.tasks.ranking.learners import ease
from tidemill.types import DAY, JsonObject, Micros

BASE, READ, LEARNED, OF_ITEM = 400_000_000, 125, 325, 4_000
"""Bytes that a training takes, as measured: whatever it is of, for each row, for each that is learned from, for each item."""


def caps(
    recipe: JsonObject, train: Interactions, windows: Sequence[tuple[Micros, Micros]], data: Interactions
) -> JsonObject:
    """{what: [looked at, of]} of a recipe fitted to ``train`` and chosen on these windows of ``data``; nothing of what was looked at whole."""
    bought, found = train.purchases, _asked(data, windows)
    if "head" in recipe:
        items, subjects = min(int(recipe["head"]), len(bought.items)), len(bought.users)
        found["items that have neighbours"] = (items, len(bought.items))
        if min(items, subjects) > ease.SIDE:
            found["subjects that neighbours are made of"] = (ease.SIDE, subjects)
    if "candidates" in recipe:
        start = bought.end - round(float(recipe["window_days"]) * DAY)
        requests = len(requests_between(bought, start, bought.end))
        found["requests that the trees learn from"] = (min(int(recipe["requests"]), requests), requests)
        found["items that are put in order"] = (min(int(recipe["candidates"]), len(bought.items)), len(bought.items))
    if "sample" in recipe:
        held = np.bincount(bought.item, minlength=len(bought.items))
        found["items of which every session is looked at"] = (int((held <= recipe["sample"]).sum()), len(held))
    return {what: list(one) for what, one in found.items() if one[0] < one[1]}


def bound(rows: int, learned: int, distinct: Mapping[str, int], settings: Settings) -> Bound:
    """What a search and its fits take, and the items that will have no neighbours: by counts alone.

    >>> from tidemill.learning.search import Settings
    >>> settings = Settings("recommend", "recall@20", None, 1, None, details={"roles": {"item": {"name": "sku"}}})
    >>> found = bound(50_000_000, 50_000_000, {"sku": 59_732}, settings)
    >>> round(found.bytes / 1e9), found.left_out
    (23, ['about 59,732 items: neighbours are learned of the 1,500 with most weight of late, and none of the others'])
    """
    items = distinct.get(str(settings.details.get("roles", {}).get("item", {}).get("name")), 0)
    needed = BASE + READ * rows + LEARNED * learned + OF_ITEM * items
    tried = settings.details.get("learners") or learners.USUAL
    heads = [
        int(learners.METHODS[name].defaults["head"]) for name in tried if "head" in learners.METHODS[name].defaults
    ]
    if settings.task.startswith("steps:") or not heads or items <= max(heads):
        return Bound(needed, [])
    said = f"about {items:,} items: neighbours are learned of the {max(heads):,} with most weight of late, and none of the others"
    return Bound(needed, [said])


def _asked(data: Interactions, windows: Sequence[tuple[Micros, Micros]]) -> dict[str, tuple[int, int]]:
    every = [len(requests_between(data.before(end).purchases, start, end)) for start, end in windows]
    return {"validation requests": (sum(min(one, MOST) for one in every), sum(every))}
