"""Ingest: each file once, every row accounted for, nothing lost when it is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from tests.data.small import DAY_1, DAY_2, NOW, drop, lay, rows, state
from tests.raised import raised
from tidemill.data.contract.contract import load_contract
from tidemill.data.ingest.ingest import reconcile
from tidemill.data.ingest.quarantine import quarantine
from tidemill.data.pipeline import data_pipeline, ingest
from tidemill.data.tables.tables import open_tables
from tidemill.errors import ContractError, DataBlocked, NotFound, SourceError
from tidemill.scope.project import Project, open_project
from tidemill.types import HeldClock, digest, parse_time


def test_files_become_versions(project: Project, folder: Path) -> None:
    first = drop(folder, "1.csv", DAY_1)
    one = ingest(project, "sales")
    assert one is not None
    drop(folder, "2.csv", DAY_2)
    two = ingest(project, "sales")
    assert two is not None
    assert [(v.version, v.rows, v.quarantined) for v in (one, two)] == [(1, 3, 0), (2, 5, 0)]
    assert (two.time_min, two.time_max) == (parse_time("2011-01-01T10:00"), parse_time("2011-01-02T12:00"))
    table = open_tables(project).read("sales").collect().sort("at", "_row")
    assert table["_file"][0] == digest(first.read_bytes())
    assert table["_row"].to_list() == [0, 1, 2, 0, 1]
    assert set(table["_ingest"]) == {one.ingest, two.ingest}
    assert two.digest == open_tables(project).digest("sales")
    assert [f.name for f in project.store.files.list(dataset="sales")] == ["data/sales/1.csv", "data/sales/2.csv"]
    into = {e.source for e in project.store.edges.list(target="dataset:sales@2")}
    assert f"file:{digest((folder / 'data/sales/2.csv').read_bytes())}" in into
    assert "dataset:sales@1" in into
    runs = project.store.runs.page(pipeline="data")
    assert sorted(r.id for r in runs) == sorted([one.run, two.run]) and {r.status for r in runs} == {"done"}
    assert f"run:{one.run}" in {e.source for e in project.store.edges.list(target="dataset:sales@1")}


def test_time_travel(project: Project, folder: Path) -> None:
    drop(folder, "1.csv", DAY_1)
    ingest(project, "sales")
    drop(folder, "2.csv", DAY_2)
    ingest(project, "sales")
    tables = open_tables(project)
    assert tables.read("sales", 1).collect().height == 3
    assert tables.read("sales", 2).collect().height == 5
    assert project.store.datasets.get("sales", 1).digest == tables.digest("sales", 1)


def test_the_same_file_again_changes_nothing(project: Project, folder: Path) -> None:
    drop(folder, "1.csv", DAY_1)
    ingest(project, "sales")
    before = state(project)
    assert ingest(project, "sales") is None
    drop(folder, "again.csv", DAY_1)  # the same bytes under another name
    (folder / "data/sales/1.csv").touch()
    assert ingest(project, "sales") is None
    assert ingest(project, "sales") is None
    (told,) = project.store.events.list(kind="again")  # said once, and nothing else has changed
    assert (
        told.data["message"] == "data/sales/again.csv holds the same bytes as data/sales/1.csv: they are in sales once"
    )
    assert reconcile(project) == []
    after = state(project)
    after["events"] = [e for e in after["events"] if e[1] != "again"]
    assert after == before


def test_the_same_bytes_twice_in_one_ingest_count_once(project: Project, folder: Path) -> None:
    drop(folder, "1.csv", DAY_1)
    drop(folder, "2.csv", DAY_1)
    made = ingest(project, "sales")
    assert made is not None and (made.rows, made.quarantined) == (3, 0)


def test_bad_rows_go_to_quarantine_with_reasons(project: Project, folder: Path) -> None:
    text = DAY_1 + "2,mug,x,2011-01-01 11:00:00,1.5,bob\n1,mug,2,2011-01-01 10:00:00,1.5,ann\n3,mug,1\n"
    drop(folder, "1.csv", text)
    made = ingest(project, "sales")
    assert made is not None and (made.rows, made.quarantined) == (3, 3)
    bad = quarantine(project, "sales")
    assert bad.select("_row", "_line", "_reasons").rows() == [
        (3, 5, ["quantity: not an integer"]),
        (4, 6, ["duplicate"]),
        (5, 7, ["broken line: 3 fields instead of 6"]),
    ]
    assert json.loads(bad["_raw"][0])["quantity"] == "x"
    assert bad["_raw"][2] == "3,mug,1"
    assert set(bad["_name"]) == {"data/sales/1.csv"}
    events = {e.kind: e.data for e in project.store.events.list()}
    assert events["quarantined"]["reasons"] == {
        "quantity: not an integer": 1,
        "duplicate": 1,
        "broken line: 3 fields instead of 6": 1,
    }


def test_a_key_that_is_in_the_table_is_a_duplicate(project: Project, folder: Path) -> None:
    drop(folder, "1.csv", DAY_1)
    ingest(project, "sales")
    drop(folder, "2.csv", rows(("1", "mug", 9, "2011-01-03", 1.0, "eve"), ("5", "mug", 1, "2011-01-03", 1.0, "eve")))
    made = ingest(project, "sales")
    assert made is not None and (made.rows, made.quarantined) == (4, 1)
    assert quarantine(project, "sales")["_reasons"].to_list() == [["duplicate"]]


def test_a_key_of_an_earlier_file_of_the_same_ingest_too(project: Project, folder: Path) -> None:
    drop(folder, "1.csv", DAY_1)
    drop(folder, "2.csv", rows(("1", "mug", 9, "2011-01-03", 1.0, "eve"), ("5", "mug", 1, "2011-01-03", 1.0, "eve")))
    made = ingest(project, "sales")
    assert made is not None and (made.rows, made.quarantined) == (4, 1)
    assert open_tables(project).read("sales").filter(pl.col("invoice") == "1").collect().height == 2


def test_a_future_row_is_kept_aside(project: Project, folder: Path) -> None:
    drop(folder, "1.csv", DAY_1 + "9,mug,1,2011-01-11 00:00:00,1.0,eve\n")
    made = ingest(project, "sales")
    assert made is not None and made.quarantined == 1
    assert quarantine(project, "sales")["_reasons"].to_list() == [["at: in the future"]]


BAD = rows(
    *[(f"x{i}", "mug", 1, "2011-01-01", 1.0, "ann") for i in range(3)], ("1", "mug", 1, "2011-01-01", 1.0, "ann")
)


def test_a_file_beyond_its_share_is_refused_and_the_others_are_taken(project: Project, folder: Path) -> None:
    drop(folder, "1.csv", DAY_1)
    drop(folder, "2.csv", BAD)
    with pytest.raises(DataBlocked) as caught:
        ingest(project, "sales")
    assert caught.value.place == "data/sales/2.csv"
    assert "4 of 4 rows" in caught.value.message  # one of them as a duplicate of the other file's
    assert project.store.datasets.get("sales").rows == 3
    bad = quarantine(project, "sales")
    assert bad.height == 4
    before = state(project)
    with pytest.raises(DataBlocked):
        ingest(project, "sales")
    assert state(project) == before, "trying again changes nothing"
    assert quarantine(project, "sales").height == 4


def test_a_refused_file_is_taken_once_the_contract_lets_it(project: Project, folder: Path) -> None:
    drop(folder, "2.csv", BAD)
    with pytest.raises(DataBlocked):
        ingest(project, "sales")
    contract = folder / "contracts/sales.yaml"
    contract.write_text(contract.read_text().replace("^C?[0-9]+$", "^[Cx]?[0-9]+$"))
    made = ingest(project, "sales")
    assert made is not None and (made.rows, made.quarantined) == (4, 0)
    assert quarantine(project, "sales").height == 0


@pytest.mark.parametrize("bad", ["", "invoice,sku\n", "invoice,sku,quantity,at,price,costumer\n1,a,1,2011-01-01,1,x\n"])
def test_an_unreadable_file_does_not_hold_up_the_others(project: Project, folder: Path, bad: str) -> None:
    drop(folder, "1.csv", bad)
    drop(folder, "2.csv", DAY_1)
    with pytest.raises((SourceError, DataBlocked)) as caught:
        ingest(project, "sales")
    assert caught.value.place.startswith("data/sales/1.csv")
    assert project.store.datasets.get("sales").rows == 3
    assert [e.data["file"] for e in project.store.events.list(kind="blocked")] == ["data/sales/1.csv"]


def test_a_source_without_files(project: Project, folder: Path) -> None:
    with raised(SourceError, "data/sales/*.csv"):
        ingest(project, "sales")
    path = drop(folder, "1.csv", DAY_1)
    ingest(project, "sales")
    path.unlink()
    assert ingest(project, "sales") is None, "what was ingested may be cleared away"


@pytest.mark.parametrize(
    ("source", "way"),
    [
        ("dat/sales/*.csv", " dat/sales "),
        ("data/sales/x*.csv", "'1.csv'"),
        ("data/sales/*.txt", " .csv, .tsv, .parquet"),
    ],
)
def test_a_wrong_source_of_a_dataset_that_has_rows_is_said(folder: Path, source: str, way: str) -> None:
    drop(folder, "1.csv", DAY_1)
    with open_project(folder, clock=HeldClock(NOW)) as project:
        ingest(project, "sales")
    toml = folder / "tidemill.toml"
    toml.write_text(toml.read_text().replace("data/sales/*.csv", source))
    with open_project(folder, clock=HeldClock(NOW)) as project:
        with raised(SourceError, source) as caught:
            ingest(project, "sales")
        assert way in caught.value.hint
        with raised(SourceError, source) as caught:
            project.engine().run(data_pipeline, {"dataset": "sales"})
        assert way in caught.value.hint
        assert project.store.datasets.get("sales").rows == 3


def test_names_that_are_not_there(project: Project) -> None:
    with pytest.raises(NotFound) as caught:
        ingest(project, "sails")
    assert caught.value.hint == "did you mean 'sales'?"


def test_a_contract_with_other_columns_needs_another_table(project: Project, folder: Path) -> None:
    drop(folder, "1.csv", DAY_1)
    ingest(project, "sales")
    contract = folder / "contracts/sales.yaml"
    contract.write_text(contract.read_text().replace("name: price, logicalType: number", "name: price, logicalType: string").replace(", logicalTypeOptions: { minimum: 0 }", ""))  # fmt: skip  # noqa: E501
    drop(folder, "2.csv", DAY_2)
    with raised(ContractError, "contracts/sales.yaml"):
        ingest(project, "sales")
    assert open_tables(project).version("sales") == 1


def test_rows_enter_the_online_history_once_and_link_what_is_there(project: Project, folder: Path) -> None:
    from tidemill.store.records import OnlineEvent

    known = OnlineEvent(0, "1/lamp", "ann", "lamp", parse_time("2011-01-01T10:00"), 1.0, dataset="sales")
    project.live.append([], [], [known])
    project.live.flush()
    path = drop(folder, "1.csv", DAY_1)
    drop(folder, "2.csv", DAY_2)
    ingest(project, "sales")
    events = project.live.online.list()
    assert [e.key for e in events] == ["1/lamp", "1/mug", "2/mug", "3/mug", "C4/lamp"]
    assert (events[0].seq, events[0].file, events[0].row) == (1, digest(path.read_bytes()), 1)
    assert [e.value for e in events] == [1.0, 2.0, 1.0, 4.0, -1.0]
    assert events[4].at == parse_time("2011-01-02T12:00")


def test_only_the_dataset_that_the_model_learns_from_is_the_history_of_serving(project: Project, folder: Path) -> None:
    """A second dataset is ingested, checked and kept; training does not read it, so serving must not know it."""
    toml = (folder / "tidemill.toml").read_text()
    more = '[data.returns]\nsource = "data/returns/*.csv"\ncontract = "contracts/sales.yaml"\n'
    (folder / "tidemill.toml").write_text(toml.replace("[model]", more + "[model]"))
    (folder / "data/returns").mkdir()
    drop(folder, "1.csv", DAY_1)
    (folder / "data/returns/2.csv").write_text(DAY_2)
    with open_project(folder, clock=HeldClock(NOW)) as both:
        made = [ingest(both, name) for name in ("sales", "returns")]
        assert [(m.dataset, m.rows) for m in made if m] == [("sales", 3), ("returns", 2)]
        assert {e.key for e in both.live.online.list()} == {"1/lamp", "1/mug", "2/mug"}


def test_a_function_as_source(tmp_path: Path) -> None:
    root = lay(tmp_path / "p", "steps:load")
    (root / "steps.py").write_text(
        "import polars as pl\nfrom io import BytesIO\nfrom pathlib import Path\n"
        "def load():\n    return pl.read_csv(Path(__file__).parent / 'now.csv', infer_schema=False)\n"
    )
    (root / "now.csv").write_text(DAY_1)
    with open_project(root, clock=HeldClock(NOW)) as project:
        made = ingest(project, "sales")
        assert made is not None and made.rows == 3
        assert ingest(project, "sales") is None
        (root / "now.csv").write_text(DAY_1 + DAY_2.split("\n", 1)[1])  # the whole table again, with more rows
        made = ingest(project, "sales")
        assert made is not None and (made.rows, made.quarantined) == (5, 0)
        assert ingest(project, "sales") is None
        assert project.store.events.list(kind="again") == [], "as it is meant: the counts stand in the ingest's event"
        counts = [(e.data["rows"], e.data.get("known", 0)) for e in project.store.events.list(kind="ingested")]
        assert sorted(counts) == [(2, 3), (3, 0)]


def test_a_profile_grows_with_the_versions(project: Project, folder: Path) -> None:
    drop(folder, "1.csv", DAY_1)
    ingest(project, "sales")
    drop(folder, "2.csv", DAY_2)
    made = ingest(project, "sales")
    assert made is not None and made.profile is not None
    shown = json.loads(project.artifacts.get(made.profile))
    assert shown["rows"] == 5
    assert shown["columns"]["sku"]["top"] == [["mug", 3], ["lamp", 2]]
    assert "top" in shown["columns"]["customer"] and shown["columns"]["customer"]["top"] == []
    assert b"ann" not in project.artifacts.get(made.profile)


def test_the_same_files_make_the_same_dataset(tmp_path: Path) -> None:
    seen: list[object] = []
    for name in ("one", "two"):
        root = lay(tmp_path / name)
        drop(root, "1.csv", DAY_1)
        with open_project(root, clock=HeldClock(NOW)) as project:
            first = ingest(project, "sales")
            drop(root, "2.csv", DAY_2)
            both = [replace(v, run=None) for v in (first, ingest(project, "sales")) if v]
            seen.append((both, state(project)))
    assert seen[0] == seen[1]


def test_a_small_ingest_reads_nothing_of_the_table(
    project: Project, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What makes a daily file cheap: with no suspected duplicate, no data file is opened."""
    drop(folder, "1.csv", DAY_1)
    ingest(project, "sales")
    drop(folder, "2.csv", DAY_2)
    opened: list[object] = []
    real = pl.read_parquet
    monkeypatch.setattr(pl, "read_parquet", lambda source, **kw: opened.append(source) or real(source, **kw))
    monkeypatch.setattr(pl, "scan_parquet", lambda *a, **kw: pytest.fail("the table was scanned"))
    assert ingest(project, "sales") is not None
    assert opened == []


def test_the_contract_is_loaded_by_dataset(project: Project) -> None:
    assert load_contract(project, "sales").name == "sales"
