"""A project to serve, and a way to ask its app."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.serve.asking import Asker, alive, make_app, opened
from tidemill.access import tokens as auth
from tidemill.access.tokens import SCOPES
from tidemill.scope.project import Project


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def project(tmp_path: Path, home: Path) -> Any:
    with opened(tmp_path / "shop") as project:
        yield project


@pytest.fixture
def run(project: Project) -> Callable[..., Any]:
    """Run a coroutine function of an `Asker` with an all-scopes token against a fresh app."""

    def go(work: Callable[[Asker], Any], **more: Any) -> Any:
        async def main() -> Any:
            async with alive(make_app(project, **more), auth.issue(project.store, "test", SCOPES)) as ask:
                return await work(ask)

        return asyncio.run(main())

    return go
