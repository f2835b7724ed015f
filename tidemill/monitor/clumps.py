"""How many rows a window is worth: those of one subject in one window go together, as those of one invoice do.

n rows in clumps of s1 … sk tell as much as n / (1 + (sum of s^2 / n - 1) rho) independent ones (Kish 1965); rho says how
much more often two rows of one clump are alike than two of different clumps of the same window: 0 where clumps make no
difference, 1 where all rows of a clump are alike. One large invoice on a quiet day is one invoice, and no drift.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tidemill.monitor.bins import Places

F8 = NDArray[np.float64]


def clumps_of(windows: Places, subjects: pl.Series | None) -> Places:
    """The clump of each row, numbered from 0: its subject in its window; a row of nobody is one of its own."""
    rows = np.arange(len(windows))
    if subjects is None or not len(windows):
        return rows
    codes = subjects.cast(pl.String).rank("dense").cast(pl.Int64).fill_null(-1).to_numpy()
    names = np.where(codes < 0, codes.max(initial=0) + 1 + rows, codes)
    _, clumps = np.unique((windows - windows.min()) * (names.max() + 1) + names, return_inverse=True)
    return clumps.astype(np.int64)


def alike(bins: Places, clumps: Places, windows: Places) -> float:
    """rho of a column whose rows are in these bins; 0 where no clump has two rows, or nothing else to be compared with.

    >>> alike(np.array([0, 0, 1, 1]), np.array([0, 0, 1, 1]), np.zeros(4, np.int64))
    1.0
    >>> alike(np.array([0, 1, 0, 1]), np.array([0, 0, 1, 1]), np.zeros(4, np.int64))
    0.0
    """
    if not len(bins):
        return 0.0
    within, pairs = _agree(bins, clumps)
    same, all_ = _agree(bins, windows - windows.min())
    between, others = same - within, all_ - pairs
    if not pairs or not others or between >= others:
        return 0.0
    return float(np.clip((within / pairs - between / others) / (1 - between / others), 0.0, 1.0))


def _agree(bins: Places, groups: Places) -> tuple[float, float]:
    """Pairs of rows of one group that are in one bin, and all pairs of one group."""
    cells = np.unique(groups * (int(bins.max()) + 1) + bins, return_counts=True)[1].astype(np.float64)
    sizes = np.bincount(groups).astype(np.float64)
    return float((cells * (cells - 1)).sum()), float((sizes * (sizes - 1)).sum())


def worth(sizes: Collection[int] | F8, rho: float) -> float:
    """What one row counts of so large clumps.

    >>> worth([10, 10, 10], 1.0), worth([10, 10, 10], 0.0), worth([], 1.0)
    (0.1, 1.0, 1.0)
    """
    found = np.asarray([*sizes], np.float64)
    n = float(found.sum())
    return 1.0 / (1.0 + (float((found * found).sum()) / n - 1.0) * rho) if n else 1.0


def worth_by_window(windows: Places, clumps: Places, rho: float, count: int) -> F8:
    """As `worth`, of each of so many windows; 1 of one without rows."""
    sizes = np.bincount(clumps).astype(np.float64)
    n = np.bincount(windows, minlength=count).astype(np.float64)
    squares = np.bincount(windows, weights=sizes[clumps], minlength=count)  # each row brings its clump's size
    found: F8 = 1.0 / (1.0 + (np.divide(squares, n, out=np.ones(count), where=n > 0) - 1.0) * rho)
    return found
