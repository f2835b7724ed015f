"""What a forecast that stands in a table adds up from: whose row it is, and when. numpy only.

A forecast is looked up by its series and its slot of time. What each of them adds is its Shapley value, exactly: of a series that is
not said the strangers' forecast counts, of a part of the time that is not said the mean over it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations
from math import factorial

import numpy as np
from numpy.typing import NDArray

from tidemill.tasks.tabular.learners.port import F8, Terms, same

I8 = NDArray[np.int64]
Codes = Callable[[F8], Sequence[I8]]


def terms(table: F8, columns: Sequence[int], codes: Codes, rows: Callable[[F8], F8]) -> Terms:
    """Of a table of series (the last: strangers) by parts of the time.

    ``columns``: the input of each of its axes, -1 of none; ``codes``: rows → the place of each on each axis.
    """
    known = [axis for axis, column in enumerate(columns) if column >= 0]
    means = {said: _mean(table, said) for n in range(len(known) + 1) for said in combinations(known, n)}

    def of(x: F8) -> F8:
        where = codes(x)
        worth = {said: _at(mean, said, where, len(x)) for said, mean in means.items()}
        out = np.zeros((len(x), 1, x.shape[1] + 1))
        for axis in known:
            out[:, 0, columns[axis]] += _shapley(worth, axis, len(known))
        out[:, 0, -1] = worth[()]
        return out

    return Terms(of, rows, same, "value", "looked up")


def _mean(table: F8, said: tuple[int, ...]) -> F8:
    """Over all axes that are not said; of the first one the strangers."""
    table = table if 0 in said else table[-1:]
    over = tuple(axis for axis in range(1, table.ndim) if axis not in said)
    return np.asarray(table.mean(axis=over, keepdims=True))


def _at(mean: F8, said: tuple[int, ...], where: Sequence[I8], rows: int) -> F8:
    nought = np.zeros(rows, np.int64)
    return np.asarray(mean[tuple(where[axis] if axis in said else nought for axis in range(mean.ndim))])


def _shapley(worth: dict[tuple[int, ...], F8], axis: int, n: int) -> F8:
    total = np.zeros_like(worth[()])
    for said, before in worth.items():
        if axis not in said:
            share = factorial(len(said)) * factorial(n - 1 - len(said)) / factorial(n)
            total += share * (worth[tuple(sorted((*said, axis)))] - before)
    return total
