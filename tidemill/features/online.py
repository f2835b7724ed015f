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


_ROW = np.dtype([("seq", np.int64), ("item", np.int64), ("at", np.int64), ("value", np.float64)])


class _Subject:
    """One subject's events in order of transaction_time: an array that doubles when it is full, items by their own numbers."""

    __slots__ = ("_codes", "n", "names", "rows")

    def __init__(self) -> None:
        self.n = 0
        self._codes: dict[str, int] = {}
        self.names: list[str] = []
        self.rows = np.empty(8, _ROW)

    def extend(self, rows: Sequence[EventRow]) -> None:
        end = self.n + len(rows)
        if end > len(self.rows):
            grown = np.empty(max(end, 2 * len(self.rows)), _ROW)
            grown[: self.n] = self.rows[: self.n]
            self.rows = grown
        self.rows[self.n : end] = [(row[0], self._code(row[2]), row[3], row[4]) for row in rows]
        self.n = end

    def _code(self, item: str) -> int:
        code = self._codes.setdefault(item, len(self.names))
        if code == len(self.names):
            self.names.append(item)
        return code

    def counted(self, at: Micros, watermark: int | None) -> NDArray[Any]:
        """The rows that count, in order of time: sums add in the order that training uses. Rows of one moment weigh the same."""
        rows = self.rows[: self.n]
        seen = (rows["at"] < at) & (rows["value"] > 0)
        if watermark is not None:
            seen &= rows["seq"] <= watermark
        counted = rows[seen]
        return counted[np.argsort(counted["at"], kind="stable")]


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
        rows, n = found.counted(at, watermark), len(found.names)
        counts = np.bincount(rows["item"], decay(at - rows["at"], half_life), n).astype(np.float64, copy=False)
        present = sorted(set(rows["item"].tolist()), key=found.names.__getitem__)
        return [found.names[code] for code in present], counts[present]
