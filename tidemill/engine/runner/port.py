"""The port that runs a step: what goes to a runner, what comes back, and what a runner promises.

A job is a named function, JSON arguments and digests of inputs; what came of it is digests of outputs. So a runner may be
this very process (`inline`), a child of it (`child`), or another machine. `testing.runners` holds the suite that each
must pass.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

from tidemill.engine.context import Progress, RunContext
from tidemill.engine.graph.nodes import Definition
from tidemill.engine.graph.values import Kept
from tidemill.store.artifacts.codecs import Saved


@dataclass(frozen=True)
class Job:
    """A step with its arguments: JSON in which {"$input": name} stands for an artifact of ``inputs``."""

    definition: Definition
    name: str
    arguments: dict[str, Any]
    inputs: dict[str, Kept]
    source: str = ""  # digest of the step's own source
    alone: bool = True  # no other step runs: the whole process's CPU time is this one's


@dataclass
class Done:
    """What came of it."""

    outputs: dict[str, Saved]
    impure: tuple[str, ...] = ()
    cpu_us: int = 0
    reads: list[str] = field(default_factory=list)
    writes: list[str] = field(default_factory=list)


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
