"""Heavy work in one warm child: jobs go to it as messages, it is killed at a time limit and started again.

Promise of `Jobs`: `run` returns the job's answer or raises `JobFailed`; never a hung caller. A job is asked again after
a failure with the same parameters, so every job must go on with what it left half done.
"""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import IO, Protocol

from tidemill.errors import EngineError
from tidemill.process.channel import ChannelError, GivenUp
from tidemill.process.child import Child, ending
from tidemill.process.stop import Stop, Stopping
from tidemill.store.records import Fence
from tidemill.types import JsonObject

RECYCLE_BYTES = 1_500 * 1024 * 1024  # A child that holds so much memory is replaced by a fresh one
_STOP_SECONDS = 5.0
STDERR = 2


class JobFailed(EngineError):
    """A job raised, ran into its time limit, or took its process with it; ``cause`` is the code of what it raised."""

    code = "job_failed"

    def __init__(self, kind: str, cause: JsonObject) -> None:
        self.kind, self.cause = kind, str(cause.get("code") or self.code)
        super().__init__(
            str(cause.get("detail") or "no word"),
            place=str(cause.get("place") or f"job {kind}"),
            hint=str(cause.get("hint") or ""),
        )


class Stopped(EngineError):
    """The loop was asked to stop while a job ran; it is done again at the next start."""

    code = "stopped"


class Jobs(Protocol):
    """Does jobs by kind: ``ingest``, ``settle``, ``watch``, ``look``, ``pairs``, ``after``, ``mirror``, ``train``, ``release``, ``holdout``,
    ``batch``."""

    def run(self, kind: str, params: JsonObject, seconds: float) -> JsonObject:
        """The job's answer, within ``seconds`` of wall time. Raises JobFailed."""
        ...


class WorkerJobs:
    """In one long-lived child, which writes by this term of the loop's lease and dies with this process."""

    def __init__(
        self,
        root: Path,
        fence: Fence,
        log: IO[bytes] | int = STDERR,
        stop: Stopping | None = None,
        lost: threading.Event | None = None,
    ) -> None:
        self._root, self._fence, self._log = root, fence, log
        self._stop, self._silent = stop or Stop(), lost or threading.Event()
        self.child: Child | None = None  # while there is one
        self.started = 0  # children so far

    def warm(self) -> Child:
        """Start the child now, where there is none: it loads its libraries while nobody waits."""
        if self.child is None or self.child.code is not None:
            self.abort()
            self.started += 1
            asked = [str(self._root), self._fence.name, str(self._fence.term)]
            self.child = Child("tidemill.retrain.worker", asked, log=self._log)
        return self.child

    def run(self, kind: str, params: JsonObject, seconds: float) -> JsonObject:
        """As promised; raises Stopped when the stop is asked for meanwhile, or the lease is lost, and kills the child then."""
        child = self.warm()
        try:
            child.channel.send({"kind": kind, "params": params})
            answer = child.channel.receive(time.monotonic() + seconds, self._given_up)
            ended = "" if answer else ending(child.wait(_STOP_SECONDS))
        except TimeoutError:
            raise self._lost(kind, f"not done within {seconds:g} s", "give it more time, or less to do") from None
        except GivenUp as exc:
            self.abort()
            raise Stopped("asked to stop", hint="the job is done again at the next start") from exc
        except (OSError, ChannelError) as exc:
            raise self._lost(kind, f"its process is gone: {exc}") from exc
        if answer is None:
            raise self._lost(kind, f"its process {ended}")
        if "error" in answer:
            raise JobFailed(kind, answer["error"])
        if answer["memory"] >= RECYCLE_BYTES:
            self.close()
        result: JsonObject = answer["result"]
        return result

    def _given_up(self) -> bool:
        return self._stop.is_set() or self._silent.is_set()

    def close(self) -> None:
        """Let the child end by itself, else kill it."""
        if self.child is not None:
            self.child.hears({"end": True})
            with suppress(TimeoutError):
                self.child.wait(_STOP_SECONDS)
        self.abort()

    def abort(self) -> None:
        """Kill the child and whatever it does, at once."""
        child, self.child = self.child, None
        if child is not None:
            child.close()

    def _lost(self, kind: str, what: str, hint: str = "see .tidemill/logs/loop.log") -> JobFailed:
        self.abort()
        return JobFailed(kind, {"detail": what, "hint": hint})
