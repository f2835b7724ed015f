"""What a run tells while it goes, for progress bars and logs."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from tidemill.types import JsonObject

Kind = Literal[
    "run_started",  # data: steps (names known so far), resumed
    "started",
    "progress",  # data: done, total, text
    "retried",  # data: attempt, error
    "finished",  # data: cpu_us, impure
    "cached",
    "skipped",
    "failed",  # data: error
    "waiting",  # data: seconds; the run was given up, and waits so long for what the step's thread still does
    "run_finished",  # data: status
]


@dataclass(frozen=True)
class RunEvent:
    """Something that happened in a run; ``step`` is "" for the run itself."""

    kind: Kind
    run: str
    step: str = ""
    data: JsonObject = field(default_factory=dict)


OnEvent = Callable[[RunEvent], None]


class EventEmitter:
    """Calls the listener, one call at a time whatever thread it comes from."""

    def __init__(self, run: str, listener: OnEvent | None) -> None:
        self._run, self._listener = run, listener
        self._lock = threading.Lock()

    def __call__(self, kind: Kind, step: str = "", **data: object) -> None:
        if self._listener is not None:
            with self._lock:
                self._listener(RunEvent(kind, self._run, step, dict(data)))

    def progress_of(self, step: str) -> Callable[[int, int, str], None]:
        return lambda done, total, text: self("progress", step, done=done, total=total, text=text)
