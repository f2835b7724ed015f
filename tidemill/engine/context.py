"""What a step gets by a parameter annotated `Context`, the project's things, which are no part of a fingerprint; and what
a run tells while it goes, for progress bars and logs.

Looking at what may differ from run to run (the metadata store, the clock, a resource) makes the step impure, and is
recorded. The seed is part of the fingerprint of a step that takes a context; artifacts are named by their content.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from tidemill.engine.graph.values import Kept
from tidemill.errors import PipelineError
from tidemill.types import Clock, JsonObject, did_you_mean

if TYPE_CHECKING:
    from tidemill.engine.graph.declare import StepFunction
    from tidemill.engine.graph.nodes import Definition
    from tidemill.store.artifacts.codecs import Saved
    from tidemill.store.artifacts.port import Artifacts
    from tidemill.store.sql.store import MetadataStore

Progress = Callable[[int, int, str], None]


class Part(Protocol):
    """What came of a part of a step that was done apart."""

    outputs: dict[str, Saved]
    cpu_us: int


Each = Callable[["Definition", str, Sequence[JsonObject], Mapping[str, "Kept"]], "Iterator[Part]"]
"""(a step, the name of the one that it is a part of, arguments, inputs) → what came of each, in their order."""


@dataclass(frozen=True)
class RunContext:
    """What every step of a run gets. ``reopen``: how another process opens the resources, name -> ``module:function``."""

    root: Path
    clock: Clock
    artifacts: Artifacts
    store: MetadataStore | None
    resources: Mapping[str, Any]
    reopen: Mapping[str, str]
    seed: int
    run: str = ""
    each: Each | None = None  # where steps may run their parts apart


class Context:
    """One step's view of the run that it belongs to."""

    def __init__(
        self,
        around: RunContext,
        step: str,
        progress: Progress | None = None,
        see: Callable[[str], None] = lambda what: None,
        inputs: Mapping[str, Kept] | None = None,
    ) -> None:
        self.root, self.seed, self.run, self.step = around.root, around.seed, around.run, step
        self.artifacts = around.artifacts
        self.reads: list[str] = []
        self.writes: list[str] = []
        self.cpu_us = 0  # of parts that were done apart
        self._inputs = inputs or {}
        self._around, self._progress, self._see = around, progress, see

    @property
    def store(self) -> MetadataStore:
        """The metadata store. Raises PipelineError in a child process that was not told how to open it."""
        self._see("metadata store")
        if self._around.store is not None:
            return self._around.store
        if "project" in self._around.resources:
            store: MetadataStore = self._around.resources["project"].store
            return store
        raise PipelineError("no metadata store here", place=f"step {self.step}", hint="Engine(reopen={'project': …})")

    @property
    def clock(self) -> Clock:
        self._see("clock")
        return self._around.clock

    def resource(self, name: str, default: Any = ...) -> Any:
        """What the engine was given under this name, such as ``project``. Raises PipelineError where there is no default."""
        self._see(f"resource {name}")
        known = self._around.resources
        if name in known:
            return known[name]
        if default is not ...:
            return default
        hint = did_you_mean(name, known) if known else "Engine(resources={...}) gives them"
        raise PipelineError(f"no resource {name!r}", place=f"step {self.step}", hint=hint)

    def progress(self, done: int, total: int, text: str = "") -> None:
        """Say how far the step is; shown while it runs, never stored."""
        if self._progress is not None:
            self._progress(done, total, text)

    @property
    def apart(self) -> bool:
        """Whether the run has places where parts of this step are done side by side."""
        return self._around.each is not None

    def each(
        self, part: StepFunction[..., Any], items: Sequence[JsonObject], *shared: str, **values: Any
    ) -> Iterator[dict[str, Any]]:
        """The outputs of ``part`` for each of these arguments, in their order: done apart and side by side, where `apart` says so.

        ``shared``: inputs of this step that each part gets as well; ``values``: what each gets of this step, kept for it once.
        """
        from tidemill.store.artifacts import codecs

        assert self._around.each is not None, "asked where there is no place for parts"
        saved = {name: codecs.save(self.artifacts, value) for name, value in values.items()}
        inputs = {name: self._inputs[name] for name in shared}
        inputs |= {name: Kept(one.digest, one.codec, one.size) for name, one in saved.items()}
        given = [{**{name: {"$input": name} for name in inputs}, **item} for item in items]
        for done in self._around.each(part.definition, self.step, given, inputs):
            self.cpu_us += done.cpu_us
            yield {name: codecs.load(self.artifacts, one.digest, one.codec) for name, one in done.outputs.items()}

    def read(self, ref: str) -> None:
        """Record in the lineage that this step read what the ref names, such as ``dataset:sales@3``."""
        self.reads.append(ref)

    def wrote(self, ref: str) -> None:
        """Record in the lineage that this step made what the ref names."""
        self.writes.append(ref)


Kind = Literal[
    "run_started",  # data: steps (names known so far), resumed
    "started",
    "progress",  # data: done, total, text
    "retried",  # data: attempt, error
    "finished",  # data: cpu_us, impure
    "cached",
    "skipped",
    "failed",  # data: error
    "waiting",  # data: seconds; the run was given up, and waits so long for what the step's thread still does
    "run_finished",  # data: status
    "told",  # data: text; before a run: what is to be known of it
]


@dataclass(frozen=True)
class RunEvent:
    """Something that happened in a run; ``step`` is "" for the run itself."""

    kind: Kind
    run: str
    step: str = ""
    data: JsonObject = field(default_factory=dict)


OnEvent = Callable[[RunEvent], None]


class EventEmitter:
    """Calls the listener, one call at a time whatever thread it comes from."""

    def __init__(self, run: str, listener: OnEvent | None) -> None:
        self._run, self._listener = run, listener
        self._lock = threading.Lock()

    def __call__(self, kind: Kind, step: str = "", **data: object) -> None:
        if self._listener is not None:
            with self._lock:
                self._listener(RunEvent(kind, self._run, step, dict(data)))

    def progress_of(self, step: str) -> Progress:
        return lambda done, total, text: self("progress", step, done=done, total=total, text=text)
