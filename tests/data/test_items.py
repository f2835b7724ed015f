"""Items from files: the newest row of each is what serving knows, whatever files said before, and a file's silence says nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.data.small import NOW, TOML, lay
from tidemill.backtest.past import files_of
from tidemill.data.contract.items import column_of, item_table, item_tables
from tidemill.data.ingest.ingest import reconcile
from tidemill.data.pipeline import ingest
from tidemill.data.tables.tables import open_tables
from tidemill.errors import DataBlocked
from tidemill.model.history import Histories
from tidemill.ops import data as verbs
from tidemill.ops.doctor import examine
from tidemill.ops.items import table
from tidemill.scope.project import Project, open_project
from tidemill.store.records import ItemChange
from tidemill.types import DAY, HeldClock, parse_time

HOUR = DAY // 24
ITEMS = """\
apiVersion: v3.0.2
kind: DataContract
id: items
version: 1.0.0
schema:
  - name: items
    customProperties: [{ property: tidemill.key, value: KEY }]
    properties:
      - { name: sku, logicalType: string, required: true, customProperties: [{ property: tidemill.role, value: item }] }
      - { name: name, logicalType: string, customProperties: [{ property: tidemill.role, value: title }] }
      - { name: price, logicalType: number, logicalTypeOptions: { minimum: 0 } }
      - { name: stock, logicalType: integer, logicalTypeOptions: { minimum: 0 } }
      - { name: shop, logicalType: string, customProperties: [{ property: tidemill.role, value: store }] }
      - { name: updated, logicalType: timestamp, customProperties: [{ property: tidemill.role, value: time }] }
"""


def shop(tmp_path: Path, key: str = "sku") -> Path:
    """A project with a table of items."""
    root = lay(tmp_path / "shop")
    (root / "data/items").mkdir()
    (root / "contracts/items.yaml").write_text(ITEMS.replace("KEY", key))
    more = '[data.items]\nsource = "data/items/*.csv"\ncontract = "contracts/items.yaml"\n'
    (root / "tidemill.toml").write_text(TOML.replace("[model]", f"{more}[model]"))
    return root


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with open_project(shop(tmp_path), clock=HeldClock(NOW)) as opened:
        yield opened


def comes(project: Project, name: str, text: str, later: int = 0) -> None:
    """A file, and that it is taken in."""
    (project.root / "data/items" / name).write_text(text)
    assert isinstance(project.clock, HeldClock)
    project.clock.move(NOW + later)
    ingest(project, "items")


def known(project: Project) -> dict[str, Any]:
    return {row.item + row.store: row.known for row in project.live.items.page_of("items")}


def test_the_next_file_s_rows_take_the_place_of_the_last_one_s(project: Project) -> None:
    comes(project, "1.csv", "sku,name,price,stock\nmug,Mug,2.5,3\npan,Pan,9,1\n")
    comes(project, "2.csv", "sku,name,price,stock\nmug,Mug,2.0,0\n", HOUR)
    comes(
        project, "1.csv", "sku,name,price,stock\nmug,Mug,2.5,3\nlid,,,\n", 2 * HOUR
    )  # as it was: news after the other one
    assert known(project)["mug"] == {"name": "Mug", "price": 2.5, "stock": 3}
    assert known(project)["pan"]["stock"] == 1 and known(project)["lid"] == {"name": None, "price": None, "stock": None}
    assert [row.known["stock"] for row in project.live.items.past("items", "mug")] == [3, 0, 3]
    assert project.store.datasets.get("items").rows == 5


def test_of_files_that_come_at_once_the_last_one_is_the_newest(project: Project) -> None:
    for n, stock in enumerate((3, 2, 0), 1):
        (project.root / f"data/items/{n}.csv").write_text(f"sku,stock\nmug,{stock}\n")
    comes(project, "4.csv", "sku,price\nmug,2.5\n")
    assert known(project)["mug"] == {"stock": 0, "price": 2.5}
    comes(project, "5.csv", "sku,stock\nmug,9\n")  # of the very moment
    assert known(project)["mug"]["stock"] == 9


def test_bytes_that_came_before_are_told(project: Project) -> None:
    first, second, told = "sku,stock\nmug,3\n", "sku,stock\nmug,0\n", list[int]()
    for n, text in enumerate((first, second, first, first)):
        comes(project, "now.csv", text, n * HOUR)
        told.append(len(project.store.events.list(kind="again")))
    assert known(project)["mug"]["stock"] == 0
    assert told == [0, 1, 2, 2]  # other bytes; those of before; no news


def test_rows_that_were_in_before_it_was_a_table_of_items_are_told(project: Project) -> None:
    comes(project, "1.csv", "sku,name,price,stock\nmug,Mug,2.5,3\n")
    project.live.flush()
    with closing(sqlite3.connect(project.state / "live.db")) as plain, plain:
        plain.execute("DELETE FROM item_rows")
    assert known(project) == {}
    for _ in range(2):
        ingest(project, "items")
    assert known(project)["mug"]["stock"] == 3 and project.store.datasets.get("items").version == 2


def test_a_model_reads_the_last_word_of_each_item(project: Project) -> None:
    comes(project, "1.csv", "sku,name,price,stock\nmug,Mug,2.5,3\npan,Pan,9,1\n")
    comes(project, "2.csv", "sku,stock\nmug,0\n", HOUR)
    rows = Histories(project, ["dataset:items@2"]).of("items").select("sku", "name", "stock").collect()
    assert sorted(rows.rows()) == [("mug", "Mug", 0), ("pan", "Pan", 1)]
    first = Histories(project, ["dataset:items@1"]).of("items").select("sku", "stock").collect()
    assert sorted(first.rows()) == [("mug", 3), ("pan", 1)]


def test_a_value_that_comes_late_is_said(tmp_path: Path) -> None:
    with open_project(shop(tmp_path, "[sku, updated]"), clock=HeldClock(NOW)) as project:
        comes(project, "1.csv", "sku,name,updated\nmug,Mug,2011-01-02\n")
        comes(project, "2.csv", "sku,stock,updated\nmug,4,2011-01-02\n", HOUR)
        assert known(project)["mug"] == {"name": "Mug", "stock": 4}


def test_what_a_file_has_no_column_for_it_does_not_say(project: Project) -> None:
    comes(project, "1.csv", "sku,name,price,stock\nmug,Mug,2.5,3\n")
    comes(project, "2.csv", "sku,stock\nmug,0\n", HOUR)
    assert known(project)["mug"] == {"name": "Mug", "price": 2.5, "stock": 0}


def test_the_newest_moment_wins_whoever_says_it(project: Project) -> None:
    told = ItemChange("items", "mug", "", NOW + HOUR, {"stock": 7}, principal="shelf")
    project.live.items.set([told], NOW).result(60)
    comes(project, "1.csv", "sku,name,stock,updated\nmug,Mug,3,2011-01-09\npan,Pan,1,2011-01-09\n")
    assert known(project)["mug"] == {"name": "Mug", "stock": 7}
    comes(project, "2.csv", "sku,stock\nmug,5\n", 2 * HOUR)  # without a time it is of the moment of its ingest
    (row, *_) = project.live.items.past("items", "mug")
    assert row.known["stock"] == 5 and (row.at, row.principal) == (NOW + 2 * HOUR, "")
    files = {file.name: file.digest for file in project.store.files.list(dataset="items")}
    assert (row.file, row.row) == (files["data/items/2.csv"], 0)


def test_a_kill_between_the_table_and_the_store_is_made_good(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    (project.root / "data/items/1.csv").write_text("sku,stock\nmug,3\npan,1\n")
    with monkeypatch.context() as patch:
        patch.setattr("tidemill.store.sql.item_rows.Items.load", lambda *_: (_ for _ in ()).throw(RuntimeError))
        with pytest.raises(Exception):
            ingest(project, "items")
    assert known(project) == {} and open_tables(project).version("items") == 1
    assert [version.version for version in reconcile(project)] == [1]
    assert {item: values["stock"] for item, values in known(project).items()} == {"mug": 3, "pan": 1}


def test_bad_rows_are_put_aside_as_of_any_dataset(project: Project) -> None:
    with pytest.raises(DataBlocked):
        comes(project, "1.csv", "sku,stock\nmug,3\npan,-1\n")
    with pytest.raises(DataBlocked):
        comes(project, "2.csv", "sku,stock\nmug,3\nmug,4\n")
    assert known(project) == {}


def test_a_row_a_store_and_a_moment_may_be_the_key(tmp_path: Path) -> None:
    with open_project(shop(tmp_path, "[sku, shop, updated]"), clock=HeldClock(NOW)) as project:
        comes(project, "1.csv", "sku,shop,stock,updated\nmug,n,3,2011-01-02\nmug,s,4,2011-01-02\nmug,n,2,2011-01-01\n")
        assert {name: values["stock"] for name, values in known(project).items()} == {"mugn": 3, "mugs": 4}
        comes(project, "2.csv", "sku,shop,stock,updated\nmug,n,3,2011-01-02\nmug,n,0,2011-01-03\n", HOUR)
        assert known(project)["mugn"]["stock"] == 0 and project.store.datasets.get("items").rows == 4


def test_which_dataset_is_a_table_of_items(project: Project, tmp_path: Path) -> None:
    columns = item_tables(project)
    assert list(columns) == ["items"] and columns["items"].title == "name" and columns["items"].store is None
    assert columns["items"].kinds == {"name": "string", "price": "number", "stock": "number", "shop": "string"}
    assert item_table(project.datasets["sales"]) is None
    keyed = shop(tmp_path / "other", "[sku, price]")
    with open_project(keyed, clock=HeldClock(parse_time("2011-01-10"))) as other:
        assert item_tables(other) == {}
        (keyed / "contracts/items.yaml").write_text("kind: nothing")
        assert item_tables(other) == {}


def test_what_is_known_is_shown_with_the_data_and_a_column_of_two_tables_is_found(project: Project) -> None:
    comes(project, "1.csv", "sku,name,price,stock\nmug,Mug,2.5,3\npan,Pan,9,1\n")
    assert verbs.version(project, "items").items == 2
    findings = {one.what: one for one in examine(project) if one.what.startswith("items")}
    assert findings["items items"].well
    toml = project.root / "tidemill.toml"
    toml.write_text(
        toml.read_text().replace(
            "[model]", '[data.more]\nsource = "more/*.csv"\ncontract = "contracts/items.yaml"\n[model]'
        )
    )
    with open_project(project.root, clock=HeldClock(NOW)) as other:
        findings = {one.what: one for one in examine(other) if one.what.startswith("items")}
        assert [table(other, name) for name in ("items", "more")] == ["items", "more"]  # of one contract
    assert findings["items items"].well and not findings["items more"].well and findings["items more"].hint


def test_which_column_plays_a_part(project: Project) -> None:
    sales, items = project.datasets["sales"], project.datasets["items"]
    assert [column_of(sales, role) for role in ("item", "subject", "title")] == ["sku", "customer", ""]
    assert [column_of(items, role) for role in ("item", "subject", "title")] == ["sku", "", "name"]
    sales.contract_path.write_text("nothing")
    assert column_of(sales, "item") == ""


def test_a_play_of_the_past_finds_what_each_file_said(project: Project) -> None:
    comes(project, "1.csv", "sku,name,price,stock\nmug,Mug,2.5,3\npan,Pan,9,1\n")
    comes(project, "2.csv", "sku,stock\nmug,2\n", HOUR)
    comes(project, "3.csv", "sku,stock\nmug,0\n", 30 * HOUR)
    found = files_of(project, "items", NOW + 2 * HOUR, DAY)
    assert list(found) == [NOW + 2 * HOUR, NOW + 2 * DAY]
    ((first,), (later,)) = found.values()
    assert first.select("sku", "name", "stock").rows() == [("mug", "Mug", 2), ("pan", "Pan", 1)]
    assert later.rows() == [("mug", 0)] and later.columns == ["sku", "stock"]
    assert files_of(project, "sales", NOW, DAY) == {}
