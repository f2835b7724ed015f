"""The port that runs a step: what goes to a runner, what comes back, and what a runner promises.

A job is a named function, JSON arguments and digests of inputs; what came of it is digests of outputs. So a runner may be
this very process (`inline`), a child of it (`child`), or another machine. `testing.runners` holds the suite that each
must pass.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from tidemill.engine.context import Context, Progress
from tidemill.engine.graph.nodes import Definition
from tidemill.engine.graph.values import Kept
from tidemill.errors import PipelineError, TidemillError
from tidemill.store.artifacts.base import ArtifactStore
from tidemill.store.artifacts.codecs import Part, Saved
from tidemill.types import Clock, JsonObject, SystemClock

if TYPE_CHECKING:
    from tidemill.store.ports import MetadataStore

MEND = "mend it and run the same command again"


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

    def context(self, step: str, progress: Progress | None = None, see: Callable[[str], None] | None = None) -> Context:
        """One step's view of it."""
        return Context(
            root=self.root,
            clock=self.clock,
            artifacts=self.artifacts,
            store=self.store,
            resources=self.resources,
            seed=self.seed,
            run=self.run,
            step=step,
            progress=progress,
            see=see,
        )


@dataclass(frozen=True)
class Job:
    """A step with its arguments: JSON in which {"$input": name} stands for an artifact of ``inputs``."""

    definition: Definition
    name: str
    arguments: dict[str, Any]
    inputs: dict[str, Kept]
    source: str = ""  # digest of the step's own source
    alone: bool = True  # no other step runs: the whole process's CPU time is this one's

    def message(self) -> JsonObject:
        """The job for another process, which finds the function by its name. Raises PipelineError for one that has none."""
        fn = self.definition.fn
        if "<" in fn.__qualname__:
            raise PipelineError(
                f"{fn.__qualname__} cannot be found by another process",
                place=f"step {self.name}",
                hint="define a step with a timeout or isolate=True at the top of a module",
            )
        return {
            "module": fn.__module__,
            "file": fn.__code__.co_filename,
            "qualname": fn.__qualname__,
            "outputs": list(self.definition.outputs),
            "source": self.source,
            "step": self.name,
            "arguments": self.arguments,
            "inputs": {name: list(kept) for name, kept in self.inputs.items()},
        }


@dataclass
class Done:
    """What came of it."""

    outputs: dict[str, Saved]
    impure: tuple[str, ...] = ()
    cpu_us: int = 0
    reads: list[str] = field(default_factory=list)
    writes: list[str] = field(default_factory=list)
    attempts: int = 1

    def message(self) -> JsonObject:
        outputs = {name: [*saved[:3], [list(part) for part in saved.parts]] for name, saved in self.outputs.items()}
        return {**vars(self), "outputs": outputs}

    @classmethod
    def of(cls, message: JsonObject) -> Done:
        outputs = {
            name: Saved(digest, codec, size, tuple(Part(*part) for part in parts))
            for name, (digest, codec, size, parts) in message["outputs"].items()
        }
        return cls(**{**message, "outputs": outputs, "impure": tuple(message["impure"])})


def context_message(around: RunContext) -> JsonObject:
    """A run's context for another process of this machine: resources by the functions that open them anew."""
    root = getattr(around.artifacts, "root", None)
    if root is None:
        raise PipelineError("only local artifacts can be shared with a child process", place=f"run {around.run}")
    return {
        "root": str(around.root),
        "artifacts": str(root),
        "reopen": dict(around.reopen),
        "clock": None if isinstance(around.clock, SystemClock) else around.clock.now(),
        "seed": around.seed,
        "run": around.run,
    }


class StepRaised(Exception):
    """A step's function raised elsewhere: the names of the exception's classes, and what to raise here."""

    def __init__(self, kinds: list[str], error: TidemillError) -> None:
        super().__init__(str(error))
        self.kinds, self.error = kinds, error


class Runner(Protocol):
    """Where steps are done.

    Promise: when `run` returns, the outputs are in the artifact store under the digests it gives; it raises what the
    step raised, as it is or as StepRaised, and StepTimeout, StepFailed where the step's process was lost. It may be
    called from several threads at once.
    """

    def run(self, job: Job, around: RunContext, progress: Progress | None) -> Done: ...

    def kill(self) -> None:
        """End what can be ended, from any thread: each `run` of it raises."""
        ...
