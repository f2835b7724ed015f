"""What is PostgreSQL's own: the server that goes away, its clock, its lock."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar, cast

import psycopg
import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import InternalError

from tests.raised import raised
from tidemill.errors import StoreBusy, StoreError
from tidemill.store.sql import open_live, open_metadata
from tidemill.store.sql.border import translate
from tidemill.store.sql.live import Append, LiveStore, Met
from tidemill.store.sql.online import Feed
from tidemill.testing import records as sample
from tidemill.testing.live import written

if TYPE_CHECKING:
    from tests.store.sql.conftest import Server
    from tidemill.store.sql.database import Database

T = TypeVar("T")

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
    with raised(StoreError, str(missing)) as caught:
        open_metadata(missing.render_as_string())
    assert '"no_such_database"' in caught.value.message
    with raised(StoreBusy, "postgresql://tidemill:***@127.0.0.1:1/x") as caught:
        open_metadata("postgresql://tidemill:secret@127.0.0.1:1/x")
    assert "secret" not in str(caught.value) and "\n" not in str(caught.value), "a log's last line is the whole of it"


def test_the_secret_is_in_no_error() -> None:
    with pytest.raises(StoreError) as caught:
        open_metadata("postgresql://tidemill:hush@127.0.0.1:1/x")
    assert "hush" not in str(caught.value) + repr(caught.value) + repr(caught.value.problem())


@pytest.fixture
def both(postgres: Callable[[], str]) -> Iterator[tuple[LiveStore, LiveStore]]:
    url = postgres()
    stores = open_live(url), open_live(url)
    yield stores
    for store in stores:
        store.close()


def held(store: Any, work: Callable[[Any], T], alone: bool = True) -> T:
    """Run it within a transaction of this store that is open meanwhile."""
    return cast("Database", vars(store)["_db"]).write(work, alone=alone)


def wait_for_those_that_wait(tx: Any, many: int = 1) -> None:
    """Until so many sessions wait for a lock of this transaction."""
    waits = text("SELECT count(*) FROM pg_stat_activity WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid))")
    while tx.execute(waits).scalar() < many:
        pass


def append_later(store: LiveStore, *rows: Sequence[Any]) -> Future[Met]:
    told: Future[Met] = Future()
    store.append(*rows, lambda error, _: told.set_exception(error) if error else None, told.set_result)
    return told


def test_the_feed_never_passes_a_transaction_that_is_open(both: tuple[LiveStore, LiveStore]) -> None:
    """The older one commits last, as far as it goes: the younger one waits for it, and so do those who follow."""
    older, younger = both

    def number(tx: Any) -> Future[Met]:
        assert older.online.load([sample.online("older")], tx) == 1
        waits = append_later(younger, (), (), [sample.online("younger")])
        wait_for_those_that_wait(tx)
        assert younger.online.feed(0) == Feed((), (), 0) and not waits.done()
        return waits

    assert held(older, number).result(60).position == 2
    found = [(event.seq, event.key) for event in younger.online.list()]
    assert found == [(1, "older"), (2, "younger")] and older.online.feed(0).position == 2


def test_what_a_job_holds_delays_no_answer(both: tuple[LiveStore, LiveStore], postgres: Callable[[], str]) -> None:
    """Each is written within a transaction of the job that is still open: had it waited, none would ever end."""
    scorer, loop = both
    url = postgres()
    mine, jobs = open_metadata(url), open_metadata(url)
    mine.tokens.add(sample.token())

    def load(tx: Any) -> None:
        assert loop.online.load([sample.online("a")], tx) == 1
        written(scorer, [sample.prediction()])
        written(scorer, [sample.prediction("pred_2")], [sample.outcome()])
        scorer.outcomes.join([("o1", "pred_2", "id")], "shop")
        scorer.try_write().result(60)

    def train(tx: Any) -> None:
        jobs.runs.add(sample.run(), tx)
        jobs.events.add(sample.event(), tx)
        mine.events.add_once(sample.event("event_2"))
        mine.releases.add_failures("shop", {"rel_1": 1})
        mine.settings.set("x", 1)
        mine.settings.set_soon("x", 2).result(60)
        assert mine.tokens.delete(sample.token().id)
        held(loop, load)

    held(jobs, train)
    assert scorer.predictions.count() == 2 and scorer.outcomes.count() == {"id": 1}
    assert mine.settings.get("x") == 2 and mine.releases.failures("shop") == {"rel_1": 1}
    assert {event.id for event in mine.events.list()} == {"event_1", "event_2"}
    for store in (mine, jobs):
        store.close()


def test_a_session_that_froze_is_ended_and_the_feed_goes_on(both: tuple[LiveStore, LiveStore]) -> None:
    frozen, other = both
    assert held(frozen, lambda tx: tx.exec_driver_sql("SHOW idle_in_transaction_session_timeout").scalar()) == "5s"

    def freeze(tx: Any) -> None:
        assert frozen.online.load([sample.online("lost")], tx) == 1
        tx.exec_driver_sql("SET idle_in_transaction_session_timeout = 50")
        written(other, (), (), [sample.online("kept")])  # waits for the lock, until the server ends this session
        frozen.online.load([sample.online("later")], tx)

    with pytest.raises(StoreBusy):
        held(frozen, freeze)
    assert [(event.seq, event.key) for event in other.online.list()] == [(1, "kept")]
    assert frozen.online.load([sample.online("lost")]) == 1  # the next one connects again
    assert other.online.feed(1).position == 2


def test_two_who_write_the_same_at_once_have_one_answer(both: tuple[LiveStore, LiveStore]) -> None:
    """The second comes while the first is not committed, when nobody can see it yet."""
    first, second = both
    rows = [sample.prediction()], [sample.outcome()]
    late = [sample.prediction(output=b"late")], [sample.outcome(value=9.0), sample.outcome("o2")]

    def write(tx: Any) -> Future[Met]:
        Append(*rows, (), None).run(tx)
        waits = append_later(second, *late, ())
        wait_for_those_that_wait(tx)
        return waits

    met = held(first, write, alone=False).result(60)
    assert met.taken == {"pred_1": rows[0][0]} and list(met.earlier) == [rows[1][0], None]
    assert list(second.predictions.list()) == rows[0] and second.outcomes.count() == {"": 2}


def test_what_two_scorers_write_at_once_is_right_by_its_rows(postgres: Callable[[], str]) -> None:
    """The second writes while the first has not committed: a code works once, no count is lost, what is kept is the first's."""
    url = postgres()
    stores = one, *others = [open_metadata(url) for _ in range(5)]
    one.tokens.add(sample.token())
    one.releases.add_failures("shop", {"rel_1": 1})
    with ThreadPoolExecutor(4) as pool:

        def write(tx: Any) -> list[Future[Any]]:
            assert one.tokens.delete("token_1", tx)
            tx.exec_driver_sql("UPDATE serving_failures SET count = count + 1")
            tx.exec_driver_sql("INSERT INTO settings VALUES ('who', '\"one\"')")
            one.events.add_once(sample.event(), tx)
            waiting: list[Future[Any]] = [
                pool.submit(others[0].tokens.delete, "token_1"),
                pool.submit(others[1].releases.add_failures, "shop", {"rel_1": 5}),
                pool.submit(others[2].settings.keep, "who", "other"),
                pool.submit(others[3].events.add_once, sample.event(at=99)),
            ]
            wait_for_those_that_wait(tx, 4)
            return waiting

        deleted, _, kept, added = (one.result(60) for one in held(one, write, alone=False))
    assert (deleted, kept, added) == (False, "one", False)
    assert one.releases.failures("shop") == {"rel_1": 7} and [event.at for event in one.events.list()] == [10]
    for store in stores:
        store.close()


def test_what_a_server_away_says_can_be_tried_again(server: Server) -> None:
    """And what it refuses cannot: a wrong password does not become right."""
    for state, kind in {"57P01": StoreBusy, "25P03": StoreBusy, "08006": StoreBusy, "28P01": StoreError}.items():
        error = psycopg.errors.lookup(state)("said")
        assert type(translate(error, "here")) is kind
    for said in ("the connection is closed", "FATAL:  the database system is starting up"):
        assert type(translate(psycopg.OperationalError(said), "here")) is StoreBusy
    wrong = psycopg.OperationalError('FATAL:  password authentication failed for user "x"')
    assert type(translate(wrong, "here")) is StoreError
    none = translate(psycopg.OperationalError("fe_sendauth: no password supplied"), "here")
    assert type(none) is StoreError and "TIDEMILL_METADATA_PASSWORD" in none.hint
    with pytest.raises(StoreError) as caught:
        open_metadata(f"{server.loopback('public')}&sslmode=require")
    assert not isinstance(caught.value, StoreBusy) and "sslmode" in caught.value.hint


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
