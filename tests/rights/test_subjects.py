"""A person is found wherever they are, and what is given out is what a search of every file and table finds."""

from __future__ import annotations

import csv
import json
import sqlite3
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import polars as pl
import pytest

from tests.data.small import NOW, lay
from tests.raised import raised
from tests.rights.test_holders import answered, derived, recorded, sold
from tidemill.access.caller import Caller
from tidemill.access.tokens import SCOPES
from tidemill.errors import BadRequest, Forbidden, NotFound
from tidemill.ops.rights import subjects
from tidemill.scope.project import Project, open_project
from tidemill.testing.holders import BYSTANDER, CANARY, places
from tidemill.types import HeldClock

ME = Caller("somebody", SCOPES, "python")


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with open_project(lay(tmp_path / "shop"), clock=HeldClock(NOW)) as opened:
        for plant in (answered, recorded, sold, derived):
            plant(opened, CANARY)
            plant(opened, BYSTANDER)
        (opened.state / "replay.jsonl").write_text(f'{{"subject": "{CANARY}"}}\n{{"subject": "{BYSTANDER}"}}\n')
        yield opened


def told(folder: Path) -> dict[str, list[str]]:
    return {one.stem: one.read_text("utf-8").splitlines() for one in folder.glob("*.jsonl")}


def test_what_is_given_out_is_what_is_found_and_nobody_elses(project: Project, tmp_path: Path) -> None:
    found = subjects.find(project, ME, CANARY)
    given = subjects.export(project, ME, CANARY, None, tmp_path / "mine")
    counted: dict[str, int] = {}
    for one in found.holdings:
        counted[one.store] = counted.get(one.store, 0) + one.records
    assert given.records == counted and found.kinds == ("customer",)
    lines = told(tmp_path / "mine")
    assert {name: len(lines[name]) for name in counted} == counted
    assert all(CANARY in line and BYSTANDER not in line for name in counted for line in lines[name])


def test_every_kind_of_place_that_a_search_of_the_files_finds_is_in_the_export(
    project: Project, tmp_path: Path
) -> None:
    """The search decodes each file by itself and knows no holder; a copy of the canary in the export itself is outside of it."""
    project.live.flush()
    seen = places(project.state, CANARY)
    given = subjects.export(project, ME, CANARY, None, tmp_path / "mine")
    known = {"online": {"history", "subjects"}, "tables": {"parquet"}, "quarantine": {"parquet"}}
    known |= {"artifacts": {"parquet", "npz", "text"}, "files": {"text"}, "records": {"runs", "steps", "events"}}
    covered = set[str]().union(*(known.get(store, {store}) for store in given.records))
    assert seen and seen <= covered, "each place that the search found is one that the export names"


def theirs(value: object) -> bool:
    """Whether it names the canary; the name of the bystander has that name in it."""
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    return CANARY in text.replace(BYSTANDER, "")


def of_databases(project: Project) -> dict[str, int]:
    """Rows of the live database that hold the canary, by table; counted by SQL alone."""
    counted: dict[str, int] = {}
    for file in project.state.rglob("*.db"):
        with closing(sqlite3.connect(file)) as plain:
            for (table,) in plain.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall():
                rows = plain.execute(f'SELECT * FROM "{table}"').fetchall()
                if table == "history":  # its rows have the number of their subject
                    rows = plain.execute("SELECT name FROM history JOIN subjects ON subject = subjects.id").fetchall()
                n = sum(any(theirs(value) for value in row) for row in rows)
                counted[table] = counted.get(table, 0) + n
    return counted


def test_the_counts_are_those_of_a_search_that_knows_no_store(project: Project, tmp_path: Path) -> None:
    project.live.flush()
    rows, tables = of_databases(project), project.state / "tables"
    frames = [pl.read_parquet(file) for file in tables.rglob("*.parquet")]
    sold = sum(theirs(row) for one in frames for row in one.to_dicts())
    made = {one for one in project.artifacts.digests() if places(project.artifacts.path(one), CANARY)}
    made -= {one for one in made if places(project.artifacts.path(one), BYSTANDER)}
    given = subjects.export(project, ME, CANARY, None, tmp_path / "mine").records
    assert given["predictions"] == rows["predictions"] and given["outcomes"] == rows["outcomes"]
    assert given["online"] == rows["history"] == 4
    assert given["records"] == rows["runs"] + rows["steps"] + rows["events"] == 3
    assert given["tables"] + given["quarantine"] == sold == 3
    assert given["artifacts"] == len(made) == 6


def test_rows_come_as_a_table_with_what_its_columns_mean(project: Project, tmp_path: Path) -> None:
    subjects.export(project, ME, CANARY, None, tmp_path / "mine.zip")
    with zipfile.ZipFile(tmp_path / "mine.zip") as archive:
        archive.extractall(tmp_path / "mine")
    assert (tmp_path / "mine.zip").stat().st_mode & 0o077 == 0
    with (tmp_path / "mine/sales.csv").open(newline="") as opened:
        rows = list(csv.DictReader(opened))
    assert len(rows) == 2 and {row["customer"] for row in rows} == {CANARY}
    about = json.loads((tmp_path / "mine/about.json").read_text())
    assert set(rows[0]) <= set(about["datasets"]["sales"]["columns"])
    assert about["recipients"]["accounts"] == 0 and about["subject"] == CANARY
    assert (tmp_path / "mine/README.txt").read_text() and not list(tmp_path.glob(".mine*"))


@pytest.mark.parametrize("said", ["nobody", " ", "", "%", "canary-71c"])
def test_who_is_not_there_is_not_found(project: Project, tmp_path: Path, said: str) -> None:
    with pytest.raises((NotFound, BadRequest)):
        subjects.export(project, ME, said, None, tmp_path / "mine")
    assert not (tmp_path / "mine").exists()


def test_a_kind_that_no_contract_knows(project: Project) -> None:
    with raised(NotFound, "kind"):
        subjects.find(project, ME, CANARY, "machine_id")


def test_what_is_there_is_not_written_over(project: Project, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    with pytest.raises(BadRequest):
        subjects.export(project, ME, CANARY, None, tmp_path / "mine")
    with pytest.raises(BadRequest):
        subjects.export(project, ME, CANARY, None, tmp_path / "no" / "mine")


def test_who_may_not_sees_nothing(project: Project) -> None:
    who = Caller("ann", SCOPES, "api", "principal_ann", ("viewer",), frozenset({"project.read"}))
    with pytest.raises(Forbidden):
        subjects.find(project, who, CANARY)
