"""A project's own steps.py: which line of it an exception came from, and where the whole traceback is kept."""

from __future__ import annotations

import os
import traceback
from pathlib import Path

STEPS = "steps.py"  # The project's own code


def blamed(exc: BaseException) -> tuple[Path, int] | None:
    """The last line of a project's own steps.py on the way to this exception, or the line that cannot be read."""
    if isinstance(exc, SyntaxError) and exc.filename and Path(exc.filename).name == STEPS:
        return Path(exc.filename), exc.lineno or 0
    frames = [f for f in traceback.extract_tb(exc.__traceback__) if Path(f.filename).name == STEPS]
    return (Path(frames[-1].filename), frames[-1].lineno or 0) if frames else None


def keep_traceback(exc: BaseException, path: Path) -> str:
    """Append the whole traceback to ``.tidemill/logs/steps.log`` beside this steps.py; how to name that file to a person."""
    folder = path.parent / ".tidemill" / "logs"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(folder / "steps.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a") as log:
        log.write("".join(traceback.format_exception(exc)) + "\n")
    return ".tidemill/logs/steps.log"
