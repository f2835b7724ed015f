"""EASE and item-kNN from 1,000 to 20,000 items: fit, answer, and how both grow."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from bench.timing import piece, row
from tidemill.tasks.ranking.interactions import Interactions
from tidemill.tasks.ranking.learners import fit, recipe_of
from tidemill.tasks.ranking.rank import Ranking, RecommendScorer
from tidemill.types import DAY, JsonObject

SIZES = (1_000, 2_000, 5_000, 10_000, 20_000)
HISTORY, HALF_LIFE = 30, 180 * DAY
GEMM_IS = "its matrix product, were it dense, at this BLAS's speed"
MEMORY_IS = "five passes over the scores at memory speed"


def shop(items: int) -> Interactions:
    """Thirty rows an item, an item bought as Zipf says, ten rows a basket, a subject for every five items."""
    rng = np.random.default_rng(items)
    rows, subjects = 30 * items, items // 5
    shares = 1.0 / np.arange(1, items + 1) ** 0.8
    item = rng.choice(items, rows, p=shares / shares.sum())
    basket = np.arange(rows) // 10
    owner = rng.integers(0, subjects, rows // 10)
    at = np.sort(rng.integers(0, 365 * DAY, rows // 10))
    return Interactions(
        users=[f"s{i:06}" for i in range(subjects)],
        items=[f"i{i:06}" for i in range(items)],
        user=owner[basket],
        item=item,
        at=at[basket],
        value=np.ones(rows),
        basket=basket,
        end=365 * DAY,
    )


def gemm_rate() -> float:
    """Floating point operations a CPU second of a double-precision matrix product here."""
    square: Any = np.random.default_rng(1).random((1_500, 1_500))
    return 2.0 * 1_500**3 / (piece(lambda: square @ square)[1] / 1e6)


def memory_rate() -> float:
    """Bytes a second that one core copies, once read and once written."""
    block = np.zeros(8_000_000)
    target = np.empty_like(block)
    return 2 * block.nbytes / (piece(lambda: np.copyto(target, block))[0] / 1e6)


def fitted(recipe: JsonObject, data: Interactions) -> tuple[Ranking, float]:
    """(the fit, CPU s)."""
    began = time.process_time()
    ranking = fit(recipe, data)
    if not isinstance(ranking, Ranking):
        raise TypeError(f"{recipe['method']} is no plain ranking")
    return ranking, time.process_time() - began


def answer_us(ranking: Ranking) -> float:
    """CPU µs of the ten best for a history of thirty items."""
    scorer = RecommendScorer(ranking, HALF_LIFE)
    chosen = np.random.default_rng(3).choice(len(ranking.items), HISTORY, replace=False)
    items, values = [ranking.items[i] for i in sorted(chosen)], np.linspace(0.1, 2.0, HISTORY)
    return piece(lambda: scorer.recommend(items, values, 0, 10), seconds=0.2)[1]


def exponent(found: dict[int, float]) -> float:
    """b of seconds ~ n^b over the sizes measured."""
    sizes = np.log(np.array(sorted(found)))
    return float(np.polyfit(sizes, np.log([found[n] for n in sorted(found)]), 1)[0])


def run() -> list[dict[str, Any]]:
    gemm, memory = gemm_rate(), memory_rate()
    rows = [row("BLAS here", gemm / 1e9, "GFLOP per CPU s"), row("memory here", memory / 1e9, "GB/s")]
    kinds: tuple[tuple[str, Callable[[int], JsonObject], Callable[[int], float]], ...] = (
        ("item-kNN", lambda n: recipe_of("item_knn", HALF_LIFE), lambda n: 0.0),
        ("EASE, its usual head of items", lambda n: recipe_of("ease", HALF_LIFE), lambda n: 0.0),
        (
            "EASE, every item",
            lambda n: {**recipe_of("ease", HALF_LIFE), "head": n},
            lambda n: 2.0 * n * n * min(n // 5, 3_000),
        ),
    )
    shops = {n: shop(n) for n in SIZES}
    for name, recipe, flops in kinds:
        seconds: dict[int, float] = {}
        answers: dict[int, float] = {}
        for n in SIZES:
            ranking, seconds[n] = fitted(recipe(n), shops[n])
            answers[n] = answer_us(ranking)
            floor = 40 * n / memory * 1e6
            rows += [
                row(f"{name}, {n:,} items: fit", seconds[n], "CPU s", flops(n) / gemm, GEMM_IS),
                row(f"{name}, {n:,} items: an answer", answers[n], "CPU us", floor, MEMORY_IS),
            ]
        rows += [
            row(f"{name}: fit grows with items to the power of", exponent(seconds), ""),
            row(f"{name}: an answer grows with items to the power of", exponent(answers), ""),
        ]
    return rows
