"""Steps on a real Ray cluster: its nodes on this machine, which are killed, are other machines, or are not there."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.adapters import ray_steps
from tests.cases.projects import replayed
from tests.ended import gone
from tests.engine import apart_steps
from tests.engine.conftest import Place
from tests.model.test_apart import rows_of
from tests.model.test_start import NOW, lay
from tests.raised import raised
from tests.serve.batch.conftest import rows, tables
from tidemill.access.caller import Caller
from tidemill.adapters.ray import ClusterAway, RayRunner
from tidemill.data.discover import sources
from tidemill.data.ingest import spill
from tidemill.data.pipeline import ingest
from tidemill.data.tables.tables import open_tables
from tidemill.engine.context import RunContext, RunEvent
from tidemill.engine.fingerprint.environment import pins
from tidemill.engine.runner.port import Runner
from tidemill.engine.runner.schedule import Places
from tidemill.errors import PipelineError, StepFailed, StepTimeout
from tidemill.features import joined
from tidemill.model.apart import limits
from tidemill.model.pipeline import build_candidate
from tidemill.model.prepare import refs_of
from tidemill.ops.batch import predict_batch
from tidemill.scope.project import Project, open_project
from tidemill.serve.batch import given
from tidemill.store.artifacts.codecs import load
from tidemill.store.artifacts.local import LocalArtifacts
from tidemill.store.sql import open_metadata
from tidemill.testing.runners import RunnerSuite, job, process_id, value
from tidemill.types import HeldClock, JsonObject

__all__ = ["tables"]
pytest.importorskip("ray", reason="the extra 'ray' is not installed")
pytestmark = [
    pytest.mark.nightly,
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # of Ray's own processes
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
ROOT = Path(__file__).parents[2]
STORE = 80_000_000
QUICK = {"health_check_initial_delay_ms": 0, "health_check_period_ms": 500, "health_check_failure_threshold": 3}


class Nodes:
    """A head that does no step, and some that do, by name."""

    def __init__(self) -> None:
        from ray.cluster_utils import Cluster

        head = {"num_cpus": 0, "object_store_memory": STORE, "include_dashboard": False, "_system_config": QUICK}
        self._cluster = Cluster(initialize_head=True, head_node_args=head)
        self._nodes: dict[str, Any] = {}
        self.address = str(self._cluster.address)

    def add(self, name: str, cpus: int = 1, **environment: str) -> None:
        more = {"object_store_memory": STORE, "memory": 4_000_000_000, "env_vars": {"NODE": name, **environment}}
        self._nodes[name] = self._cluster.add_node(num_cpus=cpus, **more)

    def kill(self, name: str) -> None:
        self._cluster.remove_node(self._nodes.pop(name), allow_graceful=False)

    def whole(self) -> None:
        """Three, however many were killed."""
        for name in {"a", "b", "c"} - self._nodes.keys():
            self.add(name)

    def end(self) -> None:
        import ray

        ray.shutdown()
        self._cluster.shutdown()


def test_a_cluster_that_is_away_is_waited_for_within_a_bound(tmp_path: Path) -> None:
    around = RunContext(tmp_path, HeldClock(0), LocalArtifacts(tmp_path / "artifacts"), None, {}, {}, seed=0)
    with raised(ClusterAway, "[engine] address = '127.0.0.1:1'"):
        RayRunner("127.0.0.1:1", wait=0.0).run(job(process_id), around, None)


@pytest.fixture(scope="module")
def started() -> Iterator[Nodes]:
    made = Nodes()
    yield made
    made.end()


@pytest.fixture
def nodes(started: Nodes) -> Nodes:
    started.whole()
    return started


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    os.mkfifo(tmp_path / "never")
    store = open_metadata(tmp_path / "tidemill.db")
    yield Place(tmp_path, store, LocalArtifacts(tmp_path / "artifacts"), HeldClock(1_000_000))
    store.close()


class TestRay(RunnerSuite):
    @pytest.fixture
    def runner(self, nodes: Nodes) -> Runner:
        return RayRunner(nodes.address)

    def test_it_is_another_process(self, runner: Runner, around: RunContext) -> None:
        assert value(runner.run(job(process_id), around, None), around) != os.getpid()

    def test_a_kill_ends_what_runs(self, runner: Runner, around: RunContext) -> None:
        killed, told = threading.Thread(target=runner.kill), list[str]()

        def begun(done: int, total: int, text: str) -> None:
            told.append(text)
            killed.start()

        with raised(StepFailed, "step hangs"):
            runner.run(job(apart_steps.hangs), around, begun)
        killed.join()
        for pid in map(int, told[0].split()):
            assert gone(pid), "and all that it has started"

    def test_a_step_s_time_is_over_where_it_runs(self, runner: Runner, around: RunContext) -> None:
        os.mkfifo(around.root / "never")
        with raised(StepTimeout, "step late"):
            runner.run(job(ray_steps.late), around, None)

    def test_what_no_node_has_is_refused_at_once(self, runner: Runner, around: RunContext) -> None:
        with raised(PipelineError, "step greedy"):
            runner.run(job(ray_steps.greedy), around, None)

    @pytest.mark.parametrize("made", [False, True])
    def test_a_folder_that_nodes_do_not_share_is_refused_and_not_made(
        self, nodes: Nodes, around: RunContext, made: bool
    ) -> None:
        class Elsewhere(LocalArtifacts):
            address = str(around.root / "elsewhere")

        if made:
            LocalArtifacts(Elsewhere.address)
        other = dataclasses.replace(around, artifacts=Elsewhere(around.root / "artifacts"))
        with pytest.raises(PipelineError) as caught:
            RayRunner(nodes.address).run(job(process_id), other, None)
        assert caught.value.place.startswith("node ") and caught.value.hint
        assert Path(Elsewhere.address).exists() is made


def test_a_lost_node_is_replaced_and_a_finished_step_is_not_done_again(nodes: Nodes, place: Place) -> None:
    lost: list[str] = []

    def heard(event: RunEvent) -> None:
        place.events.append(event)
        if event.kind == "progress" and not lost:
            lost.append(event.data["text"])
            nodes.kill(lost[0])

    engine = place.engine(places=Places(lambda: RayRunner(nodes.address)))
    assert engine.run(ray_steps.two, on_event=heard).outputs["result"] == 21
    where = ray_steps.done(place.root, "second")
    assert len(ray_steps.done(place.root, "first")) == 1 and where[0] == lost[0] != where[1]
    assert place.said("retried") == ["second"]


def test_a_node_of_other_packages_is_refused_with_both_versions(nodes: Nodes, tmp_path: Path, place: Place) -> None:
    """When it is there at the start, and when it comes later."""
    (tmp_path / "other" / "numpy-0.0.1.dist-info").mkdir(parents=True)
    known, around = RayRunner(nodes.address), place.engine()._around
    known.run(job(process_id), around, None)
    nodes.add("other", cpus=2, PYTHONPATH=str(tmp_path / "other"))
    try:
        with pytest.raises(PipelineError) as caught:
            RayRunner(nodes.address).run(job(process_id), around, None)
        assert "numpy is 0.0.1 there" in caught.value.message and pins()["numpy"] in caught.value.message
        wide = ray_steps.wide
        with raised(PipelineError, "step wide") as late:
            known.run(job(wide), around, None)
        assert "numpy is 0.0.1 there" in late.value.message
    finally:
        nodes.kill("other")


def test_a_search_of_sixteen_trials_is_the_one_made_here_though_a_node_is_lost(nodes: Nodes, tmp_path: Path) -> None:
    def searched(name: str, more: str, heard: Callable[[RunEvent], None]) -> Any:
        folder = lay(tmp_path / name, 300, more)
        folder.change("tidemill.toml", "trials = 1", 'trials = 16, budget = "1 day"')
        folder.ingest("notes")
        with replayed(folder, NOW) as project:
            made = build_candidate(project, on_event=heard)
            found = project.store.steps.list(run=made.run)
            (step,) = [one for one in found if one.name == "search"]
            search = load(project.artifacts, step.outputs["result"]["digest"], "json")
            return search, (made.bundle, made.evaluation_bundle, made.metrics)

    killed: list[str] = []

    def heard(event: RunEvent) -> None:
        if event.kind == "progress" and event.step == "search" and event.data["done"] == 10 and not killed:
            killed.append("b")
            nodes.kill("b")

    here = searched("here", "", lambda event: None)
    there = searched("there", f'[engine]\nrunner = "ray"\naddress = "{nodes.address}"\n', heard)
    assert here[0]["trials"] == [16, 16] and killed
    assert here == there


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_large_ingest_and_a_join_with_it_are_those_made_here_though_a_node_is_lost(
    nodes: Nodes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(sources, "PIECE", 50_000)
    monkeypatch.setattr(sources, "ROWS", 200_000)
    monkeypatch.setattr(spill, "PART", 500_000)
    monkeypatch.setattr(joined, "ROWS", 6_000)
    killed: list[str] = []
    lost: list[str] = []

    def heard(event: RunEvent) -> None:
        if event.kind == "retried":
            lost.append(event.data["error"])
        if event.kind == "progress" and event.data["done"] == 3 and "pieces" in event.data["text"]:
            killed.append("b")
            nodes.kill("b")

    def made(name: str, more: str) -> Any:
        folder = ray_steps.walked(tmp_path / name, kind, more)
        with replayed(folder, NOW) as project:
            took = ingest(project, "walks", heard if more else None)
            assert took is not None
            (model,) = project.models.values()
            ran = project.engine(apart=limits(model, ["features"])).run(
                rows_of, {"name": model.name, "data": refs_of(model)}
            )
            parts = open_tables(project).versions("walks")[-1].files
            return took.digest, took.profile, took.rows, len(parts), ran.outputs["result"]

    here, there = made("here", ""), made("there", f'[engine]\nrunner = "ray"\naddress = "{nodes.address}"\n')
    assert killed and there[:4] == here[:4] and here[2] == 30_300 and here[3] > 2
    assert there[4].equals(here[4]) and lost


def test_a_batch_is_the_one_answered_here_though_a_node_is_lost(
    nodes: Nodes, tables: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(given, "MOST", 1_000)
    rows(9_500).write_parquet(tables.root / "rows.parquet")
    killed: list[str] = []

    def heard(kind: str, data: JsonObject) -> None:
        if kind == "progress" and data["done"] == 3_000 and "ray" in path.read_text():
            killed.append("c")
            nodes.kill("c")

    def answered(project: Project, name: str) -> Any:
        return predict_batch(project, Caller.local(), "rows.parquet", str(project.root / name), None, heard)

    for name in "abc":  # what is released is answered with where its keys are trusted
        nodes.kill(name)
        nodes.add(name, TIDEMILL_HOME=os.environ["TIDEMILL_HOME"])
    path = tables.root / "tidemill.toml"
    here = answered(tables, "here")
    tables.live.predictions.drop(2**60, 10)
    path.write_text(path.read_text() + f'\n[engine]\nrunner = "ray"\naddress = "{nodes.address}"\n')
    with open_project(tables.root) as project:
        there = answered(project, "there")
    assert killed and (there.batch, there.rows, there.errors, there.met) == (here.batch, 9_500, here.errors, 0)
    whole = [pl.read_parquet(tables.root / name / "*.parquet").sort("row") for name in ("here", "there")]
    assert whole[0].equals(whole[1])
    for name in "ab":
        nodes.kill(name)


def test_the_command_runs_a_project_s_steps_there(
    nodes: Nodes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a process of its own, which has met no cluster before."""
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    folder = lay(tmp_path / "notes", 300, f'[engine]\nrunner = "ray"\naddress = "{nodes.address}"\n')
    done = folder.apart("run", "--json")
    assert done.returncode == 0 and json.loads(done.stdout)["status"] == "champion", done.stderr


def test_where_the_machine_of_the_run_is_killed_nodes_end_what_they_do(nodes: Nodes, tmp_path: Path) -> None:
    code = f"from pathlib import Path; from tests.adapters.ray_steps import drive; drive(Path({str(tmp_path)!r}), {nodes.address!r})"
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True) as driver:
        assert driver.stdout is not None
        told = next((line.split()[1:] for line in driver.stdout if line.startswith("told")), [])
        driver.kill()
    assert len(told) == 2 and all(gone(int(pid)) for pid in told)
