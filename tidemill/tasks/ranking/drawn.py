"""What each item of the history adds to a score of the project's own learner: Shapley values, drawn. numpy only.

Nobody looks into the learner. It is asked with nothing, and with one item of the history after the other (`tidemill.tasks.sampling`); the
base is what a stranger is told.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tidemill.errors import ModelError
from tidemill.tasks.port import Contribution, Explanation, Question, Reason
from tidemill.tasks.ranking.own import LearnerScorer
from tidemill.tasks.ranking.rank import F8
from tidemill.tasks.sampling import Contributed, sampled
from tidemill.types import to_iso

GRACE = 0.5
"""So many seconds more an order of the history may take that was begun in time."""


def drawn(
    scorer: LearnerScorer,
    question: Question,
    wanted: Sequence[str],
    items: Sequence[str],
    values: F8,
    last: Sequence[int],
) -> Explanation:
    """Raises ModelError where the learner does not score an item whatever the history, or is too slow to be tried."""
    most = len(scorer.catalogue) + len(items)

    late = math.inf if question.samples else question.until + GRACE

    def score(row: F8) -> list[float]:
        if time.monotonic() > late:
            raise ModelError("the learner is too slow to be tried often enough", hint="ask without explain")
        return _scores(scorer, wanted, items, values, row > 0, question.at, most)

    def ask(rows: F8) -> F8:
        return np.array([score(row) for row in rows])

    scores = [float(one) for one in question.output["scores"][: len(wanted)]]
    if not items:
        reasons = [Reason(name, score, score, (), 0.0) for name, score in zip(wanted, scores)]
        return Explanation("sampled_shapley", "score", tuple(reasons))
    groups = [np.array([place]) for place in range(len(items))]
    nobody, all_of_it = np.zeros((1, len(items))), np.ones(len(items))
    found = sampled(ask, all_of_it, nobody, groups, "score", question.until, question.samples)
    reasons = [_reason(found, nth, name, scores[nth], items, last) for nth, name in enumerate(wanted)]
    return Explanation("sampled_shapley", "score", tuple(reasons), samples=found.samples)


def _scores(
    scorer: LearnerScorer,
    wanted: Sequence[str],
    items: Sequence[str],
    values: F8,
    there: NDArray[np.bool_],
    at: int,
    most: int,
) -> list[float]:
    names, scores = scorer.recommend([items[i] for i in np.flatnonzero(there).tolist()], values[there], at, most)
    told = dict(zip(names, scores.tolist()))
    if missing := next((name for name in wanted if name not in told), None):
        raise ModelError(f"the learner gives {missing!r} no score where part of the history is gone")
    return [told[name] for name in wanted]


def _reason(found: Contributed, nth: int, name: str, score: float, items: Sequence[str], last: Sequence[int]) -> Reason:
    by, error = found.by[0, nth], found.error[0, nth] if found.error is not None else np.zeros(len(items))
    order: list[int] = np.argsort(-np.abs(by), kind="stable").tolist()
    made = (
        Contribution(items[i], float(by[i]), "history", float(error[i]), to_iso(last[i])) for i in order if by[i] != 0.0
    )
    base = float(found.base[0, nth])
    return Reason(name, score, base, tuple(made), abs(score - base - float(by.sum())))
