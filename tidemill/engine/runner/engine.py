"""The engine: runs a pipeline so that killing it at any moment loses nothing that was finished."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tidemill.engine.context import EventEmitter, OnEvent, RunContext
from tidemill.engine.fingerprint.environment import code_state, in_repository, machine, pins
from tidemill.engine.graph.declare import Pipeline
from tidemill.engine.graph.values import Outputs, Values
from tidemill.engine.lease import RunLease, new_owner, resumable, settle_orphans
from tidemill.engine.runner.port import Limits
from tidemill.engine.runner.prepare import Order, Preparer
from tidemill.engine.runner.record import RunRecorder, storable
from tidemill.engine.runner.schedule import HERE, Execution, Places
from tidemill.engine.secrets import Secrets
from tidemill.errors import Conflict
from tidemill.store.records import Artifact, Run
from tidemill.types import Clock, JsonObject, canonical, digest, new_id

if TYPE_CHECKING:
    from tidemill.store.artifacts.port import Artifacts
    from tidemill.store.sql.store import MetadataStore


@dataclass(frozen=True)
class RunResult:
    """What a run gave; ``outputs`` are read, and verified, when asked for."""

    run: Run
    outputs: Outputs


class Engine:
    """Runs pipelines on these stores.

    ``root``: the project's folder. ``resources``: what ``ctx.resource(name)`` gives. ``reopen``: how a step in a child
    process gets them: name -> ``module:function`` that takes the root. ``parallel``: how many cores steps may use side by side
    (those of the machine, at most 4). ``lease``: seconds of silence after which another host may take a run over. ``apart``:
    steps that run in a process of their own, by name, and within which limits; ``places``: where such processes are.
    """

    def __init__(
        self,
        store: MetadataStore,
        artifacts: Artifacts,
        clock: Clock,
        root: Path,
        resources: Mapping[str, Any] | None = None,
        seed: int = 0,
        *,
        reopen: Mapping[str, str] | None = None,
        parallel: int | None = None,
        lease: float = 30.0,
        own_code: bool = True,
        apart: Mapping[str, Limits] | None = None,
        places: Places = HERE,
    ) -> None:
        self._around = RunContext(
            root=Path(root),
            clock=clock,
            artifacts=artifacts,
            store=store,
            resources=dict(resources or {}),
            reopen=dict(reopen or {}),
            seed=seed,
        )
        self._store = store
        self._parallel = parallel or min(4, os.cpu_count() or 1)
        self._lease = lease
        self._apart, self._places = dict(apart or {}), places
        self._own_code = own_code  # of the project: then a run says at which commit it was

    def run(
        self,
        pipeline: Pipeline[..., Any],
        params: Mapping[str, Any] | None = None,
        parent: str | None = None,
        on_event: OnEvent | None = None,
        *,
        resume: str | None = None,
    ) -> RunResult:
        """Run the pipeline; the same call goes on with a run that was killed, under its id.

        ``parent``: run, release or decision that asks for it. ``resume``: go on with this run though it failed.
        Raises what a step raised (a TidemillError as it is, anything else as StepFailed), StepTimeout, Conflict (another
        process does it right now), LeaseLost, PipelineError.
        """
        graph = pipeline.trace(params or {})
        secrets, hidden = self._hidden(pipeline, params)
        run, found = self._record(pipeline.name, hidden, parent, resume)
        before = {} if found is None else {s.name: s for s in self._store.steps.list(run=found.id)}
        around, values = dataclasses.replace(self._around, run=run.id), Values(self._around.artifacts)
        order, lease = Order(graph, values), RunLease(self._store, run.key, run.owner, self._lease)
        recorder = RunRecorder(self._store, around, run, lease, order, found, before, secrets)
        tell = EventEmitter(run.id, on_event)
        preparer = Preparer(values, around, before, secrets)
        execution = Execution(around, order, recorder, preparer, tell, self._parallel, self._apart, self._places)
        recorder.plan(graph.calls)
        try:
            recorder.add([self._installed()])
            execution.go([call.name for call in graph.calls], resumed=found is not None)
            outputs = Outputs(values, {name: values.slot(tree) for name, tree in graph.outputs.items()})
            told = outputs.digests
        except BaseException as exc:
            if not lease.lost.is_set():
                self._end_badly(recorder, tell, exc)
            lease.drop()
            raise
        try:
            self._end(recorder, "done", None, told)
            tell("run_finished", status="done")
        except BaseException:
            lease.drop()
            raise
        lease.rest()
        return RunResult(self._store.runs.get(run.id), outputs)

    def cut_short(self, pipeline: Pipeline[..., Any], params: Mapping[str, Any] | None = None) -> Run | None:
        """The run of this call that was killed: the same call goes on with it."""
        _, asked = self._hidden(pipeline, params)
        return resumable(self._store, run_key(pipeline.name, asked, self._around.seed, None))

    def _hidden(self, pipeline: Pipeline[..., Any], params: Mapping[str, Any] | None) -> tuple[Secrets, JsonObject]:
        """The secrets among a run's parameters, and all of these as a record may keep them."""
        asked = pipeline.parameters(params or {})
        secrets = Secrets(asked, str(self._store.settings.get("project_id")))
        return secrets, secrets.hide(asked)

    def _record(self, name: str, params: JsonObject, parent: str | None, resume: str | None) -> tuple[Run, Run | None]:
        """The record of this run as its owner, and as it was found where it was begun before."""
        key, owner, now = run_key(name, params, self._around.seed, parent), new_owner(), self._around.clock.now()
        settle_orphans(self._store, now, keep=key)
        found = self._store.runs.get(resume) if resume else resumable(self._store, key)
        if found is not None and found.key != key:
            raise Conflict(f"{found.id} is another run: other pipeline, parameters, seed or parent")
        if found is not None:
            return dataclasses.replace(found, owner=owner), found
        run = Run(
            id=new_id("run"),
            pipeline=name,
            key=key,
            status="running",
            owner=owner,
            started=now,
            parent=parent,
            params=params,
            seed=self._around.seed,
            environment={**machine(), "pins": digest(canonical(pins()))},
        )
        return run, None

    def _installed(self) -> Artifact:
        """What is installed, kept: a run's record names it."""
        data = canonical(pins())
        return Artifact(self._around.artifacts.put(data), "json", len(data), self._around.clock.now())

    def _end(self, recorder: RunRecorder, status: str, error: str | None, outputs: JsonObject) -> None:
        """The run's end in one transaction with the last steps'."""
        code: JsonObject = {}
        if self._own_code and in_repository(self._around.root):
            recorder.flush()  # git may be slow: what is finished is not to wait for it
            code, artifacts = code_state(self._around.root, self._around.artifacts, self._around.clock.now())
            recorder.add(artifacts)
        recorder.end(status, error, outputs, code)

    def _end_badly(self, recorder: RunRecorder, tell: EventEmitter, exc: BaseException) -> None:
        """What fails here is noted on the first error."""
        status = "failed" if isinstance(exc, Exception) else "cancelled"
        try:
            self._end(recorder, status, storable(str(exc)) or type(exc).__name__, {})
        except Exception as second:  # noqa: BLE001 - the first error says why the run ends
            exc.add_note(f"and the run's end could not be written: {second}")
        tell("run_finished", status=status)


def run_key(pipeline: str, params: JsonObject, seed: int, parent: str | None) -> str:
    """What names the work asked for: a killed run of this key is gone on with by the same call."""
    return digest(canonical({"pipeline": pipeline, "params": params, "seed": seed, "parent": parent}))
