"""`tidemill.open`: what a notebook sees, and that looking changes nothing."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import polars as pl
import pytest

import tidemill
from tests.data.small import DAY_1, DAY_2, drop, lay
from tests.release.made import add_model
from tidemill.data.pipeline import ingest
from tidemill.errors import NotFound, ProjectError
from tidemill.scope.project import open_project
from tidemill.store.artifacts.codecs import save
from tidemill.testing import records as sample
from tidemill.types import HeldClock, parse_time

NOW = parse_time("2011-01-03")


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A shop with two versions of its sales, a model, a run and a decision."""
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    folder = lay(tmp_path / "shop")
    with open_project(folder, clock=HeldClock(NOW)) as project:
        for name, rows in (("1.csv", DAY_1), ("2.csv", DAY_2)):
            drop(folder, name, rows)
            ingest(project, "sales")
        table = save(project.artifacts, pl.DataFrame({"x": [1, 2]}))
        project.store.runs.add(sample.run("run_1"))
        out = {"rows": {"digest": table.digest, "codec": table.codec}}
        project.store.steps.put(sample.step("run_1", "features", outputs=out))
        add_model(project, 1, run="run_1")
        project.store.decisions.add(sample.decision("decision_1", reason="<script>alert(1)</script>"))
        project.live.flush()
    return folder


def test_a_dataset_at_any_version(root: Path) -> None:
    with tidemill.open(root) as project:
        latest, first = project.dataset("sales"), project.dataset("sales", 1)
        assert (latest.record.version, first.record.version) == (2, 1)
        rows = first.frame().collect()
        assert rows.height == first.record.rows < latest.frame().collect().height
        assert not [name for name in rows.columns if name.startswith("_")]
        with pytest.raises(NotFound):
            project.dataset("sales", 9)


def test_the_training_set_as_it_was(root: Path) -> None:
    with tidemill.open(root) as project:
        model = project.model("1")
        assert model.ref == "model:shop@1" and model.training_set().equals(pl.DataFrame({"x": [1, 2]}))


def test_what_comes_from_data_is_escaped(root: Path) -> None:
    with tidemill.open(root / "data") as project:
        shown = [project.decisions()._repr_html_(), project.decision("decision_1")._repr_html_()]
        shown += [project._repr_html_(), project.status()._repr_html_(), project.model("1")._repr_html_()]
        assert all("<script" not in html and html.startswith("<table>") for html in shown)
        assert "&lt;script&gt;" in shown[0]


def test_the_leaderboard_is_by_the_projects_metric_best_first(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tidemill.ops.models.metric_of", lambda model: "recall@20")
    with open_project(root) as project:
        add_model(project, 2, metrics={"recall@20": [0.4, 0.38, 0.42]})
        add_model(project, 3, metrics={"n": 0, "error": "nobody came"})
    with tidemill.open(root) as project:
        board = project.models()
        assert [model.version for model in board] == [2, 1, 3]
        html = board._repr_html_()
        assert "recall@20" in html and "0.38 … 0.42" in html and html.index("shop@2") < html.index("shop@1")


def test_where_less_is_better_the_least_error_is_first(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tidemill.ops.models.metric_of", lambda model: "mae")
    with open_project(root) as project:
        add_model(project, 2, metrics={"mae": [3.0, 2.0, 4.0]})
        add_model(project, 3, metrics={"mae": [2.0, 1.0, 3.0]})
    with tidemill.open(root) as project:
        assert [model.version for model in project.models()] == [3, 2, 1]


def test_looking_writes_nothing(root: Path) -> None:
    before = _contents(root)
    with tidemill.open(root) as project:
        assert project.runs()[-1].id == "run_1" and project.events() and not project.alarms() and not project.releases()
        project._repr_html_()
    assert _contents(root) == before


def test_a_project_where_nothing_has_run_is_left_alone(tmp_path: Path) -> None:
    folder = lay(tmp_path / "new")
    before = sorted(folder.rglob("*"))
    with pytest.raises(ProjectError) as raised:
        tidemill.open(folder)
    assert raised.value.hint and sorted(folder.rglob("*")) == before


def _contents(root: Path) -> dict[str, object]:
    """Every file but the databases' own, and what the databases say."""
    state = root / ".tidemill"
    found: dict[str, object] = {
        str(path): path.read_bytes() for path in state.rglob("*") if path.is_file() and ".db" not in path.name
    }
    for name in ("tidemill.db", "live.db"):
        connection = sqlite3.connect(state / name)
        found[name] = list(connection.iterdump())
        connection.close()
    return found
