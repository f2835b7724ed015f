"""Splits: one boundary in time for everybody, and no other kind."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.raised import raised
from tidemill.config.sections import SplitSection
from tidemill.errors import NotEnoughData, NotTemporalSplit
from tidemill.learning.split import PLACES, Cut, cut, cut_by_time, places, resolved
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
    with raised(NotTemporalSplit, "[model] split"):
        resolved(SplitSection(by="random"), timed=True)


def test_by_key_only_where_there_is_no_time() -> None:
    with pytest.raises(NotTemporalSplit):
        resolved(SplitSection(by="key", test="20 %"), timed=True)
    with pytest.raises(NotTemporalSplit):
        resolved(SplitSection(by="random"), timed=False)
    assert resolved(SplitSection(), timed=False) == SplitSection(by="key", test="20 %")
    by_key = cut(resolved(SplitSection(test="30 %"), timed=False), 0, 0)
    assert (by_key.test_start, by_key.end, by_key.temporal) == (700_000, PLACES, False)
    assert Cut.read(by_key.json()) == by_key


@given(st.lists(st.text(max_size=5), max_size=30))
def test_a_key_has_its_place_whatever_stands_beside_it(keys: list[str]) -> None:
    found = places(keys)
    assert found == [places([key])[0] for key in keys] and all(0 <= p < PLACES for p in found)


def test_too_little_data() -> None:
    with raised(NotEnoughData, "[model] split"):
        cut_by_time(SplitSection(test="28 days"), 0, 80 * DAY)
    cut_by_time(SplitSection(test="28 days"), 0, 84 * DAY)


def test_a_window_between_two_seasons_moves_to_where_rows_are() -> None:
    """Three seasons of 30 days a year apart: validation is in this season and the one before, not in the months between."""
    at = np.concatenate([np.arange(30) * DAY + year * 365 * DAY for year in range(3)])
    section = SplitSection(test="16 days")
    plain = cut_by_time(section, int(at.min()), int(at.max()))
    found = plain.over(at)
    assert found.windows[-1] == plain.windows[-1] and found.test_start == plain.test_start
    start, end = found.windows[0]
    assert (
        end - start == 16 * DAY
        and end == 394 * DAY + 1
        and not len(at[(at >= plain.windows[0][0]) & (at < plain.windows[0][1])])
    )


@given(st.lists(st.integers(0, 300), min_size=2, max_size=40), st.integers(0, 20))
def test_moved_windows_hold_rows_are_apart_and_leave_something_to_learn(days: list[int], gap: int) -> None:
    at = np.array(sorted({*days, 0, 300})) * DAY
    plain = cut_by_time(SplitSection(test="21 days"), 0, 300 * DAY, gap * DAY)
    found = plain.over(at)
    if found == plain:
        return
    ends = [(start, end) for start, end in found.windows]
    assert all(end - start == 21 * DAY and ((at >= start) & (at < end)).any() for start, end in ends)
    assert (
        all(before[1] <= after[0] for before, after in pairwise(ends)) and ends[-1][1] <= plain.test_start - gap * DAY
    )
    assert at.min() < ends[0][0] - gap * DAY


def test_a_window_that_has_rows_stays_where_it_is() -> None:
    at = np.arange(0, 400, 7) * DAY
    plain = cut_by_time(SplitSection(test="28 days"), int(at.min()), int(at.max()))
    assert plain.over(at) == plain
