"""Where a model's time is cut: training, validation windows, then the test, then now. By time only: no look ahead."""

from __future__ import annotations

from dataclasses import dataclass

from tidemill.config import SplitSection
from tidemill.errors import NotEnoughData, NotTemporalSplit
from tidemill.types import JsonObject, Micros, parse_span, to_iso

FOLDS = 2
"""Validation windows, where the data is long enough: one window of a small shop is mostly luck."""


@dataclass(frozen=True, slots=True)
class Cut:
    """``windows`` choose the recipe, each fitted on what was before it; then ``test_start`` ≤ test < ``end``. µs UTC.

    One boundary for everybody: no subject's later rows train a model that is tested on another's earlier ones.
    """

    windows: list[tuple[Micros, Micros]]
    test_start: Micros
    end: Micros

    def json(self) -> JsonObject:
        return {"windows": [list(w) for w in self.windows], "test_start": self.test_start, "end": self.end}

    @staticmethod
    def read(said: JsonObject) -> Cut:
        return Cut([(start, end) for start, end in said["windows"]], said["test_start"], said["end"])


def cut_by_time(section: SplitSection, first: Micros, last: Micros) -> Cut:
    """The cut of data from its first to its last moment: the test is the last span, validation the same span before it.

    Raises NotTemporalSplit for a random split, NotEnoughData when less than one span would be left to train on.

    >>> from tidemill.types import DAY
    >>> cut = cut_by_time(SplitSection(test="28 days"), 0, 365 * DAY)
    >>> [(start // DAY, end // DAY) for start, end in cut.windows], cut.test_start // DAY
    ([(281, 309), (309, 337)], 337)
    """
    check_temporal(section)
    span, end = parse_span(section.test), last + 1
    test_start = end - span
    if test_start - span < first + span:
        raise NotEnoughData(
            f"the data goes from {to_iso(first)} to {to_iso(last)}: a test of {section.test}, the same to validate "
            "and at least as much to train on do not fit",
            place="[model] split",
            hint="shorten the test, or bring more data",
        )
    starts = [test_start - span * fold for fold in range(FOLDS, 0, -1)]
    windows = [(start, start + span) for start in starts if start == test_start - span or start >= first + 2 * span]
    return Cut(windows, test_start, end)


def check_temporal(section: SplitSection) -> None:
    """Raises NotTemporalSplit for anything random: on timed data it lets the model learn from what came after."""
    if section.by != "time":
        raise NotTemporalSplit(
            f"split by {section.by!r}: rows of the future would train a model that is tested on the past",
            place="[model] split",
            hint='write split = { by = "time", test = "28 days" }',
        )
