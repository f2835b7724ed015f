"""Requests and answers counted in a baseline's bins, one by one and without a frame: about a microsecond a column.

Values are taken as strictly as training took them: a text where training had truth values is a value that it never had.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tidemill.monitor.bins import bucket
from tidemill.monitor.drift import Column, Counts

Place = Callable[[Any], int]


@dataclass(frozen=True, slots=True)
class Seen:
    """What was asked and what was answered in a window: how often, and by column in its bins."""

    n: int
    counts: Mapping[str, Counts]
    columns: Sequence[Column]
    sizes: Collection[int] = ()  # how often each subject asked; a question of nobody stands for itself
    reasons: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    shown: float | None = None  # of the items that training knew, the share that answers showed


_NUMBERS = frozenset((int, float))


class Sketch:
    """Counts of one window, column by column."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self.columns, self.n = columns, 0
        # one slot more than there are bins: for what has no bin, being of another type
        self._counted = [(c.source, _placer(c), [0] * (len(c.labels) + 1)) for c in columns]
        self._absent = [0] * len(columns)

    def add(self, values: Mapping[str, Any]) -> None:
        """Count one question, or one answer; what is left out is missing."""
        self.n += 1
        for name, place, counts in self._counted:
            counts[place(values.get(name))] += 1

    def counts(self) -> list[Counts]:
        """In the columns' bins; what is of another type is as missing."""
        return [np.array([*c[:-2], c[-2] + c[-1]], np.float64) for _, _, c in self._counted]

    def reasons(self) -> dict[str, dict[str, int]]:
        """By column how many had no value, and how many had one that training never had or could not have had."""
        found = {}
        for column, (_, _, counts) in zip(self.columns, self._counted, strict=True):
            others = counts[-3] if column.kind == "category" else 0
            told = {"missing": counts[-2], "unknown": others + counts[-1]}
            if some := {reason: n for reason, n in told.items() if n}:
                found[column.name] = some
        return found


def _placer(column: Column) -> Place:
    """Which bin a value falls into: the last but one slot is for what is missing, the last for what is of another type."""
    missing, wrong, cuts = len(column.labels) - 1, len(column.labels), column.cuts

    def number(value: Any) -> int:
        if type(value) in _NUMBERS and math.isfinite(value):
            return bisect_right(cuts, value)
        return missing if value is None else wrong

    def text(value: Any) -> int:
        if type(value) is str:
            return bisect_right(cuts, len(value)) if column.kind == "length" else bucket(value)
        return missing if value is None else wrong

    if column.kind == "numeric":
        return number
    return text if column.kind in ("length", "hash") else _category(column, missing)


def _category(column: Column, missing: int) -> Place:
    types = _TYPES.get(column.type, (str,))
    known = {_value(column.type, text): place for place, text in enumerate(column.cuts)}

    def place(value: Any) -> int:
        if value is None:
            return missing
        return known.get(value, missing - 1) if type(value) in types else missing - 1

    return place


_TYPES: Mapping[str, tuple[type, ...]] = {"boolean": (bool,), "integer": (int, float), "number": (int, float)}


def _value(type_: str, text: str) -> Any:
    """The value that stands as this text among a category's cuts."""
    if type_ == "boolean":
        return text == "true"
    return float(text) if type_ in ("integer", "number") else text
