"""Views of another dataset: each row gets what was known at its moment, and nothing of later."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidemill.config import FeatureConfig, FeatureViewConfig
from tidemill.data.check.columns import Column
from tidemill.data.contract.contract import Contract
from tidemill.errors import DataError
from tidemill.features.joined import Joined
from tidemill.types import DAY

TIME = Column("at", "timestamp", role="time")
ROWS = Contract("visits", "1", (TIME, Column("who", "string")), place="visits.yaml")
TIMED = Contract("sales", "1", (TIME, Column("who", "string"), Column("amount", "number")), place="sales.yaml")
STATIC = Contract("people", "1", (Column("who", "string"), Column("kind", "string")), place="people.yaml")
MOMENT = st.integers(0, 12)
WHO = st.sampled_from(["ann", "bob"])


def frame(rows: list[tuple[object, ...]], *names: str) -> pl.DataFrame:
    made = pl.DataFrame(rows, schema=list(names), orient="row")
    return made.with_columns(pl.from_epoch(pl.col("at").cast(pl.Int64) * DAY, "us").dt.replace_time_zone("UTC"))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(MOMENT, WHO)), st.lists(st.tuples(MOMENT, WHO, st.integers(1, 9))))
def test_a_row_sees_what_was_before_it(rows: list[tuple[int, str]], history: list[tuple[int, str, int]]) -> None:
    usual = FeatureConfig(op="sum", column="amount", window="5 days")
    config = FeatureViewConfig(from_="sales", entity="who", name="habit", features={"usual": usual})
    joined = Joined.of(config, TIMED, ROWS)
    past = frame(history or [(99, "carol", 1)], "at", "who", "amount")
    found = joined.add(frame(rows or [(0, "ann")], "at", "who"), past, "at")["usual"].to_list()
    for (at, who), value in zip(rows, found, strict=False):
        assert value == sum(a for t, w, a in history if w == who and at - 5 <= t < at)


def test_what_has_no_time_is_looked_up_once_an_entity() -> None:
    kind = FeatureConfig(op="last", column="kind")
    config = FeatureViewConfig(from_="people", entity="who", name="people", features={"sort": kind})
    joined = Joined.of(config, STATIC, ROWS)
    rows = frame([(3, "bob"), (1, "ann"), (2, "eve")], "at", "who")
    people = pl.DataFrame({"who": ["ann", "bob", None], "kind": ["new", "old", "x"]})
    assert joined.add(rows, people, "at")["sort"].to_list() == ["old", "new", None]
    with pytest.raises(DataError) as caught:
        joined.add(rows, pl.concat([people, people]), "at")
    assert caught.value.place == "[features.people]"


def test_two_last_values_at_one_moment_are_no_value() -> None:
    last = FeatureConfig(op="last", column="amount")
    config = FeatureViewConfig(from_="sales", entity="who", name="habit", features={"latest": last})
    joined = Joined.of(config, TIMED, ROWS)
    with pytest.raises(DataError):
        joined.add(frame([(3, "ann")], "at", "who"), frame([(1, "ann", 2), (1, "ann", 3)], "at", "who", "amount"), "at")
