"""Steps on the nodes of a Ray cluster (extra ``ray``): a `tidemill.engine.runner.port.Runner`.

A node gets a name, JSON and digests, and does the step in a child process of its own, exactly as this machine would: its worker
hands on what the child tells. So a step that hangs, eats the memory or crashes takes no worker along, and a worker that is
ended takes its child along. What Ray itself would do again it is told not to: a step is done once, or its loss is told, and the
engine has it done elsewhere.

Every node has the same project at the same path, the same Python and the same packages. That is looked at when the first step
is to run, and again by each node before each step, since nodes come and go.
"""

from __future__ import annotations

import json
import logging
import os
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

from tidemill import __version__
from tidemill.engine.context import Progress, RunContext
from tidemill.engine.fingerprint.environment import PYTHON, THREADS, installed
from tidemill.engine.runner.child import answer, heard, request_of
from tidemill.engine.runner.port import Done, Job, MachineLost
from tidemill.errors import ConfigError, EngineError, NotFound, PipelineError, StepFailed, StoreError
from tidemill.process.child import Child
from tidemill.scope.project import ENVIRONMENT, FENCE
from tidemill.store.artifacts import open_artifacts
from tidemill.types import JsonObject

WAIT = 30.0
"""Seconds that a cluster may be away before a step fails."""
LOOK = 2.0
"""Seconds between looks at a cluster that tells nothing."""
TOLD = (*THREADS, ENVIRONMENT, FENCE)
"""What is said to a node of the run's process: how many threads (Ray has its own mind about them), and by which environment and term
a step opens the project. Secrets are not."""
SAME = "the same project at the same path, the same Python and the same packages on every machine of the cluster"


class ClusterAway(EngineError):
    """Nobody answers at the cluster's address."""

    code, status = "cluster_away", 503


def open_runner(address: str) -> RayRunner:
    """The runner on the cluster at ``HOST:PORT``, or on the one of this machine (``auto``); it connects at its first step."""
    return RayRunner(address)


class RayRunner:
    """Implements `Runner` with one task a job."""

    def __init__(self, address: str, wait: float = WAIT) -> None:
        self._address, self._wait = address, wait
        self._lock = threading.Lock()
        self._task: Any = None  # once the cluster was looked at
        self._running: set[Any] = set()
        self._killed: set[Any] = set()

    def run(self, job: Job, around: RunContext, progress: Progress | None) -> Done:
        """Do the job on a node. Raises as the port says; ClusterAway, and PipelineError where no node can do it."""
        limit = job.definition.timeout
        asked = {"request": request_of(job, around), "timeout": limit, "here": report(), "told": _told()}
        with self._lock:
            self._task = self._present() if self._task else self._connected(around)
        task = self._task.options(**self._room(job), name=f"{around.run}/{job.name}").remote(json.dumps(asked))
        self._running.add(task)
        try:
            with _translated(job, lambda: task in self._killed):
                return answer(self._heard(task, job), job, progress)
        finally:
            self._running.discard(task)
            self._killed.discard(task)

    def kill(self) -> None:
        if not self._running:  # Ray may not be installed: that is why the step failed
            return
        import ray

        for task in list(self._running):
            self._killed.add(task)
            with suppress(Exception):
                ray.cancel(task, force=True)

    def _heard(self, task: Any, job: Job) -> Iterator[JsonObject]:
        """What the node tells, as long as there is a cluster."""
        import ray

        away = None
        while True:
            if not ray.wait([task], timeout=LOOK, fetch_local=False)[0]:
                away = self._away(away)
                continue
            try:
                message: JsonObject = json.loads(ray.get(next(task)))
            except StopIteration:
                return
            if "refused" in message:
                raise PipelineError(message["refused"], place=f"step {job.name}", hint=SAME)
            yield message

    def _present(self) -> Any:
        """The task that nodes do, where the cluster is still there. Raises ClusterAway."""
        away = self._away(None)
        while away is not None:
            time.sleep(LOOK / 4)
            away = self._away(away)
        return self._task

    def _away(self, since: float | None) -> float | None:
        """Since when nobody answers. Raises ClusterAway once that is too long: then this process is no part of a cluster any more."""
        import ray

        if ray.is_initialized() and _answers(ray.get_runtime_context().gcs_address):
            return None
        since = since or time.monotonic()
        if time.monotonic() - since > self._wait:
            ray.shutdown()
            raise self._nobody()
        return since

    def _connected(self, around: RunContext) -> Any:
        """The task that nodes do. Raises ClusterAway, ConfigError, PipelineError."""
        ray = _ray()
        if not ray.is_initialized():
            self._reach()
            try:
                ray.init(self._address, log_to_driver=False, logging_level=logging.ERROR)
            except RuntimeError as exc:  # of another Ray or Python: Ray's words name both
                raise PipelineError(" ".join(str(exc).split()), place=self._place, hint=SAME) from exc
            except (ConnectionError, ValueError) as exc:
                raise self._nobody() from exc
        self._compare(around)
        return ray.remote(num_returns="streaming", max_retries=0)(perform)

    def _reach(self) -> None:
        """Wait until somebody answers. Raises ClusterAway."""
        until = time.monotonic() + self._wait
        while self._address != "auto" and not _answers(self._address):
            if time.monotonic() > until:
                raise self._nobody()
            time.sleep(min(1.0, self._wait))

    @property
    def _place(self) -> str:
        return f"[engine] address = {self._address!r}"

    def _nobody(self) -> ClusterAway:
        hint = "start it, or say where it is; then run the same command again: finished steps are kept"
        return ClusterAway(f"no cluster answered within {self._wait:g} s", place=self._place, hint=hint)

    def _compare(self, around: RunContext) -> None:
        """Look at every node. Raises PipelineError for one that is not as this machine is."""
        import ray
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        proof = around.artifacts.put(b"a node reads what this machine has written")
        said = json.dumps([report(), str(around.root), around.artifacts.address, proof])
        look = ray.remote(num_cpus=0, max_retries=0)(compare)
        nodes = {
            node["NodeID"]: node["NodeName"] for node in ray.nodes() if node["Alive"] and node["Resources"].get("CPU")
        }
        if not nodes:
            raise PipelineError(
                "the cluster has no node that does anything", place=self._place, hint="ray start --address=…"
            )
        looks = {
            look.options(scheduling_strategy=NodeAffinitySchedulingStrategy(node, soft=False)).remote(said): name
            for node, name in nodes.items()
        }
        for task, name in looks.items():
            try:
                differs = ray.get(task, timeout=self._wait)
            except Exception as exc:  # noqa: BLE001 - whatever keeps a node from answering
                words = f"{type(exc).__name__}: {exc}".strip().splitlines()
                differs = f"it cannot say what it is: {words[-1]}"
            if differs:
                raise PipelineError(differs, place=f"node {name}", hint=SAME)

    def _room(self, job: Job) -> dict[str, float]:
        """What the job asks of a node. Raises PipelineError where none has so much."""
        import ray

        wanted = job.definition
        asks = {"CPU": wanted.cpus, "memory": wanted.memory or 0, "GPU": wanted.gpus}
        nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
        if not any(all(node.get(what, 0) >= much for what, much in asks.items()) for node in nodes):
            said = f"{wanted.cpus} cpus, {asks['memory'] / 1e9:,.1f} GB of memory and {wanted.gpus} gpus"
            raise PipelineError(
                f"no node of the cluster has {said}",
                place=f"step {job.name}",
                hint="ask for less, or add a node that has it",
            )
        return {"num_cpus": wanted.cpus, "memory": wanted.memory or 0, "num_gpus": wanted.gpus}


@cache
def report() -> JsonObject:
    """What of a machine decides whether it does a step as another does. What Ray brings for itself is no package of ours."""
    packages = installed(entry for entry in sys.path if Path(entry).name != "thirdparty_files")
    return {"python": PYTHON, "tidemill": __version__, "packages": packages}


def differences(here: JsonObject, there: JsonObject) -> str:
    """How another machine differs, naming both; nothing where it does not.

    >>> differences({"python": "3.12.1", "packages": {}}, {"python": "3.11.7", "packages": {}})
    'python is 3.11.7 there, and 3.12.1 here'
    """
    found = [(name, here[name], there[name]) for name in here if name != "packages" and here[name] != there[name]]
    ours, theirs = here["packages"], there["packages"]
    found += [
        (name, ours.get(name), theirs.get(name))
        for name in sorted({*ours, *theirs})
        if ours.get(name) != theirs.get(name)
    ]
    told = [f"{name} is {there or 'not'} there, and {here or 'not'} here" for name, here, there in found]
    more = f"; so are {len(told) - 3} more" if len(told) > 3 else ""
    return "; ".join(told[:3]) + more


def compare(said: str) -> str:
    """On a node: how it differs from the machine that asks, in words; nothing where it can do its steps."""
    here, root, address, proof = json.loads(said)
    if found := differences(here, report()):
        return found
    if not Path(root).is_dir():
        return f"there is no {root}"
    if "://" not in address and not Path(address).is_dir():  # to open it would be to make it
        return f"there is no {address}"
    try:
        open_artifacts(address).get(proof)
    except NotFound:
        return f"the project's artifacts are not there: {address.partition('?')[0]} is another folder"
    except (StoreError, ConfigError) as exc:
        return str(exc)
    return ""


def perform(said: str) -> Iterator[str]:
    """On a node: do the job in a child; all that it tells, as JSON."""
    asked = json.loads(said)
    if found := differences(asked["here"], report()):
        yield json.dumps({"refused": f"node {os.uname().nodename}: {found}"})
        return
    for name in TOLD:
        os.environ.pop(name, None)
    os.environ.update(asked["told"])
    request, own = asked["request"], list(sys.path)
    there = [entry for entry in request["path"] if Path(entry).exists()]
    request["path"] = [*there, *(entry for entry in own if entry not in there)]
    with Child("tidemill.engine.runner.child_main", without=["TIDEMILL_FAULT"]) as child:
        for message in heard(child, request, asked["timeout"]):
            yield json.dumps(message)


def _told() -> dict[str, str]:
    return {name: os.environ[name] for name in TOLD if name in os.environ}


def _ray() -> Any:
    try:
        import ray
    except ImportError as exc:
        raise ConfigError("Ray is not installed", place="[engine] runner", hint="pip install 'tidemill[ray]'") from exc
    return ray


def _answers(address: str) -> bool:
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host, int(port)), timeout=LOOK):
            return True
    except OSError:
        return False


@contextmanager
def _translated(job: Job, killed: Any) -> Iterator[None]:
    """Ray's errors as the port's. Raises MachineLost, StepFailed."""
    from ray import exceptions

    place = f"step {job.name}"
    try:
        yield
    except exceptions.OutOfMemoryError as exc:
        raise StepFailed("its node had no memory left, and ended it", place=place, hint="memory= of the step") from exc
    except (exceptions.RayTaskError, exceptions.TaskUnschedulableError) as exc:
        words = str(exc).strip().splitlines()
        raise StepFailed(f"its node could not do it: {words[-1] if words else exc!r}", place=place, hint=SAME) from exc
    except exceptions.RayError as exc:
        if killed():
            raise StepFailed("it was killed", place=place, hint="run the same command again") from exc
        hint = "look at the cluster (ray status); then run the same command again: finished steps are kept"
        raise MachineLost(f"the node that did it is gone ({type(exc).__name__})", place=place, hint=hint) from exc
