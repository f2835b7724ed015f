"""What is written down of a run: its record, its steps with their artifacts and edges, and its end."""

from __future__ import annotations

import dataclasses
import resource
import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from tidemill.engine.context import RunContext
from tidemill.engine.explain import DECLARED
from tidemill.engine.faults import point
from tidemill.engine.graph.nodes import Call
from tidemill.engine.lease import ORPHAN, RunLease, resumable
from tidemill.engine.runner.parts import whole_of
from tidemill.engine.runner.port import Done
from tidemill.engine.runner.prepare import Order, Ready, Unit
from tidemill.engine.secrets import Secrets
from tidemill.errors import Conflict, LeaseLost
from tidemill.store.records import Artifact, Edge, Run, Step
from tidemill.types import JsonObject, Micros

if TYPE_CHECKING:
    from tidemill.store.records import Tx
    from tidemill.store.sql.store import MetadataStore


class RunRecorder:
    """Changes of a run, several gathered into one transaction, which only the run's owner may commit.

    ``found``: the record of a run that was killed and is gone on with, ``before`` its steps. What `flush` has returned
    from survives kill -9 and power loss.
    """

    def __init__(
        self,
        store: MetadataStore,
        around: RunContext,
        run: Run,
        lease: RunLease,
        order: Order,
        found: Run | None,
        before: Mapping[str, Step],
        secrets: Secrets,
    ) -> None:
        self._store, self._clock, self._run, self._lease, self._order = store, around.clock, run, lease, order
        self._found, self._before, self._secrets = found, before, secrets
        self._steps: dict[str, Step] = {}  # of one step the last state counts
        self._artifacts: dict[str, Artifact] = {}
        self._edges: list[Edge] = []
        self._started: dict[str, Micros] = {}
        self._failed: set[str] = set()
        self._parted = {whole_of(name) for name in before if "/" in name}  # steps that have finished parts
        self._began, self._cpu = time.monotonic(), _cpu_seconds()
        self.elsewhere_us = 0  # CPU time on other machines

    def plan(self, calls: Iterable[Call]) -> None:
        """Every step known so far, so that the whole graph can be seen from the start; none is running yet."""
        for step in self._before.values():
            if step.status in ("running", "pending"):
                self._steps[step.name] = dataclasses.replace(step, status="skipped", error="its process was killed")
        for call in calls:
            known = self._before.get(call.name)
            if not call.over and (known is None or known.status not in ("done", "cached")):
                self._bare(call, call.name, "pending", attempt=self._attempts(call.name))

    def running(self, ready: Ready) -> None:
        name = ready.unit.name
        self._started[name] = self._clock.now()
        self._step(ready, "running", attempt=self._attempts(name) + 1)

    def done(self, ready: Ready, done: Done, attempts: int) -> Step:
        definition, now = ready.job.definition, self._clock.now()
        declared = (f"{DECLARED}{definition.impure}",) if definition.impure else ()
        step = self._step(
            ready,
            "done",
            impure=(*declared, *dict.fromkeys((*ready.unseen, *done.impure))),
            outputs=_outputs(done),
            attempt=self._attempts(ready.unit.name) + attempts,
            ended=now,
            cpu_us=done.cpu_us,
        )
        self.add(Artifact(part.digest, part.codec, part.size, now) for s in done.outputs.values() for part in s.parts)
        self._edges += edges_of(step, ready, now, done.reads, done.writes)
        return step

    def part(self, ready: Ready, done: Done) -> None:
        """What a part of a running step gave, kept at once, from any thread; it goes when the step is done. Raises LeaseLost, StoreError."""
        now = self._clock.now()
        step = Step(
            self._run.id,
            ready.unit.name,
            "done",
            ready.unit.call.position,
            fingerprint=ready.fingerprint,
            fingerprint_inputs={"reads": done.reads, "writes": done.writes},
            inputs={name: kept.digest for name, kept in ready.job.inputs.items()},
            outputs=_outputs(done),
            impure=done.impure,
            attempt=1,
            ended=now,
            cpu_us=done.cpu_us,
        )
        artifacts = [Artifact(one.digest, one.codec, one.size, now) for s in done.outputs.values() for one in s.parts]

        def work(tx: Tx) -> None:
            self._check_owner(tx)
            self._store.steps.put(step, tx)
            self._store.artifacts.add_new(artifacts, tx)

        self._parted.add(whole_of(step.name))
        self._store.transact(work)

    def reused(self, ready: Ready, found: Step) -> Step:
        """Another step's result stands for this one; ``from`` in its outputs names the run that made them."""
        now = self._clock.now()
        outputs = {name: {**output, "from": output.get("from", found.run)} for name, output in found.outputs.items()}
        step = self._step(ready, "cached", impure=found.impure, outputs=outputs, started=now, ended=now)
        self._edges += edges_of(step, ready, now)
        self._edges.append(Edge(step_ref(found.run, found.name), step_ref(step.run, step.name), "reused", now))
        return step

    def failed(self, ready: Ready, error: str, attempts: int) -> None:
        """``attempts``: how many were made in this go."""
        name = ready.unit.name
        self._failed.add(name)
        attempt = self._attempts(name) + attempts
        self._step(ready, "failed", ended=self._clock.now(), error=storable(self._secrets.hide(error)), attempt=attempt)

    def hide(self, text: str) -> str:
        """The text without the run's secrets."""
        return str(self._secrets.hide(text))

    def skipped(self, unit: Unit, error: str | None = None) -> None:
        self._bare(unit.call, unit.name, "skipped", error=error)

    def has_failed(self, name: str) -> bool:
        return name in self._failed

    def add(self, artifacts: Iterable[Artifact]) -> None:
        self._artifacts.update((a.digest, a) for a in artifacts)

    def end(self, status: str, error: str | None, outputs: JsonObject, code: JsonObject) -> None:
        """The run's end, with what its last steps left, and its lease is another's to take."""
        point("before the run's end")
        cpu_s = _cpu_seconds() - self._cpu + self.elsewhere_us / 1e6
        cost = {"cpu_s": cpu_s, "wall_s": time.monotonic() - self._began}
        self.flush(status=status, ended=self._clock.now(), error=error, outputs=outputs, code=code, cost=cost)
        point("run ended")

    def flush(self, **changes: Any) -> None:
        """One transaction: everything gathered, and these changes of the run. The first takes the lease and makes the
        run's record, the one that ends the run drops the lease.

        Another process that took the run over has put its name into the run's record: then nothing is written.
        Raises LeaseLost, Conflict (another process does it right now), StoreError.
        """
        first, changes = not self._lease.taken, self._secrets.hide(changes)
        if not (first or self._steps or self._artifacts or self._edges or changes):
            return
        if self._lease.lost.is_set():
            raise self._gone()

        def work(tx: Tx) -> None:
            self._begin(tx) if first else self._check_owner(tx)
            self._write(tx, changes)
            point("inside the journal's transaction")

        if first:
            point("before the run's record")
            self._lease.take(work)
        else:
            self._store.transact(work)
        self._steps, self._artifacts, self._edges = {}, {}, []
        point("journal written")

    def _begin(self, tx: Tx) -> None:
        """The run's record, new or gone on with, unless another process was quicker. Raises Conflict."""
        runs, run, found = self._store.runs, self._run, self._found
        if resumable(self._store, run.key, tx) is not None if found is None else self._has_moved(found, tx):
            self._lease.lost.set()
            raise Conflict("another process has just done this run", hint="run the same command again")
        if found is None:
            runs.add(run, tx)
        else:
            runs.update(run.id, tx, owner=run.owner, status="running", ended=None, error=None)

    def _has_moved(self, found: Run, tx: Tx) -> bool:
        """Whether another process went on with it, ended it or finished a step since it was read; settling it is neither."""
        now, steps = self._store.runs.get(found.id, tx), self._store.steps.list(run=found.id, tx=tx)
        ended = now != found and not (now.error or "").startswith(ORPHAN)
        return ended or now.owner != found.owner or _finished(steps) != _finished(self._before.values())

    def _check_owner(self, tx: Tx) -> None:
        if self._store.runs.owner(self._run.id, tx) != self._run.owner:
            raise self._gone()

    def _write(self, tx: Tx, changes: JsonObject) -> None:
        for step in self._steps.values():
            self._store.steps.put(step, tx)
            if step.status == "done" and step.name in self._parted:
                self._store.steps.drop_parts(step, tx)
        self._store.artifacts.add_new(self._artifacts.values(), tx)
        self._store.edges.add_new(self._edges, tx)
        if changes:
            self._store.runs.update(self._run.id, tx, **changes)
            self._store.leases.drop(self._lease.name, self._lease.owner, tx)

    def _gone(self) -> LeaseLost:
        self._lease.lost.set()
        return LeaseLost(
            "another process goes on with this run",
            place=f"run {self._run.id}",
            hint="this one was silent for too long; nothing more is written by it",
        )

    def _attempts(self, name: str) -> int:
        known = self._before.get(name)
        return known.attempt if known else 0

    def _bare(self, call: Call, name: str, status: str, **more: Any) -> Step:
        """The step as it is now, to be written at the next flush."""
        step = Step(self._run.id, name, status, call.position, self._order.after(call), **more)
        self._steps[name] = step
        return step

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


def _outputs(done: Done) -> JsonObject:
    return {name: {"digest": s.digest, "codec": s.codec, "bytes": s.size} for name, s in done.outputs.items()}


def storable(error: str) -> str:
    r"""The text of an error as every store can keep it: of bounded length, without lone surrogates and NUL.

    >>> storable("no file \udcff\0")
    'no file \\udcff\\x00'
    """
    return error[:4000].encode(errors="backslashreplace").decode().replace("\0", "\\x00")


def step_ref(run: str, name: str) -> str:
    """A step in the lineage: ``step:RUN/NAME``."""
    return f"step:{run}/{name}"


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


def _finished(steps: Iterable[Step]) -> set[str]:
    return {step.name for step in steps if step.status in ("done", "cached")}


def _cpu_seconds() -> float:
    """CPU time of this process and of the children it has waited for."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime
