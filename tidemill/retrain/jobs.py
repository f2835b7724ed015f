"""Heavy work in one warm child: jobs go to it as JSON lines, it is killed at a time limit and started again.

Promise of `Jobs`: `run` returns the job's answer or raises `JobFailed`; never a hung caller. A job is asked again after
a failure with the same parameters, so every job must go on with what it left half done.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, Protocol

from tidemill.errors import EngineError, TidemillError
from tidemill.scope.project import Project
from tidemill.serve.stop import Stop, Stopping
from tidemill.types import JsonObject

OnProgress = Callable[[JsonObject], None]
RECYCLE_JOBS = 1_000
RECYCLE_BYTES = 1_500 * 1024 * 1024
"""A child that did so many jobs, or holds so much memory, is replaced by a fresh one."""
_STOP_SECONDS = 5.0
_LOOK = 0.2  # seconds between looks at whether to stop


class JobFailed(EngineError):
    """A job raised, ran into its time limit, or took its process with it."""

    code = "job_failed"

    def __init__(self, kind: str, cause: JsonObject) -> None:
        self.kind, self.cause = kind, cause
        super().__init__(
            str(cause.get("detail") or "no word"),
            place=str(cause.get("place") or f"job {kind}"),
            hint=str(cause.get("hint") or ""),
        )


class Stopped(EngineError):
    """The loop was asked to stop while a job ran; it is done again at the next start."""

    code = "stopped"


class Jobs(Protocol):
    """Does jobs by kind: ``ingest``, ``watch``, ``train``, ``release``."""

    def run(self, kind: str, params: JsonObject, seconds: float) -> JsonObject:
        """The job's answer, within ``seconds`` of wall time. Raises JobFailed."""
        ...

    def close(self) -> None: ...


class InlineJobs:
    """In this very process: for one cycle by hand, and for tests. There is no time limit."""

    def __init__(self, project: Project, on_progress: OnProgress | None = None) -> None:
        self._project, self._tell = project, on_progress or (lambda told: None)

    def run(self, kind: str, params: JsonObject, seconds: float) -> JsonObject:
        from tidemill.retrain.job_handlers import do

        try:
            return do(self._project, kind, params, self._tell)
        except TidemillError as exc:
            raise JobFailed(kind, dict(exc.problem())) from exc

    def close(self) -> None:
        """Nothing to stop."""


class WorkerJobs:
    """In one long-lived child, which belongs to the holder of the loop's lease and dies with this process."""

    def __init__(
        self,
        root: Path,
        owner: str,
        log: IO[bytes] | None = None,
        on_progress: OnProgress | None = None,
        stop: Stopping | None = None,
    ) -> None:
        self._root, self._owner, self._log = root, owner, log
        self._stop = stop or Stop()
        self._tell = on_progress or (lambda told: None)
        self._child: subprocess.Popen[bytes] | None = None
        self._buffer, self._number = b"", 0
        self.started = 0  # children so far

    @property
    def pid(self) -> int | None:
        """The child's, while there is one."""
        return self._child.pid if self._child is not None else None

    def warm(self) -> None:
        """Start the child now: it loads its libraries while nobody waits."""
        if self._child is None or self._child.poll() is not None:
            self._start()

    def run(self, kind: str, params: JsonObject, seconds: float) -> JsonObject:
        """As promised; raises Stopped when the stop is asked for meanwhile, and kills the child then."""
        self.warm()
        self._number += 1
        line = json.dumps({"id": self._number, "kind": kind, "params": params, "owner": self._owner})
        try:
            self._send(line.encode() + b"\n")
            answer = self._answer(kind, time.monotonic() + seconds, seconds)
        except OSError as exc:
            raise self._lost(kind, f"its process is gone: {exc}") from exc
        if "error" in answer:
            raise JobFailed(kind, answer["error"])
        if answer.get("jobs", 0) >= RECYCLE_JOBS or answer.get("memory", 0) >= RECYCLE_BYTES:
            self.close()
        result: JsonObject = answer["result"]
        return result

    def close(self) -> None:
        """Let the child end by itself, else kill it."""
        child, self._child = self._child, None
        if child is None:
            return
        with suppress(OSError):
            if child.stdin is not None:
                child.stdin.close()
        try:
            child.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            _kill(child)
        if child.stdout is not None:
            child.stdout.close()

    def abort(self) -> None:
        """Kill the child and whatever it does, at once."""
        child, self._child = self._child, None
        if child is not None:
            _kill(child)
            for pipe in (child.stdin, child.stdout):
                with suppress(OSError):
                    if pipe is not None:
                        pipe.close()

    def _start(self) -> None:
        self.abort()
        here = str(Path(__file__).resolve().parents[2])
        path = os.pathsep.join(p for p in (here, os.environ.get("PYTHONPATH", "")) if p)
        self._buffer = b""
        self.started += 1
        self._child = subprocess.Popen(
            [sys.executable, "-P", "-m", "tidemill.retrain.worker", str(self._root), str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env={**os.environ, "PYTHONPATH": path},
            process_group=0,  # so that it can be killed with whatever it has started; of this session, see `quietly`
        )

    def _send(self, line: bytes) -> None:
        assert self._child is not None and self._child.stdin is not None
        self._child.stdin.write(line)
        self._child.stdin.flush()

    def _answer(self, kind: str, until: float, seconds: float) -> JsonObject:
        """The next answer; progress on the way is passed on."""
        while True:
            line = self._line(until)
            if line is None:
                raise self._lost(kind, f"not done within {seconds:g} s", "give it more time, or less to do")
            if not line:
                raise self._lost(kind, "its process ended")
            told: JsonObject = json.loads(line)
            if told.get("id") == self._number:
                return told
            if "progress" in told:
                self._tell({"job": kind, **told["progress"]})

    def _line(self, until: float) -> bytes | None:
        """A line, empty at the end of the child's life, None at the time limit."""
        assert self._child is not None and self._child.stdout is not None
        fd = self._child.stdout.fileno()
        while b"\n" not in self._buffer:
            left = until - time.monotonic()
            if left <= 0:
                return None
            if self._stop.is_set():
                self.abort()
                raise Stopped("asked to stop", hint="the job is done again at the next start")
            if not select.select([fd], [], [], min(left, _LOOK))[0]:
                continue
            got = os.read(fd, 65_536)
            if not got:
                return b""
            self._buffer += got
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line

    def _lost(self, kind: str, what: str, hint: str = "see .tidemill/logs/loop.log") -> JobFailed:
        child = self._child
        self.abort()
        code = child.returncode if child is not None else None
        ended = f" (exit status {code})" if code not in (None, -signal.SIGKILL) else ""
        return JobFailed(kind, {"code": "job_failed", "detail": what + ended, "hint": hint})


def _kill(child: subprocess.Popen[bytes]) -> None:
    """The child and its children; it leads its own session."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()
