"""Paired differences of two models as a shop shows them: most customers see none, a few a large one, some ask often.

Made, not taken: zeros, tails and clustering are those that a real shop's fits had (a kurtosis of 60 to 200, 1.4 requests a
customer and window). Differences are relative to the champion's level; the spread a request (``c``) is that of the pair.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

F8 = NDArray[np.float64]


@dataclass(frozen=True)
class Pair:
    """Two models: how many customers see a difference, how large it is for most and for how many it is huge."""

    differ: float
    usual: float
    huge: float
    c: float


REFIT = Pair(0.38, 0.080, 0.024, 0.29)  # the same recipe, fitted 28 days apart
TUNING = Pair(0.22, 0.074, 0.017, 0.19)  # other numbers of one learner, fitted on the same day
LEARNER = Pair(0.435, 0.100, 0.033, 0.38)  # another learner, fitted on the same day
SIGNS = 0.6
"""As much of an effect is put into the signs as this share of what signs can carry; the rest into every request."""


def pool(pair: Pair, customers: int = 4_000) -> F8:
    """Customers of one window: sums of the difference and of the champion's values, and requests; spread ``c`` a request."""
    rng = np.random.default_rng(17)
    requests = rng.geometric(1 / 1.385, customers)
    old = requests * rng.beta(0.9, 1.6, customers) * (rng.random(customers) > 0.137)
    size = pair.usual * np.exp(rng.normal(0, 0.5, customers) - 0.25)
    size = np.where(rng.random(customers) < pair.huge, rng.uniform(0.3, 1.5, customers), size)
    gain = np.where(rng.random(customers) < pair.differ, size, 0.0) * rng.choice([-1.0, 1.0], customers)
    spread = np.sqrt((gain**2).sum() * requests.sum()) / old.sum()
    return np.stack([gain * pair.c / spread, old, requests], axis=1)


def draw(
    people: F8, requests: int, gain: float, rng: np.random.Generator, times: int, between: float = 0.0
) -> tuple[F8, F8]:
    """So many windows of so many requests: what each customer adds to gain and level (windows x customers).

    ``gain``: the true one, a share of the level; ``between``: its spread between windows. A customer's sign is drawn anew.
    """
    count = max(8, round(requests / people[:, 2].mean()))
    picked = people[rng.integers(0, len(people), (times, count))]
    size, old = np.abs(picked[..., 0]), picked[..., 1]
    true = gain + between * rng.standard_normal((times, 1))
    carried = np.abs(people[:, 0]).mean() / people[:, 1].mean()
    by_sign = np.clip(true, -SIGNS * carried, SIGNS * carried)
    sign = np.where(rng.random(size.shape) < 0.5 + 0.5 * by_sign / carried, 1.0, -1.0)
    return size * sign + (true - by_sign) * old, old
