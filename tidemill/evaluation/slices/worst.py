"""The worst slice of a test, over the values of all columns and of pairs of them: found on one half, judged on the other.

Of many slices some look bad by chance. Here half of the independent units choose the `TRIED` slices that are worst as far as that
half can tell, and the other half, which chose nothing, judges these few: all of them together err in at most 5 of 100 tests in
which no slice is worse, however many were looked at, and the gap that is told has no winner's curse.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from tidemill.evaluation.groups import FEWEST, UNITS, Groups, groups
from tidemill.evaluation.slices.apart import LIKE, Gap, beside_whole, reached
from tidemill.evaluation.slices.judged import Judged
from tidemill.learning.intervals import clustered_error
from tidemill.types import JsonObject

F8 = NDArray[np.float64]
I8 = NDArray[np.int64]
TRIED = 5
PAIRED = 30
"""So many columns are looked at in pairs: those with the worst values alone."""
CLEARLY = 2.0
"""Standard errors that a slice is worse by on the half that chooses."""
CONFIDENCE = 0.95
Triple = tuple[float, float, float]
By = tuple[tuple[str, str], ...]


class Worst(msgspec.Struct, frozen=True):
    """A slice: the value of one column, or of two. ``gap``: (share worse than the whole, least, most) on the half that judges."""

    by: By
    n: int  # requests, of the whole test
    units: int
    reached: Triple | None  # on the whole test
    gap: Triple
    shown: bool  # worse, all that were tried taken together

    @property
    def words(self) -> str:
        """Which rows they are.

        >>> Worst((("country", "FR"), ("member", "true")), 1, 1, None, (0.0, 0.0, 0.0), False).words
        'country FR and member true'
        """
        return " and ".join(f"{column} {value}" for column, value in self.by)


class Searched(msgspec.Struct, frozen=True):
    """What was looked at, and the worst that were judged, the worst first. ``metric``: of single answers."""

    metric: str
    whole: float
    columns: int
    looked: int  # slices
    tried: tuple[Worst, ...]
    left_out: int = 0  # columns that were not looked at in pairs

    @property
    def worst(self) -> Worst | None:
        """The worst of those that are shown to be worse."""
        return next((one for one in self.tried if one.shown), None)


class _Slice(NamedTuple):
    parts: tuple[tuple[str, int], ...]  # column, and the place of its value
    place: int
    least: float  # worse by, on the half that chooses


def search(judged: Judged, attributes: Mapping[str, NDArray[Any]], seed: int) -> Searched:
    """The worst slices of this test. ``judged``: by a metric that is a mean over single answers."""
    units, values = judged.units, judged.values
    chooses = np.random.default_rng(seed).permutation(int(units.max()) + 1) % 2 == 0
    half = chooses[units]
    known = {name: groups(column, units) for name, column in attributes.items()}
    known = {name: one for name, one in known.items() if len(one.labels) > 1}
    hunt = _Hunt(judged, half, known)
    singles = [one for name in known for one in hunt.slices(name)]
    least = {name: max((s.least for s in singles if s.parts[0][0] == name), default=-np.inf) for name in known}
    paired = sorted(sorted(known, key=lambda name: -least[name])[:PAIRED])
    pairs = [one for both in combinations(paired, 2) for one in hunt.slices(*both)]
    chosen = _chosen([*singles, *pairs])
    found = [hunt.judge(one, len(chosen)) for one in chosen]
    found.sort(key=lambda one: (not one.shown, -one.gap[1]))
    whole = judged.kind.figure(float(values.mean()))
    looked, left_out = len(singles) + len(pairs), max(len(known) - PAIRED, 0)
    return Searched(judged.metric, whole, len(known), looked, tuple(found), left_out)


def _chosen(found: list[_Slice]) -> list[_Slice]:
    """The worst few; a pair of columns with a value that is there already says nothing more."""
    kept: list[_Slice] = []
    for one in sorted(found, key=lambda each: -each.least):
        there = {each.parts[0] for each in kept if len(each.parts) == 1}
        if len(kept) < TRIED and one.least > 0 and not there & {*one.parts}:
            kept.append(one)
    return kept


class _Hunt:
    """One half chooses, the other judges."""

    def __init__(self, judged: Judged, half: NDArray[np.bool_], known: Mapping[str, Groups]) -> None:
        self._judged, self._half, self._known = judged, half, known
        values = self._values = judged.values[half]
        self._mean = float(values.mean()) if len(values) else 0.0
        kind = judged.kind
        self._level = self._mean - kind.zero if self._mean > kind.zero else 1.0
        error = clustered_error(values, judged.units[half]) if len(values) else 0.0
        self._variance = error**2 * len(values)  # of one request, as much as requests of one unit are alike
        plain = float(values.var()) if len(values) else 0.0
        self._alike = self._variance / plain if plain > 0 else 1.0

    def slices(self, *columns: str) -> Iterator[_Slice]:
        """Those of one column, or of two, that have requests enough on the half that chooses."""
        codes = self._codes(columns)[self._half]
        sizes = [len(self._known[name].labels) for name in columns]
        n = np.bincount(codes)
        places = np.flatnonzero(n >= FEWEST // 2)
        sums, squares = np.bincount(codes, self._values)[places], np.bincount(codes, self._values**2)[places]
        n = n[places]
        mean = sums / n
        variance = (self._alike * np.maximum(squares - n * mean**2, 0) + LIKE * self._variance) / (n + LIKE)
        gap = -self._judged.kind.sign * (mean - self._mean)
        least = (gap - CLEARLY * np.sqrt(variance / n)) / self._level
        for place, one in zip(places.tolist(), least.tolist()):
            values = (place,) if len(sizes) == 1 else divmod(place, sizes[1])
            yield _Slice(tuple(zip(columns, values)), place, one)

    def _codes(self, columns: Sequence[str]) -> I8:
        first, *rest = (self._known[name] for name in columns)
        codes = first.codes
        for other in rest:
            codes = codes * len(other.labels) + other.codes
        return codes

    def judge(self, one: _Slice, of: int) -> Worst:
        """Worse than the whole, as the half says that did not choose it."""
        judged, here = self._judged, self._codes([name for name, _ in one.parts]) == one.place
        other = np.flatnonzero(~self._half)
        rows = np.flatnonzero(here[other])
        units = np.unique(judged.units[other], return_inverse=True)[1]
        everywhere = np.flatnonzero(here)
        by = tuple((name, self._known[name].labels[code]) for name, code in one.parts)
        told = by, len(everywhere), len(np.unique(judged.units[here]))
        figure = reached(judged.kind, judged.values[everywhere], judged.units[everywhere])
        if len(rows) < FEWEST // 2 or len(np.unique(units[rows])) < UNITS // 2:
            return Worst(*told, figure, (0.0, 0.0, 0.0), False)
        values = judged.values[other]
        gap: Gap = beside_whole(judged.kind, values[rows], rows, values, units)
        low, high = gap.bounds(1 - (1 - CONFIDENCE) / of)
        return Worst(*told, figure, (gap.gap, low, high), low > 0)


def worst_of(found: JsonObject) -> Searched:
    """As it is kept."""
    return msgspec.convert(found, Searched)
