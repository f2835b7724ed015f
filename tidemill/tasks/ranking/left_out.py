"""What each row of a history does to an item's score: the score less the one without that row, which is left out and scored anew. numpy only."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tidemill.features.times import Times
from tidemill.features.transforms import decay
from tidemill.tasks.ranking.rank import F8, Event
from tidemill.tasks.ranking.ranker import RankerScorer
from tidemill.tasks.ranking.sessions import SessionScorer
from tidemill.types import Micros


def left_out(scorer: RankerScorer | SessionScorer, history: Sequence[Event], wanted: Sequence[str], at: Micros) -> F8:
    """History rows x wanted items. Rows that a request at ``at`` does not count (returns, later rows) contribute 0.

    On arrays, as `tidemill.features.online.History` would give them: a history of ten thousand rows is scored as often.
    """
    counted = np.array([place for place, row in enumerate(history) if row.value > 0 and row.at < at], np.int64)
    moments = np.array([history[place].at for place in counted.tolist()], np.int64)
    order = np.argsort(moments, kind="stable")
    places, moments = counted[order], moments[order]
    names, codes = np.unique([history[place].item for place in places.tolist()] or [""], return_inverse=True)
    items, faded = codes[: len(places)], decay(at - moments, scorer.half_life)

    def scores(rows: NDArray[np.bool_]) -> F8:
        times = Times.of(items[rows], moments[rows], len(names))
        there = np.flatnonzero(times.counts)
        values = np.asarray(np.bincount(items[rows], faded[rows], len(names))[there], np.float64)
        return scorer.scored(wanted, names[there].tolist(), values, at, times.take(there))

    all_of_them = np.ones(len(places), np.bool_)
    out, whole = np.zeros((len(history), len(wanted))), scores(all_of_them)
    for nth, place in enumerate(places.tolist()):
        others = all_of_them.copy()
        others[nth] = False
        out[place] = whole - scores(others)
    return out
