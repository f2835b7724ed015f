"""The data pipeline as the engine runs it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.data.small import DAY_1, DAY_2, drop
from tests.raised import raised
from tidemill.data.pipeline import data_pipeline, ingest
from tidemill.engine.runner.engine import Engine
from tidemill.errors import SourceError
from tidemill.scope.project import Project


def engine(project: Project) -> Engine:
    return project.engine()


def test_it_makes_a_version_and_says_what_was_checked(project: Project, folder: Path) -> None:
    drop(folder, "1.csv", DAY_1 + "2,mug,x,2011-01-01 11:00:00,1.5,bob\n")
    result = engine(project).run(data_pipeline, {"dataset": "sales"})
    assert result.run.status == "done"
    assert [s.name for s in project.store.steps.list(run=result.run.id)] == ["ingest"]
    version = result.outputs["version"]
    assert (version["version"], version["rows"], version["quarantined"]) == (1, 3, 1)
    assert json.loads(project.artifacts.get(version["profile"]))["columns"]["quantity"]["max"] == 2.0
    record = project.store.datasets.get("sales")
    assert record.run == result.run.id
    into = {e.source for e in project.store.edges.list(target="dataset:sales@1")}
    assert any(ref.startswith("file:sha256:") for ref in into)


def test_again_without_new_files_it_gives_the_same_version(project: Project, folder: Path) -> None:
    drop(folder, "1.csv", DAY_1)
    runs = [engine(project).run(data_pipeline, {"dataset": "sales"}) for _ in range(2)]
    assert runs[0].outputs["version"] == runs[1].outputs["version"]
    assert len(project.store.datasets.list(dataset="sales")) == 1
    drop(folder, "2.csv", DAY_2)
    assert engine(project).run(data_pipeline, {"dataset": "sales"}).outputs["version"]["version"] == 2


def test_bad_data_fails_the_run_after_keeping_what_is_good(project: Project, folder: Path) -> None:
    drop(folder, "1.csv", DAY_1)
    drop(folder, "2.csv", "\n")
    with raised(SourceError, "data/sales/2.csv"):
        engine(project).run(data_pipeline, {"dataset": "sales"})
    assert project.store.datasets.get("sales").rows == 3
    (run,) = project.store.runs.page(pipeline="data")
    assert run.status == "failed"
    with raised(SourceError, "data/sales/2.csv"):
        ingest(project, "sales")
    assert len(project.store.runs.page(pipeline="data")) == 1, "what was refused before is no news"
    drop(folder, "3.csv", DAY_2)
    with raised(SourceError, "data/sales/2.csv"):
        ingest(project, "sales")
    assert project.store.datasets.get("sales").rows == 5
    assert len(project.store.runs.page(pipeline="data")) == 2


def test_nothing_new_makes_no_run_and_a_run_that_was_cut_short_is_ended(project: Project, folder: Path) -> None:
    drop(folder, "1.csv", DAY_1)
    made = ingest(project, "sales")
    assert made is not None and made.run is not None
    assert ingest(project, "sales") is None
    assert [r.id for r in project.store.runs.page(pipeline="data")] == [made.run]
    project.store.runs.update(made.run, status="running", ended=None)
    drop(folder, "2.csv", DAY_2)
    again = ingest(project, "sales")
    assert again is not None and again.rows == 5
    assert {r.status for r in project.store.runs.page(pipeline="data")} == {"done"}


def test_a_new_file_is_opened_once(project: Project, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, opened = drop(folder, "1.csv", DAY_1), []
    real = Path.open

    def counted(self: Path, *args: Any, **kwargs: Any) -> Any:
        opened.append(self)
        return real(self, *args, **kwargs)

    monkeypatch.setattr(Path, "open", counted)
    ingest(project, "sales")
    assert opened.count(path) == 1
