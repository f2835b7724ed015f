"""Which values of a request go together: of numbers by their ranks, of categories by Cramér's V, of both by the correlation ratio.

A model may answer by any of several values that say the same, so that what one of them weighs is a share of what all weigh.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

F8 = NDArray[np.float64]
I8 = NDArray[np.int64]
SAME = 0.9
"""From this on two values say the same."""
MOST = 2_000
"""Rows that are looked at."""


def associations(x: F8, categories: Sequence[int]) -> F8:
    """How far each two columns go together, in [0, 1]: columns x columns. ``categories``: columns that hold places; NaN is missing.

    >>> x = np.array([[1.0, 30.0, 0.0], [2.0, 20.0, 0.0], [3.0, 10.0, 1.0], [4.0, 0.0, 1.0]])
    >>> associations(x, [2]).round(2).tolist()
    [[1.0, 1.0, 0.84], [1.0, 1.0, 0.84], [0.84, 0.84, 1.0]]
    """
    x = x[:: max(1, len(x) // MOST)]
    columns, codes = x.shape[1], {place: _codes(x[:, place]) for place in categories}
    ranks = np.column_stack([_ranks(x[:, place]) for place in range(columns)]) if columns else x
    found = np.abs(ranks.T @ ranks)
    for place, own in codes.items():
        found[place] = _ratios(own, ranks)
        for other, theirs in codes.items():
            found[place, other] = _cramer(own, theirs)
        found[:, place] = found[place]
    np.fill_diagonal(found, 1.0)
    return np.minimum(found, 1.0)


def _ranks(values: F8) -> F8:
    """The ranks of a column with mean 0 and length 1; what is missing is in the middle, a constant is nothing."""
    there = np.isfinite(values)
    out = np.zeros(len(values))
    _, place, counts = np.unique(values[there], return_inverse=True, return_counts=True)
    if len(counts) < 2:
        return out
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]
    out[there] = ranks - ranks.mean()
    return out / np.sqrt(out @ out)


def _codes(values: F8) -> I8:
    """The categories that are there as 0, 1, …; missing is one of them."""
    return np.unique(np.where(np.isfinite(values), values, -1.0), return_inverse=True)[1].astype(np.int64)


def _ratios(codes: I8, ranks: F8) -> F8:
    """The correlation ratio of each column of ranks: how much of its spread lies between these categories."""
    counts = np.bincount(codes).astype(np.float64)
    sums = np.column_stack([np.bincount(codes, column) for column in ranks.T])
    between = (sums * sums / counts[:, None]).sum(axis=0)
    groups, n = len(counts), len(codes)
    if groups < 2 or n <= groups:
        return np.zeros(ranks.shape[1])
    there = np.einsum("ij,ij->j", ranks, ranks) > 0
    fair = 1 - (1 - between) * (n - 1) / (n - groups)  # of many categories some spread lies between them by chance
    return np.where(there, np.sqrt(np.maximum(fair, 0.0)), 0.0)


def _cramer(one: I8, other: I8) -> float:
    """Cramér's V, corrected for chance (Bergsma 2013).

    >>> codes = np.array([0, 1, 2] * 20)
    >>> round(_cramer(codes, (codes + 1) % 3), 6), _cramer(codes, np.zeros(60, np.int64))
    (1.0, 0.0)
    """
    rows, columns, n = int(one.max()) + 1, int(other.max()) + 1, len(one)
    counts = np.bincount(one * columns + other, minlength=rows * columns).reshape(rows, columns).astype(np.float64)
    expected = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / n
    phi = float(((counts - expected) ** 2 / np.maximum(expected, 1e-12)).sum()) / n
    free = (rows - 1) * (columns - 1) / max(n - 1, 1)
    widths = [width - (width - 1) ** 2 / max(n - 1, 1) for width in (rows, columns)]
    least = min(widths) - 1
    return min(1.0, float(np.sqrt(max(phi - free, 0.0) / least))) if least > 0 else 0.0


def of_values(found: F8, places: Mapping[str, Sequence[int]]) -> F8:
    """`associations` by the values of a request: of those that several columns are made of the greatest."""
    names = list(places)
    out = np.eye(len(names))
    for i, one in enumerate(names):
        for j, other in enumerate(names[:i]):
            out[i, j] = out[j, i] = float(found[np.ix_(np.array(places[one]), np.array(places[other]))].max())
    return out


def groups_of(names: Sequence[str], found: F8, least: float = SAME) -> list[tuple[str, ...]]:
    """Names that say the same, each group in their order; none that stands alone.

    >>> groups_of(["a", "b", "c"], np.array([[1.0, 0.1, 0.95], [0.1, 1.0, 0.2], [0.95, 0.2, 1.0]]))
    [('a', 'c')]
    """
    group = list(range(len(names)))
    for i in range(len(names)):
        for j in range(i):
            if found[i, j] >= least and group[i] != group[j]:
                old, new = max(group[i], group[j]), min(group[i], group[j])
                group = [new if one == old else one for one in group]
    members = (tuple(n for n, g in zip(names, group, strict=True) if g == one) for one in dict.fromkeys(group))
    return [one for one in members if len(one) > 1]
