"""Answers that are given later: taken in on the disk, answered once by whoever lives, told to who asked alone."""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import replace
from typing import Any

import pytest

from tests.serve.asking import NOON, Asker, BuyAgain, alive, make_app
from tidemill.access import tokens as auth
from tidemill.errors import DiskFull, TooLate
from tidemill.scope.project import Project, open_project
from tidemill.serve import later as laters
from tidemill.store.records import Deferred
from tidemill.types import SECOND, HeldClock

PATH = "/predict/shop"
LATER = {"Prefer": "respond-async"}


async def until_settled(ask: Asker, location: str) -> Any:
    """What is said of a question once it does not wait any more."""
    while (heard := await ask("GET", location)).status == 202:
        assert heard.headers["retry-after"] and heard.headers["location"] == location
        await ask.app.later.rest()
    return heard


def deferred(project: Project) -> list[Deferred]:
    return list(project.live.deferred.list())


def test_it_is_taken_in_then_answered_as_it_would_have_been_at_once(run, project):
    async def work(ask: Asker) -> Any:
        body = {"subject": "7", "k": 3, "explain": True}
        taken = await ask("POST", PATH, body, headers=LATER)
        said = await until_settled(ask, taken.headers["location"])
        return taken, said, await ask("POST", PATH, {"subject": "7", "k": 3, "explain": True})

    taken, said, at_once = run(work)
    assert taken.status == 202 and taken.headers["preference-applied"] == "respond-async"
    name = taken.json["prediction_id"]
    assert taken.json["status"] == "waiting" and taken.headers["location"] == f"/predictions/{name}"
    assert said.status == 200 and said.json["prediction_id"] == name
    assert said.json | {"prediction_id": ""} == at_once.json | {"prediction_id": ""}
    assert project.live.predictions.get(name).subject == "7"
    assert [one.status for one in deferred(project)] == ["answered"]


def test_it_is_counted_and_goes_with_its_subject(run, project):
    """What a person's erasure reaches, and what the metrics say."""

    async def work(ask: Asker) -> Any:
        taken = await ask("POST", PATH, {"subject": "7"}, headers=LATER)
        await until_settled(ask, taken.headers["location"])
        await ask.app.later.rest()
        return (await ask("GET", "/metrics")).body.decode()

    assert 'tidemill_later_total{status="answered"} 1.0' in run(work)
    (holder,) = [one for one in project.live.holders() for found in one.find("7") if found.place == "deferred"]
    assert holder.erase("7") == 1 and deferred(project) == []


def test_an_endpoint_may_answer_all_later(tmp_path, project):
    path = project.root / "tidemill.toml"
    path.write_text(path.read_text() + '\n[endpoint.shop]\nanswer = "later"\n')

    async def main() -> Any:
        with open_project(project.root, clock=HeldClock(project.clock.now())) as own:
            async with alive(make_app(own), auth.issue(own.store, "test", ("predict",))) as ask:
                taken = await ask("POST", PATH, {"subject": "7"})
                return taken, await until_settled(ask, taken.headers["location"])

    taken, said = asyncio.run(main())
    assert (taken.status, said.status) == (202, 200)


def test_several_are_taken_in_together_each_with_its_own_id_or_error(run, project):
    async def work(ask: Asker) -> Any:
        asked = [{"subject": "1"}, {"subject": 2}, {"subject": "3", "key": "a"}, {"subject": "4", "key": "a"}]
        taken = await ask("POST", PATH, asked, headers=LATER)
        ids = [one["prediction_id"] for one in taken.json["answers"] if "prediction_id" in one]
        return taken, [await until_settled(ask, f"/predictions/{name}") for name in ids]

    taken, said = run(work)
    assert taken.status == 202
    errors = [one.get("error", {}).get("code") for one in taken.json["answers"]]
    assert errors == [None, "bad_request", None, "conflict"] and [one.status for one in said] == [200, 200]
    assert project.live.predictions.count() == 2


def test_a_key_is_one_question_and_another_request_with_it_conflicts(run, project):
    async def work(ask: Asker) -> Any:
        body = {"subject": "1", "key": "a"}
        first, again = [await ask("POST", PATH, body, headers=LATER) for _ in range(2)]
        other = await ask("POST", PATH, {"subject": "2", "key": "a"}, headers=LATER)
        said = await until_settled(ask, first.headers["location"])
        at_once = await ask("POST", PATH, body)
        late = await ask("POST", PATH, body, headers=LATER)
        return first, again, other, said, at_once, late

    first, again, other, said, at_once, late = run(work)
    assert first.json["prediction_id"] == again.json["prediction_id"] and other.status == 409
    assert said.body == at_once.body == late.body and late.status == 200
    assert project.live.predictions.count() == 1


def test_only_who_asked_may_look(run, project):
    async def work(ask: Asker) -> Any:
        taken = await ask("POST", PATH, {"subject": "1"}, headers=LATER)
        location = taken.headers["location"]
        await until_settled(ask, location)
        other = auth.issue(project.store, "other", ("predict",))
        return (
            await ask("GET", location, token=other),
            await ask("GET", "/predictions/pred_none"),
            await ask("GET", location),
        )

    other, none, own = run(work)
    assert (other.status, none.status, own.status) == (404, 404, 200) and other.json["code"] == "not_found"


class Wrong(BuyAgain):
    def recommend(self, items: Any, values: Any, at: int, k: int) -> Any:
        raise ValueError("unlucky")


def test_what_fails_by_the_model_is_told_as_it_would_have_been(run, project):
    async def work(ask: Asker) -> Any:
        taken = await ask("POST", PATH, {"subject": "1"}, headers=LATER)
        refused = await ask("POST", PATH, {"subject": 1}, headers=LATER)
        return await until_settled(ask, taken.headers["location"]), refused, await ask("POST", PATH, {"subject": "1"})

    said, refused, at_once = run(work, champion=Wrong())
    assert refused.status == 400 and (said.status, said.json["code"]) == (at_once.status, at_once.json["code"])
    assert said.headers["content-type"] == "application/problem+json"
    assert [one.status for one in deferred(project)] == ["failed"] and project.live.predictions.count() == 0


def row(project: Project, **changes: Any) -> Deferred:
    now = project.live.deferred.now()
    one = Deferred(
        "pred_old",
        "shop",
        "",
        project.clock.now(),
        "1",
        b'{"subject":"1"}',
        "test",
        0,
        now + 60 * SECOND,
        "waiting",
        now,
    )
    return replace(one, **changes)


def test_what_another_left_is_taken_up_and_what_it_answered_is_not_answered_again(run, project):
    """Killed before the answer, after it, and between: the row is due again when the lease is over."""
    project.live.deferred.add(row(project, id="pred_a", owner="dead", tries=1))
    project.live.deferred.add(row(project, id="pred_b", owner="living", due=project.live.deferred.now() + 60 * SECOND))

    async def work(ask: Asker) -> Any:
        said = await until_settled(ask, "/predictions/pred_a")
        kept = next(one for one in deferred(project) if one.id == "pred_a")
        project.live.deferred.put(
            replace(kept, status="waiting", due=0, owner="dead")
        )  # as if it had died before it settled
        again = await until_settled(ask, "/predictions/pred_a")
        await ask.app.later.rest()
        return said, again, await ask("GET", "/predictions/pred_b")

    said, again, held = run(work)
    assert said.status == 200 and said.body == again.body and held.status == 202
    assert project.live.predictions.count() == 1


@pytest.mark.parametrize(("changes", "status", "code"), [
    ({"expires": 1}, 410, "expired"),
    ({"tries": laters.TRIES}, 422, "model"),
    ({"body": b'{"pages":1}'}, 400, "bad_request"),
    ({"status": "answered", "due": 2**62}, 410, "expired"),
])  # fmt: skip
def test_what_nobody_answers_is_said(run, project, changes, status, code):
    project.live.deferred.add(row(project, **changes))

    async def work(ask: Asker) -> Any:
        await ask.app.later.rest()
        return await until_settled(ask, "/predictions/pred_old")

    heard = run(work)
    assert (heard.status, heard.json["code"]) == (status, code)


def test_what_is_over_is_let_go(run, project):
    project.live.deferred.add(row(project, status="answered", due=1))
    project.live.deferred.add(
        row(project, id="pred_c", status="answered", due=1, callback="https://x.example/", told="yes")
    )
    run(lambda ask: ask.app.later.rest())
    assert deferred(project) == []


def test_one_that_is_over_spoils_no_other_and_one_that_expired_is_asked_again(run, project):
    async def work(ask: Asker) -> Any:
        asked = [{"subject": "1", "key": "a"}, {"subject": "2", "key": "b"}]
        taken = await ask("POST", PATH, asked, headers=LATER)
        ids = [one["prediction_id"] for one in taken.json["answers"]]
        await ask.app.later.rest()
        project.live.predictions.drop(NOON + 1, 10)
        gone, expired = (project.live.deferred.get(name) for name in ids)
        project.live.deferred.put(replace(gone, due=2**62))
        project.live.deferred.put(replace(expired, due=2**62, status="expired"))
        again = await ask("POST", PATH, [*asked, {"subject": "3"}], headers=LATER)
        return ids, again, await until_settled(ask, f"/predictions/{ids[1]}")

    ids, again, said = run(work)
    first, second, third = again.json["answers"]
    assert again.status == 202 and first["error"]["code"] == "expired" and third["status"] == "waiting"
    assert (second["prediction_id"], second["status"], said.status) == (ids[1], "waiting", 200)


def test_what_another_wrote_first_is_not_counted_twice(run, project, monkeypatch):
    async def work(ask: Asker) -> Any:
        project.live.deferred.add(row(project, id="pred_a"))
        first = await until_settled(ask, "/predictions/pred_a")
        kept = project.live.deferred.get("pred_a")
        project.live.deferred.put(replace(kept, status="waiting", due=0, body=b'{"subject":"1","k":3}'))
        with monkeypatch.context() as patch:  # as if that one had written it just then
            patch.setattr(project.live.predictions, "look_up", lambda name: None)
            await ask.app.later.rest()
        again = await until_settled(ask, "/predictions/pred_a")
        return first.body == again.body, (await ask("GET", "/metrics")).body.decode()

    same, metrics = run(work)
    (counted,) = re.findall(r"^tidemill_predictions_total{.*} (\S+)$", metrics, re.M)
    assert same and float(counted) == 1


def test_what_cannot_be_kept_to_is_refused_at_once(run, project):
    """A position that nobody gave would hold a place of those that can be answered; none is what no question can be."""

    async def work(ask: Asker) -> Any:
        return [
            await ask("POST", PATH, {"subject": "1"}, headers=LATER | more)
            for more in ({"position": "9"}, {"ack": "none"})
        ]

    ahead, none = run(work)
    assert (ahead.status, ahead.json["code"], none.status) == (503, "not_there_yet", 400) and not deferred(project)


def test_a_model_is_waited_for_as_long_as_the_question_may_wait(run, project, monkeypatch):
    left: list[float] = []

    async def late(*asked: Any) -> None:
        left.append(asked[-1] - time.monotonic())
        raise TooLate("late")

    async def work(ask: Asker) -> Any:
        monkeypatch.setattr(laters, "answer_one", late)
        project.live.deferred.add(row(project))
        await ask.app.later.rest()
        (one,) = deferred(project)
        return one

    one = run(work)
    assert one.status == "waiting" and one.due > project.live.deferred.now() and 0 < left[0] <= 60


def test_only_what_waits_is_counted_and_what_nobody_serves_any_more_is_let_go(run, project):
    live = project.live.deferred
    now = live.now()
    for name, changes in {
        "a": {},
        "b": {"status": "answered", "due": now + 3_600 * SECOND},
        "c": {"expires": 1, "endpoint": "gone"},
        "d": {"owner": "other", "due": now + 30 * SECOND},
    }.items():
        live.add(row(project, id=f"pred_{name}", **changes))
    assert live.waiting("", 10) == 2
    run(lambda ask: ask.app.later.rest())
    assert {one.id for one in deferred(project)} == {"pred_a", "pred_b", "pred_d"}


def test_too_many_are_not_taken_in(run, project, monkeypatch):
    monkeypatch.setattr(laters, "MOST_WAITING", 2)

    async def work(ask: Asker) -> Any:
        return await ask("POST", PATH, [{"subject": "1"}] * 3, headers=LATER), await ask(
            "POST", PATH, [{"subject": "1"}] * 2, headers=LATER
        )

    full, fits = run(work)
    assert (full.status, full.json["code"], fits.status) == (429, "too_many", 202) and full.headers["retry-after"]
    assert len(deferred(project)) == 2


def test_a_full_disk_takes_nothing_in_and_loses_nothing(run, project, monkeypatch):
    def full(*rows: Any, **more: Any) -> Any:
        raise DiskFull("no room")

    async def work(ask: Asker) -> Any:
        with monkeypatch.context() as patch:
            patch.setattr(project.live.deferred, "take_in", full)
            refused = await ask("POST", PATH, {"subject": "1"}, headers=LATER)
        append, tries = project.live.append, []

        def once(*rows: Any, done: Any, **more: Any) -> None:
            if not tries and rows[0]:
                tries.append(1)
                done(DiskFull("no room"), ())
            else:
                append(*rows, done=done, **more)

        monkeypatch.setattr(project.live, "append", once)
        monkeypatch.setattr(laters, "AGAIN", 0)
        taken = await ask("POST", PATH, {"subject": "1"}, headers=LATER)
        return refused, tries, await until_settled(ask, taken.headers["location"])

    refused, tries, said = run(work)
    assert (refused.status, said.status, tries) == (507, 200, [1]) and project.live.predictions.count() == 1


def test_the_address_is_an_id_and_nothing_else(run):
    async def work(ask: Asker) -> Any:
        return (await ask("POST", PATH, {"subject": "1"}, headers=LATER)).headers["location"]

    assert re.fullmatch(r"/predictions/pred_[a-z0-9]+", run(work))
