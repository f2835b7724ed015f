"""The engine: runs a pipeline so that killing it at any moment loses nothing that was finished."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tidemill.engine.faults import point
from tidemill.engine.fingerprint.environment import code_state, in_repository, machine
from tidemill.engine.graph.nodes import Graph
from tidemill.engine.graph.pipelines import Pipeline
from tidemill.engine.graph.values import Outputs, Values
from tidemill.engine.journal.events import EventEmitter, OnEvent
from tidemill.engine.journal.journal import Journal
from tidemill.engine.journal.lease import RunLease
from tidemill.engine.journal.orphans import resumable, settle_orphans
from tidemill.engine.journal.owner import new_owner
from tidemill.engine.runner.order import Order
from tidemill.engine.runner.port import RunContext
from tidemill.engine.runner.prepare import Finished
from tidemill.engine.runner.record import RunRecorder, storable
from tidemill.engine.runner.schedule import Execution
from tidemill.errors import Conflict, LeaseLost, StoreError
from tidemill.store.records import Run, Step
from tidemill.types import Clock, JsonObject, canonical, digest, new_id

if TYPE_CHECKING:
    from tidemill.store.artifacts.base import ArtifactStore
    from tidemill.store.ports import MetadataStore


@dataclass(frozen=True)
class RunResult:
    """What a run gave; ``outputs`` are read, and verified, when asked for."""

    run: Run
    outputs: Outputs


class Engine:
    """Runs pipelines on these stores.

    ``root``: the project's folder. ``resources``: what ``ctx.resource(name)`` gives. ``reopen``: how a step in a child
    process gets them: name -> ``module:function`` that takes the root. ``parallel``: how many steps side by side (the
    cores, at most 4). ``lease``: seconds of silence after which another host may take a run over.
    """

    def __init__(
        self,
        store: MetadataStore,
        artifacts: ArtifactStore,
        clock: Clock,
        root: Path,
        resources: Mapping[str, Any] | None = None,
        seed: int = 0,
        *,
        reopen: Mapping[str, str] | None = None,
        parallel: int | None = None,
        lease: float = 30.0,
        own_code: bool = True,
    ) -> None:
        self.store, self.artifacts, self.clock, self.root, self.seed = store, artifacts, clock, Path(root), seed
        self._resources, self._reopen = dict(resources or {}), dict(reopen or {})
        self._parallel = parallel or min(4, os.cpu_count() or 1)
        self._lease = lease
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
        asked = pipeline.parameters(params or {})
        key = run_key(pipeline.name, asked, self.seed, parent)
        owner = new_owner()
        settle_orphans(self.store, self.clock.now(), keep=key)
        lease = RunLease(self.store, key, owner, self._lease)
        lease.take()
        point("lease taken")
        try:
            run, before = self._open(pipeline.name, key, owner, asked, parent, resume)
            result = _Performance(self, graph, run, lease, before, EventEmitter(run.id, on_event)).go()
        except BaseException as exc:
            try:
                lease.drop()
            except StoreError as second:  # it runs out by itself
                exc.add_note(f"and its lease could not be dropped: {second}")
            raise
        lease.drop()
        point("lease dropped")
        return result

    def cut_short(self, pipeline: Pipeline[..., Any], params: Mapping[str, Any] | None = None) -> Run | None:
        """The run of this call that was killed: the same call goes on with it."""
        asked = pipeline.parameters(params or {})
        return resumable(self.store, run_key(pipeline.name, asked, self.seed, None))

    def _open(
        self, name: str, key: str, owner: str, params: JsonObject, parent: str | None, resume: str | None
    ) -> tuple[Run, dict[str, Step] | None]:
        """The run to go on with and its steps so far, or a new one and None."""
        found = self.store.runs.get(resume) if resume else resumable(self.store, key)
        if found is not None and found.key != key:
            raise Conflict(f"{found.id} is another run: other pipeline, parameters, seed or parent")
        if found is not None:
            self.store.runs.update(found.id, owner=owner, status="running", ended=None, error=None)
            return self.store.runs.get(found.id), {s.name: s for s in self.store.runs.steps(found.id)}
        run = Run(
            id=new_id("run"),
            pipeline=name,
            key=key,
            status="running",
            owner=owner,
            started=self.clock.now(),
            parent=parent,
            params=params,
            seed=self.seed,
            environment=machine(),
        )
        return run, None


class _Performance:
    """One `Engine.run` from its record to its end."""

    def __init__(
        self,
        engine: Engine,
        graph: Graph,
        run: Run,
        lease: RunLease,
        before: dict[str, Step] | None,
        tell: EventEmitter,
    ) -> None:
        self._engine, self._graph, self._run, self._new, self._tell = engine, graph, run, before is None, tell
        self._before = before or {}
        self._journal = Journal(engine.store, run.id, run.owner, lease.lost)
        self._values = Values(engine.artifacts)
        self._order = Order(graph, self._values)
        self._around = RunContext(
            root=engine.root,
            clock=engine.clock,
            artifacts=engine.artifacts,
            store=engine.store,
            resources=engine._resources,
            reopen=engine._reopen,
            seed=engine.seed,
            run=run.id,
        )
        self._recorder = RunRecorder(self._around, self._journal, self._order, self._before)
        self._began, self._cpu = time.monotonic(), _cpu_seconds()

    def go(self) -> RunResult:
        self._recorder.plan(self._graph.calls)
        point("before the run's record")
        self._journal.flush(create=self._run if self._new else None)
        point("run recorded")
        try:
            self._execution().go([call.name for call in self._graph.calls], resumed=not self._new)
            outputs = Outputs(self._values, {name: self._values.slot(t) for name, t in self._graph.outputs.items()})
            told = outputs.digests
        except LeaseLost:
            raise
        except BaseException as exc:
            self._end("failed" if isinstance(exc, Exception) else "cancelled", exc)
            raise
        self._end("done", None, told)
        return RunResult(self._engine.store.runs.get(self._run.id), outputs)

    def _execution(self) -> Execution:
        engine = self._engine
        finished = Finished(engine.store, engine.artifacts, self._before)
        parts = (self._around, self._order, self._values, self._journal, self._recorder, finished, self._tell)
        return Execution(*parts, engine._parallel)

    def _end(self, status: str, exc: BaseException | None, outputs: JsonObject | None = None) -> None:
        """The run's end in one transaction with the last steps'. What fails here is noted on the first error."""
        now = self._engine.clock.now()
        try:
            code: JsonObject = {}
            if self._engine._own_code and in_repository(self._engine.root):
                self._journal.flush()  # git may be slow: what is finished is not to wait for it
                code, artifacts = code_state(self._engine.root, self._engine.artifacts, now)
                self._journal.add(artifacts)
            point("before the run's end")
            self._journal.flush(
                status=status,
                ended=now,
                error=None if exc is None else storable(str(exc)) or type(exc).__name__,
                outputs=outputs or {},
                code=code,
                cost={"cpu_s": _cpu_seconds() - self._cpu, "wall_s": time.monotonic() - self._began},
            )
            point("run ended")
        except Exception as second:
            if exc is None:
                raise
            exc.add_note(f"and the run's end could not be written: {second}")
        self._tell("run_finished", status=status)


def run_key(pipeline: str, params: JsonObject, seed: int, parent: str | None) -> str:
    """What names the work asked for: a killed run of this key is gone on with by the same call."""
    return digest(canonical({"pipeline": pipeline, "params": params, "seed": seed, "parent": parent}))


def _cpu_seconds() -> float:
    """CPU time of this process and of the children it has waited for."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime
