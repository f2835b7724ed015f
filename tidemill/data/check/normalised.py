"""What of a file's values was read otherwise than it was written: counted column by column, so that nothing is changed in silence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import polars as pl

from tidemill.data.check.column import Column
from tidemill.data.check.columns import stripped

WORDS = {
    "blanks": "had blanks around them, which are no part of a name",
    "forms": "were written in another Unicode form of the same letters",
    "nothing": "are words for nothing (NA, NULL, - …) and count as missing",
    "epoch": "are numbers, read as seconds, ms or µs since 1970",
    "point_zero": "end in .0, as numbers do that were taken for fractions: 17000 and 17000.0 are two names",
}
"""In words, what became of so many values of a column."""


class Normalised(NamedTuple):
    """So many values of a column, and what of `WORDS` they are."""

    column: str
    what: str
    n: int

    def __str__(self) -> str:
        return f"{self.n:,} values of {self.column} {WORDS[self.what]}"


def by_column(found: Iterable[Normalised]) -> dict[str, dict[str, int]]:
    """The counts by column.

    >>> by_column([Normalised("id", "blanks", 2), Normalised("id", "forms", 1)])
    {'id': {'blanks': 2, 'forms': 1}}
    """
    counts: dict[str, dict[str, int]] = {}
    for one in found:
        counts.setdefault(one.column, {})[one.what] = one.n
    return counts


def normalised(column: Column, given: pl.Series, read: pl.Series, missing: pl.Series) -> Iterator[Normalised]:
    """What is to be said of a column. ``given``: as it came; ``read``: as it is in the table; ``missing``: where there is nothing."""
    for what, n in _counts(column, given, read, missing):
        if n:
            yield Normalised(column.name, what, n)


def _counts(column: Column, given: pl.Series, read: pl.Series, missing: pl.Series) -> Iterator[tuple[str, int]]:
    if column.kind == "timestamp" and given.dtype.is_numeric():
        yield "epoch", len(read) - read.null_count()
    if given.dtype != pl.String():
        return
    if column.kind == "timestamp" and column.format is None:
        yield "epoch", int((read.is_not_null() & ~given.str.contains("-", literal=True)).sum())
    if column.kind != "string" or column.normal:
        yield "nothing", int((missing & (given != "")).sum())
    if column.normal:
        yield from _of_names(given, read)


def _of_names(given: pl.Series, read: pl.Series) -> Iterator[tuple[str, int]]:
    other = given.filter((given != read) & read.is_not_null())
    if len(other):
        bare = other.to_frame("v").select(stripped(pl.col("v")))["v"]
        yield "blanks", int((bare != other).sum())
        yield "forms", int((bare.str.normalize("NFC") != bare).sum())
    yield "point_zero", int(read.str.contains(r"^[0-9]+\.0+$").sum())
