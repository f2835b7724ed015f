"""What every store of subjects' data promises: to find a subject, to give out what it holds, and in row stores to erase.

- `find` names every place that holds the subject, with how many records of it; nothing of a subject that it does not
  hold. `export` gives those records, as JSON.
- `erase` (row stores) takes out this subject's records and nobody else's, in one transaction; afterwards `find` is empty.
  `verify` looks again and further: at every text of the store, whoever's row it is in.
- What cannot be erased in place is either made anew from rows (a feature table, a baseline: `tidemill gc`), or is a table
  whose next generation leaves the rows out.

A subject is its identifier as text. The shared suite is `tidemill.testing.holders`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from tidemill.store.records import Tx
from tidemill.types import JsonObject


@dataclass(frozen=True, slots=True)
class Holding:
    """A place that holds a subject, and how many of its records are of it."""

    store: str  # predictions | outcomes | online | records | artifacts | tables | quarantine | files
    place: str  # a table, a digest, a file
    records: int


class DataHolder(Protocol):
    def find(self, subject: str) -> Sequence[Holding]: ...
    def export(self, subject: str) -> Iterator[JsonObject]: ...


class RowHolder(DataHolder, Protocol):
    def names(self) -> Iterator[str]:
        """Everybody who has a record."""
        ...

    def erase(self, subject: str, tx: Tx = None) -> int:
        """How many records went."""
        ...

    def verify(self, subject: str) -> Sequence[Holding]:
        """What still names the subject: nothing after `erase`, unless a record of somebody else's does."""
        ...


def mentions(value: Any, subject: str) -> int:
    """How often a JSON value says the subject: as a text or a key of its own, not inside another.

    >>> mentions({"ann": ["ann", "anna", {"by": "ann"}]}, "ann")
    3
    """
    if isinstance(value, dict):
        return sum((key == subject) + mentions(inner, subject) for key, inner in value.items())
    if isinstance(value, list):
        return sum(mentions(inner, subject) for inner in value)
    return int(value == subject) if isinstance(value, str) else 0


def worded(subject: str) -> Callable[[str], int]:
    """How often a text says the subject as a word.

    >>> worded("ann")("ann and anna, ann.")
    2
    """
    word = spoken(subject)
    return lambda text: len(word.findall(text))


def spoken(subject: str) -> re.Pattern[str]:
    """The subject as a word of a text."""
    return re.compile(rf"(?<![\w-]){re.escape(subject)}(?![\w-])")


def without(value: Any, subject: str, by: str) -> Any:
    """A value in which this stands in the place of the subject: as a text or a key of its own, and as a word of a sentence.

    >>> without({"by": {"ann": 1}, "said": "ann came, anna too"}, "ann", "somebody")
    {'by': {'somebody': 1}, 'said': 'somebody came, anna too'}
    """
    if isinstance(value, Mapping):
        return {without(key, subject, by): without(inner, subject, by) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(without(inner, subject, by) for inner in value)
    if not isinstance(value, str):
        return value
    if value == subject:
        return by
    return spoken(subject).sub(by, value) if " " in value else value
