"""What was known when: late rows against the words of the design, in the as-of join and over a real table."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from tests.data.small import drop, lay
from tests.features import streams
from tests.features.streams import Happened
from tidemill.data.contract.contract import load_contract
from tidemill.data.pipeline import ingest
from tidemill.data.tables.tables import open_tables
from tidemill.features.as_of import table
from tidemill.features.transaction_time import ALWAYS, BEGAN, KNOWN, TransactionTime, with_knowledge
from tidemill.features.views import Feature
from tidemill.scope.project import open_project
from tidemill.tasks.ranking.interactions import from_frame
from tidemill.types import DAY, HeldClock, parse_time

HEAD = "invoice,sku,quantity,at,price,customer\n"
arrivals = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 4)), min_size=1, max_size=30)


def by_words(rows: list[tuple[int, int]], moments: list[int]) -> list[int]:
    """(moment, turn of its ingest): known at once, but where an earlier ingest had reached beyond it."""
    known = []
    for at, turn in rows:
        reached = [min(when, moments[t]) for when, t in rows if t < turn]
        known.append(max(at, moments[turn]) if reached and at < max(reached) else at)
    return known


@given(arrivals, st.lists(st.integers(0, 60), min_size=5, max_size=5, unique=True).map(sorted))
def test_a_row_is_late_when_an_earlier_ingest_had_reached_its_moment(
    rows: list[tuple[int, int]], moments: list[int]
) -> None:
    at = np.array([when for when, _ in rows])
    found = TransactionTime.of(at, np.array([moments[turn] for _, turn in rows]))
    expected = by_words(rows, moments)
    assert (at.tolist() if found is None else found.known.tolist()) == expected
    assert (found is None) == (expected == at.tolist())


def test_the_files_of_one_ingest_are_one_and_one_wild_row_makes_nothing_late() -> None:
    at = np.array([5, 9_999, 1, 7])
    assert TransactionTime.of(at, np.array([10, 10, 10, 10])) is None, "many years, in several files, at one moment"
    assert TransactionTime.of(np.array([5, 9_999, 12]), np.array([10, 10, 20])) is None, (
        "no ingest reaches past its moment"
    )
    assert TransactionTime.of(np.array([5, ALWAYS]), np.array([10, 20])) is None, "a row without a time is not late"


@given(
    st.lists(st.tuples(st.integers(0, 12), st.integers(0, 14)), max_size=25),
    st.lists(st.integers(-1, 16), max_size=5),
    st.integers(-1, 16),
    streams.features(None),
)
def test_a_request_sees_what_had_happened_and_was_known(
    rows: list[tuple[int, int]], moments: list[int], began: int, feature: Feature
) -> None:
    events = [Happened("ann", "ab"[i % 2], at, 1.0 + i) for i, (at, _) in enumerate(rows)]
    known = [max(row) for row in rows]
    frame = streams.as_rows(events).with_columns(
        pl.Series(KNOWN, known, pl.Int64), pl.lit(began, pl.Int64).alias(BEGAN)
    )
    asked = streams.requests([("ann", at) for at in moments])
    offline = table(streams.view(feature), frame, asked)
    for i, at in enumerate(moments):
        seen = [e for e, when in zip(events, known, strict=True) if at <= began or when < at]
        alone = table(streams.view(feature), streams.as_rows(seen), asked[i : i + 1])
        assert offline.filter(pl.col("request") == f"r{i}").equals(alone)
    histories = streams.as_histories(events, TransactionTime(np.array(known, np.int64), began))
    for at in moments:
        seen = [e for e, when in zip(events, known, strict=True) if at <= began or when < at]
        alone, (codes, counts) = streams.as_histories(seen), histories.of("ann", at, 4)
        own, expected = alone.of("ann", at, 4)
        assert [histories.items[c] for c in codes] == [alone.items[c] for c in own]
        assert counts.tolist() == expected.tolist()


def test_a_late_file_of_a_table_is_known_from_its_ingest_on(tmp_path: Path) -> None:
    """Days come at their ends and are known as they happen; the file that was forgotten is known when it came."""
    root = lay(tmp_path / "p")
    clock = HeldClock(parse_time("2011-01-02"))
    with open_project(root, clock=clock) as project:
        for day in (1, 3, 4):
            drop(root, f"{day}.csv", f"{HEAD}{day},mug,1,2011-01-0{day}T10:00:00,1,ann\n")
            clock.move(parse_time(f"2011-01-0{day + 1}"))
            ingest(project, "sales")
        time, tables = load_contract(project, "sales").time, open_tables(project)
        frame = tables.read("sales")
        assert with_knowledge(frame, time, tables.versions("sales")) is frame, "nothing came late"
        drop(root, "2.csv", f"{HEAD}2,rug,1,2011-01-02T10:00:00,1,ann\n")
        clock.move(parse_time("2011-01-07"))
        ingest(project, "sales")
        rows = with_knowledge(tables.read("sales"), time, tables.versions("sales")).collect().sort("at")
        happened = [parse_time(f"2011-01-0{day}T10:00") for day in (1, 2, 3, 4)]
        assert rows[KNOWN].to_list() == [happened[0], parse_time("2011-01-07"), *happened[2:]]
        transaction_time = TransactionTime.read(rows)
        assert transaction_time is not None and transaction_time.began == parse_time("2011-01-02")
        feature = Feature("n", "count")
        view = replace(streams.view(feature), entity="customer", value="quantity")
        moments = [parse_time(m) for m in ("2011-01-01T12:00", "2011-01-05", "2011-01-07", "2011-01-07T00:00:01")]
        asked = pl.DataFrame({"request": [0, 1, 2, 3], "entity": ["ann"] * 4, "at": moments})
        assert table(view, rows, asked)["n"].to_list() == [1.0, 3.0, 3.0, 4.0]
        contract = load_contract(project, "sales")
        histories = from_frame(rows, contract).histories
        seen = [[histories.items[c] for c in histories.of("ann", at, DAY)[0]] for at in moments]
        assert seen == [["mug"], ["mug"], ["mug"], ["mug", "rug"]]
        assert with_knowledge(tables.read("sales", 3), time, tables.versions("sales")[:3]).collect().height == 3
