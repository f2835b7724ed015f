"""Views of another dataset: each row gets what was known at its moment, and nothing of later."""

from __future__ import annotations

import random

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.raised import raised
from tidemill.config.sections import FeatureConfig, FeatureViewConfig
from tidemill.data.check.column import Column
from tidemill.data.contract.contract import Contract
from tidemill.errors import ConfigError, DataError
from tidemill.features import joined as module
from tidemill.features.joined import Joined
from tidemill.types import DAY

TIME = Column("at", "timestamp", role="time")


def contract(name: str, *columns: Column) -> Contract:
    return Contract(name=name, version="1", columns=columns, place=f"{name}.yaml")


ROWS = contract("visits", TIME, Column("who", "string"))
TIMED = contract("sales", TIME, Column("who", "string"), Column("amount", "number"))
STATIC = contract("people", Column("who", "string"), Column("kind", "string"))
AMOUNT = Column("amount", "number")
LAST = FeatureConfig(op="last", column="amount")
SUM = FeatureConfig(op="sum", column="amount")
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
    found = joined.add(frame(rows or [(0, "ann")], "at", "who"), past.lazy(), "at")["usual"].to_list()
    for (at, who), value in zip(rows, found, strict=False):
        assert value == sum(a for t, w, a in history if w == who and at - 5 <= t < at)


def test_what_has_no_time_is_looked_up_once_an_entity() -> None:
    kind = FeatureConfig(op="last", column="kind")
    config = FeatureViewConfig(from_="people", entity="who", name="people", features={"sort": kind})
    joined = Joined.of(config, STATIC, ROWS)
    rows = frame([(3, "bob"), (1, "ann"), (2, "eve")], "at", "who")
    people = pl.DataFrame({"who": ["ann", "bob", None], "kind": ["new", "old", "x"]})
    assert joined.add(rows, people.lazy(), "at")["sort"].to_list() == ["old", "new", None]
    with pytest.raises(DataError) as caught:
        joined.add(rows, pl.concat([people, people]).lazy(), "at")
    assert caught.value.place == "[features.people]"


def test_two_last_values_at_one_moment_are_no_value() -> None:
    last = FeatureConfig(op="last", column="amount")
    config = FeatureViewConfig(from_="sales", entity="who", name="habit", features={"latest": last})
    joined = Joined.of(config, TIMED, ROWS)
    with pytest.raises(DataError):
        joined.add(
            frame([(3, "ann")], "at", "who"), frame([(1, "ann", 2), (1, "ann", 3)], "at", "who", "amount").lazy(), "at"
        )


@pytest.mark.parametrize(
    ("rows", "history"),
    [
        pytest.param(contract("visits", Column("who", "string")), TIMED, id="rows without a time"),
        pytest.param(contract("visits", TIME, Column("who", "integer")), TIMED, id="keys of two types"),
        pytest.param(contract("visits", TIME), TIMED, id="no such key in the rows"),
        pytest.param(
            contract("visits", TIME, Column("who", "string"), Column("usual", "number")),
            TIMED,
            id="a name of both",
        ),
        pytest.param(ROWS, STATIC, id="a sum over what has no time"),
    ],
)
def test_what_cannot_be_joined_is_refused_before_a_row_is_read(rows: Contract, history: Contract) -> None:
    config = FeatureViewConfig(from_=history.name, entity="who", name="habit", features={"usual": SUM})
    with pytest.raises(ConfigError) as caught:
        Joined.of(config, history, rows)
    assert caught.value.place == "[features.habit]" and caught.value.hint


def test_rows_beside_those_that_are_joined_change_nothing() -> None:
    """A surplus of the other dataset: entities that no row names, columns that no feature takes, moments of later."""
    config = FeatureViewConfig(from_="sales", entity="who", name="habit", features={"usual": SUM})
    joined, rows = Joined.of(config, TIMED, ROWS), frame([(3, "ann")], "at", "who")
    own = frame([(1, "ann", 2.0, "x")], "at", "who", "amount", "channel")
    more = frame([(1, "eve", 5.0, "x"), (3, "ann", 7.0, "x"), (9, "ann", 9.0, "x")], "at", "who", "amount", "channel")
    found = joined.add(rows, pl.concat([own, more]).lazy(), "at")
    assert found.columns == ["at", "who", "usual"] and found["usual"].to_list() == [2.0] and found.height == rows.height


@pytest.mark.parametrize("kind", ["string", "integer"])
def test_some_entities_at_a_time_are_all_of_them(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Joined in parts a table gives every row what it gives joined whole: values, order and what is refused."""
    monkeypatch.setattr(module, "ROWS", 10**9)
    ops = {op: FeatureConfig(op=op, column="amount") for op in ("sum", "mean")} | {"n": FeatureConfig(op="count")}
    config = FeatureViewConfig(from_="sales", entity="who", name="habit", features=ops)
    who = Column("who", kind)
    joined = Joined.of(config, contract("sales", TIME, who, AMOUNT), contract("visits", TIME, who))
    rng = random.Random(7)

    def name() -> object:
        one = rng.choice((*range(30), None))
        return one if kind == "integer" or one is None else str(one)

    past = frame([(rng.randrange(40), name(), rng.random() * 9) for _ in range(400)], "at", "who", "amount")
    rows = frame([(rng.randrange(40), name()) for _ in range(200)], "at", "who")
    rows = rows.with_columns(pl.col("who").cast(pl.Int32)) if kind == "integer" else rows
    whole = joined.add(rows, past.lazy(), "at")
    monkeypatch.setattr(module, "ROWS", 37)
    assert joined.add(rows, past.lazy(), "at").equals(whole)
    config = FeatureViewConfig(from_="sales", entity="who", name="habit", features={"l": LAST})
    with raised(DataError, "[features.habit]"):
        Joined.of(config, TIMED, ROWS).add(rows, pl.concat([past, past]).lazy(), "at")
