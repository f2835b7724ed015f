"""Columns of a test's rows in bins: where an error is read off, how far other rows are from these, and what is beyond them. numpy only."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from tidemill.learning.labelled import text_of

F8 = NDArray[np.float64]
I8 = NDArray[np.int64]
CUTS = (0.05, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 0.95)
"""Quantiles at which numbers are cut: finer at the ends, where errors change most."""
MOST_VALUES = 12
ANSWER = "the answer"
"""What is answered is a column, too: the value, of two labels the second one's probability, of more that of the likeliest."""


class Places(msgspec.Struct, frozen=True):
    """A column: numbers are cut at ``edges``, others are ``values``; after these come a bin for all others and one for what is missing.

    ``counts``: the test's rows in each bin; ``low`` and ``high``: the least and the greatest number among
    them.
    """

    name: str
    edges: tuple[float, ...] = ()
    values: tuple[str, ...] = ()
    counts: tuple[int, ...] = ()
    low: float = 0.0
    high: float = 0.0

    @property
    def bins(self) -> int:
        return len(self.edges or self.values) + 2

    @staticmethod
    def of(name: str, values: Any) -> Places:
        """The column that these values show.

        >>> Places.of("size", ["s", "m", "m", None]).counts
        (2, 1, 0, 1)
        """
        numbers = _numbers(values)
        known = numbers[~np.isnan(numbers)]
        if len(known) and len(np.unique(known)) > 2:
            cuts = tuple(np.unique(np.quantile(known, CUTS)).tolist())
            made = Places(name, edges=cuts, low=float(known.min()), high=float(known.max()))
        else:
            most = Counter(text for text in map(_text, values) if text is not None).most_common(MOST_VALUES)
            made = Places(name, values=tuple(text for text, _ in most))
        counted = np.bincount(made.place(values), minlength=made.bins)
        return msgspec.structs.replace(made, counts=tuple(counted.tolist()))

    def place(self, values: Any) -> I8:
        """The bin of each value."""
        if self.edges:
            numbers = _numbers(values)
            found = np.searchsorted(self.edges, numbers, side="right")
            return np.where(np.isnan(numbers), self.bins - 1, found).astype(np.int64)
        at: dict[str | None, int] = {text: place for place, text in enumerate(self.values)}
        at[None] = self.bins - 1
        return np.array([at.get(_text(value), self.bins - 2) for value in values], np.int64)

    def moved(self, places: I8) -> float:
        """The share of these rows that would have to change bins to be spread as the test's are, beyond what chance moves.

        >>> half = Places("x", values=("a", "b"), counts=(500, 500, 0, 0))
        >>> half.moved(np.zeros(1000, np.int64)) > 0.4, half.moved(np.array([0, 1]))
        (True, 0.0)
        """
        own, n = np.asarray(self.counts, np.float64), max(len(places), 1)
        test = own / max(own.sum(), 1)
        found = np.bincount(places, minlength=self.bins) / n
        chance = np.sqrt(test * (1 - test) * (1 / n + 1 / max(own.sum(), 1)) * 2 / math.pi).sum() / 2
        return max(float(np.abs(found - test).sum()) / 2 - float(chance), 0.0)

    def beyond(self, values: Any) -> float:
        """The share of these values that no row of the test was near: in a bin without any of them, or beyond their ends.

        >>> Places.of("x", [1.0, 2.0, 3.0, 4.0]).beyond([2.5, 9.0])
        0.5
        """
        if not len(values):
            return 0.0
        out = (np.asarray(self.counts) == 0)[self.place(values)]
        if self.edges:  # between two numbers that the test had lies nothing new
            numbers = _numbers(values)
            out = np.where(np.isnan(numbers), out, (numbers < self.low) | (numbers > self.high))
        return float(out.mean())


def _numbers(values: Any) -> F8:
    """As numbers; what is none is not there."""
    found = np.asarray(values)
    if found.dtype.kind in "fiu":
        return np.where(np.isfinite(found), found, np.nan).astype(np.float64)
    if found.dtype.kind == "b":
        return np.full(len(found), np.nan)
    return np.array([_number(value) for value in values], np.float64)


def _number(value: Any) -> float:
    """A number, also one that is written as a text."""
    try:
        found = math.nan if value is None or isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        return math.nan
    return found if math.isfinite(found) else math.nan


def _text(value: Any) -> str | None:
    """As a text; None of what is missing."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return None
    if isinstance(value, np.bool_ | bool):
        return text_of(bool(value))
    return str(value) if isinstance(value, str) else text_of(float(value))
