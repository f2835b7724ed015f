"""A batch killed again and again, wherever it has just written something, answers each row once."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from tests.faults.killed_batch import ROWS
from tests.serve.asking import opened
from tests.serve.batch.conftest import rows, served
from tests.tiers import both
from tidemill.access.caller import Caller
from tidemill.ops.batch import predict_batch
from tidemill.scope.project import open_project
from tidemill.serve.batch import given


@pytest.mark.parametrize("story", both((3, (5,)), (40, (4, 7, 2, 9, 5, 13, 3, 8, 11, 6))))
def test_each_row_is_answered_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, story: tuple[int, tuple[int, ...]]
) -> None:
    partitions, kills = story
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    root, n = tmp_path / "shop", partitions * ROWS
    with opened(root) as project:
        served(project)
    rows(n).write_parquet(root / "rows.parquet")
    assert {_run(root, at).returncode for at in kills} == {-signal.SIGKILL}
    monkeypatch.setattr(given, "MOST", ROWS)
    with open_project(root) as project:
        predict_batch(project, Caller.local(), "rows.parquet", str(root / "out"), None, lambda *told: None)
    found = pl.read_parquet(root / "out" / "part-*.parquet").sort("row")
    assert found["row"].to_list() == list(range(n)), "each row once"
    ids = found["prediction_id"].drop_nulls()
    with open_project(root) as project:
        assert [p.id for p in project.live.predictions.list()] == sorted(ids.to_list()) and ids.n_unique() == len(ids)
        (run,) = project.store.runs.list(pipeline="batch")
        assert run.status == "done", "all of it is one run"


def _run(root: Path, at: int) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "tests.faults.killed_batch", str(root), str(at)]
    return subprocess.run(command, check=False, capture_output=True, cwd=Path(__file__).parents[2])
