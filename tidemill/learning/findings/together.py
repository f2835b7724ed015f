"""How much all columns know together: small boosted trees, fitted on the parts of a look."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tidemill.learning.findings.look import F8, I8, Look
from tidemill.learning.findings.power import NONE, Power, numbers, of_parts

if TYPE_CHECKING:
    import polars as pl

ROUNDS = 80
MOST_CATEGORIES = 256


def together(look: Look) -> Power:
    """The power of trees on all columns of the look; nothing without a column."""
    if not look.columns:
        return NONE
    x = encoded(look)
    return of_parts([told_by_trees(x, look.truth.of, learn, judge) for learn, judge in look.parts], look)


def told_by_trees(x: F8, truth: F8, learn: I8, judge: I8) -> F8:
    """What trees that learned from some rows say of others: rows x answers."""
    return np.column_stack([fitted(x[learn], answer[learn], x[judge]) for answer in truth.T])


def fitted(x: F8, y: F8, asked: F8) -> F8:
    """What trees that learned y from x say of what is asked."""
    import lightgbm

    least = int(np.clip(len(x) // 50, 2, 20))
    fixed: dict[str, Any] = {"objective": "regression", "num_leaves": 15, "min_data_in_leaf": least, "verbosity": -1}
    fixed |= {"deterministic": True, "force_row_wise": True, "num_threads": 1, "seed": 0, "min_data_in_bin": 3}
    data = lightgbm.Dataset(x, y, params=fixed)
    return np.asarray(lightgbm.train(fixed, data, num_boost_round=ROUNDS).predict(asked), np.float64)


def encoded(look: Look) -> F8:
    """All columns: rows x columns."""
    return np.column_stack([_encoded(values) for values in look.columns.values()])


def _encoded(values: pl.Series) -> F8:
    """Numbers as they are; of categories how common each is among its own kind, the most common first."""
    if values.dtype.is_numeric():
        return numbers(values)
    names = values.drop_nulls().rename("value").value_counts(sort=True, name="n")["value"][:MOST_CATEGORIES]
    return numbers(values.replace_strict(names, np.arange(len(names)), default=None))
