"""Splitting timed data: by time only. Training ends, validation follows, the last days are the test: no look ahead."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from tidemill.config import SplitSection
from tidemill.errors import NotEnoughData, NotTemporalSplit
from tidemill.types import Micros, parse_span, to_iso


@dataclass(frozen=True, slots=True)
class Split:
    """A global temporal split, in µs UTC: train ``at < train_end``, validation to ``test_start``, test to ``end``.

    One boundary for everybody: no subject's later rows train a model that is tested on another's earlier ones.
    """

    train_end: Micros
    test_start: Micros
    end: Micros

    def train(self, rows: pl.LazyFrame, time: str) -> pl.LazyFrame:
        """Rows before validation: what a trial of the search may learn from."""
        return rows.filter(_at(time) < self.train_end)

    def validation(self, rows: pl.LazyFrame, time: str) -> pl.LazyFrame:
        """Rows that choose among trials."""
        return rows.filter((_at(time) >= self.train_end) & (_at(time) < self.test_start))

    def before_test(self, rows: pl.LazyFrame, time: str) -> pl.LazyFrame:
        """Train and validation: what the model that is tested may learn from."""
        return rows.filter(_at(time) < self.test_start)

    def test(self, rows: pl.LazyFrame, time: str) -> pl.LazyFrame:
        """Rows that nothing has learned from."""
        return rows.filter((_at(time) >= self.test_start) & (_at(time) < self.end))


def temporal_split(section: SplitSection, first: Micros, last: Micros) -> Split:
    """The split of data from its first to its last row: test is the last span, validation the same span before it.

    Raises NotTemporalSplit for a random split, NotEnoughData when less than one span would be left to train on.

    >>> from tidemill.types import DAY
    >>> split = temporal_split(SplitSection(test="28 days"), 0, 365 * DAY)
    >>> [t // DAY for t in (split.train_end, split.test_start)]
    [309, 337]
    """
    check_temporal(section)
    span, end = parse_span(section.test), last + 1
    split = Split(train_end=end - 2 * span, test_start=end - span, end=end)
    if split.train_end < first + span:
        raise NotEnoughData(
            f"the data goes from {to_iso(first)} to {to_iso(last)}: a test of {section.test}, the same to validate "
            "and at least as much to train on do not fit",
            place="[model] split",
            hint="shorten the test, or bring more data",
        )
    return split


def check_temporal(section: SplitSection) -> None:
    """Raises NotTemporalSplit for anything random: on timed data it lets the model learn from what came after."""
    if section.by != "time":
        raise NotTemporalSplit(
            f"split by {section.by!r}: rows of the future would train a model that is tested on the past",
            place="[model] split",
            hint='write split = { by = "time", test = "28 days" }',
        )


def _at(time: str) -> pl.Expr:
    return pl.col(time).cast(pl.Datetime("us")).dt.epoch("us")
