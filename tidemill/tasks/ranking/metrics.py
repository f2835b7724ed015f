"""How good lists of items are: hits among the first k. Stdlib only."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Sequence


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
    "recall@20": recall_at,
    "ndcg@10": ndcg_at,
    "mrr@20": mrr_at,
}
