"""What each column of a ranker's trees adds to a score, traced to the items of the history. numpy only.

TreeSHAP says it by column, exactly. Whose a column is decides where that goes, and nothing is lost on the way:

| columns | go to |
|---|---|
| what the subject did with this very item (`OF_OWN`) | that item; `NEW` where the history has it not |
| `similar` | the other items of the history, by what each adds to the blend's score, whatever its sign |
| `place`, `blend` | all that the blend's score is made of: the items of the history and popularity, in the same way |
| `OF_ITEMS` | popularity; what says how often anybody takes it again, `AGAIN` |
| `OF_SUBJECT` | `VISITS` |
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from tidemill.tasks.ranking.rank import F8, POPULAR, Shares

OF_ITEMS = ("popular", "popular_short", "trend", "repeated", "interval", "buyers")
"""What is known of an item whoever asks; of one that the model has never seen, nothing (NaN)."""
OF_OWN = ("faded", "own_place", "share", "age", "own_interval", "age_of_own", "age_of_item", "age_of_subject")
OF_SUBJECT = ("items", "visits", "since", "between", "basket")
OF_RETURNS = ("repeated", "interval")
NEW, AGAIN, VISITS = "not taken before", "how often it is taken again", "how often the subject comes"
BEHIND = "behind the candidates"


def traced(features: Mapping[str, F8], blend: Shares, same: NDArray[np.bool_]) -> Shares:
    """The shares of scores that have these ``features``. ``same``, items of the history x wanted: whether it is the one."""
    history, popular = np.zeros(same.shape), _of(features, [name for name in OF_ITEMS if name not in OF_RETURNS])
    own = _of(features, OF_OWN)
    every, base = np.abs(blend.history), np.abs(blend.parts[POPULAR])
    nothing = np.zeros(len(base))
    for names, shares, rest in ((["similar"], np.where(same, 0.0, every), nothing), (["place", "blend"], every, base)):
        amount, total = _of(features, names), shares.sum(axis=0) + rest
        by = np.divide(amount, total, out=np.zeros(len(total)), where=total > 0)
        history += shares * by
        popular += rest * by
        own += np.where(total > 0, 0.0, amount)
    history += np.where(same, own, 0.0)
    parts = {POPULAR: popular, AGAIN: _of(features, OF_RETURNS), VISITS: _of(features, OF_SUBJECT)}
    return Shares(history, {**parts, NEW: np.where(same.any(axis=0), 0.0, own)}, features=features)


def _of(features: Mapping[str, F8], names: Sequence[str]) -> F8:
    found: F8 = np.sum([features[name] for name in names], axis=0)
    return found
