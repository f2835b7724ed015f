"""A cluster that dies in the middle of a step: the step fails within a bound, and this process can join the next cluster."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.ended import gone
from tests.engine import apart_steps
from tests.raised import raised
from tidemill.adapters.ray import ClusterAway, RayRunner
from tidemill.engine.context import RunContext
from tidemill.engine.runner.port import MachineLost
from tidemill.store.artifacts.local import LocalArtifacts
from tidemill.testing.runners import job, process_id, value
from tidemill.types import HeldClock

pytest.importorskip("ray", reason="the extra 'ray' is not installed")
pytestmark = [
    pytest.mark.nightly,
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # of Ray's own processes
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
STORE = 80_000_000
WAIT = 4.0


def started() -> Any:
    from ray.cluster_utils import Cluster

    head = {"num_cpus": 1, "object_store_memory": STORE, "include_dashboard": False}
    return Cluster(initialize_head=True, head_node_args=head)


def test_a_cluster_that_dies_is_told_and_the_next_one_is_joined(tmp_path: Path) -> None:
    around = RunContext(tmp_path, HeldClock(0), LocalArtifacts(tmp_path / "artifacts"), None, {}, {}, seed=0, run="r")
    cluster, begun = started(), list[str]()
    runner = RayRunner(cluster.address, wait=WAIT)

    def dies(done: int, total: int, text: str) -> None:
        begun.append(text)
        cluster.head_node.kill_all_processes(check_alive=False, allow_graceful=False)

    with raised(MachineLost, "step hangs"):
        runner.run(job(apart_steps.hangs), around, dies)
    assert all(gone(int(pid)) for pid in begun[0].split())
    with raised(ClusterAway, f"[engine] address = {cluster.address!r}"):
        runner.run(job(process_id), around, None)
    after = started()
    try:
        assert value(RayRunner(after.address, wait=WAIT).run(job(process_id), around, None), around) > 0
    finally:
        import ray

        ray.shutdown()
        after.shutdown()
