"""Splits: one boundary in time for everybody, and no other kind."""

from __future__ import annotations

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
