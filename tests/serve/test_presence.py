"""The lease of a scorer: while it runs the scorer answers; once it has run out, nobody, until the store was asked."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from typing import Any

import pytest

from tests.raised import raised
from tests.serve.asking import Asker, BuyAgain, alive, make_app
from tidemill.access import tokens as auth
from tidemill.access.acknowledged import acknowledged
from tidemill.access.tokens import SCOPES
from tidemill.errors import AlreadyUp, StoreBusy
from tidemill.serve import presence
from tidemill.serve.presence import Presence
from tidemill.serve.served import Served
from tidemill.serve.serving import Serving, about
from tidemill.store.records import OnlineEvent, Scorer


class Clock:
    """The machine's, that stands until it is moved."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1_000.0
        monkeypatch.setattr(presence, "uptime", lambda: self.now)


class Away:
    """A store that does not answer while ``away`` is set, and one question at a time waits for ``goes``."""

    def __init__(self, store: Any) -> None:
        self.scorers, self.revisions, self._store = self, store.revisions, store
        self.away, self.asked = False, threading.Event()

    def beat(self, scorer: Scorer, seconds: float) -> Scorer:
        self.asked.set()
        if self.away:
            raise StoreBusy("away")
        return self._store.scorers.beat(scorer, seconds)  # type: ignore[no-any-return]

    def drop(self, name: str) -> None:
        self._store.scorers.drop(name)


def with_presence(project: Any, work: Any) -> Any:
    """Run ``work`` with an asker, its presence and the store that may be away."""

    async def main() -> Any:
        app, store = make_app(project), Away(project.store)
        serving = app.serving
        scorer = about(project, "http://127.0.0.1:1")
        describe = lambda: replace(scorer, tokens=serving.tokens.confirmed, limits=serving.limits.confirmed)  # noqa: E731
        async with alive(app, auth.issue(project.store, "test", SCOPES)) as ask:
            serving.presence = Presence(store, serving.tokens, serving.limits, describe, 10.0)  # type: ignore[arg-type]
            serving.presence.begin()
            return await work(ask, serving.presence, store)

    return asyncio.run(main())


async def beaten(held: Presence, store: Away) -> None:
    """A heartbeat from now on, and what came of it."""
    store.asked.clear()
    held.soon()
    while not store.asked.is_set():
        await asyncio.sleep(0.001)
    await asyncio.get_running_loop().run_in_executor(held._thread, lambda: None)
    await asyncio.sleep(0)


def test_a_lease_that_has_run_out_is_503_until_the_store_was_asked(project, monkeypatch):
    clock = Clock(monkeypatch)

    async def work(ask: Asker, held: Presence, store: Away) -> None:
        assert (await ask("POST", "/predict/shop", {"subject": "7"})).status == 200
        store.away, clock.now = True, clock.now + 10.0
        refused = await ask("POST", "/predict/shop", {"subject": "7"})
        assert (refused.status, refused.json["code"], refused.headers["retry-after"]) == (503, "cut_off", "1")
        assert (await ask("GET", "/readyz", token=None)).json == {
            "status": "not_ready",
            "endpoints": {"shop": "cut_off"},
        }
        await beaten(held, store)
        assert (await ask("POST", "/predict/shop", {"subject": "7"})).status == 503
        store.away = False
        await beaten(held, store)
        assert (await ask("POST", "/predict/shop", {"subject": "7"})).status == 200

    with_presence(project, work)


def test_an_answer_that_was_begun_before_the_lease_ran_out_does_not_leave_after_it(project, monkeypatch):
    clock, said = Clock(monkeypatch), BuyAgain.recommend

    def frozen(self: BuyAgain, *asked: Any) -> Any:
        clock.now += 10.0
        return said(self, *asked)

    async def work(ask: Asker, held: Presence, store: Away) -> None:
        store.away = True
        monkeypatch.setattr(BuyAgain, "recommend", frozen)
        heard = await ask("POST", "/predict/shop", {"subject": "7"})
        assert (heard.status, heard.json["code"]) == (503, "cut_off")

    with_presence(project, work)


def test_a_lease_counts_from_before_the_store_was_asked(project, monkeypatch):
    clock = Clock(monkeypatch)

    async def work(ask: Asker, held: Presence, store: Away) -> None:
        real = project.store.scorers.beat

        def frozen(scorer: Scorer, seconds: float) -> Scorer:
            told = real(scorer, seconds)
            clock.now += 10.0  # the process stood still between the commit and its return
            return told

        monkeypatch.setattr(project.store.scorers, "beat", frozen)
        await beaten(held, store)
        assert not held.alive

    with_presence(project, work)


def test_what_was_taken_back_is_confirmed_by_a_heartbeat(project):
    async def work(ask: Asker, held: Presence, store: Away) -> None:
        secret = auth.issue(project.store, "gone", ["predict"])
        assert (await ask("POST", "/predict/shop", {"subject": "7"}, token=secret)).status == 200
        auth.revoke_named(project.store, "gone")
        store.away = True
        late = acknowledged(project.store, longest=0.0)
        assert (late.confirmed, late.ended, len(late.waiting)) == (0, 0, 1) and not late.everywhere
        store.away = False
        held.soon()
        found = await asyncio.to_thread(acknowledged, project.store)
        assert (found.confirmed, found.ended, found.waiting) == (1, 0, ())
        assert (await ask("POST", "/predict/shop", {"subject": "7"}, token=secret)).status == 401

    with_presence(project, work)


def test_a_scorer_that_ends_is_known_no_more(project):
    async def work(ask: Asker, held: Presence, store: Away) -> None:
        assert len(project.store.scorers.live()) == 1

    with_presence(project, work)
    assert not project.store.scorers.list()


def test_what_others_tell_is_known_while_a_model_is_fetched(project, monkeypatch):
    monkeypatch.setattr(Serving, "remote", True)
    fetched = threading.Event()

    async def main() -> None:
        serving = make_app(project).serving
        monkeypatch.setattr(serving, "look", lambda: fetched.wait(20))
        serving.predictors["shop"].served = Served()  # of no revision that is in the store
        try:
            await serving._far_look()
            event = OnlineEvent(0, "told/1", "7", "mug", 1, 1.0, "sha256:f", dataset="sales")
            await asyncio.to_thread(project.live.online.load, [event])
            await serving._far_look()
            assert serving.histories.seq == project.live.online.last_seq() > 0
            assert serving._loading is not None and not serving._loading.done()
        finally:
            fetched.set()
        await serving._loading

    asyncio.run(main())


def test_a_replay_has_one_scorer(project):
    """Its clock is moved by one, which alone knows where it stands."""
    serving = make_app(project).serving
    serving.address = "http://127.0.0.1:1"
    project.store.scorers.beat(replace(about(project, serving.address), id="scorer_before"), 600)
    serving._alone_in_replay()
    project.store.scorers.beat(about(project, "http://127.0.0.1:2"), 600)
    serving._alone_in_replay()  # no replay
    serving.replay = object()  # type: ignore[assignment]
    with raised(AlreadyUp, "http://127.0.0.1:2"):
        serving._alone_in_replay()
