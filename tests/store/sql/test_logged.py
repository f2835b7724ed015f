"""Answers in rows and answers in the logs of batches are one: the same lists, pages, counts and joins, on both stores."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tidemill.store.batched import part_name, row_ids
from tidemill.store.partlog import texts
from tidemill.store.records import BatchPart, Outcome, Prediction
from tidemill.store.sql import open_live
from tidemill.store.sql.live import LiveStore, Met

BATCH = "b" * 16
HERE = {"endpoint": "shop", "environment": ""}


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def live(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LiveStore]:
    target: Any = tmp_path / "live.db"
    if request.param == "postgres":
        target = request.getfixturevalue("postgres")()
    store = open_live(target)
    yield store
    store.close()


def part(live: LiveStore, number: int, at: int, rows: list[int], subjects: list[str]) -> BatchPart:
    """A partition whose answers are to these rows, kept."""
    said = [f'{{"value":{row}.5}}'.encode() for row in rows]
    data, end = texts(said)
    meta = {"by": [["model:shop@2", "rel_2", "champion", 1.0]], "watermark": 3, "whole": ["n"]}
    arrays = {
        "row": np.array(rows, np.int32),
        "by": np.zeros(len(rows), np.uint16),
        "meta": np.frombuffer(json.dumps(meta).encode(), np.uint8),
        "output": data,
        "output.end": end,
        "subject": np.array(subjects),
        "inputs:x": np.array([row / 2 for row in rows]),
        "inputs:n": np.array([float("nan") if row % 2 else float(row) for row in rows]),
    }
    by = ({"model": "model:shop@2", "release": "rel_2", "arm": "champion", "propensity": 1.0, "n": len(rows)},)
    name = part_name(BATCH, number)
    made = BatchPart(name, BATCH, number, "shop", "", at, 10, len(rows), by, f"log {number}", "out", "run_1")
    held = getattr(live, "held", {})
    held[made.log] = arrays
    live.held = held  # type: ignore[attr-defined]
    live.predictions.fetch = held.__getitem__
    live.predictions.parts.add_new([made])
    live.predictions.begun()
    return made


def row(id: str, at: int, subject: str = "ann") -> Prediction:
    return Prediction(id, "shop", at, subject, "model:shop@1", "rel_1", "champion", b'{"value":1}', b"{}", 0, 9)


def filled(live: LiveStore) -> list[Prediction]:
    """Two rows around two partitions; all, in order."""
    early, late = row("pred_early", 5), row("pred_late", 20)
    live.append([early, late], [], [])
    live.flush()
    part(live, 0, 10, [0, 2, 5], ["ann", "bob", "ann"])
    part(live, 1, 12, [1, 9], ["bob", "cec"])
    return list(live.predictions.list(**HERE))


def test_what_is_kept_in_two_ways_is_listed_as_one(live: LiveStore) -> None:
    every = filled(live)
    ids = [*row_ids(part_name(BATCH, 0), [0, 2, 5]), *row_ids(part_name(BATCH, 1), [1, 9])]
    assert [p.id for p in every] == ["pred_early", *ids, "pred_late"]
    assert all((a.at, a.id) < (b.at, b.id) for a, b in pairwise(every))
    log = live.predictions
    assert [*log.list(**HERE, since=10, until=12)] == every[1:4] and [*log.list(**HERE, limit=2)] == every[-2:]
    assert log.find([ids[1], "pred_late", "pred_none", "pred_" + "0" * 26]) == {
        ids[1]: every[2],
        "pred_late": every[-1],
    }
    assert log.get(ids[4]) == every[5] and json.loads(every[2].inputs) == {"inputs": {"x": 1.0, "n": 2}}
    assert json.loads(every[3].inputs) == {"inputs": {"x": 2.5}}, "what is missing is left out"
    assert log.first(**HERE, subject="bob") == every[4] and [p.id for p in log.list(subject="ann")] == [
        "pred_early",
        ids[0],
        ids[2],
        "pred_late",
    ]


def test_pages_spreads_and_counts_are_of_both(live: LiveStore) -> None:
    every, log = filled(live), live.predictions
    walked: list[Prediction] = []
    while page := log.page(limit=2, before=walked[-1].id if walked else None):
        walked += page
    assert walked == every[::-1]
    assert [p.id for p in log.asked(**HERE, since=0, until=99)] == [p.id for p in every]
    some, total = log.spread(3, **HERE, since=0, until=99)
    assert total == 7 and len(some) <= 4 and log.spread(99, **HERE, since=0, until=99) == (every, 7)
    assert log.count() == log.count("shop") == 7 and log.count("other") == 0
    assert log.by_model() == {"model:shop@1": 2, "model:shop@2": 5}
    assert log.given_by("rel_2", 100, **HERE, since=11) == 2
    assert log.drop(11, 100) == 1 and log.drop(11, 100) == 3 and log.drop(11, 100) == 0, "rows first"
    assert [p.id for p in log.list(**HERE)] == [p.id for p in every[4:]]


def test_outcomes_know_and_join_answers_of_a_batch(live: LiveStore) -> None:
    every = filled(live)
    named = every[1].id
    heard: list[Met] = []
    outcome = Outcome("o1", 11, "ann", "", 1.0, named, 11, endpoint="shop")
    strange = Outcome("o2", 11, "ann", "", 1.0, row_ids(part_name(BATCH, 7), [0])[0], 11, endpoint="shop")
    live.append([], [outcome, strange], [], done=lambda *_: None, met=heard.append)
    live.flush()
    assert heard[0].known == {named}
    live.outcomes.join([("o1", named, "id")], "shop", at=15)
    assert live.outcomes.labelled(**HERE, since=0, span=10) == {1: 10}
    assert (
        live.outcomes.labels(**HERE, since=0, until=11) == 1 and live.outcomes.labels(**HERE, since=11, until=99) == 0
    )


def test_two_who_keep_the_same_partition_keep_it_once(live: LiveStore, tmp_path: Path) -> None:
    first = part(live, 0, 10, [0], ["ann"])
    part(live, 0, 99, [0, 1], ["ann", "bob"])
    assert live.predictions.parts.list() == [first]


def test_a_store_that_cannot_read_logs_has_its_rows(live: LiveStore) -> None:
    filled(live)
    live.predictions.fetch = None
    assert live.predictions.count() == 2 and len(live.predictions.list(**HERE)) == 2


def test_a_page_and_a_name_open_no_log_that_they_do_not_need(live: LiveStore) -> None:
    every, log = filled(live), live.predictions
    whole = log.fetch
    opened: list[str] = []
    assert whole is not None
    log.fetch = lambda name: opened.append(name) or whole(name)  # type: ignore[func-returns-value]
    log._open.clear()
    assert log.endpoints([p.id for p in every] + ["pred_none"]) == dict.fromkeys((p.id for p in every), "shop")
    assert not opened
    assert log.page(limit=2) == every[:-3:-1] and opened == ["log 1"]
    assert log.page(limit=3, before=every[-2].id) == every[-3:-6:-1] and opened == ["log 1", "log 0"]
