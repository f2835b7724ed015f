"""Every request of a window asked and scored. numpy only."""

from __future__ import annotations

import time
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tidemill.errors import ModelError
from tidemill.learning.evaluate import Scored
from tidemill.tasks.ranking.interactions import Interactions, Requests
from tidemill.tasks.ranking.metrics import RANKED
from tidemill.types import did_you_mean


class Answers(NamedTuple):
    """The answers to requests: items of each, and whether its subject had no history."""

    items: list[list[str]]
    cold: NDArray[np.bool_]


def answer(scorer: Any, data: Interactions, requests: Requests, k: int = 20, patience: float | None = None) -> Answers:
    """Ask a scorer (`RecommendScorer`, `LearnerScorer`) every request, with its subject's history before it.

    Raises ModelError for a score that is no number, and when all of it takes longer than ``patience`` seconds.
    """
    began = time.monotonic()
    histories, names = data.histories, data.items
    found: list[list[str]] = []
    cold = np.zeros(len(requests), np.bool_)
    for place, (subject, at) in enumerate(zip(requests.subjects, requests.at.tolist())):
        if patience is not None and time.monotonic() - began > patience:
            raise ModelError(f"{place} of {len(requests)} requests answered in {patience:g} s: too slow to be tested")
        codes, values = histories.of(subject, at, scorer.half_life)
        cold[place] = not len(codes)
        items, scores = scorer.recommend([names[c] for c in codes.tolist()], values, at, k)
        if not np.isfinite(scores).all():
            raise ModelError("the model gave a score that is no number", place=f"{subject} at {at}")
        found.append(list(items))
    return Answers(found, cold)


def score_answers(answered: Answers, requests: Requests, metric: str) -> Scored:
    """One value a request. Raises ModelError for an unknown metric."""
    if metric not in RANKED:
        raise ModelError(f"unknown metric {metric!r} for a recommender", hint=did_you_mean(metric, RANKED))
    measure = RANKED[metric]
    values = np.array([measure(items, truth) for items, truth in zip(answered.items, requests.truth)], np.float64)
    subjects = np.array(requests.subjects)
    return Scored(values, subjects, requests.at, answered.cold, {"subject": subjects})


def score_requests(scorer: Any, data: Interactions, requests: Requests, metric: str) -> Scored:
    """`answer` and `score_answers` in one: what the gates compare. The independent unit is the subject."""
    return score_answers(answer(scorer, data, requests), requests, metric)
