"""How long answers and what came of them are kept: what is older goes, a few rows at a time, so that no answer waits for it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tidemill.scope.project import Project

PIECE = 200
"""Rows in one transaction: some milliseconds."""
MOST = 50_000
"""Rows in one go: a loop that finds much more than a minute's worth has other things to do, too."""
REST = 2.0
"""How long the store is left to others after each piece, in times of what the piece took."""


def drop_old(project: Project, most: int = MOST, sleep: Callable[[float], None] = time.sleep) -> int:
    """Predictions and outcomes from before `Project.kept_since` go; how many of them. What is left over goes the next time."""
    before, dropped = project.kept_since, 0
    if not before:
        return 0
    for drop in (project.live.outcomes.drop, project.live.predictions.drop):
        while dropped < most:
            began = time.perf_counter()
            if not (gone := drop(before, PIECE)):
                break
            dropped += gone
            sleep(REST * (time.perf_counter() - began))
    return dropped
