"""A version built again from its record in a clean process: what comes of it, and what is said where it cannot be."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

from tests.model.test_pipeline import START, as_sales, lay
from tests.rebuild.git import git
from tests.tasks.ranking.made import shop
from tidemill.config.policies import GatesSection
from tidemill.data.pipeline import ingest
from tidemill.data.tables.tables import open_tables
from tidemill.engine.fingerprint import environment
from tidemill.errors import ModelError, NotFound
from tidemill.files import exclusive
from tidemill.learning.evaluate import Scored
from tidemill.learning.trainer import Listed, Report
from tidemill.model.pipeline import build_candidate
from tidemill.model.recorded import recorded
from tidemill.rebuild import code, fresh
from tidemill.rebuild.place import _sweep
from tidemill.rebuild.report import Verified
from tidemill.rebuild.verify.held import _apart, _step
from tidemill.rebuild.verify.verify import verified
from tidemill.release.gates.verify import Verify
from tidemill.scope.project import Project, open_project
from tidemill.store.artifacts.local import LocalArtifacts
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


@pytest.fixture
def committed(project: Project) -> Project:
    """Below the top of a repository, and changed since it was committed, and after that."""
    (project.root / ".gitignore").write_text(".tidemill/\ndata/\n")
    git(project.root.parent, "init", "-q")
    git(project.root, "config", "diff.noprefix", "true")
    git(project.root, "add", ".")
    git(project.root, "commit", "-q", "-m", "a shop")
    return project


def change(project: Project, old: str, new: str) -> None:
    path = project.root / "tidemill.toml"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def test_a_version_is_built_again_byte_by_byte_by_the_code_of_then_and_nothing_is_touched(committed):
    change(committed, "60 days", "50 days")
    with open_project(committed.root, clock=committed.clock) as dirty:
        model = build_candidate(dirty)
    assert recorded(committed, model).code["dirty"]
    change(committed, "50 days", "7 days")
    git(committed.root, "commit", "-q", "-a", "-m", "other features")
    before, told = untouched(committed), []
    found = verified(committed, model, "same", lambda *how: told.append(how))
    assert (found.verdict, found.why, found.held.first) == ("identical", [], "")
    assert all(step.same for step in found.held.steps) and len(found.held.steps) == 6
    assert not found.held.metrics and found.held.bundle == [model.bundle] * 2
    assert [one.wrong for one in found.data] == [""] and found.pinned > 20
    assert found.code["commit"] == model_commit(committed, model) and told[-1][2] == "register"
    assert untouched(committed) == before, "neither the project nor its repository"


def untouched(project: Project) -> object:
    """What a rebuild leaves as it is."""
    return state(project), git(project.root, "status", "--porcelain"), git(project.root, "worktree", "list")


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


@pytest.mark.nightly
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
    run = project.store.runs.get(model.run)
    project.store.runs.update(run.id, code={"commit": "", "dirty": True, "changed": ["steps.py"]})
    said = Verify().judge(asked)
    assert (said.passed, said.figures["rebuilt"], said.figures["why"]) == (False, "not_possible", ["code"])


@pytest.mark.nightly
def test_the_gate_passes_what_comes_out_the_same(project):
    model = build_candidate(project)
    asked = SimpleNamespace(endpoint=SimpleNamespace(project=project, gates=GatesSection(verify=True)), candidate=model)
    said = Verify().judge(asked)
    assert (said.passed, said.figures["rebuilt"]) == (True, "identical")


@pytest.mark.nightly
def test_in_a_fresh_environment_of_its_pins_it_is_the_same_too(project):
    """Skips without a package index, fails under CI."""
    model = build_candidate(project)
    found = verified(project, model, "fresh", quiet)
    if found.why and "recorded environment" in found.why[0].said:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(found.why[0].said)
    assert (found.verdict, found.environment) == ("identical", "fresh")


@pytest.mark.nightly
def test_without_an_index_a_fresh_environment_is_said_to_be_out_of_reach(project, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    found = verified(project, build_candidate(project), "fresh", quiet)
    assert "the recorded environment cannot be had" in found.why[0].said and "index" in found.why[0].hint


def test_a_fresh_environment_needs_its_pins_this_python_and_this_tidemill(project, tmp_path):
    model = build_candidate(project)
    run = project.store.runs.get(model.run)
    project.store.runs.update(run.id, environment={k: v for k, v in run.environment.items() if k != "pins"})
    found = verified(project, model, "fresh", quiet)
    assert (found.verdict, [why.code for why in found.why]) == ("not_possible", ["pins"])
    for pins, python in (({}, "2.7.18"), ({"tidemill": "0.0.0"}, environment.PYTHON)):
        with pytest.raises(ModelError), fresh.environment(pins, tmp_path, quiet, python):
            pass


def test_pip_sees_its_own_settings_and_no_secret(monkeypatch):
    for name in ("TIDEMILL_METADATA_PASSWORD", "AWS_SECRET_ACCESS_KEY", "PIP_INDEX_URL", "https_proxy"):
        monkeypatch.setenv(name, "hush")
    hidden = fresh._hidden()
    assert {"TIDEMILL_METADATA_PASSWORD", "AWS_SECRET_ACCESS_KEY"} <= set(hidden)
    assert not {"PIP_INDEX_URL", "https_proxy", "PATH", "HOME"} & set(hidden)


def test_what_says_nothing_is_ended_too(monkeypatch):
    monkeypatch.setattr(fresh, "SECONDS", 0.1)
    with pytest.raises(ModelError, match="longer than"):
        fresh._run("tests.serve.idle_loop", [], quiet, 0, "it")


def test_of_a_commit_regular_files_alone_are_taken_each_below_the_folder(tmp_path):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, kind in (
            ("a/b.py", b"0"),
            ("../c.py", b"0"),
            (".tidemill/tidemill.db", b"0"),
            ("/tmp/d.py", b"0"),
            ("e.py", b"2"),
            ("f.py", b"1"),
        ):
            member = tarfile.TarInfo(name)
            member.type, member.linkname, member.size = kind, "/etc/passwd", 2 if kind == b"0" else 0
            archive.addfile(member, io.BytesIO(b"ab") if kind == b"0" else None)
    (tmp_path / "into").mkdir()
    code._unpack(packed.getvalue(), tmp_path / "into")
    assert [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()] == ["into/a/b.py"]
    assert (tmp_path / "into/a/b.py").read_bytes() == b"ab"


def test_a_commit_that_is_too_large_is_not_read(committed, monkeypatch, tmp_path):
    monkeypatch.setattr(code, "MOST", 10)
    (tmp_path / "into").mkdir()
    commit = git(committed.root, "rev-parse", "HEAD").strip()
    with pytest.raises(ModelError):
        code.lay(committed, {"commit": commit}, tmp_path / "into")
    assert not list((tmp_path / "into").iterdir())


def test_what_a_hook_of_another_repository_says_is_not_heard(committed, monkeypatch, tmp_path):
    (tmp_path / "into").mkdir()
    commit = git(committed.root, "rev-parse", "HEAD").strip()
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "another"))
    code.lay(committed, {"commit": commit}, tmp_path / "into")
    assert (tmp_path / "into/tidemill.toml").is_file()
    assert environment.code_state(committed.root, committed.artifacts, 0)[0]["commit"] == commit


def test_what_a_killed_rebuild_left_goes_with_the_next_and_nothing_else_does(tmp_path):
    old, held, young, bare, other = (
        *(tmp_path / f"tidemill-rebuild-{name}" for name in ("old", "held", "young", "bare")),
        tmp_path / "other",
    )
    for folder in (old, held, young, bare, other):
        (folder / "project").mkdir(parents=True)
        if folder is not bare:
            (folder / "lock").touch()
            os.utime(folder / "lock", (0, 0) if folder is not young else None)
    (tmp_path / "tables").mkdir()
    (old / "project/tables").symlink_to(tmp_path / "tables")
    with exclusive(held / "lock"):
        _sweep(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {held.name, young.name, bare.name, other.name, "tables"}


def test_figures_that_were_collected_since_make_no_rebuild_impossible(tmp_path):
    kept = LocalArtifacts(tmp_path)
    there, gone = kept.put(b'{"mae": 1.0}'), f"sha256:{'0' * 64}"
    steps = [
        SimpleNamespace(name="evaluate", fingerprint_inputs={}, outputs={"metrics": {"digest": one}})
        for one in (gone, there)
    ]
    place = SimpleNamespace(artifacts=kept)
    assert not _step(place, place, *steps).same
    assert _step(place, place, steps[1], steps[1]).same


def report(told: object, values: object = (), shown: object = None) -> Report:
    scored = Scored(np.array(values, np.float64), np.array([]), np.array([]), np.array([]))
    listed = Listed(shown, [], ()) if shown else None
    return Report({"mae": scored}, {}, {} if told is None else {"told": np.array(told)}, listed=listed)


@pytest.mark.parametrize(
    ("one", "other", "most"),
    [
        (report([1.0, 2.0]), report([1.0, 2.5]), 0.5),
        (report([1.0, np.nan]), report([1.0, np.nan]), 0.0),
        (report([1.0, 2.0]), report([np.nan, 9.0]), -1.0),
        (report([np.inf, 2.0]), report([np.inf, 2.0]), 0.0),
        (report([1.0]), report([1.0, 2.0]), -1.0),
        (report(["yes"]), report(["yes"]), -1.0),
        (report(np.float32([1e6]), [0.01]), report(np.float32([1e6]), [0.02]), 0.01),
        (report(None, [0.5], [["mug", "cup"]]), report(None, [0.5], [["mug", "pot"]]), -1.0),
        (report(None, [0.5], [["mug", "cup"]]), report(None, [0.5], [("mug", "cup")]), 0.0),
    ],
)
def test_answers_are_the_same_only_where_each_is(one, other, most):
    assert _apart(one, other)[0] == pytest.approx(most)


def test_a_clean_process_hears_which_kernels_to_add_up_by_before_it_loads_any():
    command = [sys.executable, "-c", "import sys, tidemill.rebuild.child; sys.exit('numpy' in sys.modules)"]
    assert subprocess.run(command, timeout=60, check=False).returncode == 0


def test_a_word_for_git_is_no_commit(committed):
    model = build_candidate(committed)
    run = committed.store.runs.get(model.run)
    committed.store.runs.update(run.id, code={"commit": "--output=/tmp/x", "dirty": False})
    found = again(committed, model)
    assert (found.verdict, found.why[0].code) == ("not_possible", "failed") and "no commit" in found.why[0].said
