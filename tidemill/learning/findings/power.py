"""How much is known of a target out of sample: of labels the Gini index (2 AUC - 1), of values the squared correlation with their ranks.

1: all of it. A level that moved from one part to the next is no lack of knowledge: each part of values has its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tidemill.learning.findings.look import F8, I8, Look, Truth
from tidemill.learning.intervals import auc_values

if TYPE_CHECKING:
    import polars as pl

BINS = 64
LARGEST = 1e140
SIDE = 1.645  # of the lower bound: 95 %, one-sided


@dataclass(frozen=True, slots=True)
class Power:
    """How much is known, and at least how much, as far as so many rows can show."""

    value: float
    low: float

    @property
    def lacks(self) -> float:
        """What is not known."""
        return 1 - self.value


NONE = Power(0.0, 0.0)


def power(told: F8, truth: F8, labels: bool) -> Power:
    """Of answers (rows x answers) to the truth. Several labels count as often as they come.

    >>> power(np.array([[0.1], [0.2], [0.8], [0.9]]), np.array([[0.0], [0.0], [1.0], [1.0]]), labels=True).value
    1.0
    """
    if not labels:
        return _of_values(told[:, 0], truth[:, 0])
    found = by_label(told, truth)
    if not found:
        return NONE
    came = [truth[:, place].sum() for place in found]
    value, low = (np.average([getattr(one, n) for one in found.values()], weights=came) for n in ("value", "low"))
    return Power(float(value), float(low))


def by_label(told: F8, truth: F8) -> dict[int, Power]:
    """The power of each label by its place, of those that came true and not always."""
    came = truth.sum(axis=0)
    there = np.flatnonzero((came > 0) & (came < len(truth))).tolist()
    return {place: _of_label(told[:, place], truth[:, place]) for place in there}


def _of_label(told: F8, true: F8) -> Power:
    """The bound is Hanley and McNeil's (1982), of an AUC that one more pair of rows had got half right: 1.0 on few rows is not sure."""
    area = float(np.mean(auc_values(told, true)))
    positive, negative = true.sum(), len(true) - true.sum()
    fewer = min(positive, negative)
    a = (area * fewer + 0.5) / (fewer + 1)
    own, other = a / (2 - a), 2 * a * a / (1 + a)
    spread = a * (1 - a) + (positive - 1) * (own - a * a) + (negative - 1) * (other - a * a)
    low = a - SIDE * np.sqrt(max(spread, 0) / (positive * negative))
    return Power(2 * area - 1, float(2 * low - 1))


def _of_values(told: F8, true: F8) -> Power:
    if len(true) < 3 or not told.std() or not true.std():
        return NONE
    r = float(np.corrcoef(told, true)[0, 1])
    value = max(r, 0.0) ** 2
    return Power(value, float(value - SIDE * 2 * np.sqrt(value / len(true)) * (1 - value)))


def alone(values: pl.Series, look: Look) -> Power:
    """How much one column knows by itself: the target's mean where the column has this value, or one near it."""
    told = [by_value(values, look.truth, learn, judge) for learn, judge in look.parts]
    return of_parts(told, look)


def of_parts(told: list[F8], look: Look) -> Power:
    """The power of answers to all judged rows, part by part."""
    if not told:
        return NONE
    true, labels = [look.truth.of[judge] for _, judge in look.parts], look.truth.labels is not None
    if not labels:
        told, true = ([part - part.mean(axis=0) for part in parts] for parts in (told, true))
    return power(np.concatenate(told), np.concatenate(true), labels)


def by_value(values: pl.Series, truth: Truth, learn: I8, judge: I8) -> F8:
    """What is told of the judged rows by the mean of the learned ones with the same value; rare ones stay near the mean of all."""
    known, asked, width = cells(values, learn, judge)
    sums = np.column_stack([np.bincount(known, one, width) for one in truth.of[learn].T])
    means = (sums + truth.of[learn].mean(axis=0)) / (np.bincount(known, minlength=width) + 1)[:, None]
    found: F8 = means[asked]
    return found


def cells(values: pl.Series, learn: I8, judge: I8) -> tuple[I8, I8, int]:
    """(the cell of each learned row, of each judged one, how many there are): categories, or bins of about as many rows; one of nulls."""
    known, asked = values.gather(learn), values.gather(judge)
    if values.dtype.is_numeric():
        x = numbers(known)
        inside = x[np.isfinite(x)]
        edges = np.unique(np.quantile(inside, np.linspace(0, 1, BINS + 1)[1:-1])) if len(inside) else np.empty(0)
        return _bins(x, edges), _bins(numbers(asked), edges), len(edges) + 2
    counts = known.drop_nulls().rename("value").value_counts(name="n")
    often = counts.filter(counts["n"] > 1)["value"]
    return _places(known, often), _places(asked, often), len(often) + 2


def _bins(x: F8, edges: F8) -> I8:
    return np.where(np.isnan(x), len(edges) + 1, np.searchsorted(edges, x, side="right"))


def _places(values: pl.Series, often: pl.Series) -> I8:
    import polars as pl

    place = values.replace_strict(often, np.arange(1, len(often) + 1), default=0, return_dtype=pl.Int64).to_numpy()
    return np.where(values.is_null().to_numpy(), len(often) + 1, place)


def numbers(values: pl.Series) -> F8:
    """As floats; NaN where there is none. Very large ones are held where the square of a sum of them is still a number."""
    x = np.asarray(values.cast(float).fill_null(float("nan")).to_numpy(), np.float64)
    return np.where(np.isinf(x), x, np.clip(x, -LARGEST, LARGEST))


def missing(values: pl.Series) -> NDArray[np.bool_]:
    """Where nothing, or no number, is said."""
    return np.asarray(np.isnan(numbers(values)) if values.dtype.is_numeric() else values.is_null().to_numpy())
