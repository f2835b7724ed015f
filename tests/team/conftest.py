"""What a team shares, once for the folder."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.store.artifacts.storage import Storage, running
from tests.store.sql.conftest import server  # noqa: F401 - a fixture
from tests.team import tls
from tests.team.front import NAME


@pytest.fixture(scope="session")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """The front's certificate and key."""
    folder: Path = tmp_path_factory.mktemp("tls")
    return tls.made(folder, NAME)


@pytest.fixture(scope="session")
def storage() -> Iterator[Storage]:
    """An S3 server, of which this process and those it starts have the keys."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with pytest.MonkeyPatch.context() as patch, running() as found:
        patch.setenv("AWS_ACCESS_KEY_ID", "tidemill")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "hush")
        yield found
