"""Where the champion cannot answer: an earlier one, else what is usual, marked; never green, and never late."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.serve import released
from tests.serve.asking import NOON, Asker, alive, make_app
from tests.serve.test_loading import flip
from tidemill.access import tokens as auth
from tidemill.access.tokens import SCOPES
from tidemill.errors import TooLate
from tidemill.feedback.explained import person
from tidemill.scope.project import open_project
from tidemill.serve import fallback
from tidemill.serve.http.app import App
from tidemill.serve.pace import AT_ONCE
from tidemill.serve.serving import prepare
from tidemill.tasks.tabular.serving import usual


def damage(project, release):
    """Its bundle is not what was signed any more."""
    flip(project.artifacts.path(project.store.models.get(release.model).bundle))


def served(project, work) -> Any:
    """Ask the models that are released, as a scorer that has just begun."""

    async def main() -> Any:
        async with alive(App(prepare(project), lambda: ()), auth.issue(project.store, "test", SCOPES)) as ask:
            return await work(ask)

    return asyncio.run(main())


async def _one(ask: Asker) -> Any:
    return await ask("POST", "/predict/shop", {"subject": "7", "k": 1}), (await ask("GET", "/healthz", token=None)).json


def test_an_earlier_champion_answers_and_is_marked(project):
    released.champion(project, 1)
    damage(project, released.champion(project, 2))
    said, health = served(project, _one)
    assert (said.json["model"], said.json["arm"], said.json["fallback"]) == ("model:shop@1", "last_good", "last_good")
    assert health["status"] == "degraded"
    assert [p.arm for p in project.live.predictions.list()] == ["last_good"]


def test_an_earlier_champion_is_marked_after_a_canary_that_fails_too(project):
    released.champion(project, 1)
    damage(project, released.champion(project, 2))
    released.canary(project, 3, 1.0, raises="no")
    said, _ = served(project, _one)
    assert (said.json["model"], said.json["fallback"]) == ("model:shop@1", "last_good")


def test_what_is_popular_is_answered_where_no_champion_loads(project):
    first = released.champion(project, 1)
    served(project, _one)  # the champion is loaded, and what is usual by it is kept
    damage(project, first)
    said, health = served(project, _one)
    answer = said.json
    assert (answer["items"], answer["arm"], answer["fallback"]) == (["top of 1"], "baseline", "baseline")
    assert (answer["model"], health["status"]) == ("baseline:shop@1", "fallback")
    kept = project.live.predictions.get(answer["prediction_id"])
    assert (kept.arm, kept.model, kept.release) == ("baseline", "baseline:shop@1", "")
    assert person(project, kept.id)["sentences"] == []


@pytest.mark.parametrize("how", [{"raises": "no"}, {"nan": True}])
def test_a_champion_that_fails_is_counted_and_what_is_usual_is_answered(project, how):
    released.champion(project, 1)
    served(project, _one)
    bad = released.champion(project, 2, **how)

    async def work(ask: Asker) -> Any:
        said = await _one(ask)
        return said, await ask("GET", "/metrics")

    (said, health), metrics = served(project, work)
    assert (said.status, said.json["fallback"], said.json["items"]) == (200, "baseline", ["top of 1"])
    assert health["status"] == "fallback"
    assert b'tidemill_fallbacks_total{endpoint="shop",fallback="baseline",reason="model"} 1.0' in metrics.body
    assert project.store.releases.failures("shop")[bad.id] == 1


@pytest.mark.parametrize(("said", "status"), [("none", 503), ("last_good", 200)])
def test_it_can_be_left_out(project, said, status):
    with (project.root / "tidemill.toml").open("a") as file:
        file.write(f'[endpoint.shop]\nfallback = "{said}"\n')
    with open_project(project.root) as again:
        released.champion(again, 1)
        damage(again, released.champion(again, 2))
        found, _ = served(again, _one)
        assert found.status == status


class Slow:
    """A model that answers when it is let go."""

    half_life, catalogue, titles = 1, (), {}

    def __init__(self) -> None:
        self.go = threading.Event()

    def recommend(self, items, values, at, k):
        assert self.go.wait(30)
        return ["slow"], np.array([1.0])


@pytest.mark.parametrize("said", ["header", "query", "body"])
def test_a_request_is_refused_by_its_deadline_and_others_are_answered_meanwhile(project, said):
    slow, quick = Slow(), {"subject": "7"}
    app = make_app(project, champion=slow)
    headers = {"Deadline": "60"} if said == "header" else {}
    path = "/predict/shop?timeout=60" if said == "query" else "/predict/shop"

    async def main() -> Any:
        async with alive(app, auth.issue(project.store, "test", SCOPES)) as ask:
            body = quick | ({"timeout": 60} if said == "body" else {})
            late, health = await asyncio.gather(
                ask("POST", path, body, headers=headers), ask("GET", "/healthz", token=None)
            )
            slow.go.set()
            return late, health, await ask("POST", "/predict/shop", quick)

    late, health, after = asyncio.run(main())
    assert (late.status, late.json["code"], late.headers["retry-after"]) == (503, "too_late", "1")
    assert health.status == 200 and after.json["items"] == ["slow"]
    assert project.live.predictions.count() == 1


def test_what_is_usual_is_answered_in_time_where_the_model_is_slow(project):
    released.champion(project, 1)
    served(project, _one)
    slow = Slow()
    app = make_app(project, champion=slow)
    predictor = app.serving.at("shop")
    predictor.served = replace(predictor.served, baseline=fallback.kept(predictor.scope))

    async def main() -> Any:
        async with alive(app, auth.issue(project.store, "test", SCOPES)) as ask:
            said = await ask("POST", "/predict/shop", {"subject": "7"}, headers={"Deadline": "400"})
            slow.go.set()
            return said

    said = asyncio.run(main())
    assert (said.status, said.json["fallback"], said.json["ack"]) == (200, "baseline", "group")
    assert predictor._failed[predictor.served.champion.release.id] == 1


def test_a_key_is_one_answer_also_of_a_slow_model(project):
    slow = Slow()

    async def main() -> Any:
        async with alive(make_app(project, champion=slow), auth.issue(project.store, "test", SCOPES)) as ask:
            asked = [asyncio.create_task(ask("POST", "/predict/shop", {"subject": "7", "key": "v"})) for _ in range(3)]
            await asyncio.sleep(0)
            slow.go.set()
            return await asyncio.gather(*asked)

    found = asyncio.run(main())
    assert len({one.json["prediction_id"] for one in found}) == 1 and project.live.predictions.count() == 1


async def _asked(predictor: Any, arm: str, seconds: float) -> Any:
    """The answer to somebody whom this variant is to answer, waited for so long."""
    unit = next(name for name in map(str, range(99)) if predictor.choose(name)[1] == arm)
    return await predictor.ask(predictor.task.request(subject=unit), unit, NOON, until=time.monotonic() + seconds)


def test_a_canary_that_hangs_leaves_the_champion_its_threads(project):
    hangs = Slow()
    app = make_app(project, canary=hangs)
    predictor = app.serving.at("shop")
    champion, pace = predictor.served.variants["champion"], predictor.pace

    async def main() -> None:
        async with alive(app):
            for _ in range(2):
                pace.now(champion.bundle, lambda: None)
            for _ in range(AT_ONCE):
                assert (await _asked(predictor, "canary", 0.02)).arm == "champion"
            pace._models.pop(champion.bundle)  # it has just been loaded: nobody knows how quick it is
            assert (await _asked(predictor, "champion", 60.0)).arm == "champion"
            hangs.go.set()

    asyncio.run(main())
    assert predictor._failed == {"rel_2": AT_ONCE}


def test_who_has_the_second_turn_is_blamed_for_no_time_that_another_took(project):
    hangs = Slow()
    app = make_app(project, champion=hangs, canary=hangs)
    predictor = app.serving.at("shop")

    async def main() -> None:
        async with alive(app):
            with pytest.raises(TooLate):
                await _asked(predictor, "canary", 0.02)
            hangs.go.set()

    asyncio.run(main())
    assert predictor._failed == {"rel_2": 1}


@pytest.mark.parametrize("said", ["0", "-1", "soon", "600001", "1.5"])
def test_what_is_no_deadline_is_said(run, said):
    async def work(ask: Asker) -> Any:
        return await ask("POST", "/predict/shop", {"subject": "7"}, headers={"Deadline": said})

    found = run(work)
    assert (found.status, found.json["place"]) == (400, "Deadline")


def test_what_is_usual_of_values_is_their_middle():
    assert usual(None, []) is None
    assert usual(None, [{"value": 3.0}, {"value": 90.0}, {"value": 2.0}]) == {"value": 3.0}
    assert json.loads(json.dumps(usual(None, [{"value": True, "probabilities": {"true": 1.0, "false": 0.0}}]))) == {
        "value": True,
        "probability": 1.0,
        "probabilities": {"true": 1.0, "false": 0.0},
    }
