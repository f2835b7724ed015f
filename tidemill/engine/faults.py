"""Numbered places where a test can kill the process, to see that nothing is lost or done twice.

``TIDEMILL_FAULT=4`` kills with SIGKILL when point 4 is passed, ``TIDEMILL_FAULT=4:3`` when it is passed the third time.
"""

from __future__ import annotations

import os
import signal

POINTS = (
    "before the run's record",  # 0
    "inside the journal's transaction",  # 1
    "journal written",  # 2
    "before a step's record",  # 3
    "step recorded as running",  # 4
    "before the step's function",  # 5
    "after the step's function",  # 6
    "outputs kept",  # 7
    "before the run's end",  # 8
    "run ended",  # 9
)
_passed = dict.fromkeys(POINTS, 0)


def point(name: str) -> None:
    """Die here when the environment says so; else nothing. Raises KeyError for a name that is not in `POINTS`."""
    wanted = os.environ.get("TIDEMILL_FAULT")
    if wanted is None:
        return
    _passed[name] += 1
    number, _, times = wanted.partition(":")
    if POINTS.index(name) == int(number) and _passed[name] == int(times or 1):
        os.kill(os.getpid(), signal.SIGKILL)
