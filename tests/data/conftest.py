"""A small real project for the data tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from noria.project import Project, open_project
from noria.types import HeldClock
from tests.data.small import NOW, lay


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return lay(tmp_path / "shop")


@pytest.fixture
def project(folder: Path) -> Iterator[Project]:
    with open_project(folder, clock=HeldClock(NOW)) as opened:
        yield opened
