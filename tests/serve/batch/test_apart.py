"""Partitions side by side, in processes of their own or in turn: the same answers, the same ids, the same log."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.raised import raised
from tests.serve.batch.conftest import rows
from tidemill.access.caller import Caller
from tidemill.errors import NotFound
from tidemill.ops import batch as verbs
from tidemill.ops import runs
from tidemill.scope.project import Project, open_project
from tidemill.serve.batch import given

N = 2_500


def run(project: Project, out: Path) -> verbs.Batched:
    return verbs.predict_batch(project, Caller.local(), "rows.parquet", str(out), None, lambda *told: None)


@pytest.mark.nightly
def test_places_answer_as_this_process_does(tables: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """As `[engine] workers` says: each partition in a process of its own, which has the project anew."""
    monkeypatch.setattr(given, "MOST", 1_000)
    rows(N).write_parquet(tables.root / "rows.parquet")
    alone = run(tables, tables.root / "alone")
    before = list(tables.live.predictions.list())
    tables.live.predictions.drop(2**60, 10)
    path = tables.root / "tidemill.toml"
    path.write_text(path.read_text() + "\n[engine]\nworkers = 2\n")
    with open_project(tables.root) as project:
        apart = run(project, project.root / "apart")
        after = list(project.live.predictions.list())
    assert (apart.batch, apart.rows, apart.errors, apart.met) == (alone.batch, N, alone.errors, 0)
    whole = [pl.read_parquet(tables.root / name / "*.parquet").sort("row") for name in ("alone", "apart")]
    assert whole[0].equals(whole[1])
    same = ("id", "subject", "model", "output", "inputs", "arm", "propensity")
    assert [[getattr(p, name) for name in same] for p in before] == [[getattr(p, name) for name in same] for p in after]


def test_a_batch_that_failed_goes_on_by_its_name(tables: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """`tidemill runs resume`: what is kept is kept, and the run is the same."""
    from tidemill.serve.batch import pipeline

    monkeypatch.setattr(given, "MOST", 1_000)
    rows(N).write_parquet(tables.root / "rows.parquet")
    whole = pipeline.frame_of

    def failing(project: Project, part: dict[str, Any]) -> Any:
        if part["number"] == 2:
            raise NotFound("the disk is away", hint="put it back")
        return whole(project, part)

    monkeypatch.setattr(pipeline, "frame_of", failing)
    with raised(NotFound, ""):
        run(tables, tables.root / "out")
    (broken,) = tables.store.runs.list(pipeline="batch")
    assert broken.status == "failed" and len(tables.live.predictions.parts.list()) == 2
    monkeypatch.setattr(pipeline, "frame_of", whole)
    done = runs.resume(tables, Caller.local(), broken.id)
    assert (done.id, done.status) == (broken.id, "done")
    assert pl.read_parquet(tables.root / "out" / "*.parquet")["row"].n_unique() == N
