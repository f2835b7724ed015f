"""Does a window look like the baseline? Counts in bins, Pearson's X2 for both sample sizes, corrected for clumped rows.

With independent rows ``X2 = sum (a/n - b/m)^2 / (p (1/n + 1/m))`` follows chi-square, so its threshold moves with n
and m (a fixed PSI limit fires on 85 % of clean windows at n = 100 and never at n = 1,000). Where bins expect few rows it
has the same mean and a longer tail: a scaled chi-square with its exact variance (`_shape`). Rows of one invoice are not
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
LEAST, SMALL = 5.0, 1.0
"""A bin in which the smaller sample expects fewer rows goes together with others: fewer than five, or than a tenth of a small
sample's rows, so that of the few rows of a small window not all are thrown together; but never fewer than one."""


FEWEST, ENOUGH = 5, 20
"""Past windows from which it is learnt at all how clean ones differ, and from which it is known."""


class Samples(NamedTuple):
    """Windows against what they are compared with, row by row: X2, its degrees of freedom (0: nothing to compare), size."""

    x2: Counts
    df: Counts
    g: Counts
    rose: NDArray[np.bool_]  # whether the last bin's share is larger in the window
    shape: Counts  # degrees of freedom of the scaled chi-square that X2 of independent rows follows


def samples(windows: Counts, bases: Counts, ordered: int = 0, least: float | None = None) -> Samples:
    """Each row of ``windows`` beside the same row of ``bases``: counts over the same bins, shape (windows, bins).

    The first ``ordered`` bins are in an order: small ones join their neighbours, so that none of many is blind.
    """
    n, m = windows.sum(axis=1), bases.sum(axis=1)
    there = (n > 0) & (m > 0)
    n, m = np.where(there, n, 1.0), np.where(there, m, 1.0)
    fewer = np.minimum(n, m)
    needed = np.clip(fewer / 10, SMALL, LEAST) if least is None else np.full(len(n), least)
    a, b = _merged(windows, bases, needed * (n + m) / fewer, ordered)
    both = a + b
    pooled, gap = both / (n + m)[:, None], a / n[:, None] - b / m[:, None]
    used = pooled > 0
    x2 = np.divide(gap * gap, pooled, out=np.zeros_like(pooled), where=used).sum(axis=1)
    g = np.where(there, size(n, m), 0.0)
    rose = windows[:, -1] / n > bases[:, -1] / m
    df = np.where(there, used.sum(axis=1) - 1, 0).astype(np.float64)
    return Samples(x2 * g, df, g, there & rose, _shape(df, both, n, m))


def _merged(windows: Counts, bases: Counts, needed: Counts, ordered: int) -> tuple[Counts, Counts]:
    """Both samples, each row's bins with fewer rows of both than it needs with their neighbours where bins have an order, else
    thrown together into a last bin of their own. Bins that are left empty are of no more use."""
    a, b = windows.copy(), bases.copy()
    for i in range(ordered - 1):
        _join(a, b, i, i + 1, needed)
    for i in range(ordered - 1, 0, -1):  # what is left at the end joins the last that is large enough
        _join(a, b, i, i - 1, needed)
    rest = a + b < needed[:, None]
    rest[:, :ordered] = False
    a, rest_a = np.where(rest, 0.0, a), np.where(rest, a, 0.0).sum(axis=1)
    b, rest_b = np.where(rest, 0.0, b), np.where(rest, b, 0.0).sum(axis=1)
    return np.column_stack([a, rest_a]), np.column_stack([b, rest_b])


def _join(a: Counts, b: Counts, bin_: int, other: int, needed: Counts) -> None:
    """Put a bin's rows into another one wherever it has too few."""
    small = a[:, bin_] + b[:, bin_] < needed
    for counts in (a, b):
        counts[:, other] += np.where(small, counts[:, bin_], 0.0)
        counts[:, bin_] = np.where(small, 0.0, counts[:, bin_])


def _shape(df: Counts, both: Counts, n: Counts, m: Counts) -> Counts:
    """2 mean^2 / variance of X2 under a random split of the pooled rows into n and m (Haldane 1940, Dawson 1954), at most df:
    the fewer rows a bin has in all, the longer the tail."""
    rows, bins = n + m, df + 1
    inverse = np.divide(rows[:, None], both, out=np.zeros_like(both), where=both > 0).sum(axis=1)
    some = np.maximum(rows, 4.0)
    split = (some / n + some / m - 4) / (some - 2)
    bin_ = (inverse - bins**2) / (some - 2)
    free = (some - 2) / (some - 1) - split, df * (some - bins) / (some - 1) - bin_
    variance = 2 * some / (some - 3) * free[0] * free[1] + some**2 / (some - 1) * split * bin_
    return np.where(variance > 0, np.minimum(df, 2 * df**2 / np.maximum(variance, 1e-12)), df)


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

    def p_values(self, x2: Counts, df: Counts, g: Counts, shape: Counts | None = None) -> Counts:
        """How often a clean window differs this much or more: the tail of the scaled chi-square, 1 without a comparison.

        ``shape``: that of independent rows, `Samples.shape`; df where it is not said.

        >>> Spread().p_values(np.array([3.841458820694124]), np.array([1.0]), np.array([50.0])).round(6).tolist()
        [0.05]
        """
        from scipy.special import chdtrc, fdtrc  # the loop, which only reads what was found, does without

        some = np.maximum(df, 1.0)
        own = some if shape is None else np.where(df > 0, shape, 1.0)
        own = own if self.shape is None else np.minimum(own, self.shape)
        ratio = x2 / some / (self.floor + self.slope * g)
        if FEWEST <= self.blocks < ENOUGH:  # the mean is known by so few windows only: an F distribution
            return np.where(df > 0, fdtrc(own, own * self.blocks, ratio), 1.0)
        return np.where(df > 0, chdtrc(own, own * ratio), 1.0)


def fit_spread(ratios: Sequence[float] | Counts, sizes: Sequence[float] | Counts, *, clumped: bool = False) -> Spread:
    """From X2 / df of past clean windows and their g. Fewer than `FEWEST` of them: rows are taken as independent.

    The mean is a line in g that is nowhere below 1: clumps raise it by a factor, differences between days in
    proportion to g. Of fewer than `ENOUGH` windows it is their mean. ``clumped``: rows of one subject are alike, so that a
    window now and then is one large invoice, which few windows may not have shown.
    """
    r, g = np.asarray(ratios, dtype=np.float64), np.asarray(sizes, dtype=np.float64)
    if len(r) < FEWEST:
        return Spread(blocks=len(r))
    floor, slope = _line(r, g) if len(r) >= ENOUGH else (max(1.0, float(r.mean())), 0.0)
    relative = r / (floor + slope * g)
    spread = float(np.var(relative, ddof=1)) / max(float(relative.mean()), 1e-12) ** 2
    if clumped and len(r) < ENOUGH:
        spread *= _doubt(len(r) - 1)
    return Spread(floor, slope, max(2.0 / spread, 0.5) if spread > 0 else None, len(r))


def _doubt(free: int) -> float:
    """How many times as large a variance may be that so few degrees of freedom say: more in one case of twenty.

    >>> round(_doubt(13), 2)
    2.21
    """
    from scipy.special import chdtri

    return free / float(chdtri(free, 0.95))


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

    ``kind`` is ``numeric`` (``cuts`` are edges), ``category`` (``cuts`` are values), ``length`` and ``hash`` (of texts of which
    nearly every row has another: edges of their lengths, or buckets), ``popularity`` (items by rank) or ``new`` (second bin:
    not in the training data; only a rise counts). ``of`` is the dataset's column that is counted.
    """

    name: str
    kind: str
    labels: tuple[str, ...]
    counts: tuple[float, ...] = ()
    cuts: tuple[Any, ...] = ()
    spread: Spread = Spread()
    of: str = ""
    type: str = ""  # of its values: number | integer | string | boolean
    phases: tuple[tuple[float, ...], ...] = ()  # the baseline's counts by weekday, where weekdays differ
    rho: float = 0.0  # how much rows of one subject in one window are alike, see `tidemill.monitor.clumps`

    @property
    def source(self) -> str:
        """The dataset's column."""
        return self.of or self.name

    @property
    def ordered(self) -> int:
        """How many of its bins, from the first on, are in an order (of buckets any will do): all but that of what is missing."""
        bins = len(self.labels)
        return {"numeric": bins - 1, "length": bins - 1, "hash": bins - 1, "popularity": bins}.get(self.kind, 0)

    def against(self, windows: Counts, bases: Counts) -> Samples:
        """Windows' counts against others of this column, row by row."""
        return samples(windows, bases, self.ordered, SMALL if self.kind == "new" else None)

    def p_values(self, found: Samples) -> Counts:
        """How often clean windows differ as much as these."""
        p = self.spread.p_values(found.x2, found.df, found.g, found.shape)
        return np.where(found.rose, p, 1.0) if self.kind == "new" else p

    def base(self, phase: int | None = None) -> Counts:
        """What a window is compared with: the baseline's counts, or those of the same weekday where weekdays differ."""
        own = self.counts if phase is None or not self.phases else self.phases[phase % len(self.phases)]
        return np.asarray(own, dtype=np.float64)

    def compare(self, window: Counts, phase: int | None = None, worth: float = 1.0) -> ColumnDrift:
        """The window's counts against the baseline's. ``phase``: the window's place in time, in windows since 1970;
        ``worth``: so many independent rows is each of the window's."""
        base = self.base(phase)
        found = self.against(window[None] * worth, base[None])
        p, x2 = float(self.p_values(found)[0]), float(found.x2[0])
        return ColumnDrift(
            p,
            self._words(window, base),
            int(window.sum()),
            x2,
            int(found.df[0]),
            moved(window, base),
            tuple(map(int, window)),
        )

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
