"""A call made ready once all that it takes values from is settled: its arguments, its fingerprint, and the finished step
that can stand for it, if there is one."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from graphlib import TopologicalSorter
from typing import Any

from tidemill.engine.context import Context, RunContext
from tidemill.engine.fingerprint import environment
from tidemill.engine.fingerprint.code_dependencies import CodeDependencies, code_dependencies
from tidemill.engine.graph.nodes import Call, Definition, Graph, check_plain
from tidemill.engine.graph.values import SKIPPED, Kept, Slot, Values, any_skipped, described
from tidemill.engine.raised import MEND, named, placed
from tidemill.engine.runner.port import Job
from tidemill.engine.secrets import Secrets
from tidemill.errors import Damaged, NotFound, StepFailed, TidemillError
from tidemill.store.artifacts import codecs
from tidemill.store.records import Step
from tidemill.types import Json, JsonObject, canonical, digest


@dataclass(frozen=True)
class Unit:
    """One step of the run: a call, or one item of a call that is done each."""

    call: Call
    name: str
    item: int | None = None
    slot: Slot = None


class Order:
    """Follows a graph as its steps are settled; ``ready`` holds the units that may begin."""

    def __init__(self, graph: Graph, values: Values) -> None:
        self.ready: deque[Unit] = deque()
        self._values, self._calls = values, {call.name: call for call in graph.calls}
        self._sorter = TopologicalSorter({call.name: call.waits_for for call in graph.calls})
        self._sorter.prepare()
        self._units: dict[str, list[Unit]] = {}  # of the calls that were opened
        self._slots: dict[str, Slot] = {}  # of the units that are settled
        self._left: dict[str, int] = {}  # units of a call that are still to be settled

    def open(self) -> None:
        """Open the calls that wait for nothing any more."""
        while names := self._sorter.get_ready():
            for name in names:
                units = self._units[name] = self._units_of(self._calls[name])
                self._left[name] = len(units)
                self.ready.extend(units)
                if not units:
                    self._close(name, [])

    def settle(self, unit: Unit, slot: Slot) -> None:
        """The unit has given this; what waited for it alone becomes ready."""
        self._slots[unit.name] = slot
        name = unit.call.name
        self._left[name] -= 1
        if not self._left[name]:
            self._close(name, slot if unit.item is None else [self._slots[each.name] for each in self._units[name]])
            self.open()

    def after(self, call: Call) -> tuple[str, ...]:
        """Names of the steps that a call waits for; of a call done each, those of its items once they are known."""
        return tuple(
            unit
            for name in call.waits_for
            for unit in ([u.name for u in self._units[name]] if name in self._units else [name])
        )

    def unsettled(self) -> Iterator[Unit]:
        """Units that were not settled, and calls that were never opened."""
        for call in self._calls.values():
            for unit in self._units.get(call.name, [Unit(call, call.name)]):
                if unit.name not in self._slots:
                    yield unit

    def _units_of(self, call: Call) -> list[Unit]:
        """One unit, or one for each item; one where it is unknown what the items would have been."""
        if not call.over:
            return [Unit(call, call.name)]
        slot = self._values.slot(call.arguments[call.over])
        if slot is SKIPPED:
            return [Unit(call, call.name, None, SKIPPED)]
        items = self._values.items(slot, f"step {call.name}")
        return [Unit(call, f"{call.name}[{i}]", i, item) for i, item in enumerate(items)]

    def _close(self, name: str, slot: Slot) -> None:
        self._values.set(name, slot)
        self._sorter.done(name)


@dataclass(frozen=True)
class Ready:
    """A unit with all that is known before it runs."""

    unit: Unit
    job: Job
    parts: JsonObject
    fingerprint: str
    unseen: tuple[str, ...]  # by the code alone

    @property
    def reusable(self) -> bool:
        """Whether later runs may take its result for theirs."""
        definition = self.job.definition
        return definition.version is not None or not (definition.impure or self.unseen)


class Preparer:
    """Works out fingerprints, and looks for finished steps that have them. ``before``: this run's, before it was killed."""

    def __init__(self, values: Values, around: RunContext, before: Mapping[str, Step], secrets: Secrets) -> None:
        self._values, self._around, self._before, self._secrets = values, around, before, secrets
        self._code: dict[Callable[..., Any], CodeDependencies] = {}  # what a step reaches is read once a run
        self._now: dict[str, Step] = {}  # done in this very run, by fingerprint
        self._parts: dict[str, list[Step]] = {}  # of steps that were not done when the run was killed, by fingerprint
        for name, step in before.items():
            if "/" in name and step.status == "done":
                self._parts.setdefault(step.fingerprint, []).append(step)
        self._lock = threading.Lock()

    def is_wanted(self, unit: Unit) -> bool:
        """False when it is in a branch that is not taken, or needs what a skipped step would have given."""
        for condition, wanted in unit.call.guards:
            if any_skipped(self._values.slot(condition)) or self._values.truth(condition) != wanted:
                return False
        return not any(any_skipped(slot) for slot in self._slots(unit).values())

    def ready(self, unit: Unit) -> Ready:
        inputs: dict[str, Kept] = {}
        arguments = {name: described(slot, name, inputs) for name, slot in self._slots(unit).items()}
        return self._ready(unit, unit.call.step, arguments, inputs)

    def part(
        self, of: Unit, name: str, definition: Definition, arguments: JsonObject, inputs: dict[str, Kept]
    ) -> Ready:
        """A part of a step, as a step of its own."""
        return self._ready(replace(of, name=name), definition, arguments, inputs)

    def own_part(self, ready: Ready) -> Step | None:
        """The same part of this run, finished before the run was killed, wherever it stood among the others; each stands for one."""
        with self._lock:
            found = self._parts.get(ready.fingerprint, [])
            step = found.pop(0) if found else None
        return step if step is not None and self._is_whole(step) else None

    def _ready(self, unit: Unit, definition: Definition, arguments: JsonObject, inputs: dict[str, Kept]) -> Ready:
        if definition.fn not in self._code:
            self._code[definition.fn] = code_dependencies(definition.fn)
        code = self._code[definition.fn]
        digests = {name: kept.digest for name, kept in inputs.items()}
        told, version = self._secrets.hide((arguments, self._version(definition, arguments, unit.name)))
        parts = fingerprint_inputs(definition, code, told, digests, self._around.seed, version)
        job = Job(definition, unit.name, arguments, inputs, dict(code.sources))
        return Ready(unit, job, parts, fingerprint(parts), tuple(code.unseen))

    def note(self, ready: Ready, step: Step) -> None:
        """A step has just been done in this very run."""
        if ready.reusable:
            self._now[step.fingerprint] = step

    def own(self, ready: Ready) -> Step | None:
        """The same step of this run, finished before the run was killed: never done twice, pure or not."""
        step = self._before.get(ready.unit.name)
        if step is None or step.status not in ("done", "cached") or step.fingerprint != ready.fingerprint:
            return None
        return step if self._is_whole(step) else None

    def other(self, ready: Ready) -> Step | None:
        """A step of any run with this fingerprint, whose outputs are there and verify."""
        if not ready.reusable or self._around.store is None:
            return None
        step = self._now.get(ready.fingerprint) or self._around.store.steps.finished(ready.fingerprint)
        if step is None or (step.impure and ready.job.definition.version is None):
            return None
        return step if self._is_whole(step) else None

    def _slots(self, unit: Unit) -> dict[str, Slot]:
        slots = {n: self._values.slot(tree) for n, tree in unit.call.arguments.items() if n != unit.call.over}
        if unit.call.over:
            slots[unit.call.over] = unit.slot
        return slots

    def _version(self, definition: Definition, arguments: Mapping[str, Any], name: str) -> Json:
        if not callable(definition.version):
            return definition.version
        place = f"version= of step {name}"
        try:
            version = definition.version(Context(self._around, name), arguments)
        except TidemillError:
            raise
        except Exception as exc:
            raise StepFailed(named(exc), place=placed(exc, place), hint=MEND) from exc
        check_plain(version, place)
        return version

    def _is_whole(self, step: Step) -> bool:
        try:
            for output in step.outputs.values():
                codecs.verify(self._around.artifacts, output["digest"], output["codec"])
        except (Damaged, NotFound):
            return False
        return True


def fingerprint_inputs(
    definition: Definition,
    code: CodeDependencies,
    arguments: Mapping[str, Json],
    inputs: Mapping[str, str],
    seed: int,
    version: Json,
) -> JsonObject:
    """The parts: ``source`` (digests by module:name), ``params`` (JSON, inputs as {"$input": name}), ``inputs``
    (digests), ``libraries``, ``python``, ``codecs``, ``outputs``; ``seed`` with a context, ``version`` and ``gpus`` if declared."""
    parts: JsonObject = {
        "source": dict(code.sources),
        "params": dict(arguments),
        "inputs": dict(inputs),
        "libraries": {name: environment.library_version(name) for name in sorted(code.libraries)},
        "python": environment.PYTHON,
        "codecs": codecs.VERSION,
        "outputs": list(definition.outputs),
    }
    if definition.context:
        parts["seed"] = seed
    if definition.gpus:
        parts["gpus"] = definition.gpus
    if definition.version is not None:
        parts["version"] = version
    return parts


def fingerprint(parts: JsonObject) -> str:
    """The digest of the parts.

    >>> fingerprint({"params": {"a": 1}}) == fingerprint({"params": {"a": 1}})
    True
    """
    return digest(canonical(parts))
