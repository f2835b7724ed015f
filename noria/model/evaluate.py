"""How good answers are, and how sure that is. numpy only.

Every interval is a bootstrap over the independent unit (a customer, a day): requests of one unit stand or fall together.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from noria.errors import ModelError, NotEnoughData
from noria.model.interactions import Interactions, Requests
from noria.types import JsonObject, Micros, did_you_mean

F8 = NDArray[np.float64]
DRAWS = 2_000
POWER_Z = 0.8416212335729143
"""The quantile of 80 % power."""


def recall_at(items: Sequence[str], truth: Collection[str], k: int = 20) -> float:
    """Hits among the first k, of those that could be: hits / min(k, distinct items of the truth); 0 without truth.

    >>> recall_at(["a", "b", "c"], {"b", "x"}, 2)
    0.5
    """
    wanted = set(truth)
    hits = sum(item in wanted for item in dict.fromkeys(items[:k]))
    return hits / min(k, len(wanted)) if wanted and k > 0 else 0.0


def ndcg_at(items: Sequence[str], truth: Collection[str], k: int = 10) -> float:
    """Discounted cumulative gain of the first k over that of the best order; 0 without truth.

    >>> round(ndcg_at(["x", "a"], {"a"}, 10), 4)
    0.6309
    """
    wanted = set(truth)
    if not wanted or k <= 0:
        return 0.0
    gain = sum(1 / math.log2(place + 2) for place, item in enumerate(items[:k]) if item in wanted)
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
VALUED: dict[str, Callable[[F8, F8], F8]] = {
    "mae": lambda told, true: np.abs(told - true),
    "rmse": lambda told, true: np.square(told - true),
    "log_loss": lambda told, true: -np.log(np.clip(np.where(true > 0, told, 1 - told), 1e-15, 1.0)),
}
"""What one row of a table adds; ``told`` is the value, or the probability of the true label's being ``true`` = 1.
The metric is the mean; of ``rmse`` its root."""
LESS_IS_BETTER = ("mae", "rmse", "log_loss")


@dataclass(frozen=True)
class Scored:
    """How well each request was answered."""

    values: F8
    units: NDArray[Any]  # the independent unit of each request
    at: NDArray[np.int64]  # µs
    cold: NDArray[np.bool_]  # the subject had no history

    def take(self, mask: NDArray[np.bool_]) -> Scored:
        return Scored(self.values[mask], self.units[mask], self.at[mask], self.cold[mask])


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
        raise ModelError(f"unknown metric {metric!r} for a recommender", way_out=did_you_mean(metric, RANKED))
    measure = RANKED[metric]
    values = np.array([measure(items, truth) for items, truth in zip(answered.items, requests.truth)], np.float64)
    return Scored(values, np.array(requests.subjects), requests.at, answered.cold)


def score_requests(scorer: Any, data: Interactions, requests: Requests, metric: str) -> Scored:
    """`answer` and `score_answers` in one: what the gates compare. The independent unit is the subject."""
    return score_answers(answer(scorer, data, requests), requests, metric)


class Interval(NamedTuple):
    mean: float
    low: float
    high: float


class Difference(NamedTuple):
    """a - b over the same requests."""

    mean: float
    low: float
    high: float
    error: float  # standard error
    units: int
    visible: float  # the least true difference that 4 of 5 such comparisons would see

    def power(self, requests: int) -> str:
        """What such a comparison can see.

        >>> Difference(0.01, 0.0, 0.02, 0.005, 200, 0.014).power(310)
        'with 310 requests of 200 units a difference of 0.0140 would be seen in 4 of 5 comparisons'
        """
        return (
            f"with {requests} requests of {self.units} units a difference of {self.visible:.4f} "
            "would be seen in 4 of 5 comparisons"
        )


def bootstrap_interval(values: Any, units: Any, seed: int, level: float = 0.95, draws: int = DRAWS) -> Interval:
    """(mean, low, high) of the mean over requests, units drawn with replacement (percentiles).

    Raises NotEnoughData without values.

    >>> bootstrap_interval([1.0, 1.0, 1.0], ["a", "b", "c"], seed=0)
    Interval(mean=1.0, low=1.0, high=1.0)
    """
    drawn, mean = _draws(values, units, seed, draws)
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return Interval(mean, float(low), float(high))


def paired_bootstrap(a: Any, b: Any, units: Any, seed: int, level: float = 0.95, draws: int = DRAWS) -> Difference:
    """The mean of ``a - b`` over the same requests, with its interval and what the comparison could have seen."""
    gain = np.asarray(a, np.float64) - np.asarray(b, np.float64)
    drawn, mean = _draws(gain, units, seed, draws)
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    error = float(drawn.std(ddof=1))
    visible = (_normal_quantile((1 + level) / 2) + POWER_Z) * error
    return Difference(mean, float(low), float(high), error, len(np.unique(np.asarray(units))), visible)


def _draws(values: Any, units: Any, seed: int, draws: int) -> tuple[F8, float]:
    """The mean of each bootstrap sample, and that of the sample at hand."""
    numbers = np.asarray(values, np.float64)
    if not len(numbers):
        raise NotEnoughData("nothing to measure", way_out="a longer split.test, or more data")
    names, codes = np.unique(np.asarray(units), return_inverse=True)
    sums, counts = np.bincount(codes, numbers), np.bincount(codes)
    picked = np.random.default_rng(seed).integers(0, len(names), (draws, len(names)))
    return sums[picked].sum(axis=1) / counts[picked].sum(axis=1), float(numbers.mean())


def _normal_quantile(p: float) -> float:
    from statistics import NormalDist

    return NormalDist().inv_cdf(p)


def auc(told: Any, true: Any) -> float:
    """The chance that a positive is told above a negative, ties half. NaN when one of the two is missing.

    >>> auc([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1])
    0.75
    """
    told, true = np.asarray(told, np.float64), np.asarray(true) > 0
    positives, n = int(true.sum()), len(true)
    if positives in (0, n):
        return math.nan
    _, group, size = np.unique(told, return_inverse=True, return_counts=True)
    rank = (np.cumsum(size) - (size - 1) / 2)[group]
    return float((rank[true].sum() - positives * (positives + 1) / 2) / (positives * (n - positives)))


def auc_interval(told: Any, true: Any, units: Any, seed: int, level: float = 0.95, draws: int = 200) -> Interval:
    """AUC with its interval, units drawn with replacement; draws with one label alone are left out."""
    told, true = np.asarray(told, np.float64), np.asarray(true)
    names, codes = np.unique(np.asarray(units), return_inverse=True)
    order = np.argsort(codes, kind="stable")
    edges = np.searchsorted(codes[order], np.arange(len(names) + 1))
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(draws):
        picked = rng.integers(0, len(names), len(names))
        rows = np.concatenate([order[edges[u] : edges[u + 1]] for u in picked])
        found.append(auc(told[rows], true[rows]))
    low, high = np.nanquantile(found, [(1 - level) / 2, (1 + level) / 2])
    return Interval(auc(told, true), float(low), float(high))


def metric_value(metric: str, values: F8) -> float:
    """The metric from what each request adds: the mean, and for ``rmse`` its root."""
    mean = float(np.mean(values))
    return math.sqrt(mean) if metric == "rmse" else mean


def summary(scored: dict[str, Scored], seed: int) -> JsonObject:
    """Every metric as [mean, low, high]; ``n``; ``warm`` and ``cold`` apart, each with its own ``n``."""
    first = next(iter(scored.values()))
    found: JsonObject = {"n": len(first.values), "units": len(np.unique(first.units)), **_intervals(scored, seed)}
    for name, mask in (("warm", ~first.cold), ("cold", first.cold)):
        part = {metric: s.take(mask) for metric, s in scored.items()}
        found[name] = {"n": int(mask.sum()), **(_intervals(part, seed) if mask.any() else {})}
    return found


def _intervals(scored: dict[str, Scored], seed: int) -> JsonObject:
    found: JsonObject = {}
    for metric, s in scored.items():
        mean, low, high = bootstrap_interval(s.values, s.units, seed)
        found[metric] = [math.sqrt(v) if metric == "rmse" else v for v in (mean, low, high)]
    return found


def day_blocks(at: NDArray[np.int64], day: Micros = 86_400_000_000) -> NDArray[np.int64]:
    """The day of each row: the independent unit of a table without subjects."""
    return at // day
