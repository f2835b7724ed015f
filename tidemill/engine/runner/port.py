"""The port that runs a step, what a runner promises, and the runner that is this very process.

A job is a named function, JSON arguments and digests of inputs; what came of it is digests of outputs. So a runner may be
this process, a child of it (`child`), or another machine. `testing.runners` holds the suite that each must pass.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, Protocol

from tidemill.engine.context import Context, Progress, RunContext
from tidemill.engine.faults import point
from tidemill.engine.fingerprint.impurity import Recorder, watching
from tidemill.engine.graph.nodes import Definition
from tidemill.engine.graph.values import Kept, filled, split_outputs
from tidemill.engine.runner.machine import require
from tidemill.errors import StepFailed, TidemillError
from tidemill.store.artifacts import codecs
from tidemill.store.artifacts.codecs import Saved
from tidemill.types import Micros


@dataclass(frozen=True)
class Job:
    """A step with its arguments: JSON in which {"$input": name} stands for an artifact of ``inputs``."""

    definition: Definition
    name: str
    arguments: dict[str, Any]
    inputs: dict[str, Kept]
    sources: dict[str, str] = field(default_factory=dict)  # digests of the project's code that it uses, by module:name
    alone: bool = True  # no other step runs: the whole process's CPU time is this one's


@dataclass
class Done:
    """What came of it."""

    outputs: dict[str, Saved]
    impure: tuple[str, ...] = ()
    cpu_us: int = 0
    reads: list[str] = field(default_factory=list)
    writes: list[str] = field(default_factory=list)


class Limits(NamedTuple):
    """What a step may take that runs in a process of its own: wall time in µs, bytes of memory, cores and GPUs."""

    timeout: Micros | None
    memory: int | None
    cpus: int = 1
    gpus: int = 0

    def of(self, definition: Definition) -> Definition:
        """The step within these limits."""
        return replace(definition, isolate=True, **self._asdict())


class MachineLost(StepFailed):
    """The machine that did the step is gone, which is no fault of the step's: another does it."""

    code = "machine_lost"


class Runner(Protocol):
    """Where steps are done.

    Promise: when `run` returns, the outputs are in the artifact store under the digests it gives; it raises what the
    step raised, as it is or as StepRaised, and StepTimeout, StepFailed where the step's process was lost, MachineLost
    where its machine was. It does the step once, or fails: whoever calls it tries again. It may be called from several
    threads at once.
    """

    def run(self, job: Job, around: RunContext, progress: Progress | None) -> Done: ...

    def kill(self) -> None:
        """End what can be ended, from any thread: each `run` of it raises."""
        ...


class InlineRunner:
    """Implements `Runner` in the calling thread, which nobody can kill: Python cannot stop a thread."""

    def run(self, job: Job, around: RunContext, progress: Progress | None) -> Done:
        require(job.definition.gpus, job.name)
        recorder = Recorder(around.root, [around.artifacts.root])
        context = Context(around, job.name, progress, recorder.see, job.inputs)
        clock = time.process_time_ns if job.alone else time.thread_time_ns
        began = clock()
        arguments = _arguments(job, around)
        if job.definition.context:
            arguments[job.definition.context] = context
        point("before the step's function")
        with watching(recorder):
            value = job.definition.fn(**arguments)
        point("after the step's function")
        outputs = _keep(job, value, around)
        point("outputs kept")
        cpu_us = (clock() - began) // 1000 + context.cpu_us
        return Done(outputs, tuple(recorder.seen), cpu_us, context.reads, context.writes)

    def kill(self) -> None:
        """Whoever gives the run up waits for its threads, within a bound."""


def _arguments(job: Job, around: RunContext) -> dict[str, Any]:
    def read(name: str) -> Any:
        return codecs.load(around.artifacts, job.inputs[name].digest, job.inputs[name].codec)

    return {name: filled(tree, read) for name, tree in job.arguments.items()}


def _keep(job: Job, value: Any, around: RunContext) -> dict[str, Saved]:
    outputs = split_outputs(job.definition, value)
    try:
        return {name: codecs.save(around.artifacts, part) for name, part in outputs.items()}
    except TidemillError as exc:
        exc.place = exc.place or f"step {job.name}"
        raise
