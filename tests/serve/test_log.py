"""From answers to the disk: one commit and one wake-up for many; failures and waits are told."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future
from typing import Any

import pytest

from tests.raised import raised
from tidemill.errors import Conflict, Damaged, DiskFull, StoreBusy
from tidemill.serve import log as logs
from tidemill.serve.log import Log
from tidemill.store.records import OnlineEvent, Outcome, Prediction
from tidemill.store.sql.live import Met


class Slow:
    """A live store whose commits happen when the test says so, in another thread."""

    def __init__(self) -> None:
        self.calls: list[Any] = []
        self.broken: Exception | None = None
        self.tried: list[Future[None]] = []
        self.there: dict[str, Outcome] = {}

    def try_write(self):
        self.tried.append(Future())
        return self.tried[-1]

    def append(self, predictions, outcomes, events, done, met=None):
        if self.broken is not None:
            raise self.broken
        if met is not None:
            met(Met([self.there.get(outcome.key) for outcome in outcomes]))
            self.there |= {outcome.key: outcome for outcome in outcomes}
        self.calls.append((list(predictions), list(outcomes), list(events), done))

    def commit(self, error=None):
        calls, self.calls = self.calls, []
        seq = 0

        def report() -> None:
            nonlocal seq
            for _, _, events, done in calls:
                seqs = list(range(seq + 1, seq + 1 + len(events)))
                seq += len(events)
                done(error, () if error else seqs)

        thread = threading.Thread(target=report)
        thread.start()
        thread.join()


def prediction(name: str) -> Prediction:
    return Prediction(name, "shop", 0, "7", "m", "r", "champion", b"{}", b"{}", 0, 1)


def event(key: str) -> OnlineEvent:
    return OnlineEvent(0, key, "7", "mug", 0, 1.0, dataset="sales")


def go(work):
    async def main() -> None:
        store = Slow()
        learned: list[Any] = []
        log = Log(store, lambda events, seqs: learned.append(([e.key for e in events], list(seqs))))  # type: ignore[arg-type]
        await work(store, log, learned)

    asyncio.run(main())


async def turn() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


def test_one_turn_of_the_loop_is_one_call_and_one_wake_up(monkeypatch):
    async def work(store: Slow, log: Log, learned: list[Any]) -> None:
        futures = [log.write((prediction(f"p{i}"),)) for i in range(50)]
        await turn()
        assert len(store.calls) == 1 and [p.id for p in store.calls[0][0]] == [f"p{i}" for i in range(50)]
        second = log.write((prediction("q"),))
        await turn()
        assert len(store.calls) == 2 and not any(f.done() for f in (*futures, second))
        woken: list[Any] = []
        loop = asyncio.get_running_loop()
        threadsafe = loop.call_soon_threadsafe
        monkeypatch.setattr(loop, "call_soon_threadsafe", lambda *a: woken.append(a) or threadsafe(*a))
        store.commit()
        await asyncio.gather(*futures, second)
        assert len(woken) == 1 and log.waiting == 0

    go(work)


def test_outcomes_are_learnt_before_they_are_acknowledged():
    async def work(store: Slow, log: Log, learned: list[Any]) -> None:
        first = log.write((), (), [event("a"), event("b")])
        second = log.write((), (), [event("c")])
        seen: list[Any] = []
        second.add_done_callback(lambda _: seen.append(list(learned)))
        await turn()
        store.commit()
        await asyncio.gather(first, second)
        await turn()
        assert learned == [(["a", "b", "c"], [1, 2, 3])] and seen == [learned]

    go(work)


def test_what_is_committed_is_acknowledged_though_it_cannot_be_learnt(caplog):
    async def work(store: Slow, log: Log, learned: list[Any]) -> None:
        def fails(*_: Any) -> None:
            raise StoreBusy("cannot be read")

        settled: list[str] = []
        log._learn = fails  # type: ignore[method-assign]
        first = log.write((prediction("p"),), settled=lambda: settled.append("p"))
        second = log.write((), (), [event("a")], settled=lambda: settled.append("a"))
        await turn()
        store.commit()
        await turn()
        assert first.done() and second.done() and not first.exception() and not second.exception()
        assert settled == ["p", "a"] and log.waiting == 0

    go(work)
    assert "the history falls behind" in caplog.text and "cannot be read" in caplog.text


def test_a_failed_commit_is_told_to_all_and_teaches_nothing():
    async def work(store: Slow, log: Log, learned: list[Any]) -> None:
        futures = [log.write((prediction("p"),)), log.write((), (), [event("a")])]
        await turn()
        store.commit(DiskFull("no room"))
        for future in futures:
            with pytest.raises(DiskFull):
                await future
        assert learned == [] and log.waiting == 0

    go(work)


def test_a_store_that_takes_nothing_is_told_too():
    async def work(store: Slow, log: Log, learned: list[Any]) -> None:
        store.broken = StoreBusy("closed")
        with pytest.raises(StoreBusy) as told:
            await log.write((prediction("p"),))
        assert told.value is store.broken and log.waiting == 0

    go(work)


def test_a_disk_that_does_not_answer_is_a_bounded_wait(monkeypatch):
    async def work(store: Slow, log: Log, learned: list[Any]) -> None:
        monkeypatch.setattr(logs, "ACK_SECONDS", 0.0)
        future = log.write((prediction("p"),))
        await turn()
        log.expire()
        with raised(StoreBusy, "") as told:
            await future
        assert "same key" in told.value.hint and log.waiting == 1  # it may still come
        store.commit()
        await log.drain()
        assert log.waiting == 0

    go(work)


def test_too_much_waiting_is_refused(monkeypatch):
    async def work(store: Slow, log: Log, learned: list[Any]) -> None:
        monkeypatch.setattr(logs, "MOST_WAITING", 3)
        futures = [log.write((prediction(f"p{i}"),)) for i in range(3)]
        with raised(StoreBusy, ""):
            log.write((prediction("p4"),))
        await turn()
        store.commit()
        await asyncio.gather(*futures)
        log.write((prediction("p5"),))

    go(work)


def test_what_nobody_waits_for_gathers_and_goes_with_the_next():
    async def work(store: Slow, log: Log, learned: list[Any]) -> None:
        patient = [log.write((prediction(f"p{i}"),), urgent=False) for i in range(3)]
        await turn()
        assert store.calls == []
        urgent = log.write((prediction("q"),))
        await turn()
        assert [p.id for p in store.calls[0][0]] == ["p0", "p1", "p2", "q"]
        store.commit()
        await asyncio.gather(*patient, urgent)

    go(work)


def test_what_nobody_waits_for_goes_by_itself_soon():
    async def work(store: Slow, log: Log, learned: list[Any]) -> None:
        first = log.write((prediction("p"),), urgent=False)
        log.write((prediction("q"),), urgent=False)
        while not store.calls:
            await asyncio.sleep(logs.LINGER / 4)
        assert len(store.calls[0][0]) == 2
        store.commit()
        await first

    assert logs.LINGER <= 0.05  # and the commit after it, within the 100 ms that ack=async promises
    go(work)


def test_answers_that_had_left_and_are_lost_are_counted_and_the_trouble_stays_until_a_commit():
    async def work(store: Slow, log: Log, learned: list[Any]) -> None:
        lost: list[int] = []
        log._lost = lost.append
        for n in range(3):
            log.write((prediction(f"p{n}"),), urgent=False)
        waits = log.write((prediction("q"),))
        await turn()
        store.commit(DiskFull("no room"))
        with pytest.raises(DiskFull):
            await waits
        assert lost == [3] and isinstance(log.trouble, DiskFull)
        kept = log.write((prediction("r"),))
        await turn()
        store.commit()
        await kept
        assert log.trouble is None and lost == [3]

    go(work)


def test_a_row_that_is_refused_says_nothing_of_the_store():
    async def work(store: Slow, log: Log, learned: list[Any]) -> None:
        future = log.write((prediction("p"),))
        await turn()
        store.commit(Conflict("it is there already"))
        with pytest.raises(Conflict):
            await future
        assert log.trouble is None

    go(work)


def test_an_outcome_that_is_there_already_says_nothing_of_the_disk():
    async def work(store: Slow, log: Log, learned: list[Any]) -> None:
        for key, trouble in (("a", False), ("a", True), ("b", False)):
            log.trouble = DiskFull("no room")
            kept = log.write((), (Outcome(key, 0, "7", "mug", 1.0, None, 0),))
            await turn()
            store.commit()
            await kept
            assert (log.trouble is not None) == trouble

    go(work)


def test_a_store_that_takes_nothing_is_tried_again_though_nobody_asks(monkeypatch):
    async def work(store: Slow, log: Log, learned: list[Any]) -> None:
        log.try_again()
        assert store.tried == []  # while all is well nothing is tried
        log.trouble = Damaged("gone")
        log.try_again()
        log.try_again()
        (first,) = store.tried  # at most one in a while
        first.set_exception(DiskFull("no room"))
        await turn()
        assert isinstance(log.trouble, DiskFull)
        monkeypatch.setattr(log, "_again", 0.0)
        log.try_again()
        store.tried[-1].set_result(None)
        await turn()
        assert log.trouble is None

    go(work)


def test_a_try_is_the_only_one_and_the_end_waits_for_it(monkeypatch):
    async def work(store: Slow, log: Log, learned: list[Any]) -> None:
        log.trouble = DiskFull("no room")
        for _ in range(2):
            monkeypatch.setattr(log, "_again", 0.0)
            log.try_again()
        (tried,) = store.tried
        ending = asyncio.ensure_future(log.drain())
        await turn()
        assert not ending.done()
        tried.set_result(None)
        await ending
        assert log.trouble is None and log.waiting == 0

    go(work)


def test_a_disk_that_does_not_answer_is_trouble(monkeypatch):
    async def work(store: Slow, log: Log, learned: list[Any]) -> None:
        monkeypatch.setattr(logs, "ACK_SECONDS", 0.0)
        log.write((prediction("p"),), urgent=False)
        log.expire()
        assert isinstance(log.trouble, StoreBusy)
        log.write()
        await turn()
        store.commit()
        await turn()
        assert log.trouble is None
        log.trouble = DiskFull("no room")
        log.write()
        await turn()
        store.commit()  # of nothing: that succeeds on a full disk, too
        await turn()
        assert log.trouble is not None

    go(work)
