"""What a training does not look at, by count: no cap is silent. The card and the version's metrics say it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tidemill.tasks.ranking.folds import MOST
from tidemill.tasks.ranking.interactions import Interactions, requests_between
from tidemill.tasks.ranking.learners import ease
from tidemill.types import DAY, JsonObject, Micros


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


def _asked(data: Interactions, windows: Sequence[tuple[Micros, Micros]]) -> dict[str, tuple[int, int]]:
    every = [len(requests_between(data.before(end).purchases, start, end)) for start, end in windows]
    return {"validation requests": (sum(min(one, MOST) for one in every), sum(every))}
