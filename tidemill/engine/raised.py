"""What a step or a pipeline raised: in words, where, and as the error that leaves the engine."""

from __future__ import annotations

import os
import traceback
from pathlib import Path

from tidemill.errors import DiskFull, StepFailed, TidemillError, no_room

MEND = "mend it and run the same command again"
ROOM = "free some room and run the same command again: steps that were done are kept"
_HERE = str(Path(__file__).parent) + os.sep


class StepRaised(Exception):
    """A step's function raised elsewhere: the names of the exception's classes, and what to raise here."""

    def __init__(self, kinds: list[str], error: TidemillError) -> None:
        super().__init__(str(error))
        self.kinds, self.error = kinds, error


def named(exc: BaseException) -> str:
    """The kind and the words.

    >>> named(ValueError("no good"))
    'ValueError: no good'
    """
    return f"{type(exc).__name__}: {exc}"


def placed(exc: BaseException, place: str) -> str:
    """The place with the last line that is not the engine's own, such as ``step load (steps.py:12)``."""
    frames = traceback.extract_tb(exc.__traceback__)
    inner = [f for f in frames if not f.filename.startswith(_HERE)] or list(frames)
    return f"{place} ({Path(inner[-1].filename).name}:{inner[-1].lineno})" if inner else place


def kinds_of(exc: BaseException) -> list[str]:
    """The names by which a retry may know what was raised, in whatever process."""
    if isinstance(exc, StepRaised):
        return exc.kinds
    return [f"{kind.__module__}.{kind.__qualname__}" for kind in type(exc).__mro__]


def surfaced(exc: BaseException, name: str) -> TidemillError:
    """The error that leaves the engine: Tidemill's own as it is, another as StepFailed with the line that raised it."""
    if isinstance(exc, TidemillError):
        return exc
    if isinstance(exc, StepRaised):
        return exc.error
    place = placed(exc, f"step {name}")
    if no_room(exc):
        return DiskFull(f"the disk is full: {exc}", place=place, hint=ROOM)
    return StepFailed(named(exc), place=place, hint=MEND)
