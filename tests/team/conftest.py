"""What a team shares, once for the folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.store.sql.conftest import server  # noqa: F401 - a fixture
from tests.team import tls
from tests.team.front import NAME


@pytest.fixture(scope="session")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """The front's certificate and key."""
    folder: Path = tmp_path_factory.mktemp("tls")
    return tls.made(folder, NAME)
