"""The subjects that were asked about last, within so many bytes. numpy only, no polars.

>>> from tidemill.features.online import Subject
>>> held, ann, bob = Held(1_000), Subject(), Subject()
>>> held.put(("sales", "ann"), ann)
>>> held.put(("sales", "bob"), bob)
>>> held.get(("sales", "ann")) is None, held.get(("sales", "bob")) is bob
(True, True)
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence

from tidemill.features.online import EventRow, History, Subject

Key = tuple[str, str]
"""Dataset, subject."""
_PLACE = 300
"""Bytes of a key and its place in the order, without the letters of the subject."""


class Held:
    """By dataset and name. Beyond ``most`` bytes those that nobody has asked about for the longest time go; the last one stays."""

    def __init__(self, most: int) -> None:
        self.most, self.size = most, 0
        self._subjects: OrderedDict[Key, Subject] = OrderedDict()

    def __contains__(self, key: object) -> bool:
        return key in self._subjects

    def __iter__(self) -> Iterator[Key]:
        return iter(self._subjects)

    def __len__(self) -> int:
        return len(self._subjects)

    def get(self, key: Key) -> Subject | None:
        """The subject, used just now."""
        found = self._subjects.get(key)
        if found is not None:
            self._subjects.move_to_end(key)
        return found

    def put(self, key: Key, subject: Subject) -> None:
        self.drop(key)
        self._subjects[key] = subject
        self._grow(_size(key, subject))

    def extend(self, key: Key, rows: Sequence[EventRow]) -> int:
        """A subject's new rows; how many were new. Nothing of one that is not held."""
        found = self._subjects.get(key)
        if found is None:
            return 0
        before = found.size
        new = found.extend(rows)
        self._grow(found.size - before)
        return new

    def drop(self, key: Key) -> None:
        found = self._subjects.pop(key, None)
        if found is not None:
            self.size -= _size(key, found)

    def _grow(self, size: int) -> None:
        self.size += size
        while self.size > self.most and len(self._subjects) > 1:
            key, oldest = self._subjects.popitem(last=False)
            self.size -= _size(key, oldest)


def _size(key: Key, subject: Subject) -> int:
    return _PLACE + len(key[1]) + subject.size


class HeldHistory(History):
    """A dataset's history of which some subjects are held; ``read`` puts the subject that is not. ``seq``: what all of it knows."""

    def __init__(self, dataset: str, held: Held, read: Callable[[Key], Subject]) -> None:
        super().__init__()
        self._dataset, self._held, self._read = dataset, held, read

    def _of(self, subject: str) -> Subject | None:
        key = self._dataset, subject
        return self._held.get(key) or self._read(key)

    def load(self, rows: object) -> int:
        raise NotImplementedError("what is held of it is kept right by the change feed")
