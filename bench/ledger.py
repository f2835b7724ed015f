"""The ledger: what a record adds to an event, what a head, a proof and a verification cost as it grows.

The floor of an event is the same event in the same store, with nothing appended at the end of its transaction.
"""

from __future__ import annotations

import resource
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from bench.timing import row
from tidemill.ledger.merkle import inclusion
from tidemill.ledger.verify import verify
from tidemill.store.records import Event
from tidemill.store.sql import open_metadata
from tidemill.store.sql.store import MetadataStore

EVENTS = 1_000
RECORDS = 100_000
BATCH = 2_000


def run() -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        with (
            closing(open_metadata(Path(folder) / "bare.db")) as bare,
            closing(open_metadata(Path(folder) / "kept.db")) as kept,
        ):
            bare._db.ends_with(lambda tx, left: None)
            floor, cost = _cpu(lambda: _one_by_one(bare)), _cpu(lambda: _one_by_one(kept))
        with closing(open_metadata(Path(folder) / "many.db")) as store:
            _many(store)
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            looked = _cpu(lambda: verify(store, ()))
            grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
            data = [*store.ledger.hashes()]
            proof = _cpu(lambda: inclusion(7, data))
    return [
        row(
            "an event in a transaction of its own, with its record",
            cost / EVENTS * 1e6,
            "CPU us",
            floor / EVENTS * 1e6,
            "the event alone",
        ),
        row("a verification, each million records", looked * 1e6 / RECORDS, "CPU s"),
        row("  memory that it takes more, at a hundred thousand", grown / 1e3, "MB"),
        row("a proof of a record, each million records", proof * 1e6 / RECORDS, "CPU s"),
    ]


def _one_by_one(store: MetadataStore) -> None:
    for n in range(EVENTS):
        store.events.add(_event(n))


def _many(store: MetadataStore) -> None:
    for start in range(0, RECORDS, BATCH):

        def work(tx: Any, start: int = start) -> None:
            for n in range(start, start + BATCH):
                store.events.add(_event(n), tx)

        store.transact(work)


def _event(n: int) -> Event:
    return Event(
        f"event_{n}", n, "promoted", "model:shop@4", {"release": "release_1", "share": 0.25, "reason": "looked"}
    )


def _cpu(work: Callable[[], Any]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began
