"""How many are in the building: one that floods is refused before others are."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.serve.asking import Asker, alive, make_app
from tests.serve.test_fallback import Slow
from tests.serve.test_refusing import until
from tidemill.access import tokens as auth
from tidemill.errors import TooBusy, TooMany
from tidemill.serve.http.admission import Admission


def test_each_has_a_share_and_whoever_comes_next_finds_room():
    door = Admission(12)
    for _ in range(6):
        door.enter("a")
    with pytest.raises(TooMany):
        door.enter("a")
    for _ in range(4):
        door.enter("b")
    with pytest.raises(TooMany):
        door.enter("b")
    door.enter("c")
    assert door.inside == 11
    for name, n in (("a", 6), ("b", 4), ("c", 1)):
        for _ in range(n):
            door.leave(name)
    assert door.inside == 0 and not door._of


def test_never_more_than_there_is_room_for():
    door = Admission(2)
    door.enter("a")
    door.enter("b")
    with pytest.raises(TooBusy):
        door.enter("c")


@pytest.mark.parametrize("n", [8, 20])
def test_a_flood_is_refused_and_another_caller_is_answered(project, n):
    slow = Slow()
    app = make_app(project, champion=slow)
    app.building.most = 8

    async def main() -> Any:
        async with alive(app, auth.issue(project.store, "flood", ("predict",))) as ask:
            other = Asker(app, auth.issue(project.store, "other", ("predict",)))
            flood = [asyncio.create_task(ask("POST", "/predict/shop", {"subject": "7"})) for _ in range(n)]
            await until(lambda: sum(one.done() for one in flood) == n - 4)
            inside = app.building.inside
            calm = asyncio.create_task(other("POST", "/predict/shop", {"subject": "8"}))
            await until(lambda: app.building.inside == 5)
            slow.go.set()
            return inside, await asyncio.gather(*flood), await calm

    inside, flood, calm = asyncio.run(main())
    assert inside == 4 and calm.status == 200
    assert sorted(one.status for one in flood) == [200] * 4 + [429] * (n - 4)
    refused = next(one for one in flood if one.status == 429)
    assert (refused.json["code"], refused.headers["retry-after"]) == ("too_many", "1")
    assert app.building.inside == 0
