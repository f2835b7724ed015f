"""A step in a child process of its own, which can be killed: the parent's side.

Nothing is pickled: the child imports the step by module and name, reads its inputs from the artifact store, keeps its
outputs there, and answers in lines of JSON. When this process dies the child's guardian sees its input end, and kills
the child and all that it started.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tidemill import errors
from tidemill.engine.context import Progress
from tidemill.engine.faults import point
from tidemill.engine.runner.step_execution import ChildFailed, Done, Job, RunContext
from tidemill.errors import PipelineError, StepFailed, StepTimeout, TidemillError
from tidemill.store.artifacts.codecs import Part, Saved
from tidemill.store.artifacts.local import LocalArtifacts
from tidemill.types import JsonObject, SystemClock

_LONGEST_LINE = 64_000_000


class Children:
    """The child processes of one run, so that all of them can be killed."""

    def __init__(self) -> None:
        self._running: set[subprocess.Popen[bytes]] = set()

    def run(self, job: Job, around: RunContext, progress: Progress | None) -> Done:
        """Do the job in a child. Raises StepTimeout (it is killed with all it started), ChildFailed, StepFailed."""
        request = _request(job, around)
        reading, writing = os.pipe()
        try:
            process = subprocess.Popen(
                [sys.executable, "-m", "tidemill.engine.runner.child", str(writing)],
                stdin=subprocess.PIPE,
                pass_fds=(writing,),
                process_group=0,
                env={k: v for k, v in os.environ.items() if k != "TIDEMILL_FAULT"},
            )
        finally:
            os.close(writing)
        self._running.add(process)
        try:
            return self._converse(process, reading, request, job, progress)
        finally:
            _kill(process)
            self._running.discard(process)
            os.close(reading)

    def kill(self) -> None:
        for process in list(self._running):
            _kill(process)

    def _converse(
        self, process: subprocess.Popen[bytes], reading: int, request: bytes, job: Job, progress: Progress | None
    ) -> Done:
        limit = job.definition.timeout
        deadline = time.monotonic() + limit / 1e6 if limit is not None else None
        assert process.stdin is not None
        try:
            process.stdin.write(request)
            process.stdin.flush()
        except BrokenPipeError:
            pass  # it died at birth: told below by its missing answer
        for message in _messages(reading, deadline, job.name):
            if "progress" in message and progress is not None:
                progress(*message["progress"])
            elif "failed" in message:
                raise _failure(message["failed"], job.name)
            elif "done" in message:
                point("outputs kept")
                return _done(message["done"])
        code = process.wait()
        how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
        raise StepFailed(f"its process {how} without an answer", place=f"step {job.name}", hint="look at its output")


def _request(job: Job, around: RunContext) -> bytes:
    fn = job.definition.fn
    if "<" in fn.__qualname__:
        raise PipelineError(
            f"{fn.__qualname__} cannot be found by another process",
            place=f"step {job.name}",
            hint="define a step with a timeout or isolate=True at the top of a module",
        )
    if not isinstance(around.artifacts, LocalArtifacts):
        raise PipelineError("only local artifacts can be shared with a child process", place=f"step {job.name}")
    clock = around.clock
    message = {
        "module": fn.__module__,
        "file": fn.__code__.co_filename,
        "qualname": fn.__qualname__,
        "outputs": job.definition.outputs,
        "context": job.definition.context,
        "source": job.source,
        "path": [entry or str(Path.cwd()) for entry in sys.path],
        "root": str(around.root),
        "artifacts": str(around.artifacts.root),
        "reopen": dict(around.reopen),
        "clock": None if isinstance(clock, SystemClock) else clock.now(),
        "seed": around.seed,
        "run": around.run,
        "step": job.name,
        "arguments": job.arguments,
        "inputs": {name: list(kept) for name, kept in job.inputs.items()},
    }
    return json.dumps(message).encode() + b"\n"


def _messages(reading: int, deadline: float | None, name: str) -> Iterator[JsonObject]:
    """Lines of JSON until the child's end closes. Raises StepTimeout."""
    poll, buffer = select.poll(), b""
    poll.register(reading, select.POLLIN)
    while True:
        left = None if deadline is None else (deadline - time.monotonic()) * 1000
        if (left is not None and left <= 0) or not poll.poll(left):
            raise StepTimeout("it was not done within its time limit and was killed", place=f"step {name}")
        chunk = os.read(reading, 1 << 16)
        if not chunk or len(buffer) > _LONGEST_LINE:
            return
        *lines, buffer = (buffer + chunk).split(b"\n")
        for line in lines:
            yield json.loads(line)


def _done(told: JsonObject) -> Done:
    outputs = {
        name: Saved(digest, codec, size, tuple(Part(*part) for part in parts))
        for name, (digest, codec, size, parts) in told["outputs"].items()
    }
    return Done(outputs, tuple(told["impure"]), told["cpu_us"], told["reads"], told["writes"])


def _failure(told: JsonObject, name: str) -> ChildFailed:
    kind: Any = getattr(errors, told["kinds"][0].removeprefix("tidemill.errors."), None)
    place = told["place"] or f"step {name}"
    if isinstance(kind, type) and issubclass(kind, TidemillError):
        return ChildFailed(told["kinds"], kind(told["message"], place=place, hint=told["hint"]))
    hint = "mend it and run the same command again"
    return ChildFailed(told["kinds"], StepFailed(told["message"], place=place, hint=hint))


def _kill(process: subprocess.Popen[bytes]) -> None:
    """The child's whole session; harmless when it has ended."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass
    if process.stdin is not None:
        process.stdin.close()
    process.wait()
