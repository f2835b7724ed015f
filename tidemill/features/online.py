"""Serving's side of the features: subjects' histories in memory, asked as of a moment. numpy only, no polars.

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

import sys
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tidemill.features.times import NEVER, Times
from tidemill.features.transforms import decay
from tidemill.types import Micros

EventRow = Sequence[Any]
"""(seq, subject, item, at, value), as the store gives it."""


class Subject:
    """One subject's events that count (value > 0) in order of time, those of one moment as they came: sums add in the
    order that training uses. Their seq, item and moment, in an array that doubles when it is full.
    """

    __slots__ = ("_codes", "_events", "_order", "n", "names", "seq")

    def __init__(self) -> None:
        self.n = self.seq = 0
        self.names: list[str] = []
        self._codes: dict[str, int] | None = None  # by name; made when rows come, for most subjects get none
        self._order = _NONE
        self._events = _NO_EVENTS

    def extend(self, rows: Iterable[EventRow]) -> int:
        """Know these rows, in order of seq; how many were new. One that was seen before changes nothing."""
        fresh = [row for row in rows if row[0] > self.seq]
        if fresh:
            self._take(fresh)
        return len(fresh)

    def _take(self, rows: Sequence[EventRow]) -> None:
        codes = self._codes or {name: code for code, name in enumerate(self.names)}
        counted = [(row[0], codes.setdefault(row[2], len(codes)), row[3]) for row in rows if row[4] > 0]
        self.names += [sys.intern(name) for name in islice(codes, len(self.names), None)]
        self._codes = codes if self.seq else None
        start, self.n, self.seq = self.n, self.n + len(counted), rows[-1][0]
        if self.n > self._events.shape[1]:
            old, self._events = self._events, np.empty((3, self.n if not start else max(self.n, 2 * start)), np.int64)
            self._events[:, :start] = old[:, :start]
        self._events[:, start : self.n] = np.array(counted, np.int64).reshape(-1, 3).T
        events, times = self._events[:, : self.n], self._events[2, max(start - 1, 0) : self.n]
        if (times[1:] < times[:-1]).any():
            events[:] = events[:, np.argsort(events[2], kind="stable")]

    def copy(self) -> Subject:
        made = Subject()
        made.n, made.seq, made.names, made._order = self.n, self.seq, [*self.names], self._order
        made._events = self._events[:, : self.n].copy()
        return made

    @property
    def size(self) -> int:
        """Bytes, about, and not less: a name that many subjects share is counted with each."""
        names = sum(map(len, self.names)) + _A_NAME * len(self.names)
        coded = _A_CODE * len(self.names) if self._codes else 0
        return _A_SUBJECT + names + coded + self._events.nbytes

    @property
    def order(self) -> NDArray[np.int64]:
        """The items' numbers, by name."""
        if len(self._order) < len(self.names):
            self._order = np.array(sorted(range(len(self.names)), key=self.names.__getitem__))
        return self._order

    def seen(self, at: Micros, watermark: int | None) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Item and moment of each event that a request sees."""
        events = self._events[:, : self._events[2, : self.n].searchsorted(at)]
        if watermark is not None and watermark < self.seq:
            events = events[:, events[0] <= watermark]
        return events[1], events[2]

    def since(self, since: Micros, at: Micros, watermark: int | None) -> set[str]:
        """The items of the events that a request sees and that are no older than this."""
        low, high = self._events[2, : self.n].searchsorted([since, at]).tolist()
        events = self._events[:, low:high]
        if watermark is not None and watermark < self.seq:
            events = events[:, events[0] <= watermark]
        return {self.names[code] for code in events[1].tolist()}


_NONE, _NO_EVENTS = np.empty(0, np.int64), np.empty((3, 0), np.int64)
_A_SUBJECT, _A_NAME, _A_CODE = 600, 66, 100
"""Bytes of what is held of a subject beside its events, of each of its items' names and numbers, and of these by name."""


class History:
    """What is known of subjects: all that was loaded.

    Events come in order of `seq`; one whose seq is not above the last is passed over, so that reading the store again
    from an older place changes nothing. Memory: 24 bytes an event, at most doubled by growth.
    """

    def __init__(self) -> None:
        self.seq = self._known = 0
        self._subjects: dict[str, Subject] = {}

    def __len__(self) -> int:
        return self._known

    def _of(self, subject: str) -> Subject | None:
        return self._subjects.get(subject)

    def alone(self, subject: str | None) -> History:
        """What is known now of this subject, for whoever reads it in another thread while rows come in."""
        made, found = History(), self._of(subject or "")
        made.seq = self.seq
        if found is not None:
            made._subjects[subject or ""] = found.copy()
        return made

    def load(self, rows: Iterable[EventRow]) -> int:
        """Know these events, (seq, subject, item, at, value) in order of seq; how many were new. A seq that was seen before changes nothing."""
        fresh: dict[str, list[EventRow]] = {}
        last = self.seq
        for row in rows:
            if row[0] > last:
                fresh.setdefault(row[1], []).append(row)
                last = row[0]
        for subject, events in fresh.items():
            self._subjects.setdefault(subject, Subject()).extend(events)
        new = sum(map(len, fresh.values()))
        self.seq, self._known = last, self._known + new
        return new

    def seen(self, subject: str, at: Micros, watermark: int | None = None) -> tuple[set[str], NDArray[np.int64]]:
        """The items, and the moments of the rows, that count of a subject for a request; oldest first, empty if unknown."""
        found = self._of(subject)
        if found is None:
            return set(), np.empty(0, np.int64)
        item, moments = found.seen(at, watermark)
        return {found.names[code] for code in np.unique(item).tolist()}, moments

    def since(self, subject: str, since: Micros, at: Micros, watermark: int | None = None) -> set[str]:
        """The subject's items that count and were taken from this moment on."""
        found = self._of(subject)
        return set() if found is None else found.since(since, at, watermark)

    def items(
        self, subject: str, at: Micros, half_life: Micros, watermark: int | None = None
    ) -> tuple[list[str], NDArray[np.float64]]:
        """The subject's items, sorted, and the decayed counts of their rows with value > 0; empty if unknown."""
        found = self._of(subject)
        if found is None:
            return [], np.empty(0)
        item, moment = found.seen(at, watermark)
        n, order = len(found.names), found.order
        counts = np.bincount(item, decay(at - moment, half_life), n).astype(np.float64, copy=False)
        present = order if len(item) == found.n else order[np.bincount(item, minlength=n)[order] > 0]
        return [found.names[code] for code in present.tolist()], counts[present]

    def times(self, subject: str, at: Micros, watermark: int | None = None) -> Times:
        """How often, first and last, in the order of `items`: what that counts, not faded."""
        found = self._of(subject)
        if found is None:
            return NEVER
        item, moment = found.seen(at, watermark)
        every = Times.of(item, moment, len(found.names))
        return every.take(found.order[every.counts[found.order] > 0])
