"""Simulated traffic with a known truth: subjects with habits of their own, who come again; a look a day."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tidemill.experiment.sums import GROUPS, Estimate, Side, estimate
from tidemill.learning.measures import measure

RECALL = measure("recall@20")


def side(rng: np.random.Generator, subjects: int, days: int, mean: float, visits: float = 0.3) -> list[Side]:
    """What one side has shown by each day: each subject buys with a chance of its own (around ``mean``), and comes as often as it likes."""
    per = -(-subjects // GROUPS)
    shape = (per, GROUPS)
    own = np.clip(mean * rng.gamma(4.0, 0.25, shape), 0, 1)
    comes = rng.gamma(2.0, visits / 2, shape)
    counts = rng.poisson(comes, (days, *shape))
    sums = rng.binomial(counts, own)
    return [_side(s, c) for s, c in zip(_so_far(sums), _so_far(counts), strict=True)]


def strangers(rng: np.random.Generator, a_day: int, days: int, mean: float) -> list[Side]:
    """As `side`, of subjects who come once, others each day: steps that are independent, which bounds are crossed by most easily."""
    counts = rng.multinomial(a_day, np.full(GROUPS, 1 / GROUPS), days).cumsum(axis=0)
    fresh = np.diff(counts, axis=0, prepend=0)
    return [_side(s, c) for s, c in zip(rng.binomial(fresh, mean).cumsum(axis=0), counts, strict=True)]


def _so_far(of: NDArray[np.int64]) -> NDArray[np.int64]:
    return of.sum(axis=1).cumsum(axis=0)


def _side(sums: NDArray[np.int64], counts: NDArray[np.int64]) -> Side:
    return Side(tuple(sums.tolist()), tuple(counts.tolist()))


def course(first: list[Side], second: list[Side], tau: float) -> list[Estimate | None]:
    return [estimate(a, b, RECALL, tau) for a, b in zip(first, second, strict=True)]
