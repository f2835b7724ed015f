"""A model that begins from the champion, or from another project's model: what is read, what it is held against, and its lineage."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.cases.projects import Folder, replayed
from tidemill.errors import ConfigError, ModelError, NotFound
from tidemill.model.pipeline import build_candidate
from tidemill.model.start import start_of
from tidemill.ops.gc import reachable
from tidemill.retrain.run_all import run_all
from tidemill.scope.project import Project
from tidemill.types import parse_time

CONTRACT = """\
apiVersion: v3.0.2
kind: DataContract
id: notes
version: 1.0.0
schema:
  - name: notes
    customProperties: [{ property: tidemill.key, value: [id] }]
    properties:
      - { name: id, logicalType: string, required: true }
      - { name: at, logicalType: timestamp, required: true, customProperties: [{ property: tidemill.role, value: time }] }
      - { name: x, logicalType: number }
      - { name: z, logicalType: number }
      - { name: stars, logicalType: number, required: true, customProperties: [{ property: tidemill.role, value: target }] }
"""
TOML = """\
[project]
name = "notes"
[data.notes]
source = "data/*.csv"
contract = "contracts/notes.yaml"
[model]
task = "regress"
search = { trials = 1 }
split = { by = "time", test = "5 days" }
"""
NOW = parse_time("2024-03-01")


def lay(folder: Path, rows: int, more: str = "") -> Folder:
    made, rng = Folder(folder), random.Random(rows)
    made.write("contracts/notes.yaml", CONTRACT)
    made.write("tidemill.toml", TOML + more)
    lines = ["id,at,x,z,stars"]
    for n in range(rows):
        at = datetime(2024, 1, 1) + timedelta(hours=2 * n)
        x, z = rng.gauss(0, 1), rng.gauss(0, 1)
        lines.append(f"n{n},{at.isoformat()}Z,{x:.4f},{z:.4f},{3 * x - z + rng.gauss(0, 1):.4f}")
    made.write("data/a.csv", *lines)
    return made


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, str]:
    """Another project with a model, and the digest of its bundle."""
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    with replayed(lay(tmp_path / "source", 400), NOW) as project:
        made = run_all(project)
        assert made.release.status == "champion" and made.model.recipe["method"] == "linear"
        return tmp_path, made.model.bundle


def started(project: Project, model: str) -> list[str]:
    return [edge.source for edge in project.store.edges.list(target=model) if edge.relation == "started"]


def test_a_model_begins_from_another_project_s_and_its_lineage_says_so(source: tuple[Path, str]) -> None:
    folder, digest = source
    told = f'start_from = {{ project = "../source", bundle = "{digest}" }}\n'
    with replayed(lay(folder / "small", 200, told), NOW) as project:
        run_all(project)
        first = project.store.models.list()[0]
        card = project.artifacts.get(first.card or "").decode()
        assert f"The best that begins from ../source {digest} gains" in card
        start = start_of(project.endpoint())
        assert start == {"of": f"../source {digest}", "bundles": [digest], "own": False}
        assert digest in project.artifacts.digests(), "kept here: it may go there"
        recipe = {"method": "linear", "task": "regress", "l2": 30.0, "loss": "absolute", "start": start}
        warm = build_candidate(project, only=recipe)
        assert warm.recipe["start"] == start and started(project, warm.ref) == [f"artifact:{digest}"]
        assert digest in reachable(project)
        assert project.artifacts.get(warm.card or "").decode().count("begun from ../source") == 1


def test_one_that_is_not_what_was_said_is_not_begun_from(source: tuple[Path, str]) -> None:
    folder, digest = source
    for told, kind in (
        (f'{{ project = "../source", bundle = "sha256:{"0" * 64}" }}', NotFound),
        (f'{{ project = "../nowhere", bundle = "{digest}" }}', ModelError),
    ):
        root = folder / kind.__name__
        with replayed(lay(root, 120, f"start_from = {told}\n"), NOW) as project, pytest.raises(kind):
            run_all(project)
    for told in ('"yesterday"', '{ project = "../source", bundle = "7" }', '"champion"\nlearner = "steps:make"'):
        root = folder / str(len(told))
        with pytest.raises(ConfigError), replayed(lay(root, 120, f"start_from = {told}\n"), NOW):
            pass


@pytest.mark.nightly
def test_a_candidate_begins_from_the_champion_once_there_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    with replayed(lay(tmp_path / "notes", 300, 'start_from = "champion"\n'), NOW) as project:
        assert start_of(project.endpoint()) is None
        champion = run_all(project).model
        start = start_of(project.endpoint())
        assert start == {"of": champion.ref, "bundles": [champion.bundle, champion.evaluation_bundle], "own": True}
        recipe = {**champion.recipe, "l2": 300.0, "start": start}
        warm = build_candidate(project, only=recipe)
        assert warm.kind == "method" and started(project, warm.ref) == [champion.ref]
        assert warm.metrics["mae"][1] < 1.2 * champion.metrics["mae"][1]
