"""Somebody logs in at a real identity provider, of another site, in a real browser: through its own forms, and out again."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.access.oidc.real import SECRET, running
from tests.access.oidc.test_real import OIDC
from tests.serve import real
from tests.serve.asking import TOML
from tidemill.access import tokens as auth
from tidemill.config.access import SECRET as NAME
from tidemill.scope.project import open_project

pytestmark = pytest.mark.browser


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    monkeypatch.setenv(NAME, SECRET)
    root, port = tmp_path / "shop", free_port()
    with running(f"http://127.0.0.1:{port}/login/oidc/callback", host="localhost") as provider:
        root.mkdir()
        (root / "tidemill.toml").write_text(TOML + OIDC.format(issuer=provider.issuer, client="tidemill"))
        with open_project(root) as project:
            token = auth.issue(project.store, "test", ["read"])
            scorer = real.start(root, token, port=port)
            try:
                yield f"http://127.0.0.1:{port}", provider, project
            finally:
                scorer.process.kill()
                scorer.process.wait()


def test_in_and_out_again(site: Any, browser: Any) -> None:
    here, provider, project = site
    page = browser.new_context().new_page()
    page.set_default_timeout(30_000)
    page.goto(here)
    page.click("text=Log in with localhost")
    assert urlsplit(page.url).hostname == "localhost"
    page.fill("[name=login]", "ann")
    page.fill("[name=password]", "any")
    page.click("button[type=submit]")
    page.click("button[type=submit]")  # that it may say who she is
    page.wait_for_url(f"{here}/")
    assert page.locator("h1").count() == 1 and page.locator("form[action='/logout']").count() == 1
    (ann,) = project.store.principals.list()
    assert (ann.name, ann.roles) == ("ann@localhost", ("data-scientist",))
    cookies = {one["name"]: one for one in page.context.cookies() if one["domain"] == "127.0.0.1"}
    (session,) = cookies.values()
    assert session["httpOnly"] and session["sameSite"] == "Strict"
    page.click("form[action='/logout'] button")
    page.wait_for_url(f"{provider.issuer}/session/end**")
    page.click("button[name=logout]")
    page.wait_for_url(f"{here}/")
    assert page.locator("h1").inner_text() == "Log in"
    assert [one.name for one in project.store.tokens.list()] == ["test"]
    page.context.close()
