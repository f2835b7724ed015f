"""For all tests: no example of a property test fails because the machine was busy; what is collected is no garbage; a small disk to fill."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.small_disk import mounted

settings.register_profile("steady", deadline=None)
settings.load_profile("steady")

gc.disable()  # while thousands of tests and modules are collected, none of which goes


def pytest_collection_finish() -> None:
    """They stay to the end: to look through them for garbage, again and again, took a tenth of the time of the tests."""
    gc.collect()
    gc.freeze()
    gc.enable()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small file system of its own."""
    place = tmp_path / "disk"
    place.mkdir()
    with mounted(place, "64m"):
        yield place
