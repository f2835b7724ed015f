"""No query of a hot path reads a whole table: SQLite's own plans say so."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from tidemill.store.sql import open_live, open_metadata
from tidemill.testing import records as sample
from tidemill.testing.live import written

META: dict[str, Callable[[Any], Any]] = {
    "runs.get": lambda s: s.runs.get("run_1"),
    "runs.list": lambda s: s.runs.page(),
    "runs.list of": lambda s: s.runs.page(pipeline="model"),
    "runs.page": lambda s: s.runs.page(before="run_1"),
    "runs.unfinished": lambda s: s.runs.unfinished("key"),
    "runs.latest": lambda s: s.runs.latest("key"),
    "runs.steps": lambda s: s.steps.list(run="run_1"),
    "runs.find_step": lambda s: s.steps.finished("fp"),
    "runs.previous_step": lambda s: s.steps.previous("model", "train", "run_1"),
    "edges.into": lambda s: s.edges.list(target="b"),
    "edges.out_of": lambda s: s.edges.list(source="b"),
    "datasets.files among": lambda s: s.files.among("sales", ["f"]),
    "releases.champion": lambda s: s.releases.champion("shop"),
    "releases.revision": lambda s: s.releases.revision(),
    "events.page": lambda s: s.events.page(before="event_1"),
    "events.page of": lambda s: s.events.page(before="event_1", kind="alarm"),
    "events.list": lambda s: s.events.list(since=1, until=2),
    "decisions.page": lambda s: s.decisions.page(before="decision_1"),
    "jobs.list": lambda s: s.jobs.list(endpoint="shop", status="failed", since=1),
    "jobs.list of": lambda s: s.jobs.list(endpoint="shop", decision="decision_1"),
    "alarms.list": lambda s: s.alarms.list(endpoint="shop", monitor="drift", since=1, limit=1),
    "windows.list": lambda s: s.windows.list(endpoint="shop", monitor="drift", since=1),
    "tokens.by_hash": lambda s: s.tokens.first(hash="x"),
}
LIVE: dict[str, Callable[[Any], Any]] = {
    "predictions.get": lambda s: s.predictions.get("pred_1"),
    "predictions.find": lambda s: s.predictions.find(["pred_1"]),
    "predictions.between": lambda s: s.predictions.list(endpoint="shop", since=1, until=2),
    "predictions.latest_before": lambda s: s.predictions.first(
        subject="12345", endpoint="shop", environment="", since=3, until=6
    ),
    "predictions.page": lambda s: s.predictions.page(before="pred_1"),
    "outcomes.get": lambda s: s.outcomes.look_up("o1", "shop", ""),
    "outcomes.received": lambda s: s.outcomes.received("shop", 1),
    "outcomes.unjoined": lambda s: s.outcomes.unjoined(),
    "outcomes.counts": lambda s: s.outcomes.counts(["pred_1"]),
    "outcomes.of": lambda s: s.outcomes.of(["pred_1"]),
    "outcomes.join": lambda s: s.outcomes.join([("o1", "pred_1", "id")], "shop"),
    "outcomes.labelled": lambda s: s.outcomes.labelled(endpoint="shop", environment="", since=1, span=10),
    "outcomes.labels": lambda s: s.outcomes.labels(endpoint="shop", environment="", since=1, until=9),
    "online.rows_since": lambda s: s.online.rows_since(0),
    "online.of": lambda s: s.online.list(subject="12345", watermark=5),
    "online.of item": lambda s: s.online.list(subject="12345", item="mug"),
    "outcomes.of_keys": lambda s: s.outcomes.of_keys(["o1"]),
    "outcomes.quarantined": lambda s: s.outcomes.quarantined(),
    "outcomes.held_of": lambda s: s.outcomes.held_of(["mug"]),
    "online.rows_of_one": lambda s: s.online.rows_of_one("sales", "12345"),
    "online.sold": lambda s: s.online.sold("sales", ["85123A"]),
    "predictions.drop": lambda s: s.predictions.drop(10**15, 2),
    "outcomes.drop": lambda s: s.outcomes.drop(10**15, 2),
    "items.among": lambda s: s.items.among("items", ["85123A"]),
    "items.among then": lambda s: s.items.among("items", ["85123A"], 1),
    "items.between": lambda s: list(s.items.between(0, 9)),
    "items.standing": lambda s: list(s.items.standing(9)),
    "items.past": lambda s: s.items.past("items", "85123A"),
    "items.page_of": lambda s: s.items.page_of("items", behind=("a", "")),
    "items.set": lambda s: s.items.set([sample.item_change(at=130, values={"stock": 1})], 1).result(60),
    "items.prune": lambda s: s.items.prune(10**15),
    "online.told": lambda s: written(s, (), (), [sample.online(file=None)]),
    "online.load": lambda s: s.online.load([sample.online()]),
}


def plans(store: Any, call: Callable[[Any], Any]) -> list[str]:
    """How SQLite would run each statement of the call."""
    engine = vars(store)["_db"].engine
    said: list[tuple[str, Any]] = []

    def hear(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        if not statement.startswith("INSERT"):
            said.append((statement, parameters[0] if many else parameters))

    event.listen(engine, "before_cursor_execute", hear)
    try:
        call(store)
    finally:
        event.remove(engine, "before_cursor_execute", hear)
    assert said
    with engine.connect() as connection:
        found = [connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values, "") for sql, values in said]
        return [row[3] for rows in found for row in rows]


@pytest.mark.parametrize("call", META.values(), ids=META.keys())
def test_metadata(tmp_path: Path, call: Callable[[Any], Any]) -> None:
    store = open_metadata(tmp_path / "tidemill.db")
    store.runs.add(sample.run())
    store.events.add(sample.event())
    store.decisions.add(sample.decision())
    whole = [line for line in plans(store, call) if line.startswith("SCAN") and "USING" not in line]
    assert not whole
    store.close()


@pytest.mark.parametrize("call", LIVE.values(), ids=LIVE.keys())
def test_live(tmp_path: Path, call: Callable[[Any], Any]) -> None:
    live = open_live(tmp_path / "live.db")
    written(live, [sample.prediction()], [sample.outcome()], [sample.online()])
    live.items.set([sample.item_change(), sample.item_change(at=120, values={"stock": 0})], 9).result(60)
    lines = plans(live, call)
    assert not [line for line in lines if line.startswith("SCAN") and "USING" not in line]
    live.close()


def test_rows_of_items_that_may_go_are_found_without_a_look_at_those_that_stay(tmp_path: Path) -> None:
    """Each tick of the loop asks: the first that was replaced says that none is old enough."""
    live = open_live(tmp_path / "live.db")
    live.items.set([sample.item_change(), sample.item_change(at=120, values={"stock": 0})], 9).result(60)
    first, second = plans(live, lambda s: s.items.prune(1))
    assert "ix_item_rows_replaced" in first and second.startswith("SEARCH later USING INTEGER PRIMARY KEY")
    live.close()


def test_counting_reads_an_index_not_the_answers(tmp_path: Path) -> None:
    live = open_live(tmp_path / "live.db")
    for endpoint in (None, "shop"):
        (line,) = plans(live, lambda s, endpoint=endpoint: s.predictions.count(endpoint))  # type: ignore[misc]
        assert "COVERING INDEX" in line
    live.close()


def test_outcomes_that_wait_are_read_by_their_own_index(tmp_path: Path) -> None:
    """However many of the endpoint are joined: each tick of the loop asks for them."""
    live = open_live(tmp_path / "live.db")
    (line,) = plans(live, lambda s: s.outcomes.unjoined(endpoint="shop", environment=""))
    assert line == "SEARCH outcomes USING INDEX ix_outcomes_unjoined (endpoint=? AND environment=?)"
    live.close()
