"""Where a model's time is cut: validation windows, then the test, then now. By time only."""

from __future__ import annotations

from dataclasses import dataclass

from tidemill.config import SplitSection
from tidemill.data.split import temporal_split
from tidemill.types import JsonObject, Micros

FOLDS = 2
"""Validation windows, where the data is long enough: one window of a small shop is mostly luck."""


@dataclass(frozen=True, slots=True)
class Cut:
    """``windows`` choose the recipe, each fitted on what was before it; then ``test_start`` ≤ test < ``end``."""

    windows: list[tuple[Micros, Micros]]
    test_start: Micros
    end: Micros

    def json(self) -> JsonObject:
        return {"windows": [list(w) for w in self.windows], "test_start": self.test_start, "end": self.end}

    @staticmethod
    def read(said: JsonObject) -> Cut:
        return Cut([(start, end) for start, end in said["windows"]], said["test_start"], said["end"])


def cut_by_time(section: SplitSection, first: Micros, last: Micros) -> Cut:
    """The cut of data from its first to its last moment. Raises NotTemporalSplit, NotEnoughData.

    >>> from tidemill.types import DAY
    >>> cut = cut_by_time(SplitSection(test="28 days"), 0, 365 * DAY)
    >>> [(start // DAY, end // DAY) for start, end in cut.windows], cut.test_start // DAY
    ([(281, 309), (309, 337)], 337)
    """
    split = temporal_split(section, first, last)
    span = split.end - split.test_start
    starts = [split.test_start - span * (i + 1) for i in reversed(range(FOLDS))]
    windows = [(start, start + span) for start in starts if start == split.train_end or start >= first + 2 * span]
    return Cut(windows, split.test_start, split.end)
