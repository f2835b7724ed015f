"""The same gates for rows of a table: the kernel and the gates know nothing of shops."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import numpy as np
import polars as pl
import pytest

from tests.recipes.hire.project import new_hire
from tests.web.test_pages import asked
from tidemill.access.caller import Caller
from tidemill.data.pipeline import ingest
from tidemill.evaluation.robustness.changed import MISSING
from tidemill.evaluation.robustness.falls import Robustness
from tidemill.model.pipeline import build_candidate
from tidemill.ops import evidence
from tidemill.ops import features as ops_features
from tidemill.ops import models as ops_models
from tidemill.ops.gc import reachable
from tidemill.ops.runs import run_all
from tidemill.release.gates.port import build_context, judge_all
from tidemill.release.gates.registry import gates_of
from tidemill.release.gates.window import EvaluationWindow
from tidemill.release.pipeline import release_candidate
from tidemill.scope.project import open_project
from tidemill.store.artifacts.codecs import put_bundle
from tidemill.tasks.tabular.training import TabularTrainer
from tidemill.types import HeldClock, parse_time

HOURS = 24 * 200


def hires(start: datetime) -> pl.DataFrame:
    """Hires by the hour: a day's rhythm, another one on Saturday and Sunday (no straight line), warmth, and chance."""
    rng = np.random.default_rng(4)
    ts = [start + timedelta(hours=n) for n in range(HOURS)]
    warm = 10 + 10 * np.sin(np.arange(HOURS) / 24 / 60) + rng.normal(0, 2, HOURS)
    free = np.array([t.weekday() > 4 for t in ts])
    level = 40 + np.where(free, -25, 30) * np.sin(np.arange(HOURS) % 24 / 24 * 2 * np.pi) + warm
    return pl.DataFrame({
        "date": [t.date() for t in ts],
        "ts": ts,
        "count": rng.poisson(np.maximum(level, 1)).astype(np.int64),
        "tmin": warm - 3,
        "tmax": np.where(rng.random(HOURS) < 0.05, np.nan, warm + 3),
        "pn": rng.gamma(0.3, 2, HOURS),
    }).with_columns(pl.col("tmax").fill_nan(None))  # fmt: skip


@pytest.fixture(scope="module")
def demand(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demand")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIDEMILL_HOME", str(folder / "home"))
        new_hire(folder / "hires", "hires")
        (folder / "hires" / "data").mkdir(exist_ok=True)
        config = folder / "hires" / "tidemill.toml"
        config.write_text(config.read_text().replace("trials = 8", "trials = 1"))
        hires(datetime(2011, 1, 1)).write_csv(folder / "hires" / "data" / "hours.csv")
        with open_project(folder / "hires", clock=HeldClock(parse_time("2012-01-01"))) as project:
            ingest(project, "hours")
            yield project, build_candidate(project)


def test_a_forecast_of_demand_is_released(demand):
    project, model = demand
    release = release_candidate(project, model.ref, author="ada")
    verdicts = {v.gate: v for v in project.store.verdicts.list(model=model.ref)}
    assert release.status == "champion", {gate: v.evidence["said"] for gate, v in verdicts.items()}
    assert "all 60 answers are the offline ones" in verdicts["infrastructure"].evidence["said"]
    found = verdicts["baseline"].evidence["comparison"]
    assert (
        found["metric"] == "mae" and found["candidate"] < found["other"] and found["gain"] > 0 and found["windows"] >= 3
    )
    said = verdicts["baseline"].evidence["said"]
    assert found["unit"] == "days" and f"of {found['subjects']} days" in said and "subjects" not in said


def test_what_is_lost_without_a_column_stands_in_the_record_and_a_gate_says_the_same(demand):
    project, model = demand
    kept = ops_models.show(project, model.ref).examined["robustness"]
    asked = EvaluationWindow(project.endpoint(), model).robustness(model, "mae", project.seed)
    same = lambda one: (one.column, one.change, one.share, one.fall, one.low)  # noqa: E731
    told = [one for one in msgspec.convert(kept, Robustness).falls if one.change == MISSING]  # all that the gate asks
    assert told and [same(one) for one in asked.falls] == [same(one) for one in told]
    assert {"linear"} <= set(next(one for one in kept["falls"] if one["share"] == 1)["above"])
    assert "## Robustness" in evidence.card(project, model.ref).card


def test_each_feature_is_left_out_once_and_the_report_is_kept(demand):
    project, model = demand
    made = ops_features.make(project, Caller.local(), model.ref, "10 minutes", lambda kind, data: None)
    found = {one.name: one for one in made.report.features}
    assert {"tmin", "tmax", "pn"} <= {name for one in made.report.features for name in one.columns}
    assert found["view calendar"].verdict == "needed" and found["view calendar"].fall > 0.5
    assert all(one.said for one in found.values()) and made.report.metric == "mae"
    fits = [step for step in project.store.steps.list(run=made.run) if step.name.startswith("without ")]
    again = ops_features.make(project, Caller.local(), "latest", "10 minutes", lambda kind, data: None)
    reused = [step for step in project.store.steps.list(run=again.run) if step.name.startswith("without ")]
    assert len(fits) == len(found) and all("from" in out for step in reused for out in step.outputs.values())
    assert ops_features.show(project, model.ref).run == again.run
    page = asked(project, lambda ask: ask("GET", f"/models/hires@{model.version}")).body.decode()
    for heading in ("Where an input fails", "What answers give away", "What each feature is worth"):
        assert f">{heading}<" in page
    assert 'href="#fr"' in page and "view calendar" in page and "mae lost by column" in page
    few = ops_features.make(project, Caller.local(), model.ref, "1 ms", lambda kind, data: None)
    assert "not_asked" in {one.verdict for one in few.report.features}
    loose = reachable(project)
    assert {project.store.runs.get(run.run).outputs["report"] for run in (made, again, few)} <= loose


def test_one_that_answers_with_the_mean_is_refused(demand):
    project, model = demand
    exam = EvaluationWindow(project.endpoint(), model)
    constant = put_bundle(project.artifacts, exam.trainer.fit(exam.trainer.baseline("mean"), exam.start))
    plain = replace(model, bundle=constant, evaluation_bundle=constant, kind="manual")
    case = build_context(project.endpoint(), plain, model)
    said = {s["gate"]: s["passed"] for s in judge_all(gates_of(case), case)}
    own = {"infrastructure": True, "latency": True, "method": False, "baseline": False}
    assert said | own == said


def test_where_nothing_serves_and_the_first_candidate_is_no_better_the_best_baseline_is_the_first_champion(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Warmth says it in a straight line, and chance: trees that a search came to all the same are refused, and the line serves."""
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    root = tmp_path / "hires"
    new_hire(root, "hires")
    (root / "data").mkdir(exist_ok=True)
    count = pl.col("tmin") * 3 + 50 + pl.Series(np.random.default_rng(5).normal(0, 12, HOURS))
    hires(datetime(2011, 1, 1)).with_columns(count=count.round().cast(pl.Int64)).write_csv(root / "data" / "hours.csv")
    whole = TabularTrainer.candidates
    trees = lambda trainer: replace(whole(trainer), fixed=[], simple=[], space={}, first=[])  # noqa: E731
    monkeypatch.setattr(TabularTrainer, "candidates", trees)
    with open_project(root, clock=HeldClock(parse_time("2012-01-01"))) as project:
        made = run_all(project, Caller.local(), lambda kind, data: None)
        (found,) = made.made.values()
        assert (found.status, found.refused_by, found.instead_of) == ("champion", {}, "model:hires@1")
        assert len(made.notices) == 1
        model = project.store.models.get(found.model)
        assert (model.recipe["method"], model.kind) == ("linear", "first")
        (refused,) = (r for r in project.store.releases.list() if r.model == "model:hires@1")
        assert refused.status == "refused"
