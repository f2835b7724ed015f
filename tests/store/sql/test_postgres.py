"""What is PostgreSQL's own: the server that goes away, its clock, its lock."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from sqlalchemy import make_url
from sqlalchemy.exc import InternalError

from tests.raised import raised
from tidemill.errors import StoreBusy, StoreError
from tidemill.store.sql import open_live, open_metadata
from tidemill.testing import records as sample
from tidemill.testing.live import written

if TYPE_CHECKING:
    from tests.store.sql.conftest import Server

pytestmark = pytest.mark.postgres


def test_both_stores_share_one_database(postgres: Callable[[], str]) -> None:
    url = postgres()
    store, live = open_metadata(url), open_live(url)
    store.settings.set("x", 1)
    written(live, [sample.prediction()])
    again = open_metadata(url)
    assert again.settings.get("x") == 1 and live.predictions.count() == 1
    for opened in (store, live, again):
        opened.close()


def test_over_loopback(server: Server) -> None:
    store = open_metadata(server.loopback(server.schema()))
    store.settings.set("x", 1)
    assert store.settings.get("x") == 1
    store.close()


def test_a_server_that_came_back_is_connected_to_again(server: Server) -> None:
    url = server.url(schema=server.schema())
    store, live = open_metadata(url), open_live(url)
    store.settings.set("x", 1)
    seqs = written(live, [sample.prediction()], [], [sample.online()])
    store.data_version()
    server.stop()
    try:
        with pytest.raises(StoreError):
            store.settings.set("x", 2)
        with pytest.raises(StoreError):
            store.settings.get("x")
    finally:
        server.resume()
    assert store.settings.get("x") == 1  # what was acknowledged outlived the server's immediate stop
    store.settings.set("x", 3)
    assert store.settings.get("x") == 3
    assert live.online.list()[0].seq == seqs[0]
    assert written(live, [], [], [sample.online("next")])[0] > seqs[0]
    assert isinstance(store.data_version(), int)
    store.close()
    live.close()


def test_a_lock_that_is_held_is_a_bounded_wait(postgres: Callable[[], str]) -> None:
    url = postgres()
    holder, waiter = open_metadata(url), open_metadata(url, wait=0.1)

    def hold(tx: Any) -> None:
        with pytest.raises(StoreBusy):
            waiter.runs.add(sample.run())
        assert waiter.runs.look_up("run_1") is None  # readers do not wait

    holder.transact(hold)
    waiter.runs.add(sample.run())
    assert holder.runs.get("run_1") == sample.run()
    holder.close()
    waiter.close()


def test_readers_cannot_write(postgres: Callable[[], str]) -> None:
    store = open_metadata(postgres())
    with vars(store)["_db"].engine.connect() as reader, pytest.raises(InternalError) as caught:
        reader.exec_driver_sql("DELETE FROM settings")
    assert isinstance(caught.value.orig, psycopg.errors.ReadOnlySqlTransaction)
    store.close()


def test_what_is_acknowledged_is_on_disk_whatever_the_address_says(postgres: Callable[[], str]) -> None:
    address = make_url(postgres())
    given = " ".join(address.normalized_query.get("options", ()))
    url = address.update_query_dict({"options": f"{given} -c synchronous_commit=off"})
    for opened in (open_metadata(url.render_as_string(False)), open_live(url.render_as_string(False))):
        with vars(opened)["_db"].engine.connect() as connection:
            assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"
        opened.close()


def test_text_that_the_server_cannot_hold_is_refused(postgres: Callable[[], str]) -> None:
    store = open_metadata(postgres())
    with pytest.raises(StoreError):
        store.runs.add(sample.run(owner="nul \x00"))
    store.runs.add(sample.run())
    assert store.runs.get("run_1") == sample.run()
    store.close()


def test_no_server_and_no_database_are_said(server: Server) -> None:
    missing = make_url(server.url("no_such_database"))
    with raised(StoreError, str(missing.set(drivername="postgresql+psycopg"))) as caught:
        open_metadata(missing.render_as_string())
    assert '"no_such_database"' in caught.value.message
    with raised(StoreBusy, "postgresql+psycopg://tidemill:***@127.0.0.1:1/x") as caught:
        open_metadata("postgresql://tidemill:secret@127.0.0.1:1/x")
    assert "secret" not in str(caught.value)


def test_the_secret_is_in_no_error() -> None:
    with pytest.raises(StoreError) as caught:
        open_metadata("postgresql://tidemill:hush@127.0.0.1:1/x")
    assert "hush" not in str(caught.value) + repr(caught.value) + repr(caught.value.problem())


def test_seq_grows_in_the_order_of_commits(postgres: Callable[[], str]) -> None:
    """A reader that has read up to n must not find a smaller number later."""
    url = postgres()
    one, other = open_live(url), open_live(url)
    seen: list[int] = []
    for n in range(20):
        for store in (one, other):
            store.append([], [], [sample.online(f"{id(store)}-{n}")], lambda *_: None)
        with psycopg.connect(url, autocommit=True) as plain:
            found = plain.execute("SELECT coalesce(max(seq), 0), count(*) FROM online").fetchone()
        assert found is not None and found[0] == found[1]  # no holes below
        seen.append(found[0])
    one.flush()
    other.flush()
    assert one.online.last_seq() == 40 and seen == sorted(seen)
    one.close()
    other.close()
