"""Foreign exceptions in words: what was raised, and at which line that is not the engine's own."""

from __future__ import annotations

import os
import traceback
from pathlib import Path

_HERE = str(Path(__file__).parent) + os.sep


def named(exc: BaseException) -> str:
    """The kind and the words.

    >>> named(ValueError("no good"))
    'ValueError: no good'
    """
    return f"{type(exc).__name__}: {exc}"


def raised_at(exc: BaseException) -> str:
    """``steps.py:12``, or "" where nothing tells."""
    frames = traceback.extract_tb(exc.__traceback__)
    inner = [f for f in frames if not f.filename.startswith(_HERE)] or list(frames)
    return f"{Path(inner[-1].filename).name}:{inner[-1].lineno}" if inner else ""


def placed(exc: BaseException, place: str) -> str:
    """The place with the line, such as ``step load (steps.py:12)``."""
    return f"{place} ({line})" if (line := raised_at(exc)) else place
