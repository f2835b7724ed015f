"""Does a window look like the baseline? Counts in bins, Pearson's X2 for both sample sizes, corrected for clumped rows.

With independent rows ``X2 = sum (a/n - b/m)^2 / (p (1/n + 1/m))`` follows chi-square, so its threshold moves with n
and m (a fixed PSI limit fires on 85 % of clean windows at n = 100 and never at n = 1,000). Rows of one invoice are not
independent and days differ by themselves: `fit_spread` learns from the project's own past windows how much larger X2
is there, and `Spread.p_values` uses that.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tidemill.store.payloads import ColumnDrift

Counts = NDArray[np.float64]
LEAST = 5.0
"""Bins in which the smaller sample expects fewer rows are thrown together: below it chi-square describes them badly."""


class Samples(NamedTuple):
    """Windows against what they are compared with, row by row: X2, its degrees of freedom (0: nothing to compare), size."""

    x2: Counts
    df: Counts
    g: Counts
    rose: NDArray[np.bool_]  # whether the last bin's share is larger in the window


def samples(windows: Counts, bases: Counts, least: float = LEAST) -> Samples:
    """Each row of ``windows`` beside the same row of ``bases``: counts over the same bins, shape (windows, bins)."""
    n, m = windows.sum(axis=1), bases.sum(axis=1)
    there = (n > 0) & (m > 0)
    n, m = np.where(there, n, 1.0), np.where(there, m, 1.0)
    a, b = _merged(windows, bases, np.minimum(n, m) / (n + m), least)
    pooled, gap = (a + b) / (n + m)[:, None], a / n[:, None] - b / m[:, None]
    used = pooled > 0
    x2 = np.divide(gap * gap, pooled, out=np.zeros_like(pooled), where=used).sum(axis=1)
    g = np.where(there, size(n, m), 0.0)
    rose = windows[:, -1] / n > bases[:, -1] / m
    return Samples(x2 * g, np.where(there, used.sum(axis=1) - 1, 0).astype(np.float64), g, there & rose)


def _merged(windows: Counts, bases: Counts, share: Counts, least: float) -> tuple[Counts, Counts]:
    """Both samples with each row's bins of too small an expectation thrown together: into a last bin of their own, or,
    where that too would expect too little, into the smallest bin that is kept. Bins that are left empty are of no more use."""
    both = windows + bases
    keep = both * share[:, None] >= least
    a, b = np.where(keep, windows, 0.0), np.where(keep, bases, 0.0)
    rest_a, rest_b = windows.sum(axis=1) - a.sum(axis=1), bases.sum(axis=1) - b.sum(axis=1)
    apart = (rest_a + rest_b) * share >= least
    smallest = np.arange(len(both)), np.argmin(np.where(keep, both, np.inf), axis=1)
    a[smallest] += np.where(apart, 0.0, rest_a)
    b[smallest] += np.where(apart, 0.0, rest_b)
    return np.column_stack([a, np.where(apart, rest_a, 0.0)]), np.column_stack([b, np.where(apart, rest_b, 0.0)])


def moved(window: Counts, base: Counts) -> float:
    """Total variation: the share of rows that would have to change bins.

    >>> moved(np.array([30.0, 70.0]), np.array([500.0, 500.0]))
    0.2
    """
    n, m = float(window.sum()), float(base.sum())
    return round(float(np.abs(window / n - base / m).sum()) / 2, 12) if n and m else 0.0


@dataclass(frozen=True, slots=True)
class Spread:
    """How X2 / df of clean windows is spread: mean ``floor + slope * g`` with g = 1 / (1/n + 1/m), and a shape.

    ``shape`` is the degrees of freedom of the scaled chi-square with that spread; None: those of the test itself
    (independent rows).
    """

    floor: float = 1.0
    slope: float = 0.0
    shape: float | None = None
    blocks: int = 0

    def p_values(self, x2: Counts, df: Counts, g: Counts) -> Counts:
        """How often a clean window differs this much or more: the tail of the scaled chi-square, 1 without a comparison.

        >>> Spread().p_values(np.array([3.841458820694124]), np.array([1.0]), np.array([50.0])).round(6).tolist()
        [0.05]
        """
        from scipy.special import chdtrc  # the loop, which only reads what was found, does without

        some = np.maximum(df, 1.0)
        shape = some if self.shape is None else np.minimum(some, self.shape)
        return np.where(df > 0, chdtrc(shape, shape * x2 / some / (self.floor + self.slope * g)), 1.0)


def fit_spread(ratios: Sequence[float] | Counts, sizes: Sequence[float] | Counts) -> Spread:
    """From X2 / df of past clean windows and their g. Fewer than 20 of them: rows are taken as independent.

    The mean is a line in g that is nowhere below 1: clumps raise it by a factor, differences between days in
    proportion to g.
    """
    r, g = np.asarray(ratios, dtype=np.float64), np.asarray(sizes, dtype=np.float64)
    if len(r) < 20:
        return Spread(blocks=len(r))
    floor, slope = _line(r, g)
    relative = r / (floor + slope * g)
    spread = float(np.var(relative, ddof=1)) / max(float(relative.mean()), 1e-12) ** 2
    return Spread(floor, slope, max(2.0 / spread, 0.5) if spread > 0 else None, len(r))


def _line(r: Counts, g: Counts) -> tuple[float, float]:
    weight = 1.0 / (1.0 + g / max(float(g.mean()), 1e-12)) ** 2
    mean_g, mean_r = float(np.average(g, weights=weight)), float(np.average(r, weights=weight))
    spread = float(np.average((g - mean_g) ** 2, weights=weight))
    slope = float(np.average((g - mean_g) * (r - mean_r), weights=weight)) / spread if spread > 0 else 0.0
    floor = mean_r - slope * mean_g
    if slope < 0:
        return max(1.0, float(r.mean())), 0.0
    if floor < 1.0:
        return 1.0, max(0.0, (float(r.mean()) - 1.0) / max(float(g.mean()), 1e-12))
    return floor, slope


def size(n: Any, m: Any) -> Any:
    """g = 1 / (1/n + 1/m): how large a comparison is."""
    return 1.0 / (1.0 / n + 1.0 / m)


@dataclass(frozen=True, slots=True)
class Column:
    """One watched column: what its bins are, the baseline's counts in them, and how clean windows spread.

    ``kind`` is ``numeric`` (``cuts`` are edges), ``category`` (``cuts`` are values), ``popularity`` (items by rank) or
    ``new`` (second bin: not in the training data; only a rise counts).
    """

    name: str
    kind: str
    labels: tuple[str, ...]
    counts: tuple[float, ...] = ()
    cuts: tuple[Any, ...] = ()
    spread: Spread = Spread()

    @property
    def least(self) -> float:
        """Rows that a bin must expect. A share of new needs fewer: how it is spread is learnt, not assumed."""
        return 1.0 if self.kind == "new" else LEAST

    def against(self, windows: Counts, bases: Counts) -> Samples:
        """Windows' counts against others of this column, row by row."""
        return samples(windows, bases, self.least)

    def p_values(self, found: Samples) -> Counts:
        """How often clean windows differ as much as these."""
        p = self.spread.p_values(found.x2, found.df, found.g)
        return np.where(found.rose, p, 1.0) if self.kind == "new" else p

    def compare(self, window: Counts) -> ColumnDrift:
        """The window's counts against the baseline's."""
        base = np.asarray(self.counts, dtype=np.float64)
        found = self.against(window[None], base[None])
        p, x2 = float(self.p_values(found)[0]), float(found.x2[0])
        return ColumnDrift(p, self._words(window, base), int(window.sum()), x2, int(found.df[0]), moved(window, base))

    def _words(self, window: Counts, base: Counts) -> str:
        n, m = float(window.sum()), float(base.sum())
        if not n or not m:
            return f"{self.name}: no rows"
        change = window / n - base / m
        bin_ = 1 if self.kind == "new" else int(np.argmax(np.abs(change)))
        label = "" if self.kind == "new" else f" {self.labels[bin_]}"
        return f"{self.name}{label} {base[bin_] / m:.1%} -> {window[bin_] / n:.1%}"


def above(columns: Mapping[str, ColumnDrift], threshold: float) -> tuple[str, ...]:
    """The columns whose score, -ln p, is above the threshold, worst first: a window that has one is an alarm."""
    limit = math.exp(-threshold)
    return tuple(
        sorted((name for name in columns if columns[name].p < limit), key=lambda name: (columns[name].p, name))
    )
