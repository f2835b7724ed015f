"""Items that programs say something of: checked by the contract, all or none, on the disk when acknowledged, seen by the next answer."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.data.test_items import ITEMS
from tests.serve.asking import NOON, TOML, Asker, alive, make_app
from tidemill.access import tokens as auth
from tidemill.features.items import EMPTY, advanced, begun, item_table
from tidemill.scope.project import Project, open_project
from tidemill.serve.histories import Histories
from tidemill.store.records import ItemChange, OnlineEvent
from tidemill.testing.live import written
from tidemill.types import DAY, HeldClock, to_iso

MORE = """
[data.items]
source = "data/items/*.csv"
contract = "contracts/items.yaml"
[data.stock]
source = "data/stock/*.csv"
contract = "contracts/stock.yaml"
"""
STOCK = """\
apiVersion: v3.0.2
kind: DataContract
id: stock
version: 1.0.0
schema:
  - name: stock
    customProperties: [{ property: tidemill.key, value: [sku, shop] }]
    properties:
      - { name: sku, logicalType: string, required: true, customProperties: [{ property: tidemill.role, value: item }] }
      - { name: shop, logicalType: string, required: true, customProperties: [{ property: tidemill.role, value: store }] }
      - { name: left, logicalType: integer, required: true, logicalTypeOptions: { minimum: 0 } }
"""


@pytest.fixture
def project(tmp_path: Path, home: Path) -> Iterator[Project]:
    root = tmp_path / "shop"
    (root / "contracts").mkdir(parents=True)
    (root / "contracts/items.yaml").write_text(ITEMS.replace("KEY", "sku"))
    (root / "contracts/stock.yaml").write_text(STOCK)
    (root / "tidemill.toml").write_text(TOML + MORE)
    with open_project(root, clock=HeldClock(NOON)) as opened:
        yield opened


async def stock(ask: Asker, item: str, n: Any, **more: Any) -> Any:
    return await ask("POST", "/items/items", {"item": item, "values": {"stock": n}, **more})


def test_what_is_said_is_kept_and_the_next_answer_sees_it(run: Callable[..., Any], project: Project) -> None:
    async def work(ask: Asker) -> Any:
        said = [{"item": " mug ", "values": {"name": "Mug", "price": "2.5", "stock": 3}}, {"item": "pan", "gone": True}]
        first = (await ask("POST", "/items/items", said)).json
        again = (await ask("POST", "/items/items", said)).json
        answer = (
            await ask("POST", "/predict/shop", {"subject": "7"}, headers={"Position": str(first["position"])})
        ).json
        return first, again, answer

    first, again, answer = run(work)
    assert first == {"items": 2, "changed": 2, "older": [], "conflicting": [], "position": 2}
    assert again == {**first, "changed": 0} and answer["position"] == 2
    (mug,) = project.live.items.among("items", ["mug"])
    assert mug.known == {"name": "Mug", "price": 2.5, "stock": 3} and (mug.principal, mug.at) == ("test", NOON)
    seen = item_table(project, project.live.predictions.get(answer["prediction_id"]).watermark)
    assert seen.row("mug")["stock"] == 3.0 and seen.title("mug") == "Mug"


def test_the_newest_moment_wins_and_the_rest_is_told(run: Callable[..., Any], project: Project) -> None:
    async def work(ask: Asker) -> Any:
        for n, at in ((3, NOON - 5), (9, NOON - 9), (4, NOON - 5)):
            yield (await stock(ask, "mug", n, at=to_iso(at))).json

    async def all_of(ask: Asker) -> list[Any]:
        return [told async for told in work(ask)]

    first, older, other = run(all_of)
    assert (first["changed"], older["older"], other["conflicting"]) == (1, ["mug"], ["mug"])
    assert first["position"] == older["position"] == other["position"] == 1


REFUSED: list[tuple[Any, str]] = [
    ({"item": "mug", "values": {"stock": -1}}, "$.values.stock"),
    ({"item": "mug", "values": {"stock": "NaN?"}}, "$.values.stock"),
    ({"item": "mug", "values": {"stok": 1}}, "$.values.stok"),
    ({"item": "mug", "values": {}}, "$.values"),
    ({"item": "mug", "values": {"stock": 1}, "gone": True}, "$.values"),
    ({"item": "NULL", "values": {"stock": 1}}, "$.item"),
    ({"item": "mug", "values": {"stock": 1}, "store": "n"}, "$.store"),
    ({"item": "mug", "values": {"stock": 1}, "at": to_iso(NOON + DAY)}, "$.at"),
    ({"item": "mug", "values": {"stock": 1}, "colour": "red"}, "$"),
    ([{"item": "pan", "values": {"stock": 1}}, {"item": "mug", "values": {"price": -1}}], "$[1].values.price"),
]


def test_what_the_contract_does_not_take_is_refused_whole(run: Callable[..., Any], project: Project) -> None:
    async def work(ask: Asker) -> Any:
        return [await ask("POST", "/items/items", said) for said, _ in REFUSED]

    for heard, (said, place) in zip(run(work), REFUSED, strict=True):
        assert (heard.status, heard.json["code"], heard.json["place"]) == (400, "bad_request", place), said
        assert heard.json["hint"]
    assert project.live.online.last_seq() == 0


def test_bounds_names_and_scopes(run: Callable[..., Any], project: Project) -> None:
    async def work(ask: Asker) -> Any:
        many = [{"item": f"{n}", "values": {"stock": n}} for n in range(1_001)]
        yield (await ask("POST", "/items/items", many)).status
        yield (await ask("POST", "/items/items", raw=b'{"item": "mug", "values": {"stock": NaN}}')).status
        yield (await ask("POST", "/items/sales", many[:1])).json["code"]
        yield (await ask("POST", "/items/stock", {"item": "mug", "values": {"left": 1}})).json["place"]
        yield (await ask("POST", "/items/stock", {"item": "mug", "store": "n", "values": {"left": None}})).json["place"]
        yield (await ask("POST", "/items/stock", {"item": "mug", "store": "n", "values": {"left": 4}})).json["changed"]

    async def all_of(ask: Asker) -> list[Any]:
        return [told async for told in work(ask)]

    assert run(all_of) == [400, 400, "not_found", "$.store", "$.values.left", 1]
    left = item_table(project).column("left", "n")
    assert left is not None and left.array.tolist() == [4.0]

    async def main() -> Any:
        secret = auth.issue(project.store, "front", ("predict", "feedback"))
        async with alive(make_app(project), secret) as ask:
            return (await stock(ask, "mug", 1)).status

    assert asyncio.run(main()) == 403


def test_a_full_disk_keeps_nothing_and_acknowledges_nothing(run: Callable[..., Any], project: Project) -> None:
    async def work(ask: Asker) -> Any:
        before = (await stock(ask, "mug", 1)).status
        with closing(sqlite3.connect(project.state / "live.db")) as plain:
            pages = plain.execute("PRAGMA page_count").fetchone()[0]

        def full(tx: Any) -> None:
            tx.connection.dbapi_connection.execute(f"PRAGMA max_page_count={pages}")

        project.live._db.write(full)
        many = [{"item": f"{n}", "values": {"name": "x" * 900}} for n in range(900)]
        return before, (await ask("POST", "/items/items", many)).json, (await stock(ask, "mug", 1)).json["changed"]

    before, refused, after = run(work)
    assert (before, refused["code"], after) == (200, "disk_full", 0)
    assert project.live.items.count_now("items") == 1


def test_what_others_write_is_followed_between_events(project: Project) -> None:
    first = begun(project)
    assert first is not None and first.columns.keys() >= {"stock", "left"} and first.titled == "name"
    histories = Histories(project.live, items=first)
    held = histories.items
    told = [ItemChange("items", "mug", "", 5, {"stock": 3})]
    project.live.items.set(told, 5).result(60)
    events = [OnlineEvent(0, "k1", "7", "mug", 1, 1.0, dataset="sales")]
    histories.learn(events, written(project.live, (), (), events))  # ours, after another writer's row
    assert histories.seq == histories.items.position == 2 and histories.items.row("mug")["stock"] == 3.0
    project.live.items.set([ItemChange("items", "mug", "", 6, {}, gone=True)], 6).result(60)
    assert histories.follow() and histories.items.numbers(["mug"]).tolist() == [-1]
    assert held.names == () and held.position == 0
    late = Histories(project.live, items=first)
    assert late.items.position == 3 and late.items.numbers(["mug"]).tolist() == [-1]
    assert Histories(project.live).items is EMPTY


def test_a_long_file_is_taken_in_by_pieces_with_answers_between(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tidemill.serve.histories._ITEMS", 2)
    serving = make_app(project).serving
    project.live.items.set([ItemChange("items", f"{n}", "", 5, {"stock": n}) for n in range(7)], 5).result(60)

    async def main() -> list[int]:
        seen, work = [0], asyncio.create_task(serving.catch_up())
        while not work.done():
            await asyncio.sleep(0)
            seen.append(serving.histories.items.position)
        await work
        return sorted(set(seen))

    assert asyncio.run(main()) == [0, 2, 4, 6, 7]


def test_what_many_answers_knew_is_read_one_after_the_other(project: Project) -> None:
    for n in range(7):
        changes = [ItemChange("items", "ab"[n % 2], "", n, {"stock": n}, gone=n == 5)]
        project.live.items.set(changes, n).result(60)
    table = item_table(project, 0)
    for position in (2, 2, 5, 6, 7):
        table, whole = advanced(project, table, position), item_table(project, position)
        assert table.position == whole.position == position
        assert [table.row(item) for item in "ab"] == [whole.row(item) for item in "ab"]


def test_what_is_kept_of_a_dataset_that_is_no_table_any_more_is_not_known(project: Project) -> None:
    told = [ItemChange(dataset, "mug", "", 1, {"colour": "red"}) for dataset in ("former", "items")]
    project.live.items.set(told[:1], 1).result(60)
    assert item_table(project).columns.keys() == {"name", "price", "stock", "shop", "left"}
    project.live.items.set(told[1:], 1).result(60)
    assert item_table(project).row("mug")["colour"] == "red"  # a column that came while the server runs


def test_a_store_that_was_put_back_is_read_anew(project: Project) -> None:
    histories = Histories(project.live, items=begun(project))
    for n in range(3):
        project.live.items.set([ItemChange("items", "mug", "", n, {"stock": n})], n).result(60)
    assert histories.follow()
    with closing(sqlite3.connect(project.state / "live.db")) as plain, plain:
        plain.execute("DELETE FROM item_rows WHERE seq = 3")
        plain.execute("UPDATE item_rows SET until = NULL WHERE seq = 2")
    histories.follow()
    assert histories.seq == 2 and histories.items.row("mug")["stock"] == 1.0
