"""A version built again from its record in a clean process: what comes of it, and what is said where it cannot be."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import polars as pl
import pytest

from tests.model.test_pipeline import START, as_sales, lay
from tests.rebuild.git import git
from tests.tasks.ranking.made import shop
from tidemill.access.caller import Caller
from tidemill.config.policies import GatesSection
from tidemill.data.pipeline import ingest
from tidemill.data.tables.tables import open_tables
from tidemill.engine.fingerprint import environment
from tidemill.errors import NotFound
from tidemill.model.pipeline import build_candidate
from tidemill.model.recorded import recorded
from tidemill.ops import models, rebuilds
from tidemill.rebuild.verify import Verified, verified
from tidemill.release.gates.verify import Verify
from tidemill.scope.project import Project, open_project
from tidemill.store.records import ModelVersion
from tidemill.types import DAY, HeldClock


def quiet(done: int, of: int, what: str) -> None:
    """Nobody looks."""


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """Two versions of the data: a later one brings the last month."""
    root = lay(tmp_path / "shop")
    sales = as_sales(shop().before(150 * DAY)).sort("at")
    at = pl.lit(START + 120 * DAY).cast(pl.Datetime("us"))
    sales.filter(pl.col("at") < at).write_parquet(root / "data/sales/one.parquet")
    with open_project(root, clock=HeldClock(START + 150 * DAY)) as opened:
        ingest(opened, "sales")
        sales.filter(pl.col("at") >= at).write_parquet(root / "data/sales/two.parquet")
        ingest(opened, "sales")
        yield opened


def state(project: Project) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in project.root.rglob("*") if path.is_file()}


def again(project: Project, model: ModelVersion) -> Verified:
    return verified(project, model, "same", quiet)


def test_a_version_is_built_again_byte_by_byte_and_nothing_of_the_project_is_touched(project):
    model = build_candidate(project)
    before, told = state(project), []
    found = verified(project, model, "same", lambda *how: told.append(how))
    assert (found.verdict, found.why, found.held.first) == ("identical", [], "")
    assert all(step.same for step in found.held.steps) and len(found.held.steps) == 6
    assert not found.held.metrics and found.held.bundle == [model.bundle] * 2
    assert [one.wrong for one in found.data] == [""] and found.pinned > 20
    assert told and told[-1][2] == "register"
    assert state(project) == before


def test_a_changed_row_is_named_by_its_dataset_version(project):
    model = build_candidate(project)
    tables = open_tables(project)
    (name,) = tables.commit("sales", 2).files
    path = tables.folder("sales") / name
    rows = pl.read_parquet(path).with_columns(
        pl.when(pl.int_range(pl.len()) == 3).then(9).otherwise("quantity").alias("quantity")
    )
    path.chmod(0o600)
    rows.write_parquet(path)
    found = again(project, model)
    assert (found.verdict, [why.code for why in found.why]) == ("not_possible", ["data"])
    (seen,) = found.data
    assert (seen.dataset, seen.since) == ("dataset:sales@2", "dataset:sales@2") and name in seen.wrong


def test_a_rebuild_without_its_pins_is_none_and_says_which(project, monkeypatch):
    model = build_candidate(project)
    here = {**environment.pins(), "lightgbm": "0.0.1"}
    del here["optuna"]
    monkeypatch.setattr("tidemill.rebuild.pins.pins", lambda: here)
    found = again(project, model)
    assert (found.verdict, {why.code for why in found.why}) == ("not_possible", {"pins"})
    assert [(pin.name, pin.here) for pin in found.pins] == [("lightgbm", "0.0.1"), ("optuna", "")]
    assert all(why.hint for why in found.why)


def test_other_parameters_than_recorded_make_another_model_and_the_step_is_named(project):
    model = build_candidate(project)
    run = project.store.runs.get(model.run)
    recipe = {**run.params["settings"], "details": {**run.params["settings"]["details"], "half_life": 5 * DAY}}
    project.store.runs.update(run.id, params={**run.params, "settings": recipe})
    found = again(project, model)
    assert (found.verdict, found.held.first) == ("different", "search")
    assert found.held.most > 1e-9 and found.held.answers > 20
    (step,) = (one for one in found.held.steps if one.step == "search")
    assert any("settings" in words for words in step.differs)


def test_what_somebody_brought_has_no_record(project):
    model = replace(build_candidate(project), version=7, run=None)
    project.store.models.add(model)
    with pytest.raises(NotFound, match="no record"):
        again(project, model)


def test_the_verb_signs_what_came_of_it_and_the_model_shows_it(project, monkeypatch, tmp_path):
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    model = build_candidate(project)
    found = rebuilds.verify(project, Caller.local(), "latest", "same", lambda kind, data: None)
    assert (found.model, found.verdict) == (model.ref, "identical")
    assert models.show(project, "latest").rebuild == found == rebuilds.show(project, found.run)
    sealed = json.loads(project.artifacts.get(found.signed))
    assert sealed["payloadType"] == "application/vnd.in-toto+json"


@pytest.fixture
def committed(project: Project) -> Project:
    """Below the top of a repository, and changed since it was committed, and after that."""
    (project.root / ".gitignore").write_text(".tidemill/\ndata/\n")
    git(project.root.parent, "init", "-q")
    git(project.root, "add", ".")
    git(project.root, "commit", "-q", "-m", "a shop")
    return project


def change(project: Project, old: str, new: str) -> None:
    path = project.root / "tidemill.toml"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def test_the_code_of_then_is_taken_with_what_was_not_committed(committed):
    change(committed, "60 days", "50 days")
    with open_project(committed.root, clock=committed.clock) as dirty:
        model = build_candidate(dirty)
    assert recorded(committed, model).code["dirty"]
    change(committed, "50 days", "7 days")
    git(committed.root, "commit", "-q", "-a", "-m", "other features")
    told = git(committed.root, "status", "--porcelain"), git(committed.root, "worktree", "list")
    found = again(committed, model)
    assert (found.verdict, found.why, found.code["commit"]) == ("identical", [], model_commit(committed, model))
    assert (git(committed.root, "status", "--porcelain"), git(committed.root, "worktree", "list")) == told


def model_commit(project: Project, model: ModelVersion) -> str:
    return str(recorded(project, model).code["commit"])


def test_code_that_is_gone_is_said(committed):
    model = build_candidate(committed)
    run = committed.store.runs.get(model.run)
    committed.store.runs.update(run.id, code={**run.code, "commit": "0" * 40})
    found = again(committed, model)
    assert (found.verdict, [why.code for why in found.why]) == ("not_possible", ["failed"])
    committed.store.runs.update(run.id, code={"commit": "0" * 40, "dirty": True, "changed": ["steps.py"]})
    assert [why.code for why in again(committed, model).why] == ["code"]


def test_a_contract_that_changed_since_is_named_where_no_repository_has_it(project):
    model = build_candidate(project)
    path = project.root / "contracts/sales.yaml"
    path.write_text(path.read_text().replace("version: 1.0.0", "version: 1.0.1"))
    found = again(project, model)
    (features,) = (step for step in found.held.steps if step.step == "features")
    assert features.differs and features.differs[0].startswith("dataset:sales@2 contract: sha256:")


def test_the_gate_builds_a_candidate_again_where_it_is_asked_for(project):
    model = build_candidate(project)
    asked = SimpleNamespace(endpoint=SimpleNamespace(project=project, gates=GatesSection(verify=True)), candidate=model)
    assert Verify().applies(asked) and not Verify().applies(
        SimpleNamespace(endpoint=SimpleNamespace(gates=GatesSection()))
    )
    said = Verify().judge(asked)
    assert (said.passed, said.figures["rebuilt"]) == (True, "identical")
    run = project.store.runs.get(model.run)
    project.store.runs.update(run.id, code={"commit": "", "dirty": True, "changed": ["steps.py"]})
    said = Verify().judge(asked)
    assert (said.passed, said.figures["rebuilt"], said.figures["why"]) == (False, "not_possible", ["code"])
