"""A step in a child process of its own, which can be killed: the parent's side.

Nothing is pickled: the child imports the step by module and name, reads its inputs from the artifact store, keeps its
outputs there, and answers in JSON.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from tidemill import errors
from tidemill.engine.context import Progress, RunContext
from tidemill.engine.faults import point
from tidemill.engine.graph.values import Kept
from tidemill.engine.raised import StepRaised
from tidemill.engine.runner.machine import require
from tidemill.engine.runner.port import Done, Job
from tidemill.errors import PipelineError, StepFailed, StepTimeout
from tidemill.process.channel import ChannelError
from tidemill.process.child import Child, ending
from tidemill.types import JsonObject, Micros, SystemClock


@dataclass(frozen=True)
class Request:
    """A job for another process of this machine, which finds the function by its name."""

    step: str
    module: str
    file: str
    qualname: str
    outputs: tuple[str, ...]
    sources: dict[str, str]
    arguments: dict[str, Any]
    inputs: dict[str, Kept]
    path: list[str]
    root: str
    artifacts: str
    reopen: dict[str, str]
    memory: int | None
    clock: Micros | None  # None: the machine's
    seed: int
    run: str


class ChildRunner:
    """Implements `Runner` with one child a job."""

    def __init__(self) -> None:
        self._running: set[Child] = set()

    def run(self, job: Job, around: RunContext, progress: Progress | None) -> Done:
        """Do the job in a child. Raises StepTimeout (it is killed with all it started), StepRaised, StepFailed."""
        require(job.definition.gpus, job.name)
        request = request_of(job, around)
        with Child("tidemill.engine.runner.child_main", without=["TIDEMILL_FAULT"]) as child:
            self._running.add(child)
            try:
                return answer(heard(child, request, job.definition.timeout), job, progress)
            finally:
                self._running.discard(child)

    def kill(self) -> None:
        for child in list(self._running):
            child.kill()


def heard(child: Child, request: JsonObject, timeout: Micros | None) -> Iterator[JsonObject]:
    """What a child tells that is given this job, to the end: ``done`` or ``failed``, or else ``late``, ``garbled`` or how it ``ended``."""
    until = time.monotonic() + timeout / 1e6 if timeout is not None else None
    try:
        child.hears(request)  # where it died at birth, its missing answer tells
        while (message := child.channel.receive(until)) is not None:
            yield message
            if message.keys() & {"done", "failed"}:
                return
    except TimeoutError:
        yield {"late": True}
    except ChannelError as exc:
        yield {"garbled": exc.message}
    else:
        yield {"ended": ending(child.wait())}


def answer(messages: Iterable[JsonObject], job: Job, progress: Progress | None) -> Done:
    """What came of the job, by what its process told. Raises StepTimeout, StepRaised, StepFailed."""
    place, limit, most = f"step {job.name}", job.definition.timeout or 0, job.definition.memory
    for message in messages:
        if "progress" in message and progress is not None:
            progress(*message["progress"])
        elif "failed" in message:
            raise _raised(message["failed"])
        elif "done" in message:
            point("outputs kept")
            return msgspec.convert(message["done"], Done)
        elif "late" in message:
            words = f"it was not done within its time limit of {limit / 1e6:g} s and was killed"
            raise StepTimeout(words, place=place, hint="give it more time, or less to do")
        elif "garbled" in message:
            raise StepFailed(message["garbled"], place=place)
        elif "ended" in message:
            hint = "look at its output" + (f"; did it need more than {most / 1e9:,.1f} GB of memory?" if most else "")
            raise StepFailed(f"its process {message['ended']} without an answer", place=place, hint=hint)
    raise StepFailed("nothing was told of its end", place=place)


def request_of(job: Job, around: RunContext) -> JsonObject:
    """What another process is asked. Raises PipelineError for what no other process can find."""
    fn = job.definition.fn
    if "<" in fn.__qualname__:
        raise PipelineError(
            f"{fn.__qualname__} cannot be found by another process",
            place=f"step {job.name}",
            hint="define a step with a timeout or isolate=True at the top of a module",
        )
    request = Request(
        step=job.name,
        module=fn.__module__,
        file=fn.__code__.co_filename,
        qualname=fn.__qualname__,
        outputs=job.definition.outputs,
        sources=job.sources,
        arguments=job.arguments,
        inputs=job.inputs,
        path=[entry or str(Path.cwd()) for entry in sys.path],
        root=str(around.root),
        artifacts=around.artifacts.address,
        reopen=dict(around.reopen),
        memory=job.definition.memory,
        clock=None if isinstance(around.clock, SystemClock) else around.clock.now(),
        seed=around.seed,
        run=around.run,
    )
    found: JsonObject = msgspec.to_builtins(request)
    return found


def _raised(told: JsonObject) -> StepRaised:
    kind: Any = getattr(errors, told["error"], StepFailed)  # one that nobody else knows is a failed step
    return StepRaised(told["kinds"], kind(told["detail"], place=told["place"], hint=told["hint"]), told["trace"])
