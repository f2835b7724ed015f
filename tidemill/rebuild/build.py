"""Starts the clean process (`tidemill.rebuild.child`) and hears what comes of it. Of the environment it sees what programs need to be
found and to write text, and the settings of thread pools that were recorded."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tidemill import errors
from tidemill.errors import ModelError, StepTimeout, TidemillError
from tidemill.process.child import Child, ending
from tidemill.process.command import PASSED
from tidemill.types import JsonObject, Micros

Tell = Callable[[int, int, str], None]
"""How far it is: (done, of, what)."""


@dataclass(frozen=True)
class Limits:
    """Of one build: wall seconds, bytes of memory."""

    seconds: float
    memory: int


@dataclass(frozen=True)
class Work:
    """A pipeline in a copy (``root``) at a moment, with the settings of thread pools; ``python``: another environment's."""

    root: Path
    params: JsonObject
    at: Micros
    threads: JsonObject
    pipeline: str = "model"
    python: str = ""


def build(work: Work, limits: Limits, log: IO[bytes], tell: Tell) -> str:
    """The id of the run in the copy. Raises what a step raised, StepTimeout, ModelError where the process died."""
    hidden = [name for name in os.environ if name not in PASSED or name == "OMP_NUM_THREADS"]
    asked = {"root": str(work.root), "params": work.params, "at": work.at, "threads": work.threads}
    asked |= {"memory": limits.memory, "pipeline": work.pipeline}
    with Child("tidemill.rebuild.child", log=log, without=hidden, python=work.python) as child:
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
