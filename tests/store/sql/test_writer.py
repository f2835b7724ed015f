"""Group commit: who shares a transaction, who fails alone, and what happens when the database gives up all of it."""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.raised import raised
from tidemill.errors import StoreError
from tidemill.store.sql import open_live, open_metadata
from tidemill.store.sql.store import MetadataStore
from tidemill.testing import records as sample

Work = Callable[[Any], Any]


@contextmanager
def one_batch(store: MetadataStore, works: list[Work]) -> Iterator[list[Future[Any]]]:
    """All these works in one transaction: queued in this order while the writer is held up."""
    held, go = threading.Event(), threading.Event()

    def hold(tx: Any) -> None:
        held.set()
        assert go.wait(60)

    with ThreadPoolExecutor(len(works) + 1) as pool:
        first = pool.submit(store.transact, hold)
        assert held.wait(60)
        queue = vars(store)["_db"]._writer._queue
        futures = []
        for n, work in enumerate(works, 1):
            futures.append(pool.submit(store.transact, work))
            while queue.qsize() < n:
                pass
        go.set()
        first.result(60)
        yield futures


def test_those_who_wait_together_are_committed_together(tmp_path: Path) -> None:
    store = open_metadata(tmp_path / "tidemill.db")
    seen: list[Any] = []

    def work(n: int) -> Work:
        def write(tx: Any) -> int:
            store.settings.set(f"x{n}", n, tx)
            seen.append(store.settings.get("x0"))  # the last commit: none of this batch
            return n

        return write

    with one_batch(store, [work(n) for n in range(5)]) as futures:
        assert [future.result(60) for future in futures] == list(range(5))
    assert seen == [None] * 5
    assert [store.settings.get(f"x{n}") for n in range(5)] == list(range(5))
    store.close()


def test_one_that_fails_rolls_back_only_itself(tmp_path: Path) -> None:
    store = open_metadata(tmp_path / "tidemill.db")

    def good(n: int) -> Work:
        return lambda tx: store.settings.set(f"x{n}", n, tx)

    def bad(tx: Any) -> None:
        store.settings.set("bad", 1, tx)
        store.settings.set("x0", "overwritten", tx)
        raise LookupError("mine alone")

    with one_batch(store, [good(0), bad, good(1)]) as futures:
        assert isinstance(futures[1].exception(60), LookupError)
        assert futures[0].exception(60) is futures[2].exception(60) is None
    assert [store.settings.get(name) for name in ("x0", "bad", "x1")] == [0, None, 1]
    store.close()


def test_when_the_database_gives_up_all_are_told_and_nothing_is_there(tmp_path: Path) -> None:
    store = open_metadata(tmp_path / "tidemill.db")

    def gives_up(tx: Any) -> None:
        tx.exec_driver_sql("ROLLBACK")  # what SQLite does by itself when a write finds no room
        raise sqlite3.OperationalError("gave up")

    works: list[Work] = [lambda tx: store.settings.set("x", 1, tx), gives_up, lambda tx: store.settings.set("y", 1, tx)]
    with one_batch(store, works) as futures:
        errors = [future.exception(60) for future in futures]
    assert all(isinstance(error, StoreError) and "gave up" in str(error) for error in errors)
    assert store.settings.get("x") is store.settings.get("y") is None
    store.settings.set("x", 2)
    assert store.settings.get("x") == 2
    store.close()


def test_a_connection_that_is_lost_is_replaced(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    store = open_metadata(tmp_path / "tidemill.db")

    def lose(tx: Any) -> None:
        tx.connection.dbapi_connection.close()

    with caplog.at_level(logging.ERROR), pytest.raises(StoreError):
        store.transact(lose)
    store.settings.set("x", 1)
    assert store.settings.get("x") == 1
    store.close()


def test_a_store_is_not_carried_through_a_fork(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    live = open_live(tmp_path / "live.db")
    monkeypatch.setattr(os, "getpid", lambda: -1)
    with raised(StoreError, str(tmp_path / "live.db")):
        live.append([sample.prediction()], [], [])
    monkeypatch.undo()
    live.close()


def test_a_closed_store_says_so(tmp_path: Path) -> None:
    live = open_live(tmp_path / "live.db")
    live.close()
    live.close()
    with raised(StoreError, str(tmp_path / "live.db"), hint=False):
        live.append([sample.prediction()], [], [])


def test_appends_of_many_callers_share_commits(tmp_path: Path) -> None:
    live = open_live(tmp_path / "live.db")
    live.flush()
    with closing(sqlite3.connect(tmp_path / "live.db")) as watch:
        versions = set()
        for n in range(300):
            live.append([sample.prediction(f"p{n}")], [], [], lambda *_: None)
            versions.add(watch.execute("PRAGMA data_version").fetchone()[0])
        live.flush()
        versions.add(watch.execute("PRAGMA data_version").fetchone()[0])
    assert live.predictions.count() == 300
    assert len(versions) < 200
    live.close()
