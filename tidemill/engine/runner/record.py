"""What is written down of each step: its record, its artifacts and its edges."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

from tidemill.engine.explain import DECLARED
from tidemill.engine.graph.nodes import Call
from tidemill.engine.journal.journal import Journal
from tidemill.engine.runner.order import Order
from tidemill.engine.runner.port import Done, RunContext
from tidemill.engine.runner.prepare import Ready, Unit
from tidemill.store.records import Artifact, Edge, Step
from tidemill.types import JsonObject, Micros


class RunRecorder:
    """Puts every change of a step into the journal. ``before``: the steps of this run before it was killed."""

    def __init__(self, around: RunContext, journal: Journal, order: Order, before: Mapping[str, Step]) -> None:
        self._around, self._journal, self._order, self._before = around, journal, order, before
        self._started: dict[str, Micros] = {}
        self._failed: set[str] = set()

    def plan(self, calls: Iterable[Call]) -> None:
        """Every step known so far, so that the whole graph can be seen from the start; none is running yet."""
        for step in self._before.values():
            if step.status in ("running", "pending"):
                self._journal.put(dataclasses.replace(step, status="skipped", error="its process was killed"))
        for call in calls:
            if not call.over:
                known = self._before.get(call.name)
                if known is None or known.status not in ("done", "cached"):
                    attempt = known.attempt if known else 0
                    self._journal.put(self._bare(call, call.name, "pending", attempt=attempt))

    def running(self, ready: Ready) -> None:
        name = ready.unit.name
        self._started[name] = self._around.clock.now()
        self._journal.put(self._step(ready, "running", attempt=self._attempts(name) + 1))

    def done(self, ready: Ready, done: Done) -> Step:
        definition, now = ready.job.definition, self._around.clock.now()
        declared = (f"{DECLARED}{definition.impure}",) if definition.impure else ()
        step = self._step(
            ready,
            "done",
            impure=(*declared, *dict.fromkeys((*ready.unseen, *done.impure))),
            outputs=outputs_of(done),
            attempt=self._attempts(ready.unit.name) + done.attempts,
            ended=now,
            cpu_us=done.cpu_us,
        )
        self._journal.put(step, artifacts_of(done, now), edges_of(step, ready, now, done.reads, done.writes))
        return step

    def reused(self, ready: Ready, found: Step) -> Step:
        """Another step's result stands for this one; ``from`` in its outputs names the run that made them."""
        now = self._around.clock.now()
        outputs = {name: {**output, "from": output.get("from", found.run)} for name, output in found.outputs.items()}
        step = self._step(ready, "cached", impure=found.impure, outputs=outputs, started=now, ended=now)
        edges = edges_of(step, ready, now)
        edges.append(Edge(step_ref(found.run, found.name), step_ref(step.run, step.name), "reused", now))
        self._journal.put(step, (), edges)
        return step

    def failed(self, ready: Ready, error: str, attempts: int) -> None:
        """``attempts``: how many were made in this go."""
        name = ready.unit.name
        self._failed.add(name)
        attempt, now = self._attempts(name) + attempts, self._around.clock.now()
        self._journal.put(self._step(ready, "failed", ended=now, error=storable(error), attempt=attempt))

    def skipped(self, unit: Unit, error: str | None = None) -> None:
        self._journal.put(self._bare(unit.call, unit.name, "skipped", error=error))

    def has_failed(self, name: str) -> bool:
        return name in self._failed

    def _attempts(self, name: str) -> int:
        known = self._before.get(name)
        return known.attempt if known else 0

    def _bare(self, call: Call, name: str, status: str, **more: Any) -> Step:
        return Step(self._around.run, name, status, call.position, self._order.after(call), **more)

    def _step(self, ready: Ready, status: str, **more: Any) -> Step:
        more.setdefault("started", self._started.get(ready.unit.name))
        return self._bare(
            ready.unit.call,
            ready.unit.name,
            status,
            fingerprint=ready.fingerprint,
            fingerprint_inputs=ready.parts,
            inputs={name: kept.digest for name, kept in ready.job.inputs.items()},
            **more,
        )


def storable(error: str) -> str:
    r"""The text of an error as every store can keep it: of bounded length, without lone surrogates and NUL.

    >>> storable("no file \udcff\0")
    'no file \\udcff\\x00'
    """
    return error[:4000].encode(errors="backslashreplace").decode().replace("\0", "\\x00")


def step_ref(run: str, name: str) -> str:
    """A step in the lineage: ``step:RUN/NAME``."""
    return f"step:{run}/{name}"


def outputs_of(done: Done) -> JsonObject:
    return {name: {"digest": s.digest, "codec": s.codec, "bytes": s.size} for name, s in done.outputs.items()}


def artifacts_of(done: Done, now: Micros) -> list[Artifact]:
    return [Artifact(part.digest, part.codec, part.size, now) for s in done.outputs.values() for part in s.parts]


def edges_of(
    step: Step, ready: Ready, now: Micros, reads: Iterable[str] = (), writes: Iterable[str] = ()
) -> list[Edge]:
    """artifact → step (read), step → artifact (wrote), step → its run (part), and what the step itself named."""
    me = step_ref(step.run, step.name)
    read = [*(f"artifact:{kept.digest}" for kept in ready.job.inputs.values()), *reads]
    wrote = [*(f"artifact:{output['digest']}" for output in step.outputs.values()), *writes]
    edges = [Edge(ref, me, "read", now) for ref in dict.fromkeys(read)]
    edges += [Edge(me, ref, "wrote", now) for ref in dict.fromkeys(wrote)]
    return [*edges, Edge(me, f"run:{step.run}", "part", now)]
