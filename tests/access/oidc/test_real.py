"""A log-in at a real identity provider, through its own forms: who comes in, with which roles, and what a code or a state is good for."""

from __future__ import annotations

import asyncio
import html
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.access.oidc.real import CALLBACK, SECRET, Forms, Real, running
from tests.serve.asking import TOML, Asker, Heard, alive, make_app, opened
from tidemill.access import tokens as auth
from tidemill.config.access import SECRET as NAME
from tidemill.scope.project import Project, open_project
from tidemill.store.people import Principal
from tidemill.types import HeldClock, parse_span

OIDC = """
[access.oidc]
issuer = "{issuer}"
client_id = "{client}"
scopes = ["openid", "profile", "groups", "offline_access"]
roles = {{ "ml-team" = ["data-scientist"], "owners" = ["product-owner", "viewer"] }}
"""


@pytest.fixture(scope="module")
def provider() -> Iterator[Real]:
    with running(CALLBACK) as found:
        yield found


@pytest.fixture(autouse=True)
def _groups(provider: Real) -> None:
    provider.say(groups={"ann": ["staff", "ml-team"], "bob": ["staff"]})


@contextmanager
def laid(root: Path, issuer: str, client: str = "tidemill", more: str = "") -> Iterator[Project]:
    root.mkdir()
    (root / "tidemill.toml").write_text(TOML + OIDC.format(issuer=issuer, client=client) + more)
    with open_project(root, clock=HeldClock(1)) as project:
        yield project


@pytest.fixture
def secret(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    monkeypatch.setenv(NAME, SECRET)


@pytest.fixture
def project(provider: Real, tmp_path: Path, secret: None) -> Iterator[Project]:
    with laid(tmp_path / "shop", provider.issuer) as project:
        yield project


def cookies(heard: Heard, *before: str) -> str:
    name = heard.headers["set-cookie"].partition(";")[0]
    return "; ".join([*before, name])


async def begin(ask: Asker) -> tuple[str, str]:
    """Where the browser is sent, and its cookie."""
    begun = await ask("GET", "/login/oidc", token=None)
    assert begun.status == 303, begun.body
    return begun.headers["location"], cookies(begun)


async def arrive(ask: Asker, back: str, cookie: str) -> Heard:
    parts = urlsplit(back)
    return await ask("GET", f"{parts.path}?{parts.query}", token=None, headers={"cookie": cookie})


async def log_in(ask: Asker, name: str, forms: Forms | None = None) -> Heard:
    location, cookie = await begin(ask)
    back = await asyncio.to_thread((forms or Forms()).log_in, location, name)
    assert back.startswith(CALLBACK)
    return await arrive(ask, back, cookie)


def asked(project: Project, work: Callable[[Asker], Any]) -> Any:
    async def main() -> Any:
        async with alive(make_app(project)) as ask:
            return await work(ask)

    return asyncio.run(main())


def only(project: Project) -> Principal:
    (found,) = project.store.principals.list()
    return found


@pytest.mark.parametrize("client", ["tidemill", "open", "posting"])
def test_somebody_logs_in_and_has_the_roles_of_their_groups(
    provider: Real, tmp_path: Path, secret: None, monkeypatch: pytest.MonkeyPatch, client: str
) -> None:
    if client == "open":
        monkeypatch.delenv(NAME)
    with laid(tmp_path / "shop", provider.issuer, client) as project:

        async def work(ask: Asker) -> tuple[Heard, Heard]:
            heard = await log_in(ask, "ann")
            return heard, await ask("GET", "/metrics", token=None, headers={"cookie": cookies(heard)})

        heard, inside = asked(project, work)
        assert inside.status == 200
        assert heard.status == 200 and b'content="0;url=/"' in heard.body
        ann = only(project)
        assert (ann.issuer, ann.subject, ann.kind) == (provider.issuer, "ann", "person")
        assert (ann.name, ann.display, ann.roles) == ("ann@127.0.0.1", "ann of the tests", ("data-scientist",))
        (session,) = project.store.tokens.list()
        assert session.principal == ann.id
        assert [event.kind for event in project.store.events.list()] == ["logged_in"]
        everything = b"".join(path.read_bytes() for path in (project.root / ".tidemill").glob("tidemill.db*"))
        assert SECRET.encode() not in everything


def test_who_is_in_no_group_that_has_a_role_stays_out(project: Project) -> None:
    heard = asked(project, lambda ask: log_in(ask, "bob"))
    assert heard.status == 403 and heard.json["code"] == "login_refused" and "hint" in heard.json
    assert "set-cookie" not in heard.headers
    assert project.store.principals.list() == project.store.tokens.list() == []
    (event,) = project.store.events.list()
    assert (event.kind, event.data) == ("login_refused", {"way": "oidc", "reason": "no_role"})


def test_roles_follow_the_groups_from_one_log_in_to_the_next(provider: Real, project: Project) -> None:
    def roles() -> tuple[str, ...]:
        return only(project).roles

    async def work(ask: Asker) -> None:
        await log_in(ask, "ann")
        provider.say(groups={"ann": ["ml-team", "owners"]})
        await log_in(ask, "ann")
        assert roles() == ("data-scientist", "product-owner", "viewer")
        provider.say(groups={"ann": ["owners"]})
        await log_in(ask, "ann")
        assert roles() == ("product-owner", "viewer")
        provider.say(groups={"ann": []})
        assert (await log_in(ask, "ann")).status == 403
        assert roles() == () and project.store.tokens.list() == []

    asked(project, work)
    changed = [event.data["roles"] for event in project.store.events.list(kind="roles_changed")]
    assert changed == [["data-scientist", "product-owner", "viewer"], ["product-owner", "viewer"], []]


def test_a_code_and_a_state_are_good_once(project: Project) -> None:
    async def work(ask: Asker) -> None:
        location, cookie = await begin(ask)
        back = await asyncio.to_thread(Forms().log_in, location, "ann")
        assert (await arrive(ask, back, cookie)).status == 200
        again = await arrive(ask, back, cookie)
        assert again.status == 403 and "set-cookie" not in again.headers
        code = parse_qs(urlsplit(back).query)["code"][0]
        location, cookie = await begin(ask)
        other = await asyncio.to_thread(Forms().log_in, location, "ann")
        stolen = parse_qs(urlsplit(other).query)
        heard = await arrive(ask, f"{CALLBACK}?state={stolen['state'][0]}&iss={stolen['iss'][0]}&code={code}", cookie)
        assert heard.status == 403

    asked(project, work)
    refused = [event.data["reason"] for event in project.store.events.list(kind="login_refused")]
    assert refused == ["code"]  # of the state nobody is told: whoever guesses could write without end


def test_a_log_in_ends_in_the_browser_where_it_began(project: Project) -> None:
    async def work(ask: Asker) -> None:
        location, cookie = await begin(ask)
        back = await asyncio.to_thread(Forms().log_in, location, "ann")
        assert (await arrive(ask, back, "")).status == 403
        assert (await arrive(ask, back, cookie)).status == 403

    asked(project, work)
    assert project.store.tokens.list() == []


def test_another_scorer_may_end_it(project: Project) -> None:
    async def work(one: Asker) -> None:
        location, cookie = await begin(one)
        back = await asyncio.to_thread(Forms().log_in, location, "ann")
        async with alive(make_app(project)) as other:
            assert (await arrive(other, back, cookie)).status == 200

    asked(project, work)


def test_the_provider_takes_no_other_address_to_come_back_to(project: Project) -> None:
    async def work(ask: Asker) -> None:
        location, _ = await begin(ask)
        assert "code_challenge_method=S256" in location
        for turned in ("evil.example", "127.0.0.1:8081", "127.0.0.1:8080@evil.example"):
            status, page = await asyncio.to_thread(Forms().error, location.replace("127.0.0.1%3A8080", turned))
            assert status == 400 and "redirect_uri" in page

    asked(project, work)


def test_a_living_session_loses_what_its_person_has_lost(provider: Real, project: Project) -> None:
    """It is asked by the refresh token when the session is due: the moment of the last answer is put back, none is waited for."""

    async def due(ask: Asker, cookie: str) -> Heard:
        (kept,) = project.store.vouched.list()
        long_ago = kept.checked - parse_span("16 minutes")
        project.store.vouched.put(replace(kept, checked=long_ago, asked=long_ago))
        ask.app.oidc._due.clear()  # type: ignore[union-attr]
        return await ask("GET", "/metrics", token=None, headers={"cookie": cookie})

    async def work(ask: Asker) -> None:
        cookie = cookies(await log_in(ask, "ann"))
        assert (await due(ask, cookie)).status == 200
        provider.say(groups={"ann": ["owners"]})
        heard = await due(ask, cookie)  # a role of a data scientist's, gone with this very request
        assert heard.status == 403 and "metrics.read" in heard.json["hint"]
        assert only(project).roles == ("product-owner", "viewer")
        provider.say(groups={"ann": ["staff"]})
        assert (await due(ask, cookie)).status == 401
        assert only(project).roles == () and project.store.tokens.list() == project.store.vouched.list() == []
        assert (await ask("GET", "/metrics", token=None, headers={"cookie": cookie})).status == 401

    asked(project, work)


def test_a_log_out_goes_on_to_the_provider(provider: Real, project: Project) -> None:
    async def work(ask: Asker) -> None:
        forms = Forms()
        cookie = cookies(await log_in(ask, "ann", forms))
        headers = {"cookie": cookie, "origin": "http://127.0.0.1:8080", "accept": "text/html"}
        heard = await ask("POST", "/logout", token=None, headers=headers)
        assert heard.status == 200 and b"url=http://" in heard.body
        where = html.unescape(heard.body.decode().partition("url=")[2].partition('"')[0])
        assert where.startswith(f"{provider.issuer}/session/end?") and "id_token_hint=" in where
        status, page = await asyncio.to_thread(forms.error, where)
        assert status == 200 and "Do you want to sign-out" in page
        assert (await ask("GET", "/metrics", token=None, headers={"cookie": cookie})).status == 401

    asked(project, work)
    assert project.store.tokens.list() == project.store.vouched.list() == []


def test_without_a_provider_there_is_no_such_route(tmp_path: Path, secret: None) -> None:
    with opened(tmp_path / "plain") as project:
        assert asked(project, lambda ask: ask("GET", "/login/oidc", token=None)).status == 401


def test_a_provider_that_is_away_keeps_nobody_else_out(project: Project, tmp_path: Path) -> None:
    with laid(tmp_path / "away", "http://127.0.0.1:1") as project:

        async def work(ask: Asker) -> None:
            headers = {"accept": "text/html"}
            heard = await ask("GET", "/login/oidc", token=None, headers=headers)
            assert heard.status == 503 and b"identity provider" in heard.body
            code = auth.issue_code(project.store)
            assert (await ask("GET", f"/login?code={code}", token=None)).status == 303

        asked(project, work)


def test_a_role_that_the_policy_does_not_know_is_said_before_anybody_goes_there(
    provider: Real, tmp_path: Path, secret: None
) -> None:
    with laid(tmp_path / "shop", provider.issuer, more='others = ["data-sientist"]\n') as project:
        heard = asked(project, lambda ask: ask("GET", "/login/oidc", token=None))
        assert heard.status == 403 and "data-sientist" in heard.json["message"]
