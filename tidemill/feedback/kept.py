"""How long answers and what came of them are kept: what is older goes, a few rows at a time, so that no answer waits for it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from tidemill.types import Micros

if TYPE_CHECKING:
    from tidemill.scope.project import Project

PIECE = 200
"""Rows in one transaction: some milliseconds."""
MOST = 50_000
"""Rows in one go: a loop that finds much more than a minute's worth has other things to do, too."""
REST = 2.0
"""How long the store is left to others after each piece, in times of what the piece took."""


def drop_old(project: Project, most: int = MOST, sleep: Callable[[float], None] = time.sleep) -> int:
    """Predictions and outcomes from before `Project.kept_since` go; how many of them. What is left over goes the next time.

    What a release on its way is judged by stays. Rows of items that had been replaced before then go with them.
    """
    if not project.kept_since:
        return 0
    before, dropped = min([project.kept_since, *_under_way(project)]), 0
    for drop in (project.live.outcomes.drop, project.live.predictions.drop, project.live.items.prune):
        while dropped < most:
            began = time.perf_counter()
            if not (gone := drop(before, PIECE)):
                break
            dropped += gone
            sleep(REST * (time.perf_counter() - began))
    return dropped


def _under_way(project: Project) -> list[Micros]:
    """Since when the answers count of each release that is compared by them: its failures have no moments, and are counted from then on."""
    from tidemill.release.rollout.rollout import is_old

    now, releases = project.clock.now(), project.store.releases
    baking = [one for one in releases.list(status="champion") if one.evidence.bake_until and not is_old(one, now)]
    found = [*releases.list(status="canary"), *baking]
    return [one.created if one.started is None else one.started for one in found]
