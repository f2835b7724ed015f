"""Splits: one boundary in time for everybody, and no other kind."""

from __future__ import annotations

import pytest

from tidemill.config import SplitSection
from tidemill.errors import NotEnoughData, NotTemporalSplit
from tidemill.learning.split import check_temporal, cut_by_time
from tidemill.types import DAY


def test_the_parts_follow_one_another() -> None:
    cut = cut_by_time(SplitSection(test="10 days"), 0, 99 * DAY)
    assert cut.windows[-1] == (cut.test_start - 10 * DAY, cut.test_start)
    assert (cut.test_start, cut.end) == (99 * DAY + 1 - 10 * DAY, 99 * DAY + 1)


def test_windows_end_where_the_test_begins() -> None:
    long = cut_by_time(SplitSection(test="28 days"), 0, 365 * DAY)
    assert [end - start for start, end in long.windows] == [28 * DAY] * 2
    assert long.windows[-1][1] == long.test_start and long.end - long.test_start == 28 * DAY
    short = cut_by_time(SplitSection(test="28 days"), 0, 90 * DAY)
    assert len(short.windows) == 1


def test_a_random_split_is_refused() -> None:
    with pytest.raises(NotTemporalSplit, match="rows of the future"):
        cut_by_time(SplitSection(by="random"), 0, 365 * DAY)
    with pytest.raises(NotTemporalSplit):
        check_temporal(SplitSection(by="random"))


def test_too_little_data() -> None:
    with pytest.raises(NotEnoughData, match="do not fit"):
        cut_by_time(SplitSection(test="28 days"), 0, 80 * DAY)
    cut_by_time(SplitSection(test="28 days"), 0, 84 * DAY)
