"""Columns that come and go: beside the contract, optional and missing, gained by a contract, or changed under the rows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from deltalake import DeltaTable

from tests.data.small import DAY_1, DAY_2, drop, rows
from tests.raised import raised
from tidemill.data.ingest.quarantine import quarantine
from tidemill.data.pipeline import ingest
from tidemill.data.tables.tables import Tables, open_tables
from tidemill.errors import ContractError, DataBlocked
from tidemill.scope.project import Project

CHANNEL = "      - { name: channel, logicalType: string }\n"


def with_channel(text: str) -> str:
    """The CSV with one more column."""
    head, *lines = text.splitlines()
    return "\n".join([f"{head},channel", *(f"{line},web" for line in lines)]) + "\n"


def rewrite(folder: Path, old: str, new: str) -> None:
    path = folder / "contracts/sales.yaml"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def test_a_column_beside_the_contract_is_left_out_and_told_once(project: Project, folder: Path) -> None:
    drop(folder, "1.csv", DAY_1)
    drop(folder, "2.csv", with_channel(DAY_2))
    made = ingest(project, "sales")
    assert made is not None and (made.rows, made.quarantined) == (5, 0)
    assert "channel" not in open_tables(project).read("sales").collect_schema()
    drop(folder, "3.csv", with_channel(rows(("5", "mug", 1, "2011-01-03 10:00:00", 1.5, "bob"))))
    ingest(project, "sales")
    (event,) = project.store.events.list(kind="columns")
    assert (event.data["surplus"], event.data["absent"], event.data["rows"]) == (["channel"], [], 2)


def test_a_column_beside_the_contract_is_kept_or_refused_as_it_says(project: Project, folder: Path) -> None:
    rewrite(
        folder,
        "    customProperties:\n",
        "    customProperties:\n      - { property: tidemill.surplus, value: keep }\n",
    )
    drop(folder, "1.csv", DAY_1)
    drop(folder, "2.csv", with_channel(DAY_2))
    ingest(project, "sales")
    kept = open_tables(project).read("sales").collect().sort("at")["_surplus"].to_list()
    assert [json.loads(k) if k else None for k in kept] == [None] * 3 + [{"channel": "web"}] * 2
    rewrite(folder, "value: keep", "value: refuse")
    drop(folder, "3.csv", with_channel(rows(("5", "mug", 1, "2011-01-03 10:00:00", 1.5, "bob"))))
    with raised(DataBlocked, "data/sales/3.csv"):
        ingest(project, "sales")
    rewrite(folder, "value: refuse", "value: perhaps")
    with raised(ContractError, "contracts/sales.yaml:8"):
        ingest(project, "sales")


@pytest.mark.parametrize("name", ["*", "^.*$", "^sku$"])
def test_a_column_beside_the_contract_may_be_called_like_a_pattern(project: Project, folder: Path, name: str) -> None:
    keep = "    customProperties:\n      - { property: tidemill.surplus, value: keep }\n"
    rewrite(folder, "    customProperties:\n", keep)
    drop(folder, "1.csv", with_channel(DAY_2 + "bad,mug,1,2011-01-02 12:00:00,1.0,ann\n").replace("channel", name))
    made = ingest(project, "sales")
    assert made is not None and (made.rows, made.quarantined) == (2, 1)
    kept = open_tables(project).read("sales").collect()["_surplus"].to_list()
    assert [json.loads(k) for k in kept] == [{name: "web"}] * 2
    assert json.loads(quarantine(project, "sales")["_raw"][0])[name] == "web"


def test_an_optional_column_may_be_missing_and_is_told(project: Project, folder: Path) -> None:
    drop(folder, "1.csv", DAY_1)
    short = "\n".join(",".join(line.split(",")[:4] + line.split(",")[5:]) for line in DAY_2.splitlines())
    drop(folder, "2.csv", short + "\n")
    made = ingest(project, "sales")
    assert made is not None and made.rows == 5
    assert open_tables(project).read("sales").collect()["price"].null_count() == 2
    (event,) = project.store.events.list(kind="columns")
    assert (event.data["surplus"], event.data["absent"]) == ([], ["price"])


def test_a_contract_may_gain_a_column_that_older_rows_have_not(project: Project, folder: Path) -> None:
    drop(folder, "1.csv", DAY_1)
    ingest(project, "sales")
    (folder / "contracts/sales.yaml").write_text(
        (folder / "contracts/sales.yaml").read_text().replace("slaP", CHANNEL + "slaP")
    )
    gained = ingest(project, "sales")
    assert gained is not None and (gained.version, gained.rows) == (2, 3)
    drop(folder, "2.csv", with_channel(DAY_2))
    made = ingest(project, "sales")
    assert made is not None and (made.version, made.rows) == (3, 5)
    tables = open_tables(project)
    assert tables.read("sales", 1).collect()["channel"].to_list() == [None] * 3
    assert sorted(tables.read("sales").collect()["channel"].to_list(), key=str) == [None] * 3 + ["web"] * 2
    assert Tables(tables.root).read("sales", 3).collect().height == 5, "and for who reads the log anew"
    assert DeltaTable(str(tables.folder("sales"))).schema().to_json().count("channel") == 1
    assert tables.added("sales", [1, 3], ("channel",)).height == 5
    shown = json.loads(project.artifacts.get(made.profile or ""))
    assert shown["columns"]["channel"]["nulls"] == 3
    assert ingest(project, "sales") is None


@pytest.mark.parametrize(
    ("old", "new", "column"),
    [
        ("slaP", CHANNEL.replace("string", "string, required: true") + "slaP", "channel"),
        (
            "name: price, logicalType: number, logicalTypeOptions: { minimum: 0 }",
            "name: price, logicalType: string",
            "price",
        ),
        ("      - { name: price, logicalType: number, logicalTypeOptions: { minimum: 0 } }\n", "", "price"),
    ],
)
def test_a_breaking_change_says_what_it_breaks(project: Project, folder: Path, old: str, new: str, column: str) -> None:
    drop(folder, "1.csv", DAY_1)
    ingest(project, "sales")
    rewrite(folder, old, new)
    drop(folder, "2.csv", DAY_2)
    with pytest.raises(ContractError) as caught:
        ingest(project, "sales")
    assert f"'{column}'" in caught.value.message and "versions 1 to 1" in caught.value.message
    assert "[model.shop]" in caught.value.message and caught.value.place and caught.value.hint
    assert open_tables(project).version("sales") == 1
