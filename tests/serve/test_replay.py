"""The replay's clock: moved by its driver alone, never past what is due, never while the loop is behind."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.serve.asking import NOON, TOML, Asker, alive, make_app
from tidemill.access import tokens as auth
from tidemill.access.tokens import SCOPES
from tidemill.scope.project import StoredClock, open_project
from tidemill.store.sql import open_metadata
from tidemill.types import DAY, to_iso


@pytest.fixture
def replaying(tmp_path, home):
    root = tmp_path / "shop"
    (root / ".tidemill").mkdir(parents=True)
    (root / "tidemill.toml").write_text(TOML)
    store = open_metadata(root / ".tidemill" / "tidemill.db")
    store.settings.set("mode", "replay")
    store.settings.set("clock", NOON)
    store.close()
    with open_project(root) as project:
        assert isinstance(project.clock, StoredClock)
        yield project


def ticked(project, due, idle=True):
    project.store.settings.set("loop", {"clock": project.clock.now(), "idle": idle, "next_due": due})


def play(project, work):
    async def main() -> Any:
        async with alive(make_app(project), auth.issue(project.store, "driver", SCOPES)) as ask:
            return await work(ask)

    return asyncio.run(main())


def move(ask, to):
    return ask("POST", "/replay/clock", {"to": to_iso(to)})


def test_the_clock_moves_up_to_what_is_due_and_waits_there(replaying):
    due = NOON + DAY // 2

    async def work(ask: Asker) -> None:
        before = await move(ask, NOON + 1)
        assert before.status == 409 and "not done" in before.json["message"]  # the loop has not ticked at all
        ticked(replaying, due)
        moved = await move(ask, NOON + 5)
        assert (moved.status, moved.json["clock"], moved.json["behind"]) == (200, NOON + 5, False)
        beyond = await move(ask, due + 1)
        assert beyond.status == 409 and to_iso(due) in beyond.json["hint"]
        back = await move(ask, NOON)
        assert back.status == 409 and "does not go back" in back.json["message"]
        there = await move(ask, due)
        assert (there.status, there.json["behind"]) == (200, True)
        assert (await move(ask, due + 1)).status == 409
        ticked(replaying, due + DAY, idle=False)
        assert (await move(ask, due + 1)).status == 409
        ticked(replaying, due + DAY)
        assert (await move(ask, due + 1)).status == 200

    play(replaying, work)
    replaying.store.settings.set("after", True)  # waits behind the clock's own write, which nobody waited for
    assert replaying.clock.now() == due + 1


def test_predictions_and_outcomes_are_in_the_storys_time(replaying):
    async def work(ask: Asker) -> Any:
        ticked(replaying, NOON + DAY)
        await move(ask, NOON + 7)
        answer = (await ask("POST", "/predict/shop", {"subject": "7"})).json
        outcome = {"key": "o1", "subject": "7", "item": "mug", "value": 1.0, "at": to_iso(NOON + 7)}
        assert (await ask("POST", "/feedback", outcome)).status == 200
        ahead = await ask("POST", "/feedback", {**outcome, "key": "o2", "at": to_iso(NOON + DAY)})
        same_moment = (await ask("POST", "/predict/shop", {"subject": "7"})).json
        await move(ask, NOON + 8)
        after = (await ask("POST", "/predict/shop", {"subject": "7"})).json
        return answer, ahead, same_moment, after

    answer, ahead, same_moment, after = play(replaying, work)
    assert answer["at"] == to_iso(NOON + 7)
    assert replaying.live.outcomes.look_up("o1", "shop", "").received == NOON + 7
    assert ahead.status == 400 and "future" in ahead.json["message"]
    assert same_moment["cold"] and not after["cold"]  # an event is known to requests after its moment, not at it


@pytest.mark.parametrize("body", [{}, {"to": 5}, {"to": "tomorrow"}, {"to": "2011-01-01", "by": "me"}, []])
def test_bad_moves(replaying, body):
    async def work(ask: Asker) -> Any:
        ticked(replaying, NOON + DAY)
        return await ask("POST", "/replay/clock", body)

    assert play(replaying, work).status == 400
    assert replaying.clock.now() == NOON


def test_moves_need_their_scope(replaying):
    async def work(ask: Asker) -> Any:
        others = auth.issue(replaying.store, "others", [s for s in SCOPES if s != "replay"])
        ticked(replaying, NOON + DAY)
        return [await ask("POST", "/replay/clock", {"to": to_iso(NOON + 1)}, token=t) for t in (others, None)]

    assert [h.status for h in play(replaying, work)] == [403, 401]


def test_many_movers_at_once_never_overrun_the_loop(replaying):
    async def work(ask: Asker) -> Any:
        ticked(replaying, NOON + 50)
        heard = await asyncio.gather(*(move(ask, NOON + i) for i in range(0, 100, 5)))
        return [h.status for h in heard]

    statuses = play(replaying, work)
    assert set(statuses) == {200, 409} and replaying.clock.now() == NOON + 50


def test_a_question_may_wait_until_the_loop_is_done(replaying):
    due = NOON + DAY // 2

    async def work(ask: Asker) -> None:
        ticked(replaying, due)
        await move(ask, due)
        waiting = asyncio.create_task(ask("GET", "/replay/state?wait=30"))
        at_once = await ask("GET", "/replay/state")
        assert at_once.json["behind"] and not waiting.done()
        await asyncio.to_thread(ticked, replaying, due + DAY)
        assert not (await waiting).json["behind"]
        for nonsense in ("soon", "-1", "nan", "inf"):
            assert (await ask("GET", f"/replay/state?wait={nonsense}")).status == 400

    play(replaying, work)
