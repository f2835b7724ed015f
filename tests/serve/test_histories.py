"""What serving holds of subjects: bounded, read when asked about, kept right by the feed; an answer is the same whatever is held."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidemill.errors import StoreBusy
from tidemill.features.online import History
from tidemill.serve.histories import Histories, News
from tidemill.store.records import OnlineEvent
from tidemill.store.sql import open_live
from tidemill.store.sql.live import LiveStore
from tidemill.testing.live import written

SUBJECTS, LATE = ("ann", "bob", "cec", "dan"), 50
HALF_LIFE = 7


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveStore]:
    store = open_live(tmp_path_factory.mktemp("histories") / "live.db")
    yield store
    store.close()


def event(n: int, subject: str, item: str, at: int, value: float, dataset: str) -> OnlineEvent:
    return OnlineEvent(0, f"k{n}", subject, item, at, value, dataset=dataset, endpoint="shop")


def said(history: History, subject: str, at: int, watermark: int | None) -> Any:
    """All that a task may ask."""
    items, counts = history.items(subject, at, HALF_LIFE, watermark)
    times, (seen, moments) = history.times(subject, at, watermark), history.seen(subject, at, watermark)
    return items, counts.tobytes(), times.counts.tolist(), times.last.tolist(), seen, moments.tolist()


def whole(live: LiveStore, dataset: str) -> History:
    known = History()
    known.load(row for row in live.online.rows_since(0) if row[5] == dataset)
    return known


class Play:
    """Writers, a server that holds little, and one that holds all: each step is one of theirs."""

    def __init__(self, live: LiveStore, most: int) -> None:
        self.live, self.n = live, 0
        for dataset in ("sales", "other"):
            for subject in SUBJECTS:
                live.holders()[2].erase(subject)
        self.little, self.all = Histories(live, most), Histories(live)
        self.all.preload("sales", SUBJECTS)

    def write(self, subject: str, item: str, at: int, value: float, dataset: str, own: bool) -> None:
        """Another process's, of which nobody hears before the feed; or the server's own."""
        self.n += 1
        made = [event(self.n, subject, item, at, value, dataset)]
        seqs = written(self.live, (), (), made)
        if own:
            for histories in (self.little, self.all):
                histories.learn(made, seqs)

    def follow(self) -> None:
        for histories in (self.little, self.all):
            histories.follow()

    def erase(self, subject: str) -> None:
        """Another process's, and nobody asks about the subject before it is heard of."""
        self.live.holders()[2].erase(subject)
        self.follow()

    def ask(self, subject: str, at: int, back: int | None) -> None:
        assert self.little.seq == self.all.seq
        watermark = self.little.seq - (back or 0)
        told = [said(h.of("sales"), subject, at, watermark) for h in (self.little, self.all)]
        assert told[0] == told[1] == said(whole(self.live, "sales"), subject, at, watermark)


def steps() -> st.SearchStrategy[list[Callable[[Play], None]]]:
    subject, at = st.sampled_from(SUBJECTS), st.integers(0, LATE)
    write = st.builds(
        lambda *given: lambda play: play.write(*given),
        subject,
        st.sampled_from("abc"),
        at,
        st.sampled_from([1.0, 2.0, -1.0]),
        st.sampled_from(["sales", "sales", "other"]),
        st.booleans(),
    )
    ask = st.builds(lambda *given: lambda play: play.ask(*given), subject, at, st.integers(0, 4))
    erase = st.builds(lambda name: lambda play: play.erase(name), subject)
    follow = st.just(lambda play: play.follow())
    return st.lists(st.one_of(write, write, ask, ask, follow, erase), max_size=30)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([1, 1_500, 3_000, 10**9]), steps())
def test_an_answer_is_the_same_whatever_is_held(live: LiveStore, most: int, steps: Any) -> None:
    play = Play(live, most)
    for step in steps:
        step(play)
    play.follow()
    for subject in SUBJECTS:
        play.ask(subject, LATE, 0)


def test_a_start_reads_no_history(live: LiveStore) -> None:
    written(live, (), (), [event(900 + n, "ann", "a", n, 1.0, "sales") for n in range(9)])
    histories = Histories(live)
    assert (histories.seq, len(histories.held)) == (live.online.last_seq(), 0)
    assert said(histories.of("sales"), "ann", LATE, None) == said(whole(live, "sales"), "ann", LATE, None)
    assert set(histories.held) == {("sales", "ann")}


def test_those_nobody_asks_about_for_the_longest_time_go_first(live: LiveStore) -> None:
    for subject in SUBJECTS:
        written(live, (), (), [event(n, subject, f"{subject}{n}", n, 1.0, "sales") for n in range(20)])
    histories = Histories(live, 10**9)
    sales = histories.of("sales")
    for subject in SUBJECTS:
        sales.seen(subject, LATE)
    histories.held.most = histories.held.size
    sales.seen("ann", LATE)
    sales.seen("a stranger is held, too", LATE)
    assert ("sales", "ann") in histories.held and ("sales", "bob") not in histories.held
    assert histories.held.size <= histories.held.most
    written(live, (), (), [event(2_000 + n, "ann", f"more{n}", n, 1.0, "sales") for n in range(500)])
    histories.follow()
    assert set(histories.held) == {("sales", "a stranger is held, too")}  # who grows does not stay for having grown
    assert histories.held.size < 2_000


class Away:
    """A store whose answers take as long as the test says: what it answers is as of when it was asked."""

    def __init__(self) -> None:
        self.asked: list[asyncio.Event] = []

    async def __call__(self, query: Callable[..., Any], *given: Any) -> Any:
        found, told = query(*given), asyncio.Event()
        self.asked.append(told)
        await told.wait()
        return found


def test_what_comes_while_a_subject_is_read_is_neither_missed_nor_doubled(live: LiveStore) -> None:
    async def work() -> None:
        away = Away()
        histories = Histories(live, 10**9, away)
        first = asyncio.create_task(histories.hold("sales", "cec"))
        second = asyncio.create_task(histories.hold("sales", "cec"))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        written(live, (), (), [event(3_001, "cec", "new", 3, 1.0, "sales")])
        histories.follow()
        made = [event(3_002, "cec", "own", 4, 1.0, "sales")]
        histories.learn(made, written(live, (), (), made))
        first.cancel()  # a client that goes away takes nobody along
        (told,) = away.asked
        told.set()
        await second
        assert first.cancelled() and ("sales", "cec") in histories.held
        expected = said(whole(live, "sales"), "cec", LATE, None)
        assert said(histories.of("sales"), "cec", LATE, None) == expected and {"new", "own"} <= set(expected[0])
        histories.take(News(0, live.online.feed(0)))  # what was fetched before is nothing new
        assert said(histories.of("sales"), "cec", LATE, None) == expected

    asyncio.run(work())


def test_what_the_feed_brings_before_the_read_sees_it_is_not_doubled(live: LiveStore) -> None:
    async def work() -> None:
        asks = asyncio.Event()

        async def aside(query: Callable[..., Any], *given: Any) -> Any:
            await asks.wait()
            return query(*given)

        histories = Histories(live, 10**9, aside)
        reading = asyncio.create_task(histories.hold("sales", "eve"))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        written(live, (), (), [event(3_100, "eve", "mug", 3, 1.0, "sales")])
        histories.follow()
        asks.set()
        await reading
        assert said(histories.of("sales"), "eve", LATE, None) == said(whole(live, "sales"), "eve", LATE, None)

    asyncio.run(work())


def test_a_store_that_cannot_be_read_is_asked_again_by_the_next(live: LiveStore) -> None:
    troubles = [StoreBusy("away")]

    async def aside(query: Callable[..., Any], *given: Any) -> Any:
        if troubles:
            raise troubles.pop()
        return query(*given)

    async def work() -> None:
        histories = Histories(live, 10**9, aside)
        with pytest.raises(StoreBusy):
            await histories.hold("sales", "ann")
        await histories.hold("sales", "ann")
        assert ("sales", "ann") in histories.held

    asyncio.run(work())


def test_items_that_rows_have_are_known(live: LiveStore) -> None:
    written(live, (), (), [event(4_000, "ann", "mug", 1, 1.0, "sales"), event(4_001, "ann", "cup", 1, 1.0, "other")])
    histories = Histories(live)
    for _ in range(2):
        assert asyncio.run(histories.sold("sales", {"mug", "cup", "none"})) == {"mug"}


def test_what_is_deleted_while_it_is_read_is_read_again(live: LiveStore) -> None:
    async def work() -> None:
        away = Away()
        histories = Histories(live, 10**9, away)
        written(live, (), (), [event(5_000, "dan", "mug", 1, 1.0, "sales")])
        reading = asyncio.create_task(histories.hold("sales", "dan"))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        live.holders()[2].erase("dan")
        histories.follow()
        away.asked[0].set()
        while len(away.asked) < 2:
            await asyncio.sleep(0)
        away.asked[1].set()
        await reading
        assert histories.of("sales").items("dan", LATE, HALF_LIFE)[0] == []

    asyncio.run(work())


def test_whose_rows_went_is_held_no_longer(live: LiveStore) -> None:
    histories = Histories(live)
    histories.preload("sales", SUBJECTS)
    written(live, (), (), [event(6_000, "ann", "mug", 1, 1.0, "sales")])
    live.holders()[2].erase("ann")
    assert histories.follow() and not histories.follow()
    assert set(histories.held) == {("sales", name) for name in SUBJECTS if name != "ann"}
    live.online.load([replace(event(6_001, "bob", "mug", 1, 1.0, "sales"), file="sha256:f", row=1, ingest="i1")])
    live.online.unload(["i1"])
    histories.follow()
    assert set(histories.held) == set() and histories.seq == live.online.last_seq()


def test_a_store_that_was_put_back_is_read_anew(live: LiveStore) -> None:
    histories = Histories(live)
    histories.preload("sales", SUBJECTS)
    histories.seq += 5  # of what is gone now
    histories.follow()
    assert (histories.seq, len(histories.held)) == (live.online.last_seq(), 0)
