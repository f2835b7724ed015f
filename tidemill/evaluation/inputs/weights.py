"""What each value of a request weighs in a model's answers, on average: a share of all that moves them.

By the contributions that the model itself says, exactly. Of a learner that says none, by how far the answers move when the value is
taken from another row. What is made of one value (a text's vector, the calendar) is summed up before.
"""

from __future__ import annotations

import numpy as np

from tidemill.learning.evaluate import F8
from tidemill.tasks.tabular.learners import FOREIGN
from tidemill.tasks.tabular.sample import Sample

ROWS = 300
"""Rows whose answers are looked at."""


def weights(sample: Sample, seed: int = 0) -> dict[str, float]:
    """By the name of each value: shares that add up to 1, all 0 where nothing moves an answer. Raises ModelError."""
    some = sample.some(ROWS)
    moved = _contributed(some) if some.scorer.method not in FOREIGN else _moved(some, seed)
    whole = float(moved.sum())
    return {name: float(one / whole) if whole > 0 else 0.0 for name, one in zip(some.places, moved, strict=True)}


def contributions(sample: Sample) -> F8:
    """What each value adds to the score that is watched: rows x values (`Sample.places`). Raises ModelError."""
    by = sample.scorer.contributed(sample.x).by
    own = by[:, sample.watched if by.shape[1] > 1 else 0, :]
    return np.column_stack([own[:, places].sum(axis=1) for places in sample.places.values()])


def _contributed(sample: Sample) -> F8:
    return np.asarray(np.abs(contributions(sample)).mean(axis=0))


def _moved(sample: Sample, seed: int) -> F8:
    before, found = sample.told(sample.x)[:, sample.watched], []
    for place, name in enumerate(sample.places):
        x = sample.shuffled([name], np.random.default_rng([seed, place]))
        found.append(float(np.abs(sample.told(x)[:, sample.watched] - before).mean()))
    return np.array(found)
