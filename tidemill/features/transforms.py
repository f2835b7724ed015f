"""The arithmetic of every feature operation, in numpy. Training and serving both call it: there is one definition.

All times are int64 microseconds UTC. A request at ``t`` sees rows with ``at < t`` (strict) and, within a window w,
``at >= t - w``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tidemill.types import DAY, Micros

F8 = NDArray[np.float64]
I8 = NDArray[np.int64]

AGGREGATES = ("count", "sum", "mean", "last", "since", "decayed_count")
CALENDAR = ("hour", "weekday", "month", "trend")
EMBED = "embed"
"""A column's text as the numbers that a foreign process gives it."""
OPS = (*AGGREGATES, *CALENDAR, EMBED)
POSITIVE_ONLY = ("count", "since", "decayed_count")
"""Operations that count events: a row whose value is zero or below (a return) is none. The others take every row."""


def decay(age: I8, half_life: Micros) -> F8:
    """The weight that is left of an event after ``age`` µs: 1 at once, 1/2 after a half-life.

    >>> decay(np.array([0, 10, 20]), 10).tolist()
    [1.0, 0.5, 0.25]
    """
    left: F8 = np.exp2(-(age / float(half_life)))
    return left


def grouped(op: str, group: I8, n: int, values: F8, age: I8, half_life: Micros | None) -> F8:
    """One number for each of ``n`` groups from rows in order of time (oldest first).

    ``group`` is each row's group, 0…n-1; ``age`` is µs before the request. A group without rows is 0 for counts and
    sums, NaN for ``mean``, ``last`` and ``since``, which is how many days ago the last row was. Of rows that share the last
    moment ``last`` takes the greatest value, so that order of arrival says nothing.

    >>> grouped("sum", np.array([0, 0, 2]), 3, np.array([1.0, 2.0, 5.0]), np.array([3, 2, 1]), None).tolist()
    [3.0, 0.0, 5.0]
    """
    if op == "decayed_count":
        if half_life is None:
            raise ValueError("decayed_count needs a half_life")
        return _total(group, n, decay(age, half_life))
    if op == "count":
        return np.bincount(group, minlength=n).astype(np.float64)
    if op == "sum":
        return _total(group, n, values)
    if op == "mean":
        rows = np.bincount(group, minlength=n)
        total = _total(group, n, values)
        mean: F8 = np.divide(total, rows, out=np.full(n, np.nan), where=rows > 0)
        return mean
    if op == "last":
        return _last(group, n, values, age)
    if op == "since":
        return _last(group, n, age / float(DAY), age)
    raise ValueError(f"unknown aggregate {op!r}")


def _total(group: I8, n: int, weights: F8) -> F8:
    return np.bincount(group, weights=weights, minlength=n).astype(np.float64, copy=False)


def _last(group: I8, n: int, values: F8, age: I8) -> F8:
    out = np.full(n, np.nan)
    order = np.lexsort((values, -age, group))
    ends = np.flatnonzero(np.diff(group[order], append=-1))
    out[group[order][ends]] = values[order][ends]
    return out


def calendar(op: str, at: I8 | Micros) -> Any:
    """A feature of the moment itself: hour 0–23, weekday 0 (Monday)–6, month 1–12, trend in days since 1970. In UTC.

    >>> at = 15_126 * DAY + 7 * 3_600_000_000          # 2011-06-01 07:00, a Wednesday
    >>> [float(calendar(op, at)) for op in CALENDAR]
    [7.0, 2.0, 6.0, 15126.291666666666]
    """
    micros = np.asarray(at, dtype=np.int64)
    days = micros // DAY
    if op == "hour":
        return ((micros - days * DAY) // (DAY // 24)).astype(np.float64)
    if op == "weekday":
        return ((days + 3) % 7).astype(np.float64)
    if op == "month":
        months = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
        return (months % 12 + 1).astype(np.float64)
    if op == "trend":
        return micros / float(DAY)
    raise ValueError(f"unknown calendar operation {op!r}")
