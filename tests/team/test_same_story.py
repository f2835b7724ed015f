"""The demo's replay on PostgreSQL and object storage is the story that it is in one folder, answer for answer and decision for decision."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.conftest import DAYS, play
from tests.e2e.golden.story import ARMS, DECISIONS, answered, decided, golden
from tests.store.artifacts.storage import Storage
from tests.store.sql.conftest import Server
from tests.team.machines import Stores
from tidemill.recipes.new import new_project
from tidemill.recipes.recommend.folder import MARK, SAYS, fit_to_shop


@pytest.mark.nightly
@pytest.mark.timeout(1200)
def test_it_is_the_same_story(tmp_path: Path, server: Server, storage: Storage) -> None:
    shop, stores = tmp_path / "shop", Stores(server, storage).make()
    shop.mkdir()
    (shop / MARK).write_bytes(SAYS)
    new_project(shop, "recommend", "shop")
    fit_to_shop(shop)
    with (shop / "tidemill.toml").open("a") as toml:
        toml.write(stores.toml)
    played = play(tmp_path, "--days", str(DAYS))
    assert not any((shop / ".tidemill").glob("*.db")) and not any((shop / ".tidemill/tables").iterdir())
    told, taken = answered(stores.ask(ARMS), played.log), decided(stores.ask(DECISIONS))
    assert len(told) == played.summary["requests"] > 300 and played.summary["lost"] == 0
    assert told == golden("answers")[: len(told)]
    assert len(taken) == DAYS and taken == golden("decisions")[: len(taken)]
