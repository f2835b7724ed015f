"""The shipped suites on SQLite and on a real PostgreSQL server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tidemill.store.sql import open_live, open_metadata
from tidemill.store.sql.live import LiveStore
from tidemill.store.sql.store import MetadataStore
from tidemill.testing import records as sample
from tidemill.testing.asking import opener
from tidemill.testing.holders import HolderSuite, Planted, RowHolderSuite
from tidemill.testing.live import LiveSuite, written
from tidemill.testing.metadata import MetadataSuite


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


@pytest.mark.postgres
class TestPostgresRowHolders(RowHolderSuite):
    @pytest.fixture(params=range(3), ids=("predictions", "outcomes", "online"))
    def planted(self, postgres: Callable[[], str], request: pytest.FixtureRequest) -> Iterator[Planted]:
        def plant(subject: str) -> None:
            row = {"subject": subject}
            written(
                store,
                [sample.prediction(subject, **row)],
                [sample.outcome(subject, **row)],
                [sample.online(subject, **row)],
            )

        store = open_live(postgres())
        yield Planted(store.holders()[request.param], plant)
        store.close()


@pytest.mark.postgres
class TestPostgresNames(HolderSuite):
    @pytest.fixture
    def planted(self, postgres: Callable[[], str]) -> Iterator[Planted]:
        def plant(subject: str) -> None:
            store.events.add(sample.event(f"event-{len(subject)}", data={"by": {subject: 1}}))
            store.runs.add(sample.run(f"run-{len(subject)}", params={"only": [subject]}, error=f"no {subject}."))

        store = open_metadata(postgres())
        yield Planted(store.named_in(), plant)
        store.close()
