"""One turn of the wheel with nothing imagined, and then a tick that decides to turn it again."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from tests.retrain.inline import InlineJobs
from tidemill.errors import SourceError
from tidemill.recipes.new import new_project
from tidemill.recipes.recommend.folder import fit_to_shop
from tidemill.recipes.recommend.shop import OPENING, Day
from tidemill.retrain.loop import state_of, tick
from tidemill.retrain.replay import replay
from tidemill.retrain.run_all import run_all
from tidemill.scope.project import open_project


@pytest.mark.nightly  # the story of the shop does it in every run: tests/e2e/test_golden.py
def test_from_rows_to_a_retrained_model(
    tmp_path: Path, rows: pl.DataFrame, real_days: list[Day], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    root = tmp_path / "shop"
    new_project(root, "recommend", "shop")
    fit_to_shop(root)
    toml = (root / "tidemill.toml").read_text()
    lines = ['on = [{ new_data = "1 %" }]' if x.startswith("on = [") else x for x in toml.splitlines()]
    (root / "tidemill.toml").write_text("\n".join(lines))
    before = rows.filter(pl.col("invoice_date") < pl.lit(OPENING).cast(pl.Datetime("us")))
    before.write_parquet(root / "data/sales/before.parquet")
    with open_project(root) as first:
        first.store.settings.set("mode", "replay")
        first.store.settings.set("clock", OPENING)
    told: list[str] = []
    with open_project(root) as project:
        turned = run_all(project, on_event=lambda kind, facts: told.append(f"{kind} {facts['step']}".strip()))
        assert turned.release.status == "champion" and turned.model.ref == "model:shop@1"
        assert told[0] == "run_started" and "finished judge" in told
        again = run_all(project)
        assert (again.model.ref, again.release.id) == (turned.model.ref, turned.release.id), "made already"
        (root / "data/sales/none.parquet").write_bytes(b"PAR1 and no more")
        again = run_all(project)
        assert isinstance(again.unread, SourceError) and again.model.ref == turned.model.ref, "the others are in"
        (root / "data/sales/none.parquet").unlink()

        day = real_days[0]
        day.rows.write_parquet(root / "data/sales/day.parquet")
        project.store.settings.set("clock", day.end)
        events = tick(project, InlineJobs(project))
        assert events[0].kind == "retrain" and "failed" not in [e.kind for e in events]
        (decision,) = project.store.decisions.list()
        assert decision.action == "retrain" and decision.reason.startswith("new data ")
        model = project.store.models.get("model:shop@2")
        assert model.run == decision.run and project.store.runs.get(str(model.run)).parent == decision.id
        (release,) = [r for r in project.store.releases.list(endpoint="shop") if r.model == model.ref]
        assert release.decision == decision.id and release.status in ("canary", "refused")
        assert release.status in [e.kind for e in events], "the tick tells what became of it"
        assert state_of(project)["clock"] == day.end
        assert project.store.runs.unfinished() == []
        assert all(r.same for r in replay(project))
