"""Projects to look at: one with half a year of history, one with nothing."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web.serving import traced
from tests.web.story import NOW, make_root, tell
from tidemill.scope.project import Project, open_project
from tidemill.types import HeldClock
from tidemill.web.pages import trace


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(trace, "_traced", traced)


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Project]:
    with open_project(make_root(tmp_path / "shop"), clock=HeldClock(NOW)) as project:
        yield project


@pytest.fixture(scope="session")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The story, written once."""
    root = tmp_path_factory.mktemp("history") / "shop"
    tell(root)
    return root


@pytest.fixture
def told(history: Path, tmp_path: Path) -> Iterator[Project]:
    """A copy of the story, to change at will."""
    root = tmp_path / "told"
    shutil.copytree(history, root)
    with open_project(root, clock=HeldClock(NOW)) as project:
        yield project
