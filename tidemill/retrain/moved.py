"""Whether the clock was moved between two ticks: it is held against the time since the machine's start, which nobody can set."""

from __future__ import annotations

import time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from tidemill.types import SECOND, JsonObject, Micros

if TYPE_CHECKING:
    from tidemill.scope.project import Project

LEAST: Micros = 300 * SECOND
"""What a clock is corrected by, and no more."""


def mark(project: Project) -> JsonObject:
    """The machine's start, and the time since; nothing in a replay, whose clock is moved by whoever plays it."""
    if project.replay:
        return {}
    return {"boot": _boot(), "up": time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000}


def moved(state: JsonObject, now: Micros, here: JsonObject) -> Micros:
    """By how much the clock was set since the tick of this state, below 0: back; 0 where it was not.

    Another machine, or this one started anew, has another time since its start: then only what goes back is seen.

    >>> before = {"clock": 0, "boot": "a", "up": 100}
    >>> moved(before, 3_600 * SECOND, {"boot": "a", "up": 100 + 60 * SECOND}) // SECOND
    3540
    >>> moved(before, 3_600 * SECOND, {"boot": "b", "up": 7}), moved(before, -3_600 * SECOND, {"boot": "b", "up": 7}) // SECOND
    (0, -3600)
    """
    if not here or "up" not in state or "clock" not in state:
        return 0
    passed = here["up"] - state["up"] if here["boot"] == state["boot"] else max(now - state["clock"], 0)
    found = int(now - state["clock"] - passed)
    return found if abs(found) > LEAST else 0


@cache
def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:  # not Linux
        return ""
