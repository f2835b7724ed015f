"""The clean process, and who starts it: it opens the copy, runs the model pipeline there, and says the run's id.

``python -m tidemill.rebuild.build``, started as a `Child`. Of the environment it sees what programs need to be found and to write
text, and the settings of thread pools that were recorded.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tidemill import errors
from tidemill.errors import ModelError, StepTimeout, TidemillError
from tidemill.process.channel import Channel
from tidemill.process.child import Child, ending
from tidemill.process.command import PASSED
from tidemill.process.guarded import parent
from tidemill.process.memory import memory_within
from tidemill.types import HeldClock, JsonObject, Micros

Tell = Callable[[int, int, str], None]
"""How far it is: (done, of, what)."""
STEPS = 8  # of the model pipeline


@dataclass(frozen=True)
class Limits:
    """Of one build: wall seconds, bytes of memory."""

    seconds: float
    memory: int


def build(
    root: Path, params: JsonObject, at: Micros, threads: JsonObject, limits: Limits, log: IO[bytes], tell: Tell
) -> str:
    """The id of the run in the copy. Raises what a step raised, StepTimeout, ModelError where the process died."""
    hidden = [name for name in os.environ if name not in PASSED or name == "OMP_NUM_THREADS"]
    asked = {"root": str(root), "params": params, "at": at, "threads": threads, "memory": limits.memory}
    with Child("tidemill.rebuild.build", log=log, without=hidden) as child:
        child.hears(asked)
        return _heard(child, time.monotonic() + limits.seconds, limits, tell)


def _heard(child: Child, until: float, limits: Limits, tell: Tell) -> str:
    while True:
        try:
            word = child.channel.receive(until)
        except TimeoutError as exc:
            raise StepTimeout(f"a rebuild took longer than {limits.seconds:g} s", hint="[jobs] train") from exc
        if word is None:
            raise ModelError(
                f"the process that builds {ending(child.wait(10))}", hint="it may lack memory: [jobs] memory"
            )
        if "done" in word:
            return str(word["done"])
        if "failed" in word:
            raise _raised(word["failed"])
        tell(*word["progress"])


def _raised(told: JsonObject) -> TidemillError:
    kind = getattr(errors, told["error"], ModelError)
    raised: TidemillError = kind(told["detail"], place=told["place"], hint=told["hint"])
    return raised


def main() -> None:
    """The child's side."""
    channel = parent()
    asked = channel.receive() if channel is not None else None
    if channel is None or asked is None:
        raise SystemExit("a rebuild starts this process")
    os.environ.update(asked["threads"])
    try:
        with memory_within(asked["memory"]):
            done = _built(asked, channel)
    except TidemillError as exc:
        told = exc.problem()
        whole = {"detail": told["detail"], "place": told["place"], "hint": told["hint"], "error": type(exc).__name__}
        channel.send({"failed": whole})
    else:
        sys.stdout.flush()
        channel.send({"done": done})


def _built(asked: JsonObject, channel: Channel) -> str:
    from tidemill.model.pipeline import model_pipeline
    from tidemill.scope.project import open_project

    done: set[str] = set()

    def hear(event: object) -> None:
        kind, step = getattr(event, "kind", ""), getattr(event, "step", "")
        if kind in ("finished", "cached"):
            done.add(step)
        if kind in ("started", "finished"):
            channel.send({"progress": [len(done), STEPS, step]})

    with open_project(Path(asked["root"]), clock=HeldClock(asked["at"])) as copy:
        return str(copy.engine(own_code=False).run(model_pipeline, asked["params"], on_event=hear).run.id)


if __name__ == "__main__":
    main()
