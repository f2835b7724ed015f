"""Values that come late: null becomes a value as of when it was known; a value never becomes another one."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from deltalake import DeltaTable

from tests.data.ingest_killed import PLACES
from tests.data.small import CONTRACT, drop, lay, state, verified
from tidemill.data.contract.contract import load_contract
from tidemill.data.ingest.ingest import reconcile
from tidemill.data.ingest.judge import preview
from tidemill.data.ingest.quarantine import quarantine
from tidemill.data.pipeline import ingest
from tidemill.data.tables.keys import KeyIndex
from tidemill.data.tables.tables import open_tables
from tidemill.errors import DataBlocked
from tidemill.features.transaction_time import BEGAN, KNOWN, known_of, with_knowledge
from tidemill.scope.project import Project, open_project
from tidemill.store.records import Outcome
from tidemill.types import DAY, HeldClock, parse_time

REPO = Path(__file__).parents[2]
NOW = parse_time("2011-01-10")
FIRST = """\
invoice,sku,quantity,at,price,customer
1,mug,2,2011-01-01 10:00:00,,ann
1,lamp,1,2011-01-01 10:00:00,20.0,ann
2,mug,1,2011-01-03 11:00:00,,bob
"""
PRICES = "invoice,sku,price\n1,mug,1.5\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = lay(tmp_path / "shop")
    drop(root, "1.csv", FIRST)
    return root


def taken(project: Project) -> dict[str, float | None]:
    """The prices of the newest version, by key."""
    rows = open_tables(project).read("sales").collect().sort("invoice", "sku")
    return {f"{r['invoice']}/{r['sku']}": r["price"] for r in rows.iter_rows(named=True)}


def test_a_later_file_completes_rows_and_earlier_versions_stay_as_they_were(folder: Path) -> None:
    with open_project(folder, clock=HeldClock(NOW)) as project:
        one = ingest(project, "sales")
        drop(folder, "2.csv", PRICES)
        assert [(j.file.name, j.checked and j.checked.completed) for j in preview(project, "sales")][-1][1] == 1
        two = ingest(project, "sales")
        assert one and two and (one.rows, two.rows, two.quarantined) == (3, 3, 0) and one.digest != two.digest
        assert taken(project) == {"1/mug": 1.5, "1/lamp": 20.0, "2/mug": None}
        tables = open_tables(project)
        assert tables.read("sales", 1).collect()["price"].null_count() == 2
        assert tables.verify("sales", 1) == tables.verify("sales", 2) == 1
        assert tables.commit("sales", 2).completed == (parse_time("2011-01-01T10:00"), parse_time("2011-01-01T10:00"))
        row = tables.read("sales").filter(pl.col("_completed").is_not_null()).collect().row(0, named=True)
        assert (row["_ingest"], row["_completed"]) == (one.ingest, [f"{two.ingest} price"])
        shown = json.loads(project.artifacts.get(str(two.profile)))["columns"]["price"]
        assert (shown["count"], shown["nulls"], shown["min"]) == (3, 1, 1.5)
        (event,) = [e for e in project.store.events.list(kind="ingested") if e.data.get("completed")]
        assert event.data["completed"] == 1
        assert ingest(project, "sales") is None
        drop(folder, "3.csv", "invoice,sku,price\n2,mug,1.4\n")
        assert ingest(project, "sales") is not None
        assert taken(project)["2/mug"] == 1.4 and taken(project)["1/mug"] == 1.5
        assert [tables.read("sales", v).collect()["price"].null_count() for v in (1, 2, 3)] == [2, 1, 0]
        assert verified(KeyIndex(tables, "sales", ("invoice", "sku")), 3)


def test_other_readers_of_delta_see_the_same(folder: Path) -> None:
    with open_project(folder, clock=HeldClock(NOW)) as project:
        ingest(project, "sales")
        drop(folder, "2.csv", PRICES)
        ingest(project, "sales")
        table = DeltaTable(str(open_tables(project).folder("sales")))
        assert table.version() == 2 and table.history(1)[0]["operation"] == "MERGE"
        rows = pl.scan_delta(str(open_tables(project).folder("sales"))).collect()
        assert rows.height == 3 and rows["price"].null_count() == 1
        table.create_checkpoint()
        assert taken(project)["1/mug"] == 1.5


@pytest.mark.parametrize(
    ("file", "prices", "bad"),
    [
        ("invoice,sku,price\n1,lamp,21.0\n1,mug,1.5\n", {"1/mug": 1.5, "1/lamp": 20.0}, ["duplicate"]),
        ("invoice,sku,price\n1,lamp,20.0\n1,mug,\n", {"1/mug": None, "1/lamp": 20.0}, []),
        ("invoice,sku,price\n1,mug,1.5\n9,mug,2.0\n", {"1/mug": 1.5}, ["no row of this key to complete"]),
        ("invoice,sku,price\n1,mug,1.5\n1,mug,1.6\n", {"1/mug": 1.5}, ["duplicate"]),
        ("invoice,sku,price\n1,mug,-3\n2,mug,1.4\n", {"1/mug": None, "2/mug": 1.4}, ["price: below 0"]),
        (FIRST.replace("10:00:00,,ann", "10:00:00,1.5,ann"), {"1/mug": 1.5, "2/mug": None}, []),
        (FIRST.replace("2011-01-01 10:00:00,,", "2011-01-02 10:00:00,1.5,"), {"1/mug": None}, ["duplicate"]),
        ("invoice,sku,at,price\n2,mug,2011-01-03 11:00:00,1.4\n", {"2/mug": 1.4}, []),
    ],
)
def test_what_completes_what_is_known_and_what_is_bad(
    folder: Path, file: str, prices: dict[str, float | None], bad: list[str]
) -> None:
    with open_project(folder, clock=HeldClock(NOW)) as project:
        ingest(project, "sales")
        drop(folder, "2.csv", file)
        assert ingest(project, "sales") is not None
        found = taken(project)
        assert {key: found[key] for key in prices} == prices and len(found) == 3
        assert quarantine(project, "sales")["_reasons"].to_list() == [[reason] for reason in bad]


def test_values_that_come_before_their_rows_wait_for_them(folder: Path) -> None:
    drop(folder, "0.csv", PRICES)
    with open_project(folder, clock=HeldClock(NOW)) as project:
        assert [j.error for j in preview(project, "sales")] == [None, None]
        made = ingest(project, "sales")
        assert made is not None and made.quarantined == 0
        assert taken(project) == {"1/mug": 1.5, "1/lamp": 20.0, "2/mug": None}


def test_a_file_that_completes_nothing_is_refused_for_what_it_lacks(folder: Path) -> None:
    with open_project(folder, clock=HeldClock(NOW)) as project:
        ingest(project, "sales")
        drop(folder, "2.csv", "invoice,sku,price\n7,mug,1.5\n")
        with pytest.raises(DataBlocked) as caught:
            ingest(project, "sales")
        assert "quantity" in caught.value.message and taken(project)["1/mug"] is None


def test_two_files_of_one_ingest_do_not_contradict_each_other(folder: Path) -> None:
    with open_project(folder, clock=HeldClock(NOW)) as project:
        ingest(project, "sales")
        drop(folder, "2.csv", "invoice,sku,price\n1,mug,1.5\n2,mug,1.4\n")
        drop(folder, "3.csv", "invoice,sku,price\n1,mug,1.5\n2,mug,1.9\n")
        ingest(project, "sales")
        assert taken(project) == {"1/mug": 1.5, "1/lamp": 20.0, "2/mug": 1.4}
        assert quarantine(project, "sales")["_reasons"].to_list() == [["duplicate"]]


def test_a_value_is_known_from_the_ingest_that_brought_it_on(folder: Path) -> None:
    clock = HeldClock(parse_time("2011-01-04"))
    with open_project(folder, clock=clock) as project:
        ingest(project, "sales")
        clock.move(clock.now() + 5 * DAY)
        drop(folder, "2.csv", PRICES)
        ingest(project, "sales")
        tables, contract = open_tables(project), load_contract(project, "sales")
        rows = with_knowledge(tables.read("sales"), contract.time, tables.versions("sales")).collect()
        at = pl.col("at").dt.epoch("us")
        found = rows.select(
            key=pl.concat_str("invoice", "sku", separator="/"), at=at, row=pl.col(KNOWN), began=pl.col(BEGAN)
        )
        found = found.with_columns(
            price=rows.select(known_of(["price"], rows.columns)).to_series(),
            quantity=rows.select(known_of(["quantity"], rows.columns)).to_series(),
        )
        told = {r["key"]: r for r in found.iter_rows(named=True)}
        assert all(r["row"] == r["quantity"] == r["at"] for r in told.values())
        assert told["1/mug"]["price"] == clock.now() and told["1/lamp"]["price"] == told["1/lamp"]["at"]
        assert set(found["began"]) == {parse_time("2011-01-04")}
        before = with_knowledge(tables.read("sales", 1), contract.time, tables.versions("sales")[:1]).collect()
        assert KNOWN not in before.columns and before["price"].null_count() == 2


def test_a_subject_that_comes_late_makes_the_row_an_event(tmp_path: Path) -> None:
    folder = lay(tmp_path / "shop")
    contract = folder / "contracts/sales.yaml"
    text = contract.read_text()
    assert "- name: customer\n        logicalType: string\n        required: true\n" in text
    contract.write_text(
        text.replace(
            "- name: customer\n        logicalType: string\n        required: true\n",
            "- name: customer\n        logicalType: string\n",
        )
    )
    drop(folder, "1.csv", FIRST.replace(",bob", ","))
    with open_project(folder, clock=HeldClock(NOW)) as project:
        ingest(project, "sales")
        assert [e.subject for e in project.live.online.list()] == ["ann", "ann"]
        drop(folder, "2.csv", "invoice,sku,customer\n2,mug,bob\n")
        ingest(project, "sales")
        assert [e.subject for e in project.live.online.list()] == ["ann", "ann", "bob"]


def prepared(folder: Path) -> Path:
    root = lay(folder)
    drop(root, "1.csv", FIRST)
    with open_project(root, clock=HeldClock(NOW)) as project:
        ingest(project, "sales")
    drop(root, "2.csv", PRICES + "1,mug,7.0\n")
    return root


def whole(project: Project) -> dict[str, object]:
    marks = open_tables(project).read("sales").collect().sort("invoice", "sku")["_completed"].to_list()
    return state(project) | {"prices": taken(project), "marks": marks, "bad": quarantine(project, "sales").rows()}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    root = prepared(tmp_path_factory.mktemp("undisturbed") / "shop")
    with open_project(root, clock=HeldClock(NOW)) as project:
        ingest(project, "sales")
        return whole(project)


OFTEN = ("after the quarantine", "after the table's commit", "inside the metadata's transaction")
"""Each day between any two of the three that have to agree; at every place each day: test_ingest_kill, of rows that are new."""


@pytest.mark.parametrize(
    "place",
    [
        pytest.param(place, marks=[] if place in OFTEN else pytest.mark.nightly)
        for place in PLACES
        if "online" not in place
    ],
)
def test_killed_and_started_again(tmp_path: Path, undisturbed: dict[str, object], place: str) -> None:
    root = prepared(tmp_path / "killed")
    env = {**os.environ, "PYTHONPATH": str(REPO)}
    command = [sys.executable, "-m", "tests.data.ingest_killed", str(root), place]
    done = subprocess.run(command, cwd=REPO, env=env, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr[-2000:]
    with open_project(root, clock=HeldClock(NOW)) as project:
        reconcile(project)
        ingest(project, "sales")
        assert whole(project) == undisturbed
        assert verified(KeyIndex(open_tables(project), "sales", ("invoice", "sku")), 2)


def test_an_item_that_is_completed_late_is_sold_from_then_on(tmp_path: Path) -> None:
    """What was told of it before is part of the history then, as when a row brings it."""
    contract = CONTRACT.replace("value: [invoice, sku]", "value: [invoice]")
    contract = contract.replace(
        "      - name: sku\n        logicalType: string\n        required: true\n",
        "      - name: sku\n        logicalType: string\n",
    )
    folder = lay(tmp_path / "shop")
    (folder / "contracts/sales.yaml").write_text(contract)
    drop(folder, "1.csv", "invoice,sku,quantity,at,price,customer\n1,,2,2011-01-01 10:00:00,1.0,ann\n")
    with open_project(folder, clock=HeldClock(NOW)) as project:
        ingest(project, "sales")
        told = Outcome("9", NOW, "bob", "mug", 1.0, None, NOW, endpoint="shop", quarantined=True)
        project.live.append((), [told], ())
        drop(folder, "2.csv", "invoice,sku\n1,mug\n")
        ingest(project, "sales")
        assert project.live.outcomes.quarantined() == {}
        assert [(e.key, e.item) for e in project.live.online.list(subject="bob")] == [("9", "mug")]


def test_a_row_that_is_rejected_for_what_is_in_is_kept_as_it_came(folder: Path) -> None:
    with open_project(folder, clock=HeldClock(NOW)) as project:
        ingest(project, "sales")
        drop(folder, "2.csv", "invoice,sku,price,remark\n1 ,mug,1.50,first\n1,lamp,21.00,no\n")
        ingest(project, "sales")
        (row,) = quarantine(project, "sales").iter_rows(named=True)
        assert json.loads(row["_raw"]) == {"invoice": "1", "sku": "lamp", "price": "21.00", "remark": "no"}
