"""Many requests at once: each its own answer or error, one commit for all."""

from __future__ import annotations

from typing import Any

import pytest

from tests.serve.asking import Asker, BuyAgain
from tidemill.errors import DiskFull, ModelError, TooLate
from tidemill.serve.bodies import MAX_BODY, MAX_LIST
from tidemill.serve.many import answer_many
from tidemill.serve.pace import Pace
from tidemill.serve.predictor import Predictor
from tidemill.tasks.ranking.serving import ItemsRequest
from tidemill.types import to_iso

LIST = "/predict/shop"


def kept(project: Any) -> int:
    return int(project.live.predictions.count())


def test_each_has_its_own_id_and_all_are_one_commit(run, project, monkeypatch):
    commits: list[int] = []
    append = project.live.append

    def counted(predictions: Any, *rows: Any, **more: Any) -> None:
        commits.append(len(predictions))
        append(predictions, *rows, **more)

    monkeypatch.setattr(project.live, "append", counted)
    asked = [{"subject": str(n), "k": 3} for n in range(300)]

    async def work(ask: Asker) -> Any:
        return await ask("POST", LIST, {"requests": asked}), await ask("POST", LIST, asked[:2])

    whole, plain = (heard.json for heard in run(work))
    assert (whole["answered"], whole["failed"], whole["ack"], len(plain["answers"])) == (300, 0, "group", 2)
    ids = {answer["prediction_id"] for answer in whole["answers"]}
    assert len(ids) == 300 and commits == [300, 2] and kept(project) == 302
    assert {(a["arm"], a["at"], a["position"]) for a in whole["answers"]} == {("champion", whole["at"], 0)}
    assert [project.live.predictions.get(a["prediction_id"]).subject for a in whole["answers"]] == [
        one["subject"] for one in asked
    ]


class Picky(BuyAgain):
    """Fails for one number of items."""

    def recommend(self, items: Any, values: Any, at: int, k: int) -> Any:
        if k == 13:
            raise ValueError("unlucky")
        return super().recommend(items, values, at, k)


def test_one_bad_request_spoils_no_other_and_is_told_in_its_place(run, project):
    asked = [{"subject": "1"}, {"subject": 2}, {"k": 3}, 5, {"subject": "2", "k": 13}, {"subject": "3", "colour": 1}]

    async def work(ask: Asker) -> Any:
        return await ask("POST", LIST, [*asked, {"subject": "4"}])

    heard = run(work, champion=Picky())
    told = heard.json
    assert heard.status == 200 and (told["answered"], told["failed"]) == (2, 5) and kept(project) == 2
    codes = [one.get("error", {}).get("code") for one in told["answers"]]
    bad = "bad_request"
    assert codes == [None, bad, bad, bad, ModelError.code, bad, None]
    assert told["answers"][1]["error"]["place"] == "$.subject" and told["answers"][1]["error"]["hint"]


def test_a_key_twice_in_a_list_is_one_answer_and_another_body_conflicts(run, project):
    asked = [{"subject": "1", "key": "a"}, {"subject": "1", "key": "a"}, {"subject": "2", "key": "a"}, {"subject": "2"}]

    async def work(ask: Asker) -> Any:
        heard = [(await ask("POST", LIST, asked)).json for _ in range(2)]
        one = await ask("POST", LIST, {"subject": "1", "key": "a"})
        changed = await ask("POST", LIST, [{"subject": "9", "key": "a"}, {"subject": "9", "key": "b"}])
        none = await ask("POST", LIST, [{"subject": "9", "key": "c"}, {"subject": "9"}], headers={"ack": "none"})
        return heard, one, changed.json, none.json

    (first, again), one, changed, none = run(work)
    for told in (first, again):
        same, twin, other, plain = told["answers"]
        assert same == twin == one.json and other["error"]["status"] == 409 and other["key"] == "a"
        assert plain["prediction_id"] != same["prediction_id"]
    assert one.headers["repeated"] == "1"
    assert changed["answers"][0]["error"]["code"] == "conflict" and changed["answers"][1]["prediction_id"]
    assert none["answers"][0]["error"]["code"] == "bad_request" and none["answers"][1]["ack"] == "none"
    assert kept(project) == 4


def test_a_key_of_two_requests_on_their_way_is_one_answer(run, project):
    import asyncio

    async def work(ask: Asker) -> Any:
        body = {"subject": "1", "key": "a"}
        asks = [ask("POST", LIST, [body, {"subject": "2"}], headers={"ack": "async"}), ask("POST", LIST, body)]
        return await asyncio.gather(*asks)

    many, one = run(work)
    assert many.json["answers"][0]["prediction_id"] == one.json["prediction_id"] and kept(project) == 2


def test_a_key_of_two_that_a_slow_model_answers_is_one_answer(run, project, monkeypatch):
    """Both had looked before the other began: neither fails, and nobody waits for ever."""
    import asyncio

    async def know(self: Predictor, subject: str | None) -> None:
        await asyncio.sleep(0)

    monkeypatch.setattr(Predictor, "know", know)
    monkeypatch.setattr(Pace, "quick", lambda self, bundle: False)

    async def work(ask: Asker) -> Any:
        body = {"subject": "1", "key": "a"}
        asks = [ask("POST", LIST, one, headers={"ack": "async"}) for one in (body, body, [body])]
        return await asyncio.gather(*asks), ask.app.answers._busy

    (one, two, many), busy = run(work)
    ids = {one.json["prediction_id"], two.json["prediction_id"], many.json["answers"][0]["prediction_id"]}
    assert [one.status, two.status, many.status] == [200] * 3 and len(ids) == 1 and kept(project) == 1 and not busy


def test_what_no_time_is_left_for_is_counted_against_no_model(run, monkeypatch):
    monkeypatch.setattr(Pace, "quick", lambda self, bundle: False)

    async def work(ask: Asker) -> Any:
        with pytest.raises(TooLate):
            await answer_many(ask.app.answers, "shop", [ItemsRequest(subject="1")] * 3, "group", until=0.0)
        return ask.app.serving.at("shop").untold

    assert not run(work)


def test_the_least_time_that_one_says_is_that_of_the_list(run, monkeypatch):
    async def work(ask: Asker) -> Any:
        said: list[int | None] = []
        until = ask.app.until
        monkeypatch.setattr(ask.app, "until", lambda began, asked: (said.append(asked), until(began, None))[1])
        await ask("POST", LIST, [{"subject": "1", "timeout": 900}, {"subject": 2}, {"subject": "3", "timeout": 500}])
        await ask("POST", LIST, [{"subject": "1", "timeout": 900}], headers={"Deadline": "300"})
        tensor = {"name": "subject", "datatype": "BYTES", "shape": [1], "data": ["1"]}
        await ask("POST", "/v2/models/shop/infer", {"inputs": [tensor], "parameters": {"timeout": 700}})
        return said

    assert run(work) == [500, 300, 700]


def test_a_list_is_bounded_and_one_request_stays_so(run):
    async def work(ask: Asker) -> Any:
        long = [{"subject": "1"}] * 1_001
        bodies = [long, {"requests": long}, [], {"requests": []}, {"requests": 1}, {"requests": [], "k": 1}]
        refused = [await ask("POST", LIST, body) for body in bodies]
        large = await ask("POST", LIST, raw=b'{"subject": "1"' + b" " * MAX_BODY + b"}")
        larger = await ask("POST", LIST, raw=b"[" + b" " * MAX_LIST + b"]")
        room = await ask("POST", LIST, raw=b'[{"subject": "1"' + b" " * MAX_BODY + b"}]")
        twice = await ask("POST", LIST, raw=b'[{"subject": "1", "subject": "2"}]')
        return refused, large.status, larger.status, room.status, twice.json

    refused, large, larger, room, twice = run(work)
    assert [heard.status for heard in refused] == [400] * 6 and (large, larger, room) == (413, 413, 200)
    assert twice["answers"][0]["error"]["code"] == "bad_request"


def test_on_a_full_disk_the_whole_list_is_refused_and_nothing_of_it_is_kept(run, project, monkeypatch):
    append = project.live.append

    def full(*rows: Any, done: Any, **more: Any) -> None:
        done(DiskFull("no room"), ())

    async def work(ask: Asker) -> Any:
        monkeypatch.setattr(project.live, "append", full)
        asked = [{"subject": str(n), "key": str(n)} for n in range(5)]
        refused = await ask("POST", LIST, asked), await ask("POST", LIST, asked, headers={"ack": "async"})
        monkeypatch.setattr(project.live, "append", append)
        return refused, await ask("POST", LIST, asked)

    refused, after = run(work)
    assert [heard.status for heard in refused] == [507, 507] and refused[0].json["code"] == "disk_full"
    assert after.json["answered"] == 5 and kept(project) == 5


def test_what_it_is_made_of_is_told_of_each_that_asks(run):
    async def work(ask: Asker) -> Any:
        return await ask("POST", LIST, [{"subject": "1", "explain": True}, {"subject": "1"}])

    first, second = run(work).json["answers"]
    assert "explained" in first and "explained" not in second


def test_nothing_released_is_said_once_and_a_position_that_is_not_there_too(run, project):
    from tidemill.serve.served import Served

    async def work(ask: Asker) -> Any:
        ahead = await ask("POST", LIST, [{"subject": "1"}], headers={"position": "9"})
        ask.app.serving.at(None).served = Served()
        return ahead, await ask("POST", LIST, [{"subject": "1"}, {"subject": "2"}])

    ahead, none = run(work)
    assert (ahead.status, ahead.json["code"]) == (503, "not_there_yet")
    assert (none.status, none.json["code"]) == (503, "no_model")


@pytest.mark.parametrize("canary", [None, BuyAgain()])
def test_a_list_answers_as_each_alone(run, canary):
    """Arms by subject, the moment and the output: but for the id."""

    async def work(ask: Asker) -> Any:
        asked = [{"subject": str(n)} for n in range(20)]
        many = (await ask("POST", LIST, asked)).json["answers"]
        return many, [(await ask("POST", LIST, body)).json for body in asked]

    many, alone = run(work, canary=canary)
    assert [one | {"prediction_id": ""} for one in many] == [one | {"prediction_id": ""} for one in alone]
    assert many[0]["at"] == to_iso(15_000 * 86_400_000_000 + 43_200_000_000)
