"""The keys of a file's earlier pieces: what makes a row of a later one a duplicate.

A key is kept as 128 bits of hash (16 bytes a row, sorted in runs of which each is at least twice the next), made by polars
for processes of one release of it alone: of 20 million keys two share one with a chance of 10^-24.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import polars as pl
from numpy.typing import NDArray

U8 = NDArray[np.uint64]


def hashes(rows: pl.DataFrame, columns: Sequence[str]) -> tuple[U8, U8]:
    """128 bits for each row's key."""
    key = pl.struct(columns)
    found = rows.select(key.hash(1).alias("a"), key.hash(2).alias("b"))
    return found["a"].to_numpy(), found["b"].to_numpy()


class Seen:
    """The keys of one unique set of columns.

    >>> seen = Seen(["k"])
    >>> seen.met(pl.DataFrame({"k": [1, 2]}), pl.Series([True, False])).to_list()
    [False, False]
    >>> seen.met(pl.DataFrame({"k": [1, 2]}), pl.Series([True, True])).to_list()
    [True, False]
    """

    def __init__(self, columns: Sequence[str]) -> None:
        self._columns = list(columns)
        self._runs: list[tuple[U8, U8]] = []

    def met(self, rows: pl.DataFrame, whole: pl.Series) -> pl.Series:
        """For each row that is ``whole`` whether its key came before these rows; from now on all of theirs have come."""
        out = np.zeros(rows.height, np.bool_)
        out[whole.to_numpy()] = self.came(*hashes(rows.filter(whole), self._columns))
        return pl.Series(out)

    def came(self, a: U8, b: U8) -> NDArray[np.bool_]:
        """For each of these keys, by its `hashes`, whether it came before them; from now on all of them have come."""
        order = np.argsort(a, kind="stable")  # so that what is looked for goes through the runs once, in their order
        found = np.zeros(len(a), np.bool_)
        found[order] = self._holds(a[order], b[order])
        self._add(a[order], b[order])
        return found

    def _holds(self, a: U8, b: U8) -> NDArray[np.bool_]:
        found = np.zeros(len(a), np.bool_)
        for first, second in self._runs:
            low, high = np.searchsorted(first, a, "left"), np.searchsorted(first, a, "right")
            for place in np.flatnonzero(high > low):  # mostly none, or one
                found[place] |= bool((second[low[place] : high[place]] == b[place]).any())
        return found

    def _add(self, a: U8, b: U8) -> None:
        self._runs.append((a, b))
        while any(len(one[0]) < 2 * len(other[0]) for one, other in pairwise(self._runs)):
            other, one = self._runs.pop(), self._runs.pop()
            self._runs.append(_sorted(*(np.concatenate(both) for both in zip(one, other, strict=True))))


def _sorted(a: U8, b: U8) -> tuple[U8, U8]:
    order = np.argsort(a, kind="stable")
    return a[order], b[order]
