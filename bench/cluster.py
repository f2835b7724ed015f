"""A step on a node of a Ray cluster beside the same step in a child of this machine."""

from __future__ import annotations

import importlib.util
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.timing import row
from tidemill.adapters.ray import RayRunner
from tidemill.engine.context import RunContext
from tidemill.engine.runner.child import ChildRunner
from tidemill.engine.runner.port import Runner
from tidemill.store.artifacts.local import LocalArtifacts
from tidemill.testing.runners import job, process_id
from tidemill.types import HeldClock

TIMES = 15


def run() -> list[dict[str, Any]]:
    if importlib.util.find_spec("ray") is None:
        print("  Ray is not installed: make .venv/ray")
        return []
    import ray
    from ray.cluster_utils import Cluster

    head = {"num_cpus": 2, "object_store_memory": 80_000_000, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    try:
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            around = RunContext(root, HeldClock(0), LocalArtifacts(root / "artifacts"), None, {}, {}, seed=0, run="run")
            child, node = ChildRunner(), RayRunner(cluster.address)
            first = _taken(lambda: _step(node, around), times=1)
            local, there = _taken(lambda: _step(child, around)), _taken(lambda: _step(node, around))
        bare = ray.remote(num_cpus=1)(_nothing)
        task = _taken(lambda: ray.get(bare.remote()))
    finally:
        ray.shutdown()
        cluster.shutdown()
    return [
        row("a step that does nothing, on a node", there, "s", local, "in a child of this machine"),
        row("  the same, beside a bare task of Ray's", there, "s", task, "ray.get(task.remote())"),
        row("  the first one: connecting, and each node looked at", first, "s"),
    ]


def _step(runner: Runner, around: RunContext) -> None:
    runner.run(job(process_id), around, None)


def _nothing() -> None:
    pass


def _taken(what: Callable[[], object], times: int = TIMES) -> float:
    """The median wall time."""
    found = []
    for _ in range(times):
        began = time.perf_counter()
        what()
        found.append(time.perf_counter() - began)
    return statistics.median(found)
