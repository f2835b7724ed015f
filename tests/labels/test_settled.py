"""What rows say of a moment, beside the same said in plain Python; and that nobody learns from what was not ripe."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.raised import raised
from tidemill.data.check.column import Column
from tidemill.data.contract.contract import Contract
from tidemill.errors import DataError
from tidemill.features.transaction_time import BEGAN, KNOWN
from tidemill.labels.definition import LABEL, LabelDefinition
from tidemill.labels.moments import Moments
from tidemill.labels.settled import Completeness, keyed, settled, with_label
from tidemill.learning.rows import Rows
from tidemill.tasks.tabular.tables import TARGET, build

PLACE = "[model.m] label"
ANY = LabelDefinition(LABEL, "integer", PLACE, 5, None, "events", "who", "any", None, "at", None)
TYPES = {"who": pl.String, "at": pl.Int64, "n": pl.Int64}
EVENTS = st.lists(
    st.tuples(st.sampled_from(["ann", "bob", "cid"]), st.integers(0, 30), st.integers(-2, 3)), max_size=30
)
ASKED = st.lists(st.tuples(st.sampled_from(["ann", "bob", "dan"]), st.integers(0, 30)), max_size=20)


def frame(events: list[tuple[Any, ...]]) -> pl.DataFrame:
    rows = pl.DataFrame([e[:3] for e in events], schema=TYPES, orient="row")
    return rows.with_columns(pl.col("at").cast(pl.Datetime("us")))


def of(op: str, within: list[int]) -> float:
    return {"any": len(within) > 0, "none": not within, "count": len(within), "sum": sum(within)}[op]


@given(
    *(EVENTS, ASKED, st.sampled_from(["any", "none", "count", "sum"]), st.booleans(), st.integers(0, 40)),
    st.sampled_from([0, 0, 3]),
)
def test_a_label_is_what_the_rows_within_the_time_say(
    events: list[tuple[str, int, int]], asked: list[tuple[str, int]], op: str, returns: bool, through: int, after: int
) -> None:
    label = replace(ANY, op=op, column="n" if op == "sum" else None, value="n" if returns else None, after=after)
    counts = [(who, at, n) for who, at, n in events if op == "sum" or not returns or n > 0]
    found = settled(
        label, frame(events), keyed(*map(list, zip(*asked))) if asked else keyed([], []), Completeness(through)
    )
    for (who, at), (said, ripe, _) in zip(asked, found.iter_rows(), strict=True):
        start = at + after
        true = of(op, [n for w, moment, n in counts if w == who and start <= moment < start + 5])
        assert said == (true if start + 5 <= through else None)
        assert ripe == start + 5


@given(EVENTS, ASKED)
def test_a_value_is_said_once_or_it_is_an_error(
    events: list[tuple[str, int, int]], asked: list[tuple[str, int]]
) -> None:
    label = replace(ANY, op="value", column="n", otherwise=9)
    within = [{n for w, moment, n in events if w == who and at <= moment < at + 5} for who, at in asked]
    moments = keyed(*map(list, zip(*asked))) if asked else keyed([], [])
    if any(len(values) > 1 for values in within):
        with raised(DataError, PLACE) as caught:
            settled(label, frame(events), moments, Completeness(100))
        assert "tidemill.key" in caught.value.hint
    else:
        said = settled(label, frame(events), moments, Completeness(100))["label"].to_list()
        assert said == [min(values, default=9) for values in within]


@pytest.mark.parametrize(
    ("kind", "values"), [("string", ["a", "b"]), ("boolean", [True, False]), ("number", [1.5, 2.5])]
)
def test_values_of_every_type_are_said_and_two_are_told(kind: str, values: list[Any]) -> None:
    label = replace(ANY, op="value", column="n", kind=kind)
    rows = pl.DataFrame({"who": ["ann", "bob"], "at": [1, 2], "n": values}).with_columns(
        pl.col("at").cast(pl.Datetime("us"))
    )
    said = settled(label, rows, keyed(["ann", "bob", "cid"], [0, 0, 0]), Completeness(9))["label"].to_list()
    assert said == [*values, None]
    empty = pl.concat([rows, rows.with_columns(who=pl.lit("dan"), n=pl.lit(None, rows.schema["n"]))])
    label = replace(label, otherwise=values[0])
    said = settled(label, empty, keyed(["bob", "cid", "dan"], [0, 0, 0]), Completeness(9))["label"].to_list()
    assert said == [values[1], values[0], None], "a row that came without its value yet is not none"
    with pytest.raises(DataError):
        settled(label, rows.with_columns(who=pl.lit("ann")), keyed(["ann"], [0]), Completeness(9))


@pytest.mark.parametrize("op", ["any", "none", "count"])
def test_nothing_is_said_of_what_has_no_key(op: str) -> None:
    moments = pl.DataFrame({"key": ["ann", None], "at": [0, 0]}, schema={"key": pl.String, "at": pl.Int64})
    said = settled(replace(ANY, op=op), frame([("ann", 1, 1)]), moments, Completeness(9))["label"].to_list()
    assert said == [int(op != "none"), None]


def test_rows_that_are_few_ripen_by_the_others_where_it_is_said_how_late_they_are() -> None:
    assert Completeness.of(40, 90, 200, None) == (40, 0)
    assert Completeness.of(40, 90, 200, 30) == (90, 30), "old data that came today says nothing of the time after it"
    assert Completeness.of(None, 190, 200, 30) == (170, 30)
    assert Completeness.of(None, None, 200, None).through < 0


LATE = st.lists(
    st.tuples(st.integers(0, 100), st.one_of(st.integers(0, 60), st.none()), st.integers(0, 60)),
    min_size=1,
    max_size=40,
)


@given(LATE, st.integers(0, 100), st.integers(5, 60))
def test_no_model_ever_learns_from_a_label_that_was_not_ripe(
    stream: list[tuple[int, int | None, int]], end: int, within: int
) -> None:
    """Payments whose fraud is told 0 to 60 days later, or never; and each telling some days after it happened."""
    contract = Contract(
        name="payments",
        version="1",
        columns=(
            Column("who", "string"),
            Column("at", "timestamp", role="time"),
            Column(LABEL, "integer", role="target"),
        ),
        key=("who",),
        place="contracts/payments.yaml",
    )
    label = replace(ANY, within=within)
    paid = pl.DataFrame({"who": [f"t{n}" for n in range(len(stream))], "at": [at for at, _, _ in stream]})
    told = [(f"t{n}", at + late, at + late + slow) for n, (at, late, slow) in enumerate(stream) if late is not None]
    said_by = frame([(who, at, 1) for who, at, _ in told]).with_columns(
        pl.Series(KNOWN, [known for _, _, known in told], pl.Int64), pl.Series(BEGAN, [-1] * len(told), pl.Int64)
    )
    moments = paid.with_columns(pl.col("at").cast(pl.Datetime("us")))
    labelled = with_label(label, moments, "at", said_by, Completeness(150))
    if not labelled[LABEL].count():
        return
    table = build(labelled, contract)
    rows = Rows(table)
    assert all(at + within <= 150 for at in rows.at.tolist()), "nor the released model"
    if end > int(rows.at.max()):
        return
    truth = {f"t{n}": late for n, (_, late, _) in enumerate(stream)}
    for place in rows.known_between(None, end).tolist():
        at = int(rows.at[place])
        assert at + within <= end, "its time is over"
        same = [n for n, (moment, _, _) in enumerate(stream) if moment == at]
        seen = [
            n for n in same if (late := truth[f"t{n}"]) is not None and late < within and at + late + stream[n][2] < end
        ]
        assert table[TARGET][place] == 0 or seen, "what was not known by then was not learned"
        none = [n for n in same if (late := truth[f"t{n}"]) is None or late >= within]
        assert table[TARGET][place] == 1 or none, "and what was, is not taken for its opposite"


@given(EVENTS, st.integers(1, 7), st.integers(1, 12), st.booleans(), st.integers(-1, 20))
def test_everybody_active_is_a_row_at_each_moment(
    events: list[tuple[str, int, int]], every: int, active: int, late: bool, began: int
) -> None:
    """At moments of before the first ingest whatever came later, as features of them are made."""
    moments = Moments("who", "at", every, active, "[model.m] rows")
    rows = frame(events)
    known = [at + (n + 2 if late else 0) for _, at, n in events]
    if late:
        rows = rows.with_columns(pl.Series(KNOWN, known, pl.Int64), pl.lit(began, pl.Int64).alias(BEGAN))
    found = moments.rows(rows).with_columns(pl.col("at").dt.epoch("us")).rows()
    last = max((at for _, at, _ in events), default=0)
    expected = {
        (who, moment)
        for moment in range(0, last + 1, every)
        for (who, at, _), k in zip(events, known, strict=True)
        if moment - active <= at < moment and (k < moment or (late and moment <= began))
    }
    assert found == sorted(expected, key=lambda row: (row[1], row[0]))
