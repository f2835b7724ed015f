"""A step in a child process of its own, which can be killed: the parent's side.

Nothing is pickled: the child imports the step by module and name, reads its inputs from the artifact store, keeps its
outputs there, and answers in JSON.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

from tidemill import errors
from tidemill.engine.context import Progress
from tidemill.engine.faults import point
from tidemill.engine.runner.port import Done, Job, RunContext, StepRaised, context_message
from tidemill.errors import StepFailed, StepTimeout
from tidemill.process.channel import ChannelError
from tidemill.process.child import Child, ending
from tidemill.types import JsonObject


class ChildRunner:
    """Implements `Runner` with one child a job."""

    def __init__(self) -> None:
        self._running: set[Child] = set()

    def run(self, job: Job, around: RunContext, progress: Progress | None) -> Done:
        """Do the job in a child. Raises StepTimeout (it is killed with all it started), StepRaised, StepFailed."""
        path = [entry or str(Path.cwd()) for entry in sys.path]
        request = {**context_message(around), **job.message(), "path": path}
        with Child("tidemill.engine.runner.child_main", without=["TIDEMILL_FAULT"]) as child:
            self._running.add(child)
            try:
                return self._converse(child, request, job, progress)
            finally:
                self._running.discard(child)

    def kill(self) -> None:
        for child in list(self._running):
            child.kill()

    def _converse(self, child: Child, request: JsonObject, job: Job, progress: Progress | None) -> Done:
        limit, place = job.definition.timeout, f"step {job.name}"
        until = time.monotonic() + limit / 1e6 if limit is not None else None
        try:
            child.hears(request)  # where it died at birth, its missing answer tells
            while (message := child.channel.receive(until)) is not None:
                if "progress" in message and progress is not None:
                    progress(*message["progress"])
                elif "failed" in message:
                    raise _raised(message["failed"], job.name)
                elif "done" in message:
                    point("outputs kept")
                    return Done.of(message["done"])
        except TimeoutError:
            raise StepTimeout("it was not done within its time limit and was killed", place=place) from None
        except ChannelError as exc:
            raise StepFailed(exc.message, place=place) from exc
        how = ending(child.wait())
        raise StepFailed(f"its process {how} without an answer", place=place, hint="look at its output")


def _raised(told: JsonObject, name: str) -> StepRaised:
    kind: Any = getattr(errors, told["error"], StepFailed)  # one that nobody else knows is a failed step
    return StepRaised(told["kinds"], kind(told["message"], place=told["place"] or f"step {name}", hint=told["hint"]))
