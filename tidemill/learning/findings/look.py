"""The rows as a look before training sees them: columns, the target as numbers, and parts to learn from and to judge on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tidemill.learning.labelled import text_of
from tidemill.learning.rows import evenly
from tidemill.learning.split import Cut, places

if TYPE_CHECKING:
    import polars as pl

F8 = NDArray[np.float64]
I8 = NDArray[np.int64]
Part = tuple[I8, I8]
"""(rows to learn from, rows to judge on)."""
MOST_ROWS = 20_000
"""So many rows of a part are read, evenly taken: a column that knows the label knows it of each of them."""
MOST_LABELS = 20
LEAST = 30
"""With fewer rows to judge on nothing is said of a column."""


@dataclass(frozen=True)
class Truth:
    """The target as columns of numbers: for each label whether it came true, of values their rank from 0 to 1."""

    of: F8  # rows x answers
    labels: tuple[str, ...] | None
    """What the answers are; of two labels the second alone. None: values."""

    @staticmethod
    def read(target: pl.Series, labels: bool) -> Truth:
        """The most frequent labels where there are very many.

        >>> import polars as pl
        >>> Truth.read(pl.Series(["no", "yes", "no"]), labels=True)
        Truth(of=array([[0.],
               [1.],
               [0.]]), labels=('yes',))
        """
        if not labels:
            ranks = (target.rank("average").to_numpy() - 0.5) / len(target)
            return Truth(ranks.reshape(-1, 1), None)
        counts = target.value_counts(sort=True, name="n")
        names = sorted(counts[target.name].to_list()[:MOST_LABELS])
        names = names[1:] if counts.height == 2 else names
        return Truth(
            np.column_stack([(target == name).to_numpy().astype(np.float64) for name in names]),
            tuple(text_of(name) for name in names),
        )


@dataclass(frozen=True)
class Look:
    """Rows before the test, in the order of their moments or places."""

    columns: Mapping[str, pl.Series]
    target: pl.Series
    truth: Truth
    whole: tuple[Part, ...]
    """Every row of each part."""
    temporal: bool
    by_row: bool
    """Whether each row has a place of its own: nothing keeps the rows of one subject on one side."""
    copies: bool = True
    """Whether two equal rows are no chance. Of entities at moments they are: few have bought more than a few times."""
    late: Mapping[str, I8] = field(default_factory=dict)
    """Of a column whose values came after their row: by how much, in µs; 0 where the value came with it."""
    key: Mapping[str, pl.Series] = field(default_factory=dict)
    """Columns of a key of several: no inputs, but names of groups."""

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """The parts as they are read, at most so many rows of each."""
        return tuple((some(learn), some(judge)) for learn, judge in self.whole)

    @cached_property
    def rows(self) -> I8:
        """At most so many rows from all over the table."""
        return some(np.arange(len(self.target)))

    @property
    def judged(self) -> int:
        """How many rows are judged on."""
        return sum(len(judge) for _, judge in self.parts)

    def without(self, names: frozenset[str]) -> Look:
        """The same rows with fewer columns."""
        return replace(self, columns={name: c for name, c in self.columns.items() if name not in names})

    def grouped(self, names: pl.Series) -> Look:
        """The same rows in parts that never have one of these names on both sides."""
        import polars as pl

        at = np.array(places(names.cast(pl.String).fill_null("").to_list()))
        return replace(self, whole=tuple(_folds(at, int(at.max()) + 1, len(self.whole))))


def some(rows: I8) -> I8:
    """At most so many of these rows, evenly taken."""
    return rows[evenly(len(rows), MOST_ROWS)]


def parts_of(at: I8, cut: Cut) -> tuple[Part, ...]:
    """By time the validation windows, each with what was before it; by key every fold before the test, with the other ones.

    >>> [(len(learn), len(judge)) for learn, judge in parts_of(np.arange(100), Cut([(40, 60), (60, 80)], 80, 100))]
    [(40, 20), (60, 20)]
    >>> [(len(learn), len(judge)) for learn, judge in parts_of(np.arange(100), Cut([(60, 80)], 80, 100, "key"))]
    [(60, 20), (60, 20), (60, 20), (60, 20)]
    """
    if not cut.temporal:
        span = cut.end - cut.test_start
        return tuple(_folds(at, cut.test_start, max(2, cut.test_start // span)))
    rows = np.arange(len(at))
    found = ((rows[at < start], rows[(at >= start) & (at < end)]) for start, end in cut.windows)
    return tuple(part for part in found if all(map(len, part)))


def _folds(at: I8, end: int, folds: int) -> Iterator[Part]:
    fold, rows = np.where(at < end, at * folds // end, -1), np.arange(len(at))
    parts = ((rows[(fold >= 0) & (fold != one)], rows[fold == one]) for one in range(folds))
    return (part for part in parts if all(map(len, part)))
