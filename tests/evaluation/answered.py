"""Answers to a test whose quality is known by construction."""

from __future__ import annotations

from typing import Any

import numpy as np

from tidemill.evaluation.slices.judged import Judged
from tidemill.learning.evaluate import Scored
from tidemill.learning.trainer import Report


def columns(n: int, rng: np.random.Generator) -> dict[str, Any]:
    """Six of letters and four of numbers, which have nothing to do with how well a row is answered."""
    letters = {f"c{k}": rng.choice(list("abcde"), n, p=[0.4, 0.3, 0.2, 0.07, 0.03]).astype(object) for k in range(6)}
    return letters | {f"x{k}": rng.normal(size=n) for k in range(4)}


def judged(values: Any, metric: str, attributes: dict[str, Any], units: Any = None) -> Judged:
    """As a report holds them; each request a unit of its own, if nothing else is said."""
    n = len(values)
    units = np.arange(n) if units is None else units
    scored = Scored(np.asarray(values, np.float64), units, np.zeros(n, np.int64), np.zeros(n, np.bool_), attributes)
    return Judged(Report({metric: scored}, {}), metric)


def clean(seed: int, metric: str, n: int = 1_500, of_a_unit: int = 1) -> Judged:
    """No slice is answered worse than another, whatever the metric; requests of one unit are alike."""
    rng = np.random.default_rng(seed)
    values = {
        "recall@20": lambda: (rng.random(n) < 0.3).astype(np.float64),
        "mae": lambda: np.abs(rng.standard_t(3, n)),
        "accuracy": lambda: (rng.random(n) < 0.98).astype(np.float64),
        "log_loss": lambda: -np.log(np.clip(rng.beta(8, 1, n), 1e-6, 1)),
    }[metric]()
    units = np.arange(n) // of_a_unit
    if of_a_unit > 1:
        values = values * rng.lognormal(0, 0.3, units.max() + 1)[units]
    return judged(values, metric, columns(n, rng), units)


def planted(seed: int, n: int = 3_000) -> Judged:
    """98 of 100 answers are right, and of those with c0 = e (3 of 100) every other one."""
    rng = np.random.default_rng(seed)
    attributes = columns(n, rng)
    right = rng.random(n) < np.where(attributes["c0"] == "e", 0.5, 0.995)
    return judged(right, "accuracy", attributes)
