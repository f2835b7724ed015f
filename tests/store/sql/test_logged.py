"""Answers in rows and answers in the logs of batches are one: the same lists, pages, counts and joins, on both stores."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tidemill.feedback.join import Where, join_all
from tidemill.store.batched import part_name, row_ids
from tidemill.store.partlog import Opened, texts
from tidemill.store.records import BatchPart, Outcome, Prediction
from tidemill.store.sql import logged, open_live
from tidemill.store.sql.live import LiveStore, Met

BATCH = "b" * 16
PART = BatchPart(part_name(BATCH, 0), BATCH, 0, "shop", "", 10, 2, 2, (), "log", "out", "run_1")
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


def counting(live: LiveStore) -> list[str]:
    """The logs that are fetched from now on."""
    whole, opened = live.predictions.fetch, list[str]()
    assert whole is not None
    live.predictions.fetch = lambda name: opened.append(name) or whole(name)  # type: ignore[func-returns-value]
    live.predictions._open.clear()
    return opened


def test_outcomes_of_many_subjects_open_a_log_once(live: LiveStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever they are of: as each alone would be found."""
    monkeypatch.setattr(logged, "OPEN", 1)
    filled(live)
    names = ["ann", "bob", "cec", "dan"] * 3
    outcomes = [Outcome(f"o{n}", 9 + n, name, "", 1.0, None, 9, endpoint="shop") for n, name in enumerate(names)]
    found = {o.key: live.predictions.first(**HERE, subject=o.subject, until=o.at + 1) for o in outcomes}
    live.append([], outcomes, [])
    live.flush()
    opened = counting(live)
    join_all(live, 10**9, Where("shop", reach=10**12))
    assert sorted(opened) == ["log 0", "log 1"]
    assert {o.key: o.joined for o in live.outcomes.list()} == {key: one and one.id for key, one in found.items()}


def test_a_partition_that_is_answered_again_is_read_from_its_new_log(live: LiveStore) -> None:
    """As one is that was dropped when it was old."""
    part(live, 0, 10, [0], ["ann"])
    assert [p.at for p in live.predictions.list()] == [10]
    live.predictions.drop(11, 9)
    part(live, 0, 20, [0, 1], ["ann", "bob"])
    assert [(p.at, p.subject) for p in live.predictions.list()] == [(20, "ann"), (20, "bob")]


def test_what_is_missing_is_left_out_of_what_was_asked() -> None:
    """Also of a model that asks for texts alone, as the server logs it."""
    data, end = texts([b'{"inputs":{"day":null,"town":"a"}}', b'{"inputs":{"day":"null","town":"a"}}'])
    by = [["model:shop@2", "rel_2", "champion", 1.0]]
    meta = np.frombuffer(json.dumps({"by": by, "watermark": 3, "whole": []}).encode(), np.uint8)
    arrays = {"row": np.arange(2), "by": np.zeros(2, int), "meta": meta, "inputs": data, "inputs.end": end}
    made = Opened(PART, arrays | {"output": data, "output.end": end})
    assert [json.loads(made.record(n).inputs)["inputs"] for n in (0, 1)] == [
        {"town": "a"},
        {"day": "null", "town": "a"},
    ]


def test_what_is_not_watched_of_batches_is_counted(live: LiveStore, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(live)
    for most, watched in ((99, 5), (3, 2), (1, 2)):
        monkeypatch.setattr(logged, "WATCHED", most)
        seen = [p for p in live.predictions.watched(**HERE) if p.release == "rel_2"]
        assert len(seen) + live.predictions.unwatched("rel_2", **HERE) == 5 and len(seen) >= watched - 1
    assert live.predictions.unwatched("rel_1", **HERE) == 0
