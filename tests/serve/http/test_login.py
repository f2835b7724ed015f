"""Logging in by name and password: once let in a session is bound to where it began; what is wrong, forged or too much opens nothing."""

from __future__ import annotations

import asyncio
import threading
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.light_passwords import light
from tests.raised import raised
from tests.tiers import both
from tidemill.access import passwords, principals, sessions, throttle
from tidemill.access.callers import VARIABLE, local
from tidemill.access.policy import policy_of
from tidemill.errors import BadRequest, Unauthorized
from tidemill.serve.http.app import installed
from tidemill.serve.http.bound import bound_by, network_by
from tidemill.serve.http.door import Door
from tidemill.serve.http.login import LONGEST, fields_of
from tidemill.serve.http.routes import Route
from tidemill.store.people import Password

WORD = "nine tidy otters"
OWN = {"origin": "http://127.0.0.1:8080", "content-type": "application/x-www-form-urlencoded", "user-agent": "one"}


@pytest.fixture(autouse=True)
def _light(monkeypatch):
    light(monkeypatch)


@pytest.fixture
def ann(project):
    def work(tx: Any) -> Any:
        made = principals.make(project.store, policy_of(project), "ann", ["viewer"], project.clock.now(), tx=tx)
        project.store.passwords.add(Password(made.id, passwords.hashed(WORD), project.clock.now()), tx)
        return made

    return project.store.transact(work)


def form(name: str = "ann", password: str = WORD, **more: str) -> bytes:
    return urlencode({"name": name, "password": password, **more}).encode()


async def send(ask: Any, body: bytes, without: str = "", **headers: str) -> Any:
    """Put twice there is one header too much: what is given here takes the place of the asker's own."""
    told = {**OWN, **{name.replace("_", "-"): value for name, value in headers.items()}}
    told.pop(without, None)
    kind = told.pop("content-type", "")
    sent = [(b"host", b"127.0.0.1:8080"), (b"content-length", b"%d" % len(body))]
    sent += [(b"content-type", kind.encode())] if kind else []
    sent += [(name.encode(), value.encode()) for name, value in told.items()]
    scope = {"type": "http", "method": "POST", "path": "/login", "query_string": b"", "headers": sent}
    heard: dict[str, Any] = {"body": b""}
    pieces = [body]

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": pieces.pop(), "more_body": False}

    async def answer(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            heard.update(status=message["status"], headers={k.decode(): v.decode() for k, v in message["headers"]})
        else:
            heard["body"] += message["body"]

    await ask.app(scope, receive, answer)
    return SimpleNamespace(**heard)


async def logged_in(ask: Any, **headers: str) -> str:
    heard = await send(ask, form(), **headers)
    assert (heard.status, heard.headers["location"]) == (303, "/")
    cookie = heard.headers["set-cookie"]
    assert "HttpOnly; SameSite=Strict" in cookie and "Max-Age=43200" in cookie
    return cookie.partition(";")[0]


def test_a_person_logs_in_and_out(run, project, ann):
    async def work(ask: Any) -> None:
        cookie = await logged_in(ask)
        own = {"cookie": cookie, "user-agent": "one"}
        assert (await ask("POST", "/logout", token=None, headers={**own, "origin": OWN["origin"]})).status == 200
        assert (await ask("POST", "/logout", token=None, headers={**own, "origin": OWN["origin"]})).status == 401

    run(work)


def test_what_the_account_may_is_asked_with_each_request(run, project, ann):
    """The same session all along: refused as a viewer, let in with the role that may, refused again without it, ended when disabled."""

    async def work(ask: Any) -> list[int]:
        project.store.principals.update(ann.id, roles=("viewer",))
        own = {**OWN, "cookie": await logged_in(ask)}
        said = []
        for changes in ({}, {"roles": ("devops",)}, {"roles": ()}, {"disabled": 1}):
            project.store.principals.update(ann.id, **changes)
            ask.app.serving.tokens.seen(project.store.tokens.revision())  # as the heartbeat does
            said.append((await ask("POST", "/control/refresh", token=None, headers=own)).status)
        return said

    assert run(work) == [403, 200, 403, 403]


@pytest.mark.parametrize(("mine", "status"), [(True, 200), (False, 403)])
def test_what_is_known_may_be_put_away_while_a_request_waits(run, project, ann, mine, status):
    """Whose a token is, and that there are accounts, is as of the moment it was found: one of nobody's gets no more by it."""

    async def work(ask: Any) -> int:
        load = ask.app.load_faces

        async def meanwhile() -> None:
            await load()
            ask.app.serving.tokens.evict()

        ask.app.load_faces = meanwhile
        if not mine:
            return int((await ask("POST", "/manage")).status)
        shown = {"cookie": await logged_in(ask), "user-agent": "one"}
        return int((await ask("GET", "/own", token=None, headers=shown)).status)

    async def answer(call: Any, body: bytes) -> Any:
        return 200, [], b""

    faces = {Route("GET", "/own", "project.read"): answer, Route("POST", "/manage", "people.manage"): answer}
    assert run(work, faces=[lambda serving: faces]) == status


def test_a_session_that_is_used_goes_on_and_one_that_is_not_ends(run, project, ann, monkeypatch):
    async def work(ask: Any) -> None:
        own = {**OWN, "cookie": await logged_in(ask)}
        (first,) = project.store.tokens.list(name="session")
        assert first.expires - first.created == 2 * 3_600 * 1_000_000
        clock = project.store.clock
        later = first.created + 3_600 * 1_000_000
        monkeypatch.setattr(clock, "now", lambda: later)
        monkeypatch.setattr(ask.app.serving.tokens, "_now", clock.now)
        assert (await ask("POST", "/control/refresh", token=None, headers=own)).status == 200
        (longer,) = project.store.tokens.list(name="session")
        assert longer.expires == later + 2 * 3_600 * 1_000_000
        monkeypatch.setattr(clock, "now", lambda: longer.expires)
        monkeypatch.setattr(ask.app.serving.tokens, "_now", clock.now)
        assert (await ask("POST", "/control/refresh", token=None, headers=own)).status == 401

    project.store.principals.update(ann.id, roles=("administrator", "devops"))
    run(work)


def test_what_is_wrong_is_said_in_the_same_words_whatever_it_is(run, project, ann):
    async def work(ask: Any) -> None:
        said = {
            (heard.status, heard.body)
            for heard in [await send(ask, form(name)) for name in ("bob", "eve")]
            + [await send(ask, form(password="x"))]
        }
        assert len(said) == 1 and said.pop()[0] == 401
        project.store.principals.update(ann.id, disabled=1)
        assert (await send(ask, form())).status == 401

    run(work)
    kinds = [event.kind for event in project.store.events.list()]
    assert "login_failed" in kinds
    assert "bob" not in repr(project.store.events.list()) + repr(project.store.attempts.list())


def test_a_cookie_shown_by_another_browser_ends_the_session_and_is_written_down(run, project, ann):
    async def work(ask: Any) -> None:
        cookie = await logged_in(ask)
        other = {**OWN, "cookie": cookie, "user-agent": "another"}
        for agent in ("another", "one"):  # the second: the session is over for its own browser, too
            heard = await ask("POST", "/logout", token=None, headers={**other, "user-agent": agent})
            assert heard.status == 401

    run(work)
    (event,) = [event for event in project.store.events.list() if event.kind == "session_elsewhere"]
    assert event.subject == f"principal:{ann.id}"


def test_a_session_that_is_shown_as_a_token_is_over(run, project, ann, monkeypatch):
    async def work(ask: Any) -> None:
        cookie = await logged_in(ask)
        secret = cookie.partition("=")[2]
        monkeypatch.setenv(VARIABLE, secret)
        with raised(Unauthorized, ""):
            local(project)
        own = {"cookie": cookie, "user-agent": "one"}
        assert (await ask("GET", "/api/status", token=None, headers=own)).status == 200
        assert (await ask("GET", "/api/status", token=secret)).status == 401
        assert (await ask("GET", "/api/status", token=None, headers=own)).status == 401
        assert [one.subject for one in project.store.events.list(kind="session_elsewhere")] == [f"principal:{ann.id}"]

    run(work, faces=installed())


def test_another_sites_page_begins_no_session(run, project, ann):
    async def work(ask: Any) -> list[int]:
        foreign = [
            await send(ask, form(), origin="https://evil.example"),
            await send(ask, form(), origin="null"),
            await send(ask, form(), without="origin"),
            await send(ask, form(), sec_fetch_site="cross-site"),
            await send(ask, form(), sec_fetch_site="same-site"),
        ]
        assert all("set-cookie" not in heard.headers for heard in foreign)
        return [heard.status for heard in foreign]

    assert run(work) == [403] * 5
    assert project.store.attempts.list() == []


def test_a_form_that_is_none_is_refused_before_its_password_is_looked_at(run, project, ann, monkeypatch):
    monkeypatch.setattr(passwords, "fits", lambda *_: pytest.fail("it was looked at"))

    async def work(ask: Any) -> list[int]:
        odd = [
            await send(ask, form() + b"&x=1"),
            await send(ask, form() + b"&name=bob"),
            await send(ask, b"name=ann"),
            await send(ask, b"name=ann&password=%ff"),
            await send(ask, form(), content_type="application/json"),
            await send(ask, form(password="x" * LONGEST)),
        ]
        return [heard.status for heard in odd]

    assert run(work) == [400, 400, 400, 400, 400, 413]
    with raised(BadRequest, "form") as caught:
        fields_of(b"name=ann&password=secret&password=secret")
    assert "secret" not in str(caught.value)


def test_a_browser_is_shown_the_form_again_and_why(run, project, ann):
    async def work(ask: Any) -> Any:
        return await send(ask, form(password="wrong, and long"), accept="text/html")

    heard = run(work)
    page = heard.body.decode()
    assert heard.status == 401 and 'action="/login"' in page and "the name or the password is wrong" in page
    assert "form-action 'self'" in heard.headers["content-security-policy"] and "wrong, and long" not in page


def test_without_accounts_the_page_is_as_it_was(run, project):
    async def work(ask: Any) -> Any:
        return await ask("GET", "/", token=None, headers={"accept": "text/html"})

    heard = run(work)
    assert heard.status == 401 and b"<form" not in heard.body
    assert "form-action 'none'" in heard.headers["content-security-policy"]


@pytest.mark.parametrize("guesses", both(300, 10_000))
def test_wrong_passwords_open_nothing_and_stop_no_answer(run, project, ann, guesses, monkeypatch):
    inside, most, looked = [0], [0], [0]
    lock, fits = threading.Lock(), passwords.fits

    def watched(kept: str | None, password: str) -> bool:
        with lock:
            inside[0] += 1
            looked[0] += 1
            most[0] = max(most[0], inside[0])
        try:
            return fits(kept, password)
        finally:
            with lock:
                inside[0] -= 1

    monkeypatch.setattr(passwords, "fits", watched)

    async def work(ask: Any) -> set[int]:
        said = set()
        for first in range(0, guesses, 100):
            waves = [send(ask, form(password=f"a wrong password {first + i}")) for i in range(100)]
            answer = ask("POST", "/predict/shop", {"subject": "7"})
            told, *others = await asyncio.gather(answer, *waves)
            assert told.status == 200
            said |= {heard.status for heard in others}
            assert all("set-cookie" not in heard.headers for heard in others)
        assert (await send(ask, form())).status == 429  # the right one has to wait, too
        return said

    assert run(work) <= {401, 429}
    assert most[0] == 1 and 0 < looked[0] < guesses / 4
    assert [token.name for token in project.store.tokens.list()] == ["test"]
    count = max(one.count for one in project.store.attempts.list())
    assert throttle.BOTH.free < count == looked[0]


def call(agent: str = "one", peer: str = "", **headers: str) -> Any:
    told = {b"user-agent": agent.encode()} | {n.replace("_", "-").encode(): v.encode() for n, v in headers.items()}
    return SimpleNamespace(
        scope={"client": (peer, 1)} if peer else {}, headers=told, header=lambda name: told[name].decode()
    )


def test_the_network_is_that_of_the_client_and_not_what_the_client_says():
    from ipaddress import ip_network

    alone, behind = Door(), Door(names=("a.example",), proxies=(ip_network("10.0.0.0/8"),))
    told = {"x_forwarded_for": "203.0.113.9, 192.0.2.77, 10.0.0.2"}
    assert network_by(call(peer="198.51.100.7", **told), alone) == "198.51.100.0/24"
    assert network_by(call(peer="198.51.100.7", **told), behind) == "198.51.100.0/24"
    assert network_by(call(peer="10.0.0.1", **told), behind) == "192.0.2.0/24"
    assert network_by(call(peer="10.0.0.1", x_forwarded_for="x, y"), behind) == "10.0.0.0/24"
    near, far = call(peer="192.0.2.1"), call(peer="192.0.3.1")
    assert bound_by(near, alone) == bound_by(call(peer="192.0.2.200"), alone) != bound_by(far, alone)
    assert bound_by(near, alone, network=False) == bound_by(far, alone, network=False)
    assert bound_by(near, alone, network=False) != bound_by(call("two", "192.0.2.1"), alone, network=False)


def test_a_password_that_is_changed_while_the_old_one_is_looked_at_lets_nobody_in(project, ann, monkeypatch):
    looked = passwords.fits

    def meanwhile(kept: str | None, password: str) -> bool:
        project.store.passwords.put(Password(ann.id, passwords.hashed("nine other otters"), project.clock.now()))
        return looked(kept, password)

    monkeypatch.setattr(passwords, "fits", meanwhile)
    with raised(Unauthorized, "log-in"):
        sessions.log_in(project.store, "ann", WORD, "here", "")
    assert not project.store.tokens.list()
