"""A subject's history as a request might have it some day: not there, in another order, or late. numpy only."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tidemill.features.times import NEVER, Times
from tidemill.types import DAY, Micros

F8 = NDArray[np.float64]
I8 = NDArray[np.int64]
BEHIND: Micros = 30 * DAY
"""So far a late history is behind."""


class Histories(Protocol):
    """What `tidemill.features.as_of.Histories` gives of a subject's events before a moment."""

    def of(self, subject: str, at: Micros, half_life: Micros) -> tuple[I8, F8]: ...
    def times(self, subject: str, at: Micros) -> Times: ...


class Missing:
    """Nobody has one."""

    def of(self, subject: str, at: Micros, half_life: Micros) -> tuple[I8, F8]:
        return np.empty(0, np.int64), np.empty(0)

    def times(self, subject: str, at: Micros) -> Times:
        return NEVER


@dataclass(frozen=True)
class Shuffled:
    """The same items, each with another one's moments and counts."""

    whole: Histories
    seed: int

    def of(self, subject: str, at: Micros, half_life: Micros) -> tuple[I8, F8]:
        codes, values = self.whole.of(subject, at, half_life)
        return codes, values[self._order(subject, len(codes))]

    def times(self, subject: str, at: Micros) -> Times:
        found = self.whole.times(subject, at)
        return found.take(self._order(subject, len(found.counts)))

    def _order(self, subject: str, n: int) -> I8:
        return np.random.default_rng([self.seed, zlib.crc32(subject.encode())]).permutation(n)


@dataclass(frozen=True)
class Late:
    """What came in the last `BEHIND` is not there yet."""

    whole: Histories

    def of(self, subject: str, at: Micros, half_life: Micros) -> tuple[I8, F8]:
        return self.whole.of(subject, at - BEHIND, half_life)

    def times(self, subject: str, at: Micros) -> Times:
        return self.whole.times(subject, at - BEHIND)
