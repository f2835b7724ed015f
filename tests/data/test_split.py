"""Splits: one boundary in time for everybody, and no other kind."""

from __future__ import annotations

import polars as pl
import pytest

from tidemill.config import SplitSection
from tidemill.data.split import check_temporal, temporal_split
from tidemill.errors import NotEnoughData, NotTemporalSplit
from tidemill.types import DAY


def test_the_parts_are_all_the_rows_once_and_in_order() -> None:
    rows = pl.LazyFrame({"at": pl.Series([i * DAY for i in range(100)]).cast(pl.Datetime("us", "UTC"))})
    split = temporal_split(SplitSection(test="10 days"), 0, 99 * DAY)
    parts = [part(rows, "at").collect()["at"] for part in (split.train, split.validation, split.test)]
    assert [len(p) for p in parts] == [80, 10, 10]
    assert pl.concat(parts).to_list() == rows.collect()["at"].to_list()
    assert split.before_test(rows, "at").collect().height == 90


def test_a_random_split_is_refused() -> None:
    with pytest.raises(NotTemporalSplit, match="rows of the future"):
        temporal_split(SplitSection(by="random"), 0, 365 * DAY)
    with pytest.raises(NotTemporalSplit):
        check_temporal(SplitSection(by="random"))


def test_too_little_data() -> None:
    with pytest.raises(NotEnoughData, match="do not fit"):
        temporal_split(SplitSection(test="28 days"), 0, 80 * DAY)
    temporal_split(SplitSection(test="28 days"), 0, 84 * DAY)
