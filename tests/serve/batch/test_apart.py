"""Partitions side by side, in processes of their own or in turn: the same answers, the same ids, the same log."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.raised import raised
from tests.serve.batch.conftest import rows
from tidemill.access.caller import Caller
from tidemill.errors import DiskFull, NotFound, TidemillError
from tidemill.ops import batch as verbs
from tidemill.ops import runs
from tidemill.scope.project import Project, open_project
from tidemill.serve.batch import given, out, pipeline
from tidemill.store.artifacts.local import LocalArtifacts

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


@pytest.mark.parametrize(
    ("owner", "name", "error"),
    [(pipeline, "frame_of", NotFound), (out, "write_whole", DiskFull), (LocalArtifacts, "put", DiskFull)],
    ids=["its rows are away", "the disk of the out is full", "the disk of the log is full"],
)
def test_a_batch_that_failed_goes_on_by_its_name(
    tables: Project, monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, error: type[TidemillError]
) -> None:
    """`tidemill runs resume`: what is kept is kept, and the run is the same."""
    monkeypatch.setattr(given, "MOST", 1_000)
    rows(N).write_parquet(tables.root / "rows.parquet")
    whole = getattr(owner, name)

    def failing(*given_: Any, **how: Any) -> Any:
        if len(tables.live.predictions.parts.list()) == 2:
            raise error("it is not to be", place="there", hint="mend it")
        return whole(*given_, **how)

    monkeypatch.setattr(owner, name, failing)
    with raised(error, "there"):
        run(tables, tables.root / "out")
    monkeypatch.setattr(owner, name, whole)
    (broken,) = tables.store.runs.list(pipeline="batch")
    assert len(tables.live.predictions.parts.list()) == 2
    done = runs.resume(tables, Caller.local(), broken.id)
    assert (done.id, done.status) == (broken.id, "done")
    assert pl.read_parquet(tables.root / "out" / "*.parquet")["row"].n_unique() == N
