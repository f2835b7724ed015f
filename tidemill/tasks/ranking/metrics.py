"""How good lists of items are: hits among the first k, and every request of a window asked and scored. numpy only."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tidemill.errors import ModelError
from tidemill.learning.evaluate import Scored
from tidemill.tasks.ranking.interactions import Interactions, Requests
from tidemill.types import did_you_mean


def recall_at(items: Sequence[str], truth: Collection[str], k: int = 20) -> float:
    """Hits among the first k, of those that could be: hits / min(k, distinct items of the truth); 0 without truth.

    >>> recall_at(["a", "b", "c"], {"b", "x"}, 2)
    0.5
    """
    wanted = set(truth)
    return len(wanted.intersection(items[:k])) / min(k, len(wanted)) if wanted and k > 0 else 0.0


def ndcg_at(items: Sequence[str], truth: Collection[str], k: int = 10) -> float:
    """Discounted cumulative gain of the first k over that of the best order; 0 without truth. A repeat gains nothing.

    >>> round(ndcg_at(["x", "a"], {"a"}, 10), 4)
    0.6309
    """
    wanted = set(truth)
    if not wanted or k <= 0:
        return 0.0
    hits = {item: place for place, item in reversed(list(enumerate(items[:k]))) if item in wanted}  # its first place
    gain = sum(1 / math.log2(place + 2) for place in sorted(hits.values()))
    return gain / sum(1 / math.log2(place + 2) for place in range(min(k, len(wanted))))


def mrr_at(items: Sequence[str], truth: Collection[str], k: int = 20) -> float:
    """1 / the place of the first hit among the first k; 0 without one.

    >>> mrr_at(["x", "a"], {"a"})
    0.5
    """
    wanted = set(truth)
    return next((1 / place for place, item in enumerate(items[:k], 1) if item in wanted), 0.0)


def coverage(answers: Iterable[Sequence[str]], catalogue: Collection[str]) -> float:
    """The share of the catalogue that is shown in at least one answer.

    >>> coverage([["a"], ["a", "b"]], ["a", "b", "c", "d"])
    0.5
    """
    shown = {item for answer in answers for item in answer}
    return len(shown & set(catalogue)) / len(catalogue) if catalogue else 0.0


RANKED: dict[str, Callable[[Sequence[str], Collection[str]], float]] = {
    "recall@20": lambda items, truth: recall_at(items, truth, 20),
    "ndcg@10": lambda items, truth: ndcg_at(items, truth, 10),
    "mrr@20": lambda items, truth: mrr_at(items, truth, 20),
}


class Answered(NamedTuple):
    """The answers to requests: items of each, and whether its subject had no history."""

    items: list[list[str]]
    cold: NDArray[np.bool_]


def answer(scorer: Any, data: Interactions, requests: Requests, k: int = 20, patience: float | None = None) -> Answered:
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
    return Answered(found, cold)


def score_answers(answered: Answered, requests: Requests, metric: str) -> Scored:
    """One value a request. Raises ModelError for an unknown metric."""
    if metric not in RANKED:
        raise ModelError(f"unknown metric {metric!r} for a recommender", hint=did_you_mean(metric, RANKED))
    measure = RANKED[metric]
    values = np.array([measure(items, truth) for items, truth in zip(answered.items, requests.truth)], np.float64)
    return Scored(values, np.array(requests.subjects), requests.at, answered.cold)


def score_requests(scorer: Any, data: Interactions, requests: Requests, metric: str) -> Scored:
    """`answer` and `score_answers` in one: what the gates compare. The independent unit is the subject."""
    return score_answers(answer(scorer, data, requests), requests, metric)
