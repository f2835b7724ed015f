"""A batch of a team: its partitions' rows in PostgreSQL, their logs in the bucket; whichever machine asks, it is one."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from tests.serve.asking import TOML
from tests.serve.batch.conftest import rows, served
from tests.store.artifacts.storage import Storage
from tests.store.sql.conftest import Server
from tests.team.machines import Stores
from tidemill.access.caller import Caller
from tidemill.ops import predictions
from tidemill.ops.batch import predict_batch
from tidemill.scope.project import open_project
from tidemill.serve.batch import given


@pytest.mark.nightly
@pytest.mark.postgres
def test_two_machines_answer_a_batch_once(
    tmp_path: Path, server: Server, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(given, "MOST", 1_000)
    stores, made = Stores(server, storage).make(), []
    for name in ("one", "other"):
        root = tmp_path / name
        root.mkdir()
        (root / "tidemill.toml").write_text(TOML.replace('task = "recommend"', 'task = "regress"') + stores.toml)
        rows(2_000).write_parquet(root / "rows.parquet")
        with open_project(root) as project:
            if name == "one":
                served(project)
        with open_project(root) as project:
            made.append(
                predict_batch(project, Caller.local(), "rows.parquet", str(root / "out"), None, lambda *told: None)
            )
    assert [one.met for one in made] == [0, 2] and made[0].batch == made[1].batch
    with open_project(tmp_path / "other") as project:
        assert project.live.predictions.count() == made[0].answered
        id = pl.read_parquet(tmp_path / "other" / "out" / "*.parquet")["prediction_id"].drop_nulls()[-1]
        assert predictions.show(project, id).prediction.id == id
        assert len(project.live.predictions.list()) == made[0].answered
