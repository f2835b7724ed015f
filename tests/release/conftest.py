"""Projects of their own, each with its keys beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.release.made import TOML
from tidemill.scope.project import Project, open_project
from tidemill.types import DAY, HeldClock


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def make(tmp_path: Path, home: Path) -> Iterator[Callable[..., Project]]:
    opened: list[Project] = []

    def open_one(toml: str = TOML, name: str = "shop") -> Project:
        (tmp_path / name).mkdir()
        (tmp_path / name / "tidemill.toml").write_text(toml)
        opened.append(open_project(tmp_path / name, clock=HeldClock(100 * DAY)))
        return opened[-1]

    yield open_one
    for project in opened:
        project.close()


@pytest.fixture
def project(make: Callable[..., Project]) -> Project:
    return make()
