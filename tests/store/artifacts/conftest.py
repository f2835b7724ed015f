from __future__ import annotations

import itertools
import logging
import urllib.request
from collections.abc import Iterator

import pytest

from tests.store.artifacts.storage import Storage, running

_made = itertools.count(1)


@pytest.fixture(scope="session")
def _storage() -> Iterator[Storage]:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with running() as storage:
        yield storage


@pytest.fixture
def storage(_storage: Storage, monkeypatch: pytest.MonkeyPatch) -> Iterator[Storage]:
    """An S3 server; its clients have keys."""
    for name, value in (("ACCESS_KEY_ID", "tidemill"), ("SECRET_ACCESS_KEY", "hush")):
        monkeypatch.setenv(f"AWS_{name}", value)
    yield _storage
    _storage.well()


@pytest.fixture
def bucket(storage: Storage) -> str:
    """A new one."""
    name = f"bucket-{next(_made)}"
    with urllib.request.urlopen(urllib.request.Request(f"{storage.endpoint}/{name}", method="PUT")):
        return name
