"""Two scorers on one PostgreSQL: what one is told of stock the other answers by, and each answer is given again from the log."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.serve.asking import NOON, alive
from tests.serve.test_rules import NAMES, RULES, feed, laid, predict, release, verified
from tests.store.sql.conftest import server  # noqa: F401 - the fixture
from tidemill.access import tokens as auth
from tidemill.access.tokens import SCOPES
from tidemill.scope.project import Project, open_project
from tidemill.serve.http.app import App
from tidemill.serve.serving import prepare
from tidemill.types import HeldClock

if TYPE_CHECKING:
    from tests.store.sql.conftest import Server

pytestmark = pytest.mark.postgres


def test_stock_that_one_scorer_is_told_of_is_what_the_other_answers_by(
    tmp_path: Path,
    home: Path,
    server: Server,  # noqa: F811
) -> None:
    at = f"postgresql://tidemill@/postgres?host={server.folder}&port={server.port}"
    name = server.schema().replace("_", "-")
    root = laid(tmp_path / "shop", RULES)
    text = (
        (root / "tidemill.toml")
        .read_text()
        .replace('name = "shop"', f'name = "{name}"')
        .replace("[model]", "[model.shop]")
    )
    (root / "tidemill.toml").write_text(f'{text}\n[stores]\nmetadata = "{at}"\n')

    async def story(first: Project, second: Project) -> list[Any]:
        async with AsyncExitStack() as stack:
            token = auth.issue(first.store, "test", SCOPES)
            asks = [
                await stack.enter_async_context(alive(App(prepare(one), lambda: ()), token)) for one in (first, second)
            ]
            said = []
            for turn in range(3):
                first.clock.move(NOON + turn + 1)  # type: ignore[attr-defined]
                second.clock.move(NOON + turn + 1)  # type: ignore[attr-defined]
                told, asked = asks[turn % 2], asks[1 - turn % 2]
                position = await feed(told, {one: int(n % 6 != turn) for n, one in enumerate(NAMES)})
                said.append(await predict(asked, position, k=20))
        return said

    with open_project(root, clock=HeldClock(NOON)) as first, open_project(root, clock=HeldClock(NOON)) as second:
        release(first, 1, NAMES)
        said = asyncio.run(story(first, second))
        for turn, answer in enumerate(said):
            assert len(answer["items"]) == 20
            assert not {one for n, one in enumerate(NAMES) if n % 6 == turn} & set(answer["items"])
            assert verified(first, answer["prediction_id"])["same_reasons"]
