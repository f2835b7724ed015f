"""What a step or a pipeline raised: in words, where, and as the error that leaves the engine."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable
from pathlib import Path

from tidemill.errors import DiskFull, StepFailed, TidemillError, no_room

MEND = "mend it and run the same command again"
MEMORY = "it needs more memory than it may take, or than there is: less at once, or memory= of the step, [jobs] memory of a model"
KEPT = ".tidemill/logs/steps.log"
"""Where the whole traceback is of what a project's own code raised."""
STEPS = "steps.py"
"""The file of a project's own code."""
ROOM = "free some room and run the same command again: steps that were done are kept"
_HERE = str(Path(__file__).parent) + os.sep


class StepRaised(Exception):
    """A step's function raised elsewhere: the names of the exception's classes, what to raise here, and its `whole` traceback."""

    def __init__(self, kinds: list[str], error: TidemillError, trace: str = "") -> None:
        super().__init__(str(error))
        self.kinds, self.error, self.trace = kinds, error, trace


def named(exc: BaseException) -> str:
    """The kind and the words.

    >>> named(ValueError("no good"))
    'ValueError: no good'
    """
    return f"{type(exc).__name__}: {exc}"


def placed(exc: BaseException, place: str) -> str:
    """The place with the last line of the project's own code, else the last that is not the engine's: ``step load (steps.py:12)``."""
    frames = traceback.extract_tb(exc.__traceback__)
    inner = [f for f in frames if not f.filename.startswith(_HERE)] or list(frames)
    where = blamed(exc) or ((inner[-1].filename, inner[-1].lineno) if inner else None)
    return f"{place} ({Path(where[0]).name}:{where[1]})" if where else place


def kinds_of(exc: BaseException) -> list[str]:
    """The names by which a retry may know what was raised, in whatever process."""
    if isinstance(exc, StepRaised):
        return exc.kinds
    return [f"{kind.__module__}.{kind.__qualname__}" for kind in type(exc).__mro__]


def surfaced(
    exc: BaseException, name: str, root: Path | None = None, hide: Callable[[str], str] = str
) -> TidemillError:
    """The error that leaves the engine: Tidemill's own as it is, another as StepFailed with the line that raised it.

    ``root``: the project's folder, where the whole traceback is kept of what its own steps.py raised; ``hide``: takes secrets out of it.
    """
    if isinstance(exc, StepRaised):
        error, trace = exc.error, exc.trace
    else:
        error, trace = exc if isinstance(exc, TidemillError) else _failed(exc, name), whole(exc)
    if root is not None and trace:
        kept = f"the whole traceback is in {keep(hide(trace), root)}"
        error.hint = f"{error.hint}; {kept}" if error.hint else kept
    return error


def _failed(exc: BaseException, name: str) -> TidemillError:
    place = placed(exc, f"step {name}")
    if no_room(exc):
        return DiskFull(f"the disk is full: {exc}", place=place, hint=ROOM)
    return StepFailed(named(exc), place=place, hint=MEMORY if isinstance(exc, MemoryError) else MEND)


def blamed(exc: BaseException) -> tuple[Path, int] | None:
    """The last line of a project's own steps.py on the way to this exception, or the line that cannot be read."""
    if isinstance(exc, SyntaxError) and exc.filename and Path(exc.filename).name == STEPS:
        return Path(exc.filename), exc.lineno or 0
    frames = [f for f in traceback.extract_tb(exc.__traceback__) if Path(f.filename).name == STEPS]
    return (Path(frames[-1].filename), frames[-1].lineno or 0) if frames else None


def whole(exc: BaseException) -> str:
    """The whole traceback of what a project's own steps.py raised (of Tidemill's own error what it came of); else nothing."""
    raised = exc.__cause__ if isinstance(exc, TidemillError) else exc
    return "".join(traceback.format_exception(raised)) if raised is not None and blamed(raised) else ""


def keep(trace: str, root: Path) -> str:
    """Append a traceback to ``.tidemill/logs/steps.log`` of the project; how to name that file to a person."""
    folder = root / ".tidemill" / "logs"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(folder / "steps.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a") as log:
            log.write(trace + "\n")
    except OSError as full:  # what was raised is what matters
        return f"no file ({full.strerror})"
    return KEPT
