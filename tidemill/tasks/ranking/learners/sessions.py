"""Sessions to be near to: rows of one subject that are less than ``gap_hours`` apart; of one item alone it tells nothing."""

from __future__ import annotations

import numpy as np

from tidemill.tasks.ranking.interactions import I8, Interactions
from tidemill.tasks.ranking.learners import popularity
from tidemill.tasks.ranking.sessions import Sessions
from tidemill.types import DAY, JsonObject

DEFAULTS: JsonObject = {
    "gap_hours": 24.0,
    "recent": 3,
    "sample": 500,
    "nearest": 100,
    "rare": 1.0,
    "again": False,
    "popular_days": 28,
}
"""``recent`` items of the subject, the newest ``sample`` sessions of each, the ``nearest`` of them speak; ``rare``: the idf's power."""


def fit(train: Interactions, recipe: JsonObject) -> Sessions:
    """The sessions that had ended or not by ``train.end``."""
    session, item, count = _rows(train, round(float(recipe["gap_hours"]) / 24 * DAY))
    n, sample = len(train.items), int(recipe["sample"])
    held = np.bincount(item, minlength=n)
    by_item = np.lexsort((-session, item))
    begins = np.concatenate([[0], np.cumsum(held)])
    kept = np.arange(len(item)) - np.repeat(begins[:-1], held) < sample
    return Sessions(
        items=train.items,
        base=popularity.filled(train, recipe),
        idf=np.log(max(count, 1) / np.maximum(held, 1)) ** float(recipe["rare"]),
        members=item,
        starts=np.searchsorted(session, np.arange(count + 1)),
        holders=session[by_item][kept],
        begins=np.concatenate([[0], np.cumsum(np.minimum(held, sample))]),
        recent=int(recipe["recent"]),
        sample=sample,
        nearest=int(recipe["nearest"]),
        again=bool(recipe["again"]),
    )


def _rows(train: Interactions, gap: int) -> tuple[I8, I8, int]:
    """(session, item, how many sessions): each item of a session once, sessions numbered by their last moment."""
    order = np.lexsort((train.at, train.user))
    user, at, item = train.user[order], train.at[order], train.item[order]
    begins = np.concatenate([[True], (user[1:] != user[:-1]) | (at[1:] - at[:-1] > gap)])
    session = np.cumsum(begins) - 1
    pairs = np.unique(session * len(train.items) + item)
    session_of, item_of = np.divmod(pairs, len(train.items))
    more = np.bincount(session_of) > 1
    ended = at[np.flatnonzero(np.append(begins[1:], True))]
    number = np.full(len(more), -1)
    told = np.flatnonzero(more)
    number[told[np.argsort(ended[told], kind="stable")]] = np.arange(len(told))
    kept = more[session_of]
    session_of, item_of = number[session_of[kept]], item_of[kept]
    order = np.lexsort((item_of, session_of))
    return session_of[order], item_of[order], len(told)
