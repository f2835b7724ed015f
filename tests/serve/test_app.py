"""The app: who is let in, what is answered, what is refused."""

from __future__ import annotations

import asyncio
import gc
import json
import sqlite3
import threading
import weakref
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest

from tests.raised import raised
from tests.serve.asking import NOON, OWN, Asker, BuyAgain, alive, make_app, opened
from tidemill.access import tokens as auth
from tidemill.access.tokens import SCOPES
from tidemill.errors import DiskFull, ModelError, ProjectError, StoreBusy
from tidemill.scope.project import open_project
from tidemill.serve import log as logs
from tidemill.serve.bodies import MAX_BODY, MAX_LIST
from tidemill.serve.histories import Histories
from tidemill.serve.http.app import App
from tidemill.serve.http.routes import OPEN, Route
from tidemill.serve.service import _Flying as Flying
from tidemill.store.sql.live import Met
from tidemill.types import DAY, HeldClock, to_iso


def outcome(key: str = "o1", **changes: Any) -> dict[str, Any]:
    return {"key": key, "subject": "7", "item": "mug", "value": 2.0, "at": to_iso(NOON - DAY), **changes}


def test_predict_is_answered_and_written_down(run, project):
    async def work(ask: Asker) -> Any:
        return await ask("POST", "/predict/shop", {"subject": "7", "k": 3})

    heard = run(work)
    assert heard.status == 200 and heard.headers["content-type"] == "application/json"
    answer = heard.json
    assert answer | {"prediction_id": ""} == {
        "prediction_id": "",
        "model": "model:shop@1",
        "release": "rel_1",
        "arm": "champion",
        "cold": True,
        "ack": "group",
        "at": to_iso(NOON),
        "position": 0,
        "items": ["popular"],
        "scores": [0.0],
    }
    kept = project.live.predictions.get(answer["prediction_id"])
    assert (kept.subject, kept.at, kept.cold, json.loads(kept.inputs)) == ("7", NOON, True, {"k": 3})
    assert json.loads(kept.output) == {"items": ["popular"], "scores": [0.0]}


def test_an_outcome_is_in_the_history_once_it_is_acknowledged(run, project):
    async def work(ask: Asker) -> Any:
        told = await ask("POST", "/feedback", [outcome(), outcome("o2", item="lamp", value=-1.0)])
        assert (told.status, told.json) == (
            200,
            {"outcomes": 2, "ack": "group", "new": 2, "repeated": 0, "conflicting": [], "position": 2},
        )
        again = await ask("POST", "/feedback", outcome(value=9.0))
        assert (again.status, again.json["code"]) == (409, "conflict") and "o1" in again.json["detail"]
        lines = [outcome(), outcome(value=9.0), outcome("o3", value=-1.0, prediction_id="pred_none")]
        told = (await ask("POST", "/feedback", lines)).json
        assert (told["new"], told["repeated"], told["conflicting"]) == (1, 1, ["o1"])
        assert told["unknown_predictions"] == ["pred_none"]
        assert (await ask("POST", "/feedback", {"key": "1"})).json["hint"].startswith("it takes: key, at, subject, ")
        return (await ask("POST", "/predict/shop", {"subject": "7"})).json

    answer = run(work)
    assert answer["items"] == ["mug"] and not answer["cold"]
    assert answer["scores"][0] == pytest.approx(
        2 ** (-1 / 30)
    )  # one row of value > 0, a day old; the second o1 changed nothing
    assert project.live.outcomes.look_up("o1", "shop", "").value == 2.0
    assert [e.key for e in project.live.online.list()] == ["o1", "o2", "o3"]
    assert project.live.predictions.get(answer["prediction_id"]).watermark == 3


def test_rows_of_another_writer_are_followed_in_order(run, project):
    """Another process's rows between ours must not be skipped, whichever we hear of first."""
    from tidemill.store.records import OnlineEvent

    async def work(ask: Asker) -> Any:
        project.live.online.load([OnlineEvent(0, "d1", "7", "cup", NOON - DAY, 1.0, dataset="sales")])
        await ask("POST", "/feedback", outcome())  # gets seq 2
        return (await ask("POST", "/predict/shop", {"subject": "7"})).json

    assert sorted(run(work)["items"]) == ["cup", "mug"]


def test_the_same_key_is_the_same_answer(run, project):
    async def work(ask: Asker) -> Any:
        body = {"subject": "7", "key": "536365"}
        first, second = await asyncio.gather(*(ask("POST", "/predict/shop", body) for _ in range(2)))
        await ask("POST", "/feedback", outcome())
        third = await ask("POST", "/predict/shop", body)
        other = await ask("POST", "/predict/shop", {"subject": "8", "key": "536365"})
        return first, second, third, other

    first, second, third, other = run(work)
    assert first.json == second.json == third.json
    assert "repeated" not in first.headers and third.headers["repeated"] == "1"
    assert (other.status, other.json["code"]) == (409, "conflict")
    assert project.live.predictions.count() == 1


def test_what_was_taken_just_now_is_read_as_the_rows_are_spelled(run, project):
    async def work(ask: Asker) -> Any:
        body = {"subject": "7", "recent": ["lamp", " mug "], "key": "v1"}
        first = await ask("POST", "/predict/shop", body)
        again = await ask("POST", "/predict/shop", {**body, "recent": [" lamp", "mug"]})
        other = await ask("POST", "/predict/shop", {**body, "recent": ["mug", "lamp"]})
        nothing = await ask("POST", "/predict/shop", {"subject": "7", "recent": ["mug", "NULL"]})
        return first, again, other, nothing

    first, again, other, nothing = run(work)
    assert first.json["items"] == ["mug", "lamp"] and again.json == first.json and again.headers["repeated"] == "1"
    assert (other.status, other.json["code"]) == (409, "conflict")
    assert (nothing.status, nothing.json["code"], nothing.json["place"]) == (400, "bad_request", "$.recent[1]")
    assert len(project.live.online.list(subject="7")) == 0, "it is asked with, and told to nobody"
    (kept,) = project.live.predictions.list()
    assert json.loads(kept.inputs)["recent"] == ["lamp", "mug"]


def test_a_retry_after_a_wait_that_was_given_up_gets_the_answer_that_is_stored(run, project, monkeypatch):
    body = {"subject": "7", "key": "536365"}

    async def work(ask: Asker) -> Any:
        with closing(sqlite3.connect(project.state / "live.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            monkeypatch.setattr(logs, "ACK_SECONDS", 0.0)
            first = await ask("POST", "/predict/shop", body)
            monkeypatch.setattr(logs, "ACK_SECONDS", 60.0)
            project.clock.move(NOON + DAY)
            retries = [asyncio.create_task(ask("POST", "/predict/shop", body)) for _ in range(3)]
            changed = asyncio.create_task(ask("POST", "/predict/shop", {**body, "subject": "8"}))
            await asyncio.sleep(0)
            other.execute("ROLLBACK")
        return first, [(await retry).json for retry in retries], await changed

    first, retries, changed = run(work)
    assert (first.status, first.json["code"]) == (503, "busy")
    (kept,) = project.live.predictions.page()
    assert kept.at == NOON and changed.status == 409
    for answer in retries:
        assert (answer["at"], answer["ack"]) == (to_iso(NOON), "group")
        assert json.loads(kept.output) == {name: answer[name] for name in ("items", "scores")}


def test_a_retry_after_a_write_that_failed_is_a_first_one(run, project, monkeypatch):
    broken = [True]
    append = project.live.append

    def full(*rows: Any, **more: Any) -> None:
        if broken[0]:
            raise DiskFull("no room")
        append(*rows, **more)

    async def work(ask: Asker) -> Any:
        monkeypatch.setattr(project.live, "append", full)
        body = {"subject": "7", "key": "536365"}
        first = await ask("POST", "/predict/shop", body)
        broken[0] = False
        return first, await ask("POST", "/predict/shop", body)

    first, second = run(work)
    assert (first.status, second.status) == (507, 200) and "repeated" not in second.headers


def test_a_history_that_cannot_be_read_takes_no_acknowledgement_along(run, project, monkeypatch):
    body = {"subject": "7", "key": "536365"}
    troubles: list[Exception] = [StoreBusy("cannot be read")]
    learn = Histories.learn

    def stumbling(self: Any, *committed: Any) -> None:
        if troubles:
            raise troubles.pop()
        learn(self, *committed)

    async def work(ask: Asker) -> Any:
        asked = (ask("POST", "/predict/shop", body), ask("POST", "/feedback", outcome()))
        answers = await asyncio.gather(*asked)
        assert [answer.status for answer in answers] == [200, 200] and not troubles
        retry = await ask("POST", "/predict/shop", body)
        while ask.app.serving.at(None).history.seq < 1:  # the heartbeat follows
            await asyncio.sleep(0.005)
        return answers[0], retry

    monkeypatch.setattr(logs, "ACK_SECONDS", 60.0)
    monkeypatch.setattr(Histories, "learn", stumbling)
    first, retry = run(work)
    assert retry.json == first.json and retry.headers["repeated"] == "1"


def test_a_retry_of_what_never_settles_is_a_bounded_wait(run, project, monkeypatch):
    body = {"subject": "7", "key": "536365"}

    async def work(ask: Asker) -> Any:
        first = await ask("POST", "/predict/shop", body)
        flying = ask.app.answers._flying
        monkeypatch.setattr(logs.Log, "write", keep(logs.Log.write, flying))
        (kept,) = project.live.predictions.page()
        done = asyncio.get_running_loop().create_future()
        done.set_result(Met())
        flying[kept.id] = Flying(kept, done)
        return first, await ask("POST", "/predict/shop", body)

    writes: list[Any] = []

    def keep(write: Any, flying: Any) -> Any:
        def counted(*args: Any, **more: Any) -> Any:
            writes.append(args)
            if len(writes) > 3:
                flying.clear()  # or the test would not end
            return write(*args, **more)

        return counted

    first, retry = run(work)
    assert (first.status, retry.status, retry.json["code"]) == (200, 503, "busy") and len(writes) == 1


def test_an_outcome_that_is_refused_is_no_part_of_the_history(run, project):
    """Neither at once, nor after a start that reads the history anew, nor of two in one list."""

    async def work(ask: Asker) -> Any:
        assert (await ask("POST", "/feedback", outcome(value=0))).status == 200
        assert (await ask("POST", "/feedback", outcome(value=5, item="ghost"))).status == 409
        await ask("POST", "/feedback?ack=async", outcome(value=5, item="ghost"))
        pair = [outcome("o2", item="lamp"), outcome("o2", item="ghost"), outcome("o3", value=0), outcome("o3", value=5)]
        told = (await ask("POST", "/feedback", pair)).json
        assert (told["new"], told["conflicting"]) == (2, ["o2", "o3"])
        return (await ask("POST", "/predict/shop", {"subject": "7"})).json

    async def again(ask: Asker) -> Any:
        return (await ask("POST", "/predict/shop", {"subject": "7"})).json

    assert run(work)["items"] == run(again)["items"] == ["lamp"]
    assert [event.item for event in project.live.online.list()] == ["lamp"]


def test_ack_modes_are_said(run, project):
    async def work(ask: Asker) -> Any:
        said = [
            (await ask("POST", "/predict/shop", {"subject": "7"}, headers={"Ack": "async"})).json["ack"],
            (await ask("POST", "/predict/shop?ack=none", {"subject": "7"})).json["ack"],
        ]
        wrong = await ask("POST", "/predict/shop?ack=sync", {"subject": "7"})
        forgetful = await ask("POST", "/predict/shop?ack=none", {"subject": "7", "key": "k"})
        lost = await ask("POST", "/feedback?ack=none", outcome())
        return said, wrong, forgetful, lost

    said, wrong, forgetful, lost = run(work)
    assert said == ["async", "none"]
    assert [h.status for h in (wrong, forgetful, lost)] == [400, 400, 400]
    assert "did you mean 'async'" in wrong.json["hint"]
    assert project.live.predictions.count() == 1  # async was written when the server ended; none was not


BAD_PREDICT = [
    (b"", "not JSON"),
    (b"{", "not JSON"),
    (b"[]", "a list of 0 requests"),
    (b'{"subject": 7}', "Expected `str`"),
    (b'{"subject": ""}', "length >= 1"),
    (b'{"subject": "' + b"x" * 300 + b'"}', "length <= 256"),
    (b'{"subject": "7", "k": 0}', ">= 1"),
    (b'{"subject": "7", "k": 1001}', "<= 1000"),
    (b'{"subject": "7", "k": 2.5}', "Expected `int`"),
    (b'{"subject": "7", "k": NaN}', "not JSON"),
    (b'{"subject": "7", "wrong": 1}', "unknown field `wrong`"),
    (b'{"subject": "\\u0000"}', "NUL"),
    (b'{"subject": "\\ud800"}', "not JSON"),
    (b'{"subject": "\xff"}', "not JSON"),
    (b'{"subject": "7", "inputs": {"a": 1}}', "unknown field `inputs`"),
    (b'{"k": 3}', "required field `subject`"),
    (b"[" * 100_000, "nested too deeply"),
]


def test_bad_requests_are_refused_in_words(run, project):
    async def work(ask: Asker) -> Any:
        return [(says, await ask("POST", "/predict/shop", raw=raw)) for raw, says in BAD_PREDICT]

    for says, heard in run(work):
        assert (heard.status, heard.headers["content-type"]) == (400, "application/problem+json"), says
        problem = heard.json
        assert problem["code"] == "bad_request" and says in problem["message"]
        assert {"type", "title", "status", "detail", "place", "hint"} <= set(problem)
    assert project.live.predictions.count() == 0


BAD_OUTCOMES = [
    ({"value": "2"}, "Expected `float`"),
    ({"at": "yesterday"}, "not a time"),
    ({"at": "1969-12-31"}, "before 1970"),
    ({"at": to_iso(NOON + DAY)}, "future"),
    ({"at": "2011-01-01" * 9}, "length <= 40"),
    ({"item": ""}, "length >= 1"),
    ({"key": "a\0b"}, "NUL"),
    ({"colour": "red"}, "unknown field"),
]


def test_bad_outcomes_are_refused_all_together(run, project):
    async def work(ask: Asker) -> Any:
        return [(says, await ask("POST", "/feedback", [outcome("good"), outcome(**c)])) for c, says in BAD_OUTCOMES]

    for says, heard in run(work):
        assert heard.status == 400 and says in heard.json["message"], says
        assert "[1]" in heard.json["place"].replace("...", "1")
    assert project.live.outcomes.look_up("good", "shop", "") is None


def test_lists_are_bounded(run, project):
    many = [outcome(f"o{i}") for i in range(1_001)]
    assert run(lambda ask: ask("POST", "/feedback", many)).status == 400
    assert run(lambda ask: ask("POST", "/feedback", [])).status == 400
    assert run(lambda ask: ask("POST", "/feedback", many[:1_000])).status == 200


def test_a_long_body_is_refused_before_it_is_read(run):
    async def work(ask: Asker) -> Any:
        chunks = [b"x" * 100_000] * 100
        undeclared = await ask("POST", "/predict/shop", parts=chunks)
        assert len(chunks) == 100 - 1 - MAX_LIST // 100_000  # one over the limit was read, and no more
        unread = [b"x"]
        declared = await ask("POST", "/predict/shop", parts=unread, headers={"Content-Length": str(10 * MAX_BODY)})
        assert unread == [b"x"]
        return undeclared, declared

    for heard in run(work):
        assert (heard.status, heard.json["code"]) == (413, "too_large")


def test_a_refusal_waits_for_a_short_body(run):
    """It closes the connection: who still sends would find it broken, and never read why."""

    async def work(ask: Asker) -> None:
        for token, path, status in (("wrong", "/predict/shop", 401), (OWN, "/predict/shop?ack=no", 400)):
            parts = [b'{"subject":', b' "7"}']
            heard = await ask("POST", path, parts=parts, token=token, headers={"Content-Length": "16"})
            assert (heard.status, parts) == (status, [])
        ask.app.reading.seconds = 0.0
        assert (
            await ask("POST", "/predict/shop", parts=[], token="wrong", headers={"Content-Length": "2"})
        ).status == 401

    run(work)


def test_many_pages_are_made_at_once_on_a_small_machine_too(run):
    """Answers have to ask the stores beside them."""
    together = threading.Barrier(12)

    async def page(call: Any, body: bytes) -> Any:
        await asyncio.to_thread(together.wait, 60)
        return 200, [], b""

    async def work(ask: Asker) -> Any:
        return await asyncio.gather(*(ask("GET", "/slow") for _ in range(12)))

    found = run(work, faces=[lambda serving: {Route("GET", "/slow", "project.read"): page}])
    assert {heard.status for heard in found} == {200}


def test_a_body_that_never_comes_is_given_up(run):
    async def work(ask: Asker) -> Any:
        ask.app.reading.seconds = 0.0
        return await ask("POST", "/predict/shop", parts=[])

    heard = run(work)
    assert (heard.status, heard.json["code"]) == (408, "too_slow")


OTHERS = (
    None,
    "",
    "example.com",
    "127.0.0.1.example.com",
    "127.0.0.2",
    "a@127.0.0.1",
    "localhost/x",
    "0.0.0.0:80",
    "[::1",
)
OURS = ("127.0.0.1", "localhost:9", "[::1]:8080", "LOCALHOST")


def test_a_refused_request_is_let_go_with_its_answer(run):
    """Whoever held its body would hold the client's connection, and a server that is being stopped waits for that."""

    class Body:
        async def __call__(self) -> Any:
            return {"type": "http.request", "body": b"{", "more_body": False}

    async def send(message: Any) -> None:
        told.append(message.get("status"))

    async def work(ask: Asker) -> Any:
        bearer = f"Bearer {ask.token}".encode()
        head = [(b"host", b"localhost"), (b"authorization", bearer), (b"content-length", b"1")]
        scope = {"type": "http", "method": "POST", "path": "/predict/shop", "query_string": b"", "headers": head}
        body = Body()
        alive = weakref.ref(body)
        gc.disable()  # a circle would be found by it, sooner or later
        try:
            await ask.app(scope, body, send)
            del body
            return alive()
        finally:
            gc.enable()

    told: list[int | None] = []
    assert run(work) is None and told[0] == 400


def test_only_names_of_this_machine_are_served(run):
    async def work(ask: Asker) -> Any:
        return {host: (await ask("GET", "/healthz", host=host)).status for host in (*OTHERS, *OURS)}

    assert run(work) == dict.fromkeys(OTHERS, 403) | dict.fromkeys(OURS, 200)


def test_other_origins_are_refused_on_unsafe_methods(run):
    async def work(ask: Asker) -> Any:
        def origin(text: str) -> dict[str, str]:
            return {"Origin": text}

        body = {"subject": "7"}
        return [
            (await ask("POST", "/predict/shop", body, headers=origin("http://example.com"))).status,
            (await ask("POST", "/predict/shop", body, headers=origin("null"))).status,
            (await ask("POST", "/predict/shop", body, headers=origin("http://127.0.0.1:9999"))).status,
            (await ask("POST", "/predict/shop", body, headers=origin("http://127.0.0.1:8080"))).status,
            (await ask("GET", "/metrics", headers=origin("http://example.com"))).status,
        ]

    assert run(work) == [403, 403, 403, 200, 200]


def test_doubled_headers_are_refused(run):
    heard = run(lambda ask: ask("GET", "/healthz", headers={"Host": "example.com"}))
    assert heard.status == 400


def test_unknown_tokens_are_refused_everywhere(run):
    async def work(ask: Asker) -> Any:
        routes = [
            *ask.app.handlers,
            Route("GET", "/api/runs", "project.read"),
            Route("GET", "/nowhere", "project.read"),
        ]
        asked = [
            ask(r.method, r.path.replace("{endpoint}", "shop"), token=bad)
            for r in routes
            for bad in (None, "tidemill_wrong", "", "x" * 10_000)
            if r.scope != OPEN
        ]
        return [(await one).status for one in asked]

    assert set(run(work)) == {401}


def named(path: str) -> str:
    """A path with its parameters."""
    return (
        path.replace("{endpoint}", "shop")
        .replace("{name}", "shop")
        .replace("{version}", "1")
        .replace("{id}", "pred_1")
        .replace("{dataset}", "sales")
    )


def test_every_route_asks_for_its_scope(project):
    """Deny by default: each route with each single scope; only its own gets past the gate."""

    async def work() -> None:
        app = make_app(project)
        async with alive(app) as ask:
            for scope in SCOPES:
                for route in app.table.routes:
                    token = auth.issue(project.store, scope, [scope])
                    heard = await ask(route.method, named(route.path), token=token)
                    if route.scope in (scope, OPEN):
                        assert heard.status not in (401, 403, 405), (route, scope, heard)
                        assert heard.status != 404 or heard.json["code"] == "not_found", (route, scope, heard)
                    else:
                        assert heard.status == 403, (route, scope, heard)

    asyncio.run(work())


TRICKS = [
    "/predict/shop/",
    "//predict/shop",
    "/predict//shop",
    "/predict/../control/refresh",
    "/predict/..",
    "/predict/shop\0",
    "/predict/shop/../../metrics",
    "/PREDICT/shop",
    "/predict/" + "x" * 5_000,
    "/predict/sh op",
    "/control/refresh/",
    "/control",
    "/.tidemill/tidemill.db",
    "/",
    "",
    "*",
]


def test_what_is_not_in_the_table_is_refused(run):
    async def work(ask: Asker) -> Any:
        return [(path, await ask("POST", path, {"subject": "7"})) for path in TRICKS]

    for path, heard in run(work):
        assert (heard.status, heard.json["code"]) == (404, "no_route"), path


def test_wrong_methods_and_unknown_endpoints(run):
    async def work(ask: Asker) -> Any:
        return [await ask("GET", "/predict/shop"), await ask("POST", "/predict/shpo", {"subject": "7"})]

    method, endpoint = run(work)
    assert (method.status, method.json["code"], method.json["hint"]) == (405, "wrong_method", "it answers POST")
    assert (endpoint.status, endpoint.json["hint"]) == (404, "did you mean 'shop'?")


def test_replay_routes_exist_in_a_replay_only(run):
    async def work(ask: Asker) -> Any:
        return [
            (await ask("POST", "/replay/clock", {"to": to_iso(NOON)})).status,
            (await ask("GET", "/replay/state")).status,
        ]

    assert run(work) == [404, 404]


def test_revoked_and_expired_tokens(run, project):
    async def work(ask: Asker) -> Any:
        secret = auth.issue(project.store, "short", ["read"])
        assert (await ask("GET", "/metrics", token=secret)).status == 200
        auth.revoke_named(project.store, "short")
        await ask.app.serving.refresh()  # what the heartbeat does
        gone = await ask("GET", "/metrics", token=secret)
        late = await ask("GET", "/metrics", token=auth.issue(project.store, "late", ["read"], life=-1))
        return gone, late

    gone, late = run(work)
    assert gone.status == 401 and "expired" in late.json["message"]


def test_login_once_then_a_session_with_csrf_checks(run, project):
    async def work(ask: Asker) -> Any:
        ask.token = None
        code = auth.issue_code(project.store)
        first = await ask("GET", f"/login?code={code}")
        second = await ask("GET", f"/login?code={code}")
        cookie = {"Cookie": first.headers["set-cookie"].split(";")[0]}
        ours = {"Origin": "http://127.0.0.1:8080", **cookie}
        tried = [
            await ask("GET", "/metrics", headers=cookie),
            await ask("POST", "/control/refresh", headers=cookie),
            await ask("POST", "/control/refresh", headers={**ours, "Sec-Fetch-Site": "cross-site"}),
            await ask("POST", "/control/refresh", headers=ours),
            await ask("POST", "/predict/shop", {"subject": "7"}, headers=ours),
            await ask("POST", "/logout", headers=ours),
            await ask("GET", "/metrics", headers=cookie),
            await ask("GET", "/metrics", token=code),
        ]
        return first, second, tried

    first, second, tried = run(work)
    assert first.status == 303 and first.headers["location"] == "/"
    assert "HttpOnly" in first.headers["set-cookie"] and "SameSite=Strict" in first.headers["set-cookie"]
    assert second.status == 401
    assert [h.status for h in tried] == [200, 403, 403, 200, 403, 200, 401, 401]


class Broken:
    half_life = DAY

    def __init__(self, what: str) -> None:
        self.what = what

    def recommend(self, items, values, at, k):
        import numpy as np

        if self.what == "raises":
            raise ValueError("no idea")
        return ["mug"], np.array([float("nan")])


@pytest.mark.parametrize("what", ["raises", "nan"])
def test_a_failing_canary_is_counted_and_the_champion_answers(run, project, what):
    async def work(ask: Asker) -> Any:
        arms = [(await ask("POST", "/predict/shop", {"subject": str(i)})).json for i in range(40)]
        await ask("POST", "/control/refresh")
        return arms

    answers = run(work, canary=Broken(what))
    assert {a["arm"] for a in answers} == {"champion"}
    assert 5 < project.store.releases.failures("shop")["rel_2"] < 35


def test_a_failing_champion_is_an_error_in_words(run):
    heard = run(lambda ask: ask("POST", "/predict/shop", {"subject": "7"}), champion=Broken("raises"))
    assert (heard.status, heard.json["code"]) == (422, "model") and "no idea" in heard.json["message"]


def test_an_unexpected_error_tells_nothing_but_a_number(run, monkeypatch, caplog):
    def broken(self: Any, endpoint: str | None) -> None:
        raise KeyError("secret")

    monkeypatch.setattr("tidemill.serve.serving.Serving.at", broken)
    heard = run(lambda ask: ask("POST", "/predict/shop", {"subject": "7"}))
    assert (heard.status, heard.json["code"]) == (500, "internal")
    assert b"secret" not in heard.body and heard.json["place"] in caplog.text


def test_a_face_gets_only_what_the_table_allows(project):
    seen: list[Any] = []

    async def handle(call: Any, body: bytes) -> Any:
        seen.append((call.path, body, call.token.name))
        return 200, [], b"thing"

    face = {
        Route("GET", "/api/things/{name}", "project.read"): handle,
        Route("POST", "/api/things", "run.start"): handle,
    }

    async def work() -> Any:
        app = make_app(project, faces=[lambda serving: face])
        async with alive(app, auth.issue(project.store, "reader", ["read"])) as ask:
            assert app.faces is None
            return [
                await ask("GET", "/api/things/a"),
                await ask("POST", "/api/things", {"a": 1}),
                await ask("GET", "/api/other"),
                await ask("GET", "/api/things/a", token="wrong"),
                await ask("GET", "/api/things/..%2fx"),
            ]

    assert [h.status for h in asyncio.run(work())] == [200, 403, 404, 401, 404]
    assert seen == [("/api/things/a", b"", "reader")]


def test_a_face_without_tokens_is_not_mounted(project):
    async def work() -> Any:
        await App(make_app(project).serving, lambda: [lambda serving: {Route("GET", "/free", OPEN): None}]).load_faces()

    with raised(ProjectError, "", hint=False) as caught:
        asyncio.run(work())
    assert "GET /free" in str(caught.value)


def test_a_face_takes_no_route_of_the_server_s_own(project):
    async def handle(call: Any, body: bytes) -> Any:
        return 200, [], b"mine"

    face = {
        Route("POST", "/predict/{endpoint}", "predict"): handle,
        Route("GET", "/api/things", "project.read"): handle,
    }

    async def work() -> Any:
        app = make_app(project, faces=[lambda serving: face])
        async with alive(app, auth.issue(project.store, "test", SCOPES)) as ask:
            return await ask("GET", "/api/things"), await ask("POST", "/predict/shop", {"subject": "7"})

    things, predicted = asyncio.run(work())
    assert things.body == b"mine" and predicted.json["prediction_id"]


def test_a_subject_keeps_its_arm(run):
    async def work(ask: Asker) -> Any:
        first = [(await ask("POST", "/predict/shop", {"subject": str(i)})).json["arm"] for i in range(60)]
        second = [(await ask("POST", "/predict/shop", {"subject": str(i)})).json["arm"] for i in range(60)]
        return first, second

    first, second = run(work, canary=BuyAgain())
    assert first == second and 15 < first.count("canary") < 45


def test_no_model_is_said(run, project):
    async def work(ask: Asker) -> Any:
        from tidemill.serve.served import Served

        ask.app.serving.at(None).served = Served(revision=project.store.releases.revision())
        return await ask("POST", "/predict/shop", {"subject": "7"}), await ask("GET", "/healthz")

    predicted, health = run(work)
    assert (predicted.status, predicted.json["code"]) == (503, "no_model")
    assert "tidemill doctor" in predicted.json["hint"], (
        "a machine that was told no fingerprint has a release, and needs no run"
    )
    assert health.json == {"status": "no_model", "endpoints": {"shop": "no_model"}}


def test_a_canary_without_a_champion_is_not_all_well(run):
    """It answers its share only: the others get a 503."""

    async def work(ask: Asker) -> Any:
        predictor = ask.app.serving.at(None)
        variants = {name: loaded for name, loaded in predictor.served.variants.items() if name == "canary"}
        predictor.served = replace(predictor.served, variants=variants)
        return await ask("GET", "/healthz")

    assert run(work, canary=BuyAgain()).json == {"status": "degraded", "endpoints": {"shop": "degraded"}}


def test_a_champion_that_is_refused_is_said(run):
    async def work(ask: Asker) -> Any:
        predictor = ask.app.serving.at(None)
        sound = await ask("GET", "/healthz")
        predictor.served = replace(predictor.served, degraded=True)
        return sound, await ask("GET", "/healthz")

    sound, degraded = run(work)
    assert (sound.json["status"], degraded.json["status"]) == ("ok", "degraded")
    assert degraded.status == 200


def test_the_heartbeat_outlives_what_it_meets(run, project, monkeypatch, caplog):
    """A store that fails in any way leaves the server answering, and following again afterwards."""
    import threading

    from tidemill.errors import DiskFull
    from tidemill.store.records import OnlineEvent

    troubles: list[Exception] = [ValueError("never thought of"), DiskFull("no room")]
    fetch = Histories.fetch

    def stumbling(self: Any) -> Any:
        if troubles and threading.current_thread() is threading.main_thread():
            raise troubles.pop()
        return fetch(self)

    async def work(ask: Asker) -> Any:
        monkeypatch.setattr(Histories, "fetch", stumbling)
        project.live.online.load([OnlineEvent(0, "d1", "7", "cup", NOON - DAY, 1.0, dataset="sales")])
        while ask.app.serving.at(None).history.seq < 1:
            assert (await ask("POST", "/predict/shop?ack=none", {"subject": "8"})).status == 200
            await asyncio.sleep(0.005)
        return await ask("POST", "/predict/shop", {"subject": "7"})

    assert run(work).json["items"] == ["cup"] and not troubles
    assert "never thought of" in caplog.text and "no room" in caplog.text


@pytest.mark.parametrize("trouble", [DiskFull("no room"), ValueError("never thought of")])
def test_failures_are_told_once_and_none_is_lost_where_they_cannot_be_kept(project, monkeypatch, trouble):
    predictor = make_app(project).serving.at(None)
    for _ in range(3):
        predictor._count_failure("rel_1", ModelError("no"))
    with monkeypatch.context() as patch:
        patch.setattr(type(project.store.releases), "add_failures", lambda *a: (_ for _ in ()).throw(trouble))
        with pytest.raises(type(trouble)):
            predictor.tell_failures()
    predictor._count_failure("rel_2", ModelError("no"))
    predictor.tell_failures()
    predictor.tell_failures()
    assert project.store.releases.failures("shop") == {"rel_1": 3, "rel_2": 1}


def test_failures_are_told_of_the_environment_that_is_served(tmp_path, home):
    root = tmp_path / "shop"
    opened(root).close()
    with (root / "tidemill.toml").open("a") as file:
        file.write("\n[environment.staging]\n[environment.production]\n")
    with open_project(root, clock=HeldClock(NOON), environment="production") as project:
        predictor = make_app(project).serving.at(None)
        predictor._count_failure("rel_1", ModelError("no"))
        predictor.tell_failures()
        assert project.store.releases.failures("shop", "production") == {"rel_1": 1}
        assert project.store.releases.failures("shop") == {}
