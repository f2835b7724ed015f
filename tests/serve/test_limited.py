"""Whose data may not be used is answered what is usual, marked, and by no model; no question to the store, and none too late."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from typing import Any

import numpy as np

from tests.release.made import add_model, hold
from tests.serve import released
from tests.serve.asking import NOON, Asker, about_customers, alive, make_app
from tests.serve.test_presence import Away, with_presence
from tidemill.access import tokens as auth
from tidemill.access.acknowledged import limited
from tidemill.access.caller import Caller
from tidemill.access.tokens import SCOPES
from tidemill.data.limited import LIMITED
from tidemill.feedback.explained import person
from tidemill.ops.rights import limits
from tidemill.serve import fallback
from tidemill.serve.http.app import App
from tidemill.serve.serving import prepare
from tidemill.store.records import OnlineEvent
from tidemill.store.rights import SubjectLimit

ME = Caller.local()


def bought(project: Any, *who: str) -> None:
    about_customers(project)
    events = [OnlineEvent(0, f"{name}/1", name, "mug", NOON - 1, 1.0, "sha256:f", dataset="sales") for name in who]
    project.live.online.load(events)


def served(project: Any, work: Any) -> Any:
    """Ask the models that are released, as a scorer that has just begun."""

    async def main() -> Any:
        async with alive(App(prepare(project), lambda: ()), auth.issue(project.store, "test", SCOPES)) as ask:
            return await work(ask)

    return asyncio.run(main())


def lamps_and_mugs(project: Any) -> None:
    """A champion that answers what was bought before, and lamps rather than mugs to whom it does not know."""
    digest = released.bundle(project, ("lamp", "mug"))
    held = hold(project, add_model(project, 1, bundle=digest, evaluation_bundle=digest), "rel_1")
    project.store.releases.promote(held.id, project.clock.now())


async def said(ask: Asker, subject: str = "7", **more: Any) -> Any:
    return (await ask("POST", "/predict/shop", {"subject": subject, "k": 1, **more})).json


def test_neither_the_history_nor_what_is_sent_along_is_used_and_others_are_answered_as_before(project):
    bought(project, "7", "8")
    lamps_and_mugs(project)

    async def work(ask: Asker) -> Any:
        before = await said(ask)
        begun = limits.object_to(project, ME, "7")
        assert begun.seen
        await ask.app.serving.refresh()
        asked = [await said(ask), await said(ask, recent=["mug"]), await said(ask, "8")]
        limits.lift(project, ME, begun.limit.id)
        await ask.app.serving.refresh()
        return before, *asked, await said(ask)

    before, mine, recent, other, after = served(project, work)
    assert (before["items"], before["arm"]) == (["mug"], "champion") == (other["items"], other["arm"])
    assert (after["items"], after["arm"]) == (["mug"], "champion")
    for one in (mine, recent):
        assert (one["items"], one["arm"], one["fallback"], one["cold"]) == (["lamp"], LIMITED, LIMITED, True)
    kept = project.live.predictions.get(mine["prediction_id"])
    assert (kept.arm, kept.model, kept.release, kept.subject) == (LIMITED, "baseline:shop@1", "", "7")
    assert person(project, kept.id)["sentences"] == []


def test_who_begins_later_knows_it_and_a_key_keeps_its_answer(project):
    bought(project, "7")
    released.champion(project)
    first = served(project, lambda ask: said(ask, key="visit"))
    limits.restrict(project, ME, "7")

    async def work(ask: Asker) -> Any:
        return await said(ask, key="visit"), await said(ask, key="next"), await said(ask, key="next")

    again, after, repeated = served(project, work)
    assert again == first | {"ack": again["ack"]} and first["arm"] == "champion"
    assert after["arm"] == LIMITED and repeated["prediction_id"] == after["prediction_id"]


def test_a_request_costs_no_question_to_the_store_and_none_is_answered_by_what_was_read_before(project, monkeypatch):
    bought(project, "7")
    released.champion(project)
    looks: list[int] = []
    standing, revision = project.store.limits.standing, project.store.limits.revision
    monkeypatch.setattr(project.store.limits, "standing", lambda *a, **k: looks.append(1) or standing(*a, **k))

    async def work(ask: Asker) -> None:
        serving = ask.app.serving
        await said(ask)
        monkeypatch.setattr(project.store.limits, "revision", lambda: looks.append(1) or revision())
        looks.clear()
        for _ in range(5):
            assert (await said(ask))["arm"] == "champion"
        assert not looks
        one = limits.object_to(project, ME, "7")
        serving.limits.seen(revision())  # as a heartbeat hears it
        assert not serving.limits.known and serving.limits.confirmed == revision()
        assert (await said(ask))["arm"] == LIMITED
        limits.lift(project, ME, one.limit.id)
        serving.limits.seen(revision())
        assert (await said(ask))["arm"] == "champion"

    served(project, work)


def test_an_acknowledgement_is_the_word_of_each_scorer_that_is_alive(project):
    bought(project, "7")

    async def work(ask: Asker, held: Any, store: Away) -> None:
        store.away = True
        begun = await asyncio.to_thread(project.store.limits.revision)
        assert begun == 0
        await asyncio.to_thread(project.store.limits.begin, _limit(project))
        late = limited(project.store, longest=0.0)
        assert (late.confirmed, len(late.waiting), late.everywhere) == (0, 1, False)
        store.away = False
        held.soon()
        found = await asyncio.to_thread(limited, project.store)
        assert (found.confirmed, found.waiting) == (1, ())
        serving = ask.app.serving
        assert serving.limits.confirmed == project.store.limits.revision()
        assert serving.at("shop").limited("7") and not serving.at("shop").limited("8")

    with_presence(project, work)


def _limit(project: Any) -> Any:
    return SubjectLimit("limit_1", "customer_id", "7", "mark", "object", "", project.clock.now(), "me")


class Slow:
    """A model that answers when it is let go."""

    half_life, catalogue, titles = 1, (), {}

    def __init__(self) -> None:
        self.go = threading.Event()

    def recommend(self, items: Any, values: Any, at: int, k: int) -> Any:
        assert self.go.wait(30)
        return ["slow"], np.array([1.0])


def test_no_model_is_asked_nor_waited_for_nor_counted_against(project):
    bought(project, "7")
    released.champion(project)
    served(project, said)  # what is usual is kept
    limits.object_to(project, ME, "7")
    slow = Slow()
    app = make_app(project, champion=slow)
    predictor = app.serving.at("shop")
    predictor.served = replace(predictor.served, baseline=fallback.kept(predictor.scope))

    async def main() -> Any:
        async with alive(app, auth.issue(project.store, "test", SCOPES)) as ask:
            return await said(ask), (await ask("GET", "/healthz", token=None)).json["status"]

    answer, health = asyncio.run(main())
    slow.go.set()
    assert (answer["arm"], answer["items"], health) == (LIMITED, ["top of 1"], "ok")
    assert not predictor._failed
