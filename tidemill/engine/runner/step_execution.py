"""One step done: inputs read, the function called and watched, outputs kept; and again where that helps."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

from tidemill.engine.context import Context, Progress
from tidemill.engine.faults import point
from tidemill.engine.fingerprint.impurity import Recorder, watching
from tidemill.engine.graph.nodes import Definition
from tidemill.engine.graph.values import Kept, filled, split_outputs
from tidemill.engine.raised import named, placed
from tidemill.errors import DiskFull, StepFailed, TidemillError, no_room
from tidemill.store.artifacts import codecs
from tidemill.store.artifacts.base import ArtifactStore
from tidemill.store.artifacts.codecs import Saved
from tidemill.types import Clock

if TYPE_CHECKING:
    from tidemill.store.ports import MetadataStore


@dataclass(frozen=True)
class RunContext:
    """What every step of a run gets."""

    root: Path
    clock: Clock
    artifacts: ArtifactStore
    store: MetadataStore | None
    resources: Mapping[str, Any]
    reopen: Mapping[str, str]
    seed: int
    run: str


@dataclass(frozen=True)
class Job:
    """A step with its arguments: JSON in which {"$input": name} stands for an artifact of ``inputs``."""

    definition: Definition
    name: str
    arguments: dict[str, Any]
    inputs: dict[str, Kept]
    source: str = ""  # digest of the step's own source


@dataclass
class Done:
    """What came of it."""

    outputs: dict[str, Saved]
    impure: tuple[str, ...] = ()
    cpu_us: int = 0
    reads: list[str] = field(default_factory=list)
    writes: list[str] = field(default_factory=list)
    attempts: int = 1


ROOM = "free some room and run the same command again: steps that were done are kept"


class ChildFailed(Exception):
    """A step's function raised in its child process: the names of the exception's classes, and what to raise here."""

    def __init__(self, kinds: list[str], error: TidemillError) -> None:
        super().__init__(str(error))
        self.kinds, self.error = kinds, error


def run_here(job: Job, around: RunContext, progress: Progress | None, alone: bool = True) -> Done:
    """Do the job in this thread. ``alone``: no other step runs, so the whole process's CPU time is this one's."""
    recorder = Recorder(around.root, _own_folders(around.artifacts))
    context = Context(
        root=around.root,
        clock=around.clock,
        artifacts=around.artifacts,
        store=around.store,
        resources=around.resources,
        seed=around.seed,
        run=around.run,
        step=job.name,
        progress=progress,
        see=recorder.see,
    )
    clock = time.process_time_ns if alone else time.thread_time_ns
    began = clock()
    arguments = _arguments(job, around.artifacts)
    if job.definition.context:
        arguments[job.definition.context] = context
    point("before the step's function")
    with watching(recorder):
        value = job.definition.fn(**arguments)
    point("after the step's function")
    outputs = _keep(job, value, around.artifacts)
    point("outputs kept")
    return Done(outputs, tuple(recorder.seen), (clock() - began) // 1000, context.reads, context.writes)


def with_retries(
    definition: Definition, attempt: Callable[[], Done], again: Callable[[int, str], None], stop: Event
) -> Done:
    """Attempt, and again after the named exceptions, waiting twice as long each time. Raises what the last one did."""
    for number in range(1, definition.attempts + 1):
        try:
            done = attempt()
        except Exception as exc:
            if number == definition.attempts or not _is_named(exc, definition.retry):
                raise
            again(number, _said(exc))
            if stop.wait(definition.backoff / 1e6 * 2 ** (number - 1)):
                raise
        else:
            done.attempts = number
            return done
    raise AssertionError("a loop of at least one attempt returns or raises")


def surfaced(exc: BaseException, name: str) -> TidemillError:
    """The error that leaves the engine: Tidemill's own as it is, another as StepFailed with the line that raised it."""
    if isinstance(exc, TidemillError):
        return exc
    if isinstance(exc, ChildFailed):
        return exc.error
    place = placed(exc, f"step {name}")
    if no_room(exc):
        return DiskFull(f"the disk is full: {exc}", place=place, hint=ROOM)
    return StepFailed(named(exc), place=place, hint="mend it and run the same command again")


def _said(exc: BaseException) -> str:
    return str(exc) if isinstance(exc, (ChildFailed, TidemillError)) else named(exc)


def _is_named(exc: Exception, kinds: tuple[type[BaseException], ...]) -> bool:
    if isinstance(exc, ChildFailed):
        return any(f"{kind.__module__}.{kind.__qualname__}" in exc.kinds for kind in kinds)
    return isinstance(exc, kinds)


def _arguments(job: Job, artifacts: ArtifactStore) -> dict[str, Any]:
    def read(name: str) -> Any:
        return codecs.load(artifacts, job.inputs[name].digest, job.inputs[name].codec)

    return {name: filled(tree, read) for name, tree in job.arguments.items()}


def _keep(job: Job, value: Any, artifacts: ArtifactStore) -> dict[str, Saved]:
    outputs = split_outputs(job.definition, value)
    try:
        return {name: codecs.save(artifacts, part) for name, part in outputs.items()}
    except TidemillError as exc:
        exc.place = exc.place or f"step {job.name}"
        raise


def _own_folders(artifacts: ArtifactStore) -> list[Path]:
    root = getattr(artifacts, "root", None)
    return [root] if isinstance(root, Path) else []
