"""Debian's chromium on the real server: whatever the console says fails the test."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.web.story import tell

CHROMIUM = Path(os.environ.get("TIDEMILL_CHROMIUM", "/usr/bin/chromium"))
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
HERE = Path(__file__).parents[2]


@dataclass
class Site:
    """A served project: where it is, and codes that log in once."""

    root: Path
    port: int
    codes: list[str]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def login(self) -> str:
        return f"{self.url}/login?code={self.codes.pop()}"


@dataclass
class Watched:
    """A page of the browser and what its console said."""

    page: Any
    site: Site
    said: list[str] = field(default_factory=list)

    def go(self, path: str) -> Any:
        return self.page.goto(self.site.url + path)

    def quiet(self) -> None:
        assert self.said == []


def _serve(root: Path, hostile: bool) -> Iterator[Site]:
    tell(root, hostile)
    yield from serve(root)


def serve(root: Path) -> Iterator[Site]:
    """The project of this folder, served by a process of its own."""
    environment = {**os.environ, "TIDEMILL_HOME": str(root.parent / "home"), "PYTHONPATH": str(HERE)}
    line = [sys.executable, "-m", "tests.browser.harness", str(root)]
    with subprocess.Popen(line, cwd=HERE, env=environment, stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        told = json.loads(server.stdout.readline())
        yield Site(root, told["port"], told["codes"])
        server.terminate()


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    yield from _serve(tmp_path_factory.mktemp("calm") / "shop", False)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    yield from _serve(tmp_path_factory.mktemp("hostile") / "shop", True)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if not CHROMIUM.exists():
        text = (
            f"no chromium at {CHROMIUM}: install it (apt-get install chromium), or say where it is in TIDEMILL_CHROMIUM"
        )
        if os.environ.get("CI") == "true":
            pytest.fail(text)
        pytest.skip(text)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def open_page(browser: Any) -> Iterator[Callable[..., Watched]]:
    """Opens a page that is logged in; at the end its console must have said nothing but what the test took out."""
    opened: list[Watched] = []

    def make(
        site: Site, width: int = 1280, height: int = 800, light: str = "light", login: bool = True, **more: Any
    ) -> Watched:
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=light, reduced_motion="reduce", **more
        )
        context.set_default_timeout(20_000)
        watched = Watched(context.new_page(), site)
        watched.page.on("console", lambda message: watched.said.append(f"{message.type}: {message.text}"))
        watched.page.on("pageerror", lambda error: watched.said.append(f"error: {error}"))
        watched.page.on("dialog", lambda dialog: (watched.said.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        opened.append(watched)
        if login:
            watched.page.goto(site.login())
        return watched

    yield make
    said = [text for watched in opened for text in watched.said]
    for watched in opened:
        watched.page.context.close()
    assert said == []
