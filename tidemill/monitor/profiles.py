"""Drift between two profiles, without touching a row: what a window of millions costs is what its profile costs.

The quantile sketch counts values in fixed bins, so bins grouped by the baseline's mass are counted exactly in both;
frequent values are counted one by one. A frame may stand in for the window's profile: its rows fall into the same bins.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tidemill.config.policies import FalseAlarms
from tidemill.data.profile.profile import ColumnProfile, Profile
from tidemill.data.profile.quantiles import Quantiles, middle
from tidemill.monitor.baseline import MANY, category_column, counts_of, numeric_column
from tidemill.monitor.drift import Column, Compared, Counts, Drift, together
from tidemill.types import Micros

if TYPE_CHECKING:
    import polars as pl

_BINS = 10


def columns_of(base: Profile, leave_out: Collection[str] = ()) -> list[Column]:
    """The columns that can be watched, with the baseline's counts. Times and columns with too many values are not."""
    found = []
    for name, column in base.columns.items():
        if name in leave_out or column.kind == "time" or column.count == 0:
            continue
        if column.kind == "number" and column.quantiles.n:
            found.append(_numeric(name, column))
        elif column.kind == "text" and column.frequent and not column.cut and len(column.frequent) <= MANY:
            values = sorted(column.frequent, key=lambda v: (-column.frequent[v], v))
            empty = category_column(name, values)
            found.append(category_column(name, values, tuple(counts_in(empty, column))))
    return found


def counts_in(column: Column, profile: ColumnProfile) -> Counts:
    """A profile's counts in the column's bins."""
    if column.kind == "numeric":
        index, counts = _bins(profile.quantiles)
        place = np.searchsorted(column.cuts, middle(index), side="right")
        there = np.bincount(place, weights=counts, minlength=len(column.cuts) + 1)
        return np.append(there, float(profile.count - profile.quantiles.n))
    counted = [float(profile.frequent.get(value, 0)) for value in column.cuts]
    others = profile.count - profile.nulls - sum(counted)
    return np.array([*counted, others, profile.nulls], dtype=np.float64)


def compare(columns: Sequence[Column], window: Profile | pl.DataFrame, promise: FalseAlarms, span: Micros) -> Drift:
    """A window of ``span`` micros against the baseline's columns: rows are taken as independent."""
    if isinstance(window, Profile):
        counts = [counts_in(c, window.columns[c.name]) for c in columns]
    else:
        counts = [counts_of(c, window[c.name]) for c in columns]
    compared: list[Compared] = [c.compare(n) for c, n in zip(columns, counts, strict=True)]
    each = promise.per_window(span) / max(len(columns), 1)
    return together(compared, -math.log(each))


def _numeric(name: str, profile: ColumnProfile) -> Column:
    """Neighbouring bins of the sketch grouped into about ten of the same mass; a cut lies between two bins' values."""
    index, counts = _bins(profile.quantiles)
    values = middle(index)
    group = np.minimum((np.cumsum(counts) - counts / 2) * _BINS // counts.sum(), _BINS - 1)
    new = np.flatnonzero(np.diff(group)) + 1
    cuts = [float((values[i - 1] + values[i]) / 2) for i in new]
    empty = numeric_column(name, cuts)
    return numeric_column(name, cuts, tuple(counts_in(empty, profile)))


def _bins(sketch: Quantiles) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    index = np.array(sorted(sketch.bins), dtype=np.int64)
    return index, np.array([sketch.bins[i] for i in index.tolist()], dtype=np.float64)
