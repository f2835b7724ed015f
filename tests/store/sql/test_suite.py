"""The shipped suites on SQLite and on a real PostgreSQL server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tidemill.store.sql import open_live, open_metadata
from tidemill.store.sql.live import LiveStore
from tidemill.store.sql.store import MetadataStore
from tidemill.testing.live import LiveSuite
from tidemill.testing.metadata import MetadataSuite, opener


class TestSqlite(MetadataSuite):
    @pytest.fixture
    def opened(self, tmp_path: Path) -> Iterator[Callable[[], MetadataStore]]:
        with opener(lambda: open_metadata(tmp_path / "tidemill.db")) as opened:
            yield opened


class TestSqliteLive(LiveSuite):
    @pytest.fixture
    def opened(self, tmp_path: Path) -> Iterator[Callable[[], LiveStore]]:
        with opener(lambda: open_live(tmp_path / "live.db")) as opened:
            yield opened


@pytest.mark.postgres
class TestPostgres(MetadataSuite):
    @pytest.fixture
    def opened(self, postgres: Callable[[], str]) -> Iterator[Callable[[], MetadataStore]]:
        url = postgres()
        with opener(lambda: open_metadata(url)) as opened:
            yield opened


@pytest.mark.postgres
class TestPostgresLive(LiveSuite):
    @pytest.fixture
    def opened(self, postgres: Callable[[], str]) -> Iterator[Callable[[], LiveStore]]:
        url = postgres()
        with opener(lambda: open_live(url)) as opened:
            yield opened
