"""A column as groups of rows: texts by value, numbers in bins, what is missing as one. numpy only."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tidemill.learning.labelled import text_of

I8 = NDArray[np.int64]
FEWEST, UNITS = 20, 8
"""Of fewer requests, or independent units, nobody knows how they differ: their values are looked at together."""
MOST = 20
"""So many values of a column are groups of their own, the most frequent ones."""
BINS = 5
DISTINCT = 10
"""So many different numbers are values; of more bins are made."""
MISSING, OTHER = "missing", "other values"


class Groups(NamedTuple):
    """``labels[codes[i]]`` is the group of row i. ``few``: how many values are one group together, the last one."""

    labels: list[str]
    codes: I8
    few: int = 0

    def rows(self, place: int) -> NDArray[np.bool_]:
        return np.asarray(self.codes == place, np.bool_)


def enough(requests: int, units: int) -> bool:
    """Whether so many requests of so many units say anything."""
    return requests >= FEWEST and units >= UNITS


def groups(column: NDArray[Any], units: I8) -> Groups:
    """The groups of a column; ``units``: the independent unit of each row, as a code.

    >>> found = groups(np.array(["UK"] * 20 + [None, "FR"], object), np.arange(22))
    >>> found.labels, found.codes[-3:].tolist(), found.few
    (['UK', 'other values'], [0, 1, 1], 2)
    """
    if column.dtype.kind in "iuf":
        known = np.isfinite(column)
        if len(np.unique(column[known])) > DISTINCT:
            return _binned(column.astype(np.float64), known)
    return _named([_text(value) for value in column.tolist()], units)


def _text(value: Any) -> str:
    return MISSING if value is None or value != value else text_of(value)


def _named(texts: list[str], units: I8) -> Groups:
    """The most frequent values that have requests and units enough; the others are one group."""
    values, codes = np.unique(np.array(texts, np.str_), return_inverse=True)
    distinct = np.unique(codes * (int(units.max(initial=0)) + 1) + units)
    held = np.bincount(distinct // (int(units.max(initial=0)) + 1), minlength=len(values))
    counts = np.bincount(codes, minlength=len(values))
    order = np.argsort(-counts, kind="stable").tolist()
    own = [place for place in order if enough(counts[place], held[place])][:MOST]
    few = len(values) - len(own)
    if few == 1:  # alone in it, it keeps its name
        own, few = [*own, *(set(range(len(values))) - set(own))], 0
    places = np.full(len(values), len(own))
    places[own] = np.arange(len(own))
    labels = [str(values[place]) for place in own] + ([OTHER] if few else [])
    return Groups(labels, places[codes].astype(np.int64), few)


def _binned(column: NDArray[np.float64], known: NDArray[np.bool_]) -> Groups:
    """Bins of about as many rows each; a number stands in one bin whole."""
    edges = np.unique(np.quantile(column[known], np.linspace(0, 1, BINS + 1)[1:-1]))
    codes = np.searchsorted(edges, column, side="right")
    codes[~known] = len(edges) + 1
    names = [f"below {edges[0]:.4g}", *(f"{a:.4g} to below {b:.4g}" for a, b in pairwise(edges))]
    labels = [*names, f"from {edges[-1]:.4g}", MISSING]
    there, codes = np.unique(codes, return_inverse=True)
    return Groups([labels[place] for place in there], codes.astype(np.int64))
