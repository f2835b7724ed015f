"""Serving's side of the features: every subject's history in memory, asked as of a moment. numpy only, no polars.

An event is seen by a request when it was known (``seq <= watermark``) and had happened (``at < t``, strict). The numbers
are those that `tidemill.features.as_of.Histories` gives training, to the last bit: parity compares them.

    >>> from tidemill.features.online import History
    >>> h = History()
    >>> h.load([(1, "12345", "mug", 0, 2.0), (2, "12345", "lamp", 10, 1.0)])
    2
    >>> items, counts = h.items("12345", at=20, half_life=10)
    >>> items, counts.tolist()
    (['lamp', 'mug'], [0.5, 0.25])
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tidemill.features.transforms import decay
from tidemill.types import Micros

EventRow = Sequence[Any]
"""(seq, subject, item, at, value), as the store gives it."""


class _Subject:
    """One subject's events in order of transaction_time: arrays that double when they are full, items by their own numbers."""

    __slots__ = ("_order", "at", "codes", "item", "last", "n", "names", "plain", "seq", "value")

    def __init__(self) -> None:
        self.n = 0
        self.last: Micros = -(2**63)  # the latest moment of any event
        self.plain = True  # every event is positive and none is older than the one before it
        self.codes: dict[str, int] = {}
        self.names: list[str] = []
        self._order: NDArray[np.int64] | None = None
        self.at = np.empty(8, np.int64)
        self.item = np.empty(8, np.int64)
        self.value = np.empty(8, np.float64)
        self.seq = np.empty(8, np.int64)

    def order(self) -> NDArray[np.int64]:
        """The items' numbers, by name."""
        if self._order is None:
            self._order = np.array(sorted(range(len(self.names)), key=self.names.__getitem__), np.int64)
        return self._order

    def extend(self, rows: Sequence[EventRow]) -> None:
        n, end = self.n, self.n + len(rows)
        self._room(end)
        self.seq[n:end], _, items, self.at[n:end], self.value[n:end], *_ = zip(*rows)
        self.item[n:end] = [self._code(item) for item in items]
        self.n = end
        times = self.at[max(n - 1, 0) : end]
        self.plain = self.plain and bool((self.value[n:end] > 0).all() and (times[1:] >= times[:-1]).all())
        self.last = max(self.last, int(times.max()))

    def _code(self, item: str) -> int:
        code = self.codes.get(item)
        if code is None:
            code = self.codes[item] = len(self.names)
            self.names.append(item)
            self._order = None
        return code

    def _room(self, wanted: int) -> None:
        """Arrays for so many events, at least doubled when they grow."""
        if wanted > len(self.at):
            size = max(wanted, 2 * len(self.at))
            for name in ("at", "item", "value", "seq"):
                old = getattr(self, name)
                grown = np.empty(size, old.dtype)
                grown[: self.n] = old[: self.n]
                setattr(self, name, grown)


class History:
    """What serving knows of every subject.

    Events come in order of `seq`; one whose seq is not above the last is passed over, so that reading the store again
    from an older place changes nothing. Memory: 32 bytes an event, at most doubled by growth.
    """

    def __init__(self) -> None:
        self.seq = 0
        self._subjects: defaultdict[str, _Subject] = defaultdict(_Subject)

    def __len__(self) -> int:
        return sum(s.n for s in self._subjects.values())

    def load(self, rows: Iterable[EventRow]) -> int:
        """Know these events, (seq, subject, item, at, value) in order of seq; how many were new. A seq that was seen before changes nothing."""
        fresh: dict[str, list[EventRow]] = {}
        last = self.seq
        for row in rows:
            if row[0] > last:
                fresh.setdefault(row[1], []).append(row)
                last = row[0]
        for subject, events in fresh.items():
            self._subjects[subject].extend(events)
        self.seq = last
        return sum(map(len, fresh.values()))

    def items(
        self, subject: str, at: Micros, half_life: Micros, watermark: int | None = None
    ) -> tuple[list[str], NDArray[np.float64]]:
        """The subject's items, sorted, and the decayed counts of their rows with value > 0; empty if unknown."""
        found = self._subjects.get(subject)
        if found is None:
            return [], np.empty(0)
        index = _counted(found, at, watermark)
        group, n = found.item[index], len(found.names)
        counts = np.bincount(group, decay(at - found.at[index], half_life), n).astype(np.float64, copy=False)
        order = found.order()
        present = order if len(group) == found.n else order[np.bincount(group, minlength=n)[order] > 0]
        return [found.names[code] for code in present.tolist()], counts[present]


def _counted(rows: _Subject, at: Micros, watermark: int | None) -> NDArray[np.int64] | slice:
    """The rows that count, in order of time: sums add in the order that training uses. Rows of one moment weigh the same."""
    n = rows.n
    whole = n > 0 and rows.last < at and (watermark is None or rows.seq[n - 1] <= watermark)
    if whole and rows.plain:
        return slice(n)  # all there is, as it stands
    seen = (rows.at[:n] < at) & (rows.value[:n] > 0)
    if watermark is not None:
        seen &= rows.seq[:n] <= watermark
    index = np.flatnonzero(seen)
    times = rows.at[index]
    return index if (times[1:] >= times[:-1]).all() else index[np.argsort(times, kind="stable")]
