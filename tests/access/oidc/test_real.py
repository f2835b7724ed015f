"""A log-in at a real identity provider, through its own forms: who comes in, with which roles, and what a code or a state is good for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.access.oidc.real import CALLBACK, SECRET, Forms, Real, running
from tests.serve.asking import TOML, Asker, Heard, alive, make_app
from tidemill.config.access import SECRET as NAME
from tidemill.scope.project import Project, open_project
from tidemill.store.people import Principal
from tidemill.types import HeldClock

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
            return heard, await ask("GET", "/healthz", token=None, headers={"cookie": cookies(heard)})

        heard, _ = asked(project, work)
        assert heard.status == 200 and b'content="0;url=/"' in heard.body
        ann = only(project)
        assert (ann.issuer, ann.subject, ann.kind) == (provider.issuer, "ann", "person")
        assert (ann.name, ann.display, ann.roles) == ("ann@127.0.0.1", "ann of the tests", ("data-scientist",))
        (session,) = project.store.tokens.list()
        assert session.principal == ann.id
        assert [event.kind for event in project.store.events.list()] == ["logged_in"]
        everything = b"".join(path.read_bytes() for path in (project.root / ".tidemill").glob("tidemill.db*"))
        assert SECRET.encode() not in everything
