"""How often, first and last a subject had each of its items: what repeat intervals and sessions are read from. numpy only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

I8 = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Times:
    """One entry an item, in the order of the decayed counts that they come with; moments in µs UTC. ``visits``: at how many moments."""

    counts: I8
    first: I8
    last: I8
    visits: int

    @staticmethod
    def of(item: I8, at: I8, n: int) -> Times:
        """Of items 0 … n-1 from their events, each item's in order of time; one without any has 0, and moments that say nothing.

        >>> found = Times.of(np.array([1, 0, 1]), np.array([5, 5, 9]), 2)
        >>> found.counts.tolist(), found.first.tolist(), found.last.tolist(), found.visits
        ([1, 2], [5, 5], [5, 9], 2)
        """
        first, last = np.zeros(n, np.int64), np.zeros(n, np.int64)
        last[item] = at  # of one item's events the last one stays
        first[item[::-1]] = at[::-1]
        return Times(np.bincount(item, minlength=n), first, last, len(np.unique(at)))

    def take(self, places: I8) -> Times:
        """These entries, in this order."""
        return Times(self.counts[places], self.first[places], self.last[places], self.visits)


NEVER = Times.of(np.empty(0, np.int64), np.empty(0, np.int64), 0)
"""Of a stranger."""
