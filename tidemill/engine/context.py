"""What a step gets by a parameter annotated `Context`, the project's things, which are no part of a fingerprint; and what
a run tells while it goes, for progress bars and logs.

Looking at what may differ from run to run (the metadata store, the clock, a resource) makes the step impure, and is
recorded. The seed is part of the fingerprint of a step that takes a context; artifacts are named by their content.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from tidemill.engine.graph.nodes import INPUT
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
    """What came of a part of a step."""

    outputs: dict[str, Saved]
    impure: tuple[str, ...]
    cpu_us: int
    reads: list[str]
    writes: list[str]


Given = tuple[JsonObject, dict[str, "Kept"]]
"""Arguments, JSON in which {"$input": name} stands for one of the inputs; and these."""
Each = Callable[["Definition", str, "Iterable[Given]"], "Iterator[Part]"]
"""(a step, the name of the one that it is a part of, what each part is given) → what came of each, in their order."""


class Made(Mapping[str, Any]):
    """What a part gave, by name: each output is read, and verified, when it is asked for."""

    def __init__(self, artifacts: Artifacts, outputs: Mapping[str, Saved]) -> None:
        self._artifacts, self._outputs = artifacts, outputs

    def __getitem__(self, name: str) -> Any:
        from tidemill.store.artifacts import codecs

        return codecs.load(self._artifacts, self._outputs[name].digest, self._outputs[name].codec)

    def __iter__(self) -> Iterator[str]:
        return iter(self._outputs)

    def __len__(self) -> int:
        return len(self._outputs)

    def kept(self, name: str) -> Kept:
        """Where it is, unread: for another part."""
        return _kept(self._outputs[name])


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
    each: Each | None = None  # what does the parts of a step
    apart: bool = False  # whether there are places where they are done side by side


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
        return self._around.apart

    def keep(self, value: Any) -> Kept:
        """An artifact of the value, for one part (`each`)."""
        from tidemill.store.artifacts import codecs

        return _kept(codecs.save(self.artifacts, value))

    def each(
        self, part: StepFunction[..., Any], items: Iterable[JsonObject], *shared: str, **values: Any
    ) -> Iterator[Made]:
        """What ``part`` gives for each of these arguments, in their order: side by side where `apart` says so, else in turn.

        ``items``: asked for as places become free; a value may be one that was kept (`keep`). ``shared``: inputs of this step
        that each part gets as well; ``values``: what each gets of this step, kept for it once.
        What a part gave is kept until this step is done: when the run is killed, it goes on with those that are missing.
        """
        inputs = {name: self._inputs[name] for name in shared} | {name: self.keep(one) for name, one in values.items()}
        assert self._around.each is not None, "asked where no run is"
        for done in self._around.each(part.definition, self.step, (_given(item, inputs) for item in items)):
            self.cpu_us += done.cpu_us
            self.reads += done.reads
            self.writes += done.writes
            for what in done.impure:
                self._see(what)
            yield Made(self.artifacts, done.outputs)

    def read(self, ref: str) -> None:
        """Record in the lineage that this step read what the ref names, such as ``dataset:sales@3``."""
        self.reads.append(ref)

    def wrote(self, ref: str) -> None:
        """Record in the lineage that this step made what the ref names."""
        self.writes.append(ref)


def _kept(one: Saved) -> Kept:
    return Kept(one.digest, one.codec, one.size)


def _given(item: JsonObject, inputs: Mapping[str, Kept]) -> Given:
    """An item as a job is given it."""
    own = {name: value for name, value in item.items() if isinstance(value, Kept)}
    said = {name: {INPUT: name} for name in (*inputs, *own)}
    return {**item, **said}, {**inputs, **own}


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
