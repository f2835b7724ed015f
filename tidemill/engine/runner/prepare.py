"""A call made ready: its arguments, its fingerprint, and the finished step that can stand for it, if there is one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tidemill.engine.context import Context, RunContext
from tidemill.engine.fingerprint import environment
from tidemill.engine.fingerprint.code_dependencies import CodeDependencies, code_dependencies
from tidemill.engine.graph.nodes import Definition, check_plain
from tidemill.engine.graph.values import Kept, Slot, Values, any_skipped, described
from tidemill.engine.raised import MEND, named, placed
from tidemill.engine.runner.order import Unit
from tidemill.engine.runner.port import Job
from tidemill.errors import Damaged, NotFound, StepFailed, TidemillError
from tidemill.store.artifacts import codecs
from tidemill.store.records import Step
from tidemill.types import Json, JsonObject, canonical, digest


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

    def __init__(self, values: Values, around: RunContext, before: Mapping[str, Step]) -> None:
        self._values, self._around, self._before = values, around, before
        self._code: dict[Definition, CodeDependencies] = {}  # what a step reaches is read once a run
        self._now: dict[str, Step] = {}  # done in this very run, by fingerprint

    def is_wanted(self, unit: Unit) -> bool:
        """False when it is in a branch that is not taken, or needs what a skipped step would have given."""
        for condition, wanted in unit.call.guards:
            if any_skipped(self._values.slot(condition)) or self._values.truth(condition) != wanted:
                return False
        return not any(any_skipped(slot) for slot in self._slots(unit).values())

    def ready(self, unit: Unit) -> Ready:
        definition = unit.call.step
        inputs: dict[str, Kept] = {}
        arguments = {name: described(slot, name, inputs) for name, slot in self._slots(unit).items()}
        if definition not in self._code:
            self._code[definition] = code_dependencies(definition.fn)
        code = self._code[definition]
        digests = {name: kept.digest for name, kept in inputs.items()}
        version = self._version(definition, arguments, unit.name)
        parts = fingerprint_inputs(definition, code, arguments, digests, self._around.seed, version)
        job = Job(definition, unit.name, arguments, inputs, next(iter(code.sources.values()), ""))
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
    (digests), ``libraries``, ``python``, ``codecs``, ``outputs``; ``seed`` with a context, ``version`` if declared."""
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
    if definition.version is not None:
        parts["version"] = version
    return parts


def fingerprint(parts: JsonObject) -> str:
    """The digest of the parts.

    >>> fingerprint({"params": {"a": 1}}) == fingerprint({"params": {"a": 1}})
    True
    """
    return digest(canonical(parts))
