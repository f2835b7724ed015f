"""The data pipeline as the engine runs it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.data.small import DAY_1, DAY_2, drop
from tidemill.data.pipeline import data_pipeline
from tidemill.engine import Engine
from tidemill.errors import TidemillError
from tidemill.scope.project import Project


def engine(project: Project) -> Engine:
    return project.engine()


def test_it_makes_a_version_and_says_what_was_checked(project: Project, folder: Path) -> None:
    drop(folder, "1.csv", DAY_1 + "2,mug,x,2011-01-01 11:00:00,1.5,bob\n")
    result = engine(project).run(data_pipeline, {"dataset": "sales"})
    assert result.run.status == "done"
    assert [s.name for s in project.store.runs.steps(result.run.id)] == ["ingest", "check", "version", "profile"]
    version = result.outputs["version"]
    assert (version["version"], version["rows"], version["quarantined"]) == (1, 3, 1)
    assert result.outputs["profile"]["columns"]["quantity"]["max"] == 2.0
    record = project.store.datasets.get("sales")
    assert record.run == result.run.id
    into = {e.source for e in project.store.edges.into("dataset:sales@1")}
    assert any(ref.startswith("file:sha256:") for ref in into)


def test_again_without_new_files_it_gives_the_same_version(project: Project, folder: Path) -> None:
    drop(folder, "1.csv", DAY_1)
    runs = [engine(project).run(data_pipeline, {"dataset": "sales"}) for _ in range(2)]
    assert runs[0].outputs["version"] == runs[1].outputs["version"]
    assert len(project.store.datasets.list("sales")) == 1
    steps = {s.name: s.status for s in project.store.runs.steps(runs[1].run.id)}
    assert steps["profile"] == "cached"
    drop(folder, "2.csv", DAY_2)
    assert engine(project).run(data_pipeline, {"dataset": "sales"}).outputs["version"]["version"] == 2


def test_bad_data_fails_the_run_after_keeping_what_is_good(project: Project, folder: Path) -> None:
    drop(folder, "1.csv", DAY_1)
    drop(folder, "2.csv", "invoice,sku\n")
    with pytest.raises(TidemillError, match="no rows"):
        engine(project).run(data_pipeline, {"dataset": "sales"})
    assert project.store.datasets.get("sales").rows == 3
    (run,) = project.store.runs.list(pipeline="data")
    assert run.status == "failed"
