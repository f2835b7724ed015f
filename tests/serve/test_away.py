"""A database server that goes away under a running scorer, and comes back: waits are bounded, nothing acknowledged is lost."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.serve.asking import NOON, TOML, alive, make_app
from tests.store.sql.conftest import server  # noqa: F401 - the fixture
from tidemill.access import tokens as auth
from tidemill.scope.project import Project, open_project
from tidemill.types import DAY, HeldClock, to_iso

if TYPE_CHECKING:
    from tests.store.sql.conftest import Server

pytestmark = pytest.mark.postgres


@pytest.fixture
def project(tmp_path: Path, server: Server) -> Iterator[Project]:  # noqa: F811
    at = f"postgresql://tidemill@/postgres?host={server.folder}&port={server.port}"
    toml = TOML.replace('name = "shop"', f'name = "{server.schema().replace("_", "-")}"')
    (tmp_path / "tidemill.toml").write_text(f'{toml}\n[stores]\nmetadata = "{at}"\n')
    with open_project(tmp_path, clock=HeldClock(NOON)) as opened:
        yield opened


def test_a_server_away_is_503_and_all_that_was_acknowledged_is_there_when_it_is_back(
    project: Project,
    server: Server,  # noqa: F811
    caplog: pytest.LogCaptureFixture,
) -> None:
    token = auth.issue(project.store, "asker", ("predict", "feedback", "read"))

    async def story() -> dict[str, int]:
        acknowledged: dict[str, int] = {}

        async def send(n: int) -> int:
            body = {"subject": str(n), "key": f"k{n}"}
            answer = await ask("POST", f"/predict/{project.endpoint().name}", body)
            if answer.status == 200:
                acknowledged[answer.json["prediction_id"]] = n
            else:
                assert answer.json["code"] == "busy" and int(answer.headers["retry-after"]) > 0
                assert str(server.port) not in answer.body.decode()  # where the database is, is nobody's business
            return answer.status

        async with alive(make_app(project), token) as ask:
            assert await send(0) == 200
            server.stop()
            try:
                away = [await send(n) for n in (1, 2)]
                told = await ask("POST", "/feedback", outcome(7))
                log = ask.app.serving.log
                health = ask.app.serving.health()
            finally:
                server.resume()
            assert away == [503, 503] and told.status == 503 and set(health.values()) == {"not_writing"}
            while log.trouble is not None:  # the heartbeat tries, nobody asks
                await asyncio.sleep(0)
            assert [await send(n) for n in (1, 2, 3)] == [200] * 3
            told = await ask("POST", "/feedback", outcome(7))
            assert told.status == 200 and told.json["new"] == 1
        return acknowledged

    with caplog.at_level(logging.ERROR):
        acknowledged = asyncio.run(story())
    assert set(project.live.predictions.find(acknowledged)) == set(acknowledged) and len(acknowledged) == 4
    said = [record.getMessage() for record in caplog.records if "cannot be followed" in record.getMessage()]
    assert len(said) < 5, said  # once for each thing, not twenty times a second


def outcome(n: int) -> dict[str, Any]:
    return {"key": f"o{n}", "subject": str(n), "item": "mug", "value": 1.0, "at": to_iso(NOON - DAY)}
