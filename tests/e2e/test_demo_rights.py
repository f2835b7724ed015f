"""The demo's chapter on people's rights: a customer is given their data, objects, is forgotten; a bad file is recalled; the shop goes on."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tidemill.cli.demo_rights import Rights
from tidemill.cli.main import cli
from tidemill.data.tables.tables import open_tables
from tidemill.errors import BadRequest
from tidemill.model.redacted import receipts
from tidemill.recipes.recommend.demo import run_demo
from tidemill.recipes.recommend.story import RIGHTS, Story
from tidemill.rights.subjects.held import held
from tidemill.scope.project import open_project
from tidemill.types import JsonObject

DAYS = RIGHTS + 10


def played(folder: Path, days: int) -> tuple[JsonObject, list[str]]:
    said: list[str] = []

    def tell(what: str, facts: JsonObject) -> None:
        said.extend([str(facts["text"])] if what == "stage" else [])

    return run_demo(Story(folder, days), port=0, tell=tell, begin=Rights), said


@pytest.mark.nightly
def test_the_chapter_is_played_and_the_shop_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut in the middle of it, too: the same goes on."""
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    folder = tmp_path / "shop"
    played(folder, RIGHTS + 1)  # the customer has objected, and is not forgotten yet
    summary, said = played(folder, DAYS)
    assert summary["lost"] == 0 and summary["days"] == DAYS and any("receipt" in text for text in said)
    with zipfile.ZipFile(folder / "access.zip") as archive:
        assert {"about.json", "predictions.jsonl", "sales.csv"} <= set(archive.namelist())
    with open_project(folder) as project:
        chapter: Any = Rights(project, None, _rows(), lambda *_: None)  # type: ignore[arg-type]
        (receipt,) = receipts(project).values()
        assert project.artifacts.has(receipt)
        since = {one.at for one in project.live.predictions.list(subject=chapter.customer)}
        assert all(at >= chapter.forgotten_at for at in since), "who comes again comes as somebody new"
        assert all(one.store != "records" for one in held(project, chapter.customer).holdings)
        (bad,) = [one for one in project.store.files.list(dataset="sales") if one.name.endswith("supplier.parquet")]
        last = open_tables(project).read("sales").collect()
        assert bad.digest not in set(last["_file"]) and bad.rows == 40
        assert not [one for one in project.store.alarms.list() if one.kind == "parity"]
        assert "forgotten" in {part for one in project.store.decisions.list() for part in one.code.split("+")}
        kinds = {one.kind: one.how for one in project.store.requests.list()}
        assert kinds == {"access": "done"}
    again, _ = played(folder, DAYS)
    assert again["lost"] == 0 and again["requests"] == summary["requests"]


def _rows() -> Any:
    from tidemill.recipes.recommend.shop import read_cut

    return read_cut()


def test_it_needs_as_many_days(tmp_path: Path) -> None:
    ran = CliRunner().invoke(cli, ["demo", "--rights", "--days", "10", "--folder", str(tmp_path / "shop")])
    assert isinstance(ran.exception, BadRequest) and not (tmp_path / "shop").exists()
