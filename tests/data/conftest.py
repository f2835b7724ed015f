"""A small real project for the data tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.data.small import NOW, lay
from tidemill.scope.project import Project, open_project
from tidemill.types import HeldClock


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return lay(tmp_path / "shop")


@pytest.fixture
def project(folder: Path) -> Iterator[Project]:
    with open_project(folder, clock=HeldClock(NOW)) as opened:
        yield opened
