"""For all tests: no example of a property test fails because the machine was busy; a small disk to fill."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.small_disk import mounted

settings.register_profile("steady", deadline=None)
settings.load_profile("steady")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small file system of its own."""
    place = tmp_path / "disk"
    place.mkdir()
    with mounted(place, "64m"):
        yield place
