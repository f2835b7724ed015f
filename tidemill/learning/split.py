"""Where a model's rows are cut: training, validation windows, then the test, then now. By time: no look ahead.

Rows without a time are cut in the same way along the hash of their key: each row has a place from 0 to `PLACES` that
never changes, so that a later candidate is tested on what an earlier one has not seen either. Such a test says nothing
about rows of a later time: no temporal evidence.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace

import msgspec
import numpy as np
from numpy.typing import NDArray

from tidemill.config.amounts import some_share
from tidemill.config.sections import SplitSection
from tidemill.errors import NotEnoughData, NotTemporalSplit
from tidemill.types import DAY, JsonObject, Micros, parse_span, to_iso

FOLDS = 2  # Validation windows, where the data is long enough: one window of a small shop is mostly luck

I8 = NDArray[np.int64]
PLACES = 1_000_000
SHARE = "20 %"  # Of the keys, where nothing else is said


@dataclass(frozen=True, slots=True)
class Cut:
    """``windows`` choose the recipe, each fitted on what was before it; then ``test_start`` ≤ test < ``end``.

    In µs UTC, or in places of hashed keys. One boundary for everybody: no subject's later rows train a model that is
    tested on another's earlier ones. ``gap``: how long the labels of a moment are open: so long before the test the windows
    end, for what chooses must not know what happened in it. What is fitted before a window leaves out what was not ripe
    then (`tidemill.learning.rows.Rows.known_between`).
    """

    windows: list[tuple[Micros, Micros]]
    test_start: Micros
    end: Micros
    by: str = "time"
    gap: Micros = 0

    @property
    def temporal(self) -> bool:
        """Whether the test is of a later time than what was learned from."""
        return self.by == "time"

    def over(self, at: I8) -> Cut:
        """The cut of rows of these moments: a window in which there is none, as between two seasons, is moved back to where rows end.

        >>> at = np.array([0, 1, 2, 3, 4, 5, 20, 21, 22])
        >>> Cut([(14, 17), (17, 20)], 20, 23).over(at).windows
        [(3, 6)]
        """
        windows: list[tuple[Micros, Micros]] = []
        latest = self.test_start - self.gap
        for start, end in reversed(self.windows):
            before = at[at < min(end, latest)]
            if not len(before):
                break
            moved = int(before.max()) + 1 if end > latest or before.max() < start else end
            start, end = moved - (end - start), moved
            if at.min() >= start - self.gap:
                break  # nothing to learn from would be left
            windows.insert(0, (start, end))
            latest = start
        return replace(self, windows=windows or self.windows)

    def json(self) -> JsonObject:
        found: JsonObject = msgspec.to_builtins(self)
        return found

    @staticmethod
    def read(said: JsonObject) -> Cut:
        return msgspec.convert(said, Cut)


def resolved(section: SplitSection, timed: bool) -> SplitSection:
    """The split that is meant: without a time it is by key. Raises NotTemporalSplit, ConfigError."""
    if section.by == "random" or (timed and section.by != "time"):
        hint = 'by = "time", test = "28 days"' if timed else f'by = "key", test = "{SHARE}"'
        raise NotTemporalSplit(
            f"split by {section.by!r}: a model would learn from what it is tested on",
            place="[model] split",
            hint=f"write split = {{ {hint} }}",
        )
    if timed:
        return section
    test = SHARE if section.test == SplitSection().test else section.test
    some_share(test, most=1 / 3)
    return SplitSection(by="key", test=test)


def cut(section: SplitSection, first: Micros, last: Micros, gap: Micros = 0) -> Cut:
    """The cut of rows from the first to the last moment; by key it is the same whatever the rows are."""
    return cut_by_key(section) if section.by == "key" else cut_by_time(section, first, last, gap)


def cut_by_key(section: SplitSection) -> Cut:
    """The test is the last share of the places, validation the same share before it, twice where that fits.

    >>> cut_by_key(SplitSection(by="key", test="20 %"))
    Cut(windows=[(400000, 600000), (600000, 800000)], test_start=800000, end=1000000, by='key', gap=0)
    """
    span = round(some_share(section.test, most=1 / 3) * PLACES)
    return Cut(_windows(span, 0, PLACES - span), PLACES - span, PLACES, "key")


def places(keys: Iterable[str]) -> list[int]:
    """The place of each key, from its hash: of equal keys the same.

    >>> places(["ann", "bob", "ann"])
    [388837, 429842, 388837]
    """
    found = (hashlib.blake2b(key.encode(), digest_size=8).digest() for key in keys)
    return [int.from_bytes(digest, "big") % PLACES for digest in found]


def _windows(span: int, first: int, test_start: int) -> list[tuple[int, int]]:
    starts = [test_start - span * fold for fold in range(FOLDS, 0, -1)]
    return [(start, start + span) for start in starts if start == test_start - span or start >= first + 2 * span]


def cut_by_time(section: SplitSection, first: Micros, last: Micros, gap: Micros = 0) -> Cut:
    """The cut of data from its first to its last moment: the test is the last span, validation the same span before it.

    ``gap``: how long labels are open. Raises NotEnoughData when less than one span would be left to train on.

    >>> from tidemill.types import DAY
    >>> cut = cut_by_time(SplitSection(test="28 days"), 0, 365 * DAY)
    >>> [(start // DAY, end // DAY) for start, end in cut.windows], cut.test_start // DAY
    ([(281, 309), (309, 337)], 337)
    """
    span, end = parse_span(section.test), last + 1
    test_start = end - span
    chosen = test_start - gap  # what is known when the test begins
    if chosen - span < first + gap + span:
        waits = f", and twice the {gap / DAY:g} days in which labels are open," if gap else ""
        raise NotEnoughData(
            f"the data goes from {to_iso(first)} to {to_iso(last)}: a test of {section.test}, the same to validate "
            f"and at least as much to train on{waits} do not fit",
            place="[model] split",
            hint="shorten the test, or bring more data",
        )
    return Cut(_windows(span, first + gap, chosen), test_start, end, gap=gap)
