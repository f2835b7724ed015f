"""The chain in the databases themselves: what was before it, and that nobody waits for a long transaction."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tidemill.store.chain import all_of
from tidemill.store.records import Tx
from tidemill.store.sql import open_metadata
from tidemill.testing import records as sample
from tidemill.testing.metadata_ledger import is_true


def test_what_was_before_the_ledger_is_in_its_first_records(tmp_path: Path) -> None:
    path = tmp_path / "tidemill.db"
    with closing(open_metadata(path)) as store:
        for n in range(5):
            store.events.add(sample.event(f"event_{n}", at=10 - n))
    with closing(sqlite3.connect(path)) as plain, plain:
        plain.executescript("DELETE FROM ledger; DELETE FROM counters; UPDATE events SET nonce = ''")
    with closing(open_metadata(path)) as store:
        store.events.add(sample.event("event_9"))
        records = store.ledger.list()
        assert is_true(records) and records[0].subject == "events:5"
        assert [r.event for r in records] == ["", "event_4", "event_3", "event_2", "event_1", "event_0", "event_9"]
        assert records[0].commitment == all_of([r.commitment for r in records[1:6]])
    with closing(sqlite3.connect(path)) as plain:
        nonces = {row[0] for row in plain.execute("SELECT nonce FROM events")}
    assert len(nonces) == 6 and "" not in nonces


@pytest.mark.postgres
def test_an_act_waits_for_no_transaction_that_is_held_open(postgres: Callable[[], str]) -> None:
    url = postgres()
    with closing(open_metadata(url)) as job, closing(open_metadata(url)) as scorer:
        scorer.events.add(sample.event("event_0"))
        inside, answered = threading.Event(), threading.Event()

        def work(tx: Tx) -> None:
            job.events.add(sample.event("event_1"), tx)
            job.runs.add(sample.run(), tx)
            inside.set()
            assert answered.wait(30), "another's act waited for this transaction"

        held = threading.Thread(target=lambda: job.transact(work))
        held.start()
        assert inside.wait(30)
        scorer.events.add(sample.event("event_2"))
        assert [r.event for r in scorer.ledger.list()][1:] == ["event_0", "event_2"]
        answered.set()
        held.join(30)
        records = scorer.ledger.list()
        assert is_true(records) and [r.event for r in records][3] == "event_1"
