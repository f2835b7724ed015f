"""What each row of a history does to an item's score: the score less the one without that row, which is left out and scored anew. numpy only."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tidemill.features.online import History
from tidemill.tasks.ranking.rank import F8, Event
from tidemill.tasks.ranking.ranker import RankerScorer
from tidemill.tasks.ranking.sessions import SessionScorer
from tidemill.types import Micros


def left_out(scorer: RankerScorer | SessionScorer, history: Sequence[Event], wanted: Sequence[str], at: Micros) -> F8:
    """History rows x wanted items. Rows that a request at ``at`` does not count (returns, later rows) contribute 0."""

    def scores(rows: Sequence[Event]) -> F8:
        known = History()
        known.load((place, "", row.item, row.at, row.value) for place, row in enumerate(rows, 1))
        items, values = known.items("", at, scorer.half_life)
        return scorer.scored(wanted, items, values, at, known.times("", at))

    out, whole = np.zeros((len(history), len(wanted))), scores(history)
    for place, row in enumerate(history):
        if row.value > 0 and row.at < at:
            out[place] = whole - scores([*history[:place], *history[place + 1 :]])
    return out
