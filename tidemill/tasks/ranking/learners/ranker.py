"""Fits the ranker: candidates and their rows as a model of before the last window would have given them, and what was taken then.

The blend, and what is known of items, is fitted twice: up to the window, for the rows that trees learn from, and up to ``train.end``,
for the rows that they are asked with. So no row knows its own label, and trees learn from scores as old as those that they will see.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tidemill.errors import NotEnoughData
from tidemill.learning.rows import evenly
from tidemill.tasks.ranking.interactions import F8, Asked, Interactions, requests_between
from tidemill.tasks.ranking.learners import blend, popularity
from tidemill.tasks.ranking.rank import Ranking
from tidemill.tasks.ranking.ranker import NAMES, Ranker, RankerScorer, log_days
from tidemill.types import DAY, JsonObject, Micros

DEFAULTS: JsonObject = {
    **blend.DEFAULTS,
    "candidates": 100,
    "window_days": 28,
    "requests": 3_000,
    "num_iterations": 50,
    "num_leaves": 15,
    "learning_rate": 0.08,
    "min_data_in_leaf": 100,
    "lambda_l2": 5.0,
    "feature_fraction": 0.7,
}
"""Trees learn from at most so many ``requests`` of the last ``window_days``; those from ``num_iterations`` on as LightGBM calls them."""
FEWEST = 50
"""Requests that found something among the candidates: from fewer no order is learned."""
WEIGHT = 5.0
"""Of what is usual, where little is known of an item: as if it had been bought so often."""


def fit(train: Interactions, recipe: JsonObject) -> Ranker:
    """The blend of now, and trees from the last window. Raises NotEnoughData."""
    start = train.end - round(float(recipe["window_days"]) * DAY)
    before = train.learned(start, None)
    if not len(before):
        raise NotEnoughData("no row before the window that a ranker learns from", hint="more data, or window_days")
    every = requests_between(train, start, train.end)
    chosen = [every[place] for place in evenly(len(every), int(recipe["requests"]))]
    trees = _trees(*_rows(_parts(before, recipe, b""), train, chosen, int(recipe["half_life"])), recipe)
    return _parts(train, recipe, trees)


def _parts(train: Interactions, recipe: JsonObject, trees: bytes) -> Ranker:
    ranking: Ranking = blend.fit(train, recipe)
    return Ranker(ranking, habits(train, recipe), int(recipe["candidates"]), trees)


def habits(train: Interactions, recipe: JsonObject) -> F8:
    """n + 1 x `OF_ITEMS`: what is bought lately, and of late beside before; of its buyers how many came back, how soon, how many there are."""
    n, days = len(train.items), float(recipe["popular_days"])
    popular, short, long = (popularity.popular(train, days * times) for times in (2.0, 0.5, 6.0))
    order = np.lexsort((train.at, train.item, train.user))
    user, item, at = train.user[order], train.item[order], train.at[order]
    again = (user[1:] == user[:-1]) & (item[1:] == item[:-1]) & (at[1:] > at[:-1])
    back, gap = item[1:][again], log_days((at[1:] - at[:-1])[again])
    buyers = np.bincount(np.unique(user * n + item) % n, minlength=n)
    loyal = np.bincount(np.unique(user[1:][again] * n + back) % n, minlength=n)
    usual = loyal.sum() / max(buyers.sum(), 1), gap.mean() if len(gap) else np.log(days)
    found = np.full((n + 1, 6), np.nan)
    found[:n, 0], found[:n, 1], found[:n, 2] = popular, short, np.log((short + 0.05) / (long + 0.05))
    found[:n, 3] = (loyal + WEIGHT * usual[0]) / (buyers + WEIGHT)
    found[:n, 4] = (np.bincount(back, gap, n) + WEIGHT * usual[1]) / (np.bincount(back, minlength=n) + WEIGHT)
    found[:n, 5] = np.log1p(buyers)
    return found


def _rows(ranker: Ranker, train: Interactions, requests: list[Asked], half_life: Micros) -> tuple[F8, F8, list[int]]:
    """(rows, whether each was taken, how many candidates a request has) of the requests that found something."""
    scorer, histories, names = RankerScorer(ranker, half_life), train.histories, train.items
    rows, taken, sizes = [np.empty((0, len(NAMES)))], [np.empty(0)], []
    for at, subject, truth, *_ in requests:
        codes, values = histories.of(subject, at, half_life)
        items, x = scorer.rows([names[c] for c in codes.tolist()], values, at, histories.times(subject, at))
        wanted = set(truth)
        hit = np.array([item in wanted for item in items], np.float64)
        if hit.any():
            rows.append(x)
            taken.append(hit)
            sizes.append(len(items))
    return np.concatenate(rows), np.concatenate(taken), sizes


def _trees(rows: F8, taken: F8, sizes: list[int], recipe: JsonObject) -> bytes:
    """LightGBM's own text. Raises NotEnoughData."""
    import lightgbm

    if len(sizes) < FEWEST:
        hint = "more data, a longer window_days, or more candidates"
        raise NotEnoughData(f"{len(sizes)} requests of the window found something: {FEWEST} are needed", hint=hint)
    given: dict[str, Any] = {
        **{name: recipe[name] for name in ("num_leaves", "learning_rate", "min_data_in_leaf", "lambda_l2")},
        "feature_fraction": recipe["feature_fraction"],
        "objective": "lambdarank",
        "max_bin": 63,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": 1,
        "seed": 0,
        "verbosity": -1,
    }
    data = lightgbm.Dataset(rows, taken, group=sizes, feature_name=list(NAMES))
    text: str = lightgbm.train(given, data, num_boost_round=int(recipe["num_iterations"])).model_to_string()
    return text.encode()
