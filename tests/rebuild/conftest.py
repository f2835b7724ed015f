"""A project of loans, and one that has two versions between which a file of sixty is spoiled: made once, and copied."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rebuild.loans import DAYS, PAST, START, lay, past, sixty
from tidemill.scope.project import Project, open_project
from tidemill.types import DAY, HeldClock

NOW = START + (PAST + DAYS + 20) * DAY


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))


@pytest.fixture
def loans(tmp_path: Path) -> Iterator[Project]:
    with open_project(lay(tmp_path / "loans"), clock=HeldClock(NOW)) as opened:
        yield opened


@pytest.fixture(scope="session")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = lay(tmp_path_factory.mktemp("history") / "loans")
    with open_project(root, clock=HeldClock(NOW)) as opened:
        past(opened), sixty(opened, spoiled=(17,))
    return root


@pytest.fixture
def spoiled(history: Path, tmp_path: Path) -> Iterator[Project]:
    """``model:loans@1`` and, worse for a file of day 17, ``model:loans@2``."""
    shutil.copytree(history, tmp_path / "loans")
    with open_project(tmp_path / "loans", clock=HeldClock(NOW)) as opened:
        yield opened
