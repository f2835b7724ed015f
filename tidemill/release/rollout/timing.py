"""How long a stage has gone on, what it still waits for, and how long a new champion bakes.

A pause does not count, nor does what a clock was moved by.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidemill.release.rollout.rules import Evidence
from tidemill.release.variants import in_shadow
from tidemill.store.records import Release
from tidemill.types import DAY, Micros, to_iso

if TYPE_CHECKING:
    from tidemill.scope.project import Endpoint

BAKE: Micros = 7 * DAY
"""How long a new champion is still watched, and may be rolled back by the same rules, after it has taken everything.

Where live pairs are made (`tidemill.release.pairs`) it is watched by them alone for as long as a candidate is tested.
"""
PATIENCE = 5
"""A stage that is over waits at most so many of its spans (and at least `LEAST_WAIT`) for quality to become visible.

After that an unseen one goes on (a service without outcomes must be able to release), a doubtful one is halted. Twice as
long a stage waits for its least number of requests; then it is halted: who waits without end never retrains again.
"""
LEAST_WAIT: Micros = 7 * DAY


def answering_since(release: Release) -> Micros:
    """Since when it may answer somebody: in shadow, or while it was tried, others answered alone, at a time of their own."""
    began = release.created if release.started is None else release.started
    dark = (int(ended["at"]) for ended in release.evidence.stages if release.stages[ended["stage"]]["share"] <= 0)
    return max([began, *(at for at in dark if at <= release.stage_since)])  # later: before a clock was set back


def elapsed(release: Release, now: Micros) -> Micros:
    """How much of the stage's time has passed and counts."""
    paused = release.evidence.paused
    until = now if paused is None else min(now, paused.since)
    return until - release.stage_since - release.evidence.uncounted


def stage_over(release: Release, now: Micros, evidence: Evidence) -> bool:
    """Whether it has its time and its requests, and nothing else is missing."""
    stage = release.stages[release.stage]
    asked = evidence.in_stage >= int(stage["requests"]) and not evidence.unready
    return elapsed(release, now) >= int(stage["span"]) and asked


def patience_until(release: Release, times: int = 1) -> Micros:
    """Until when it waits for evidence; ``times``: so many times as long."""
    span = max(PATIENCE * int(release.stages[release.stage]["span"]), LEAST_WAIT)
    return release.stage_since + release.evidence.uncounted + times * span


def missing(release: Release, now: Micros, evidence: Evidence) -> str:
    """In words, when the patience has ended and the stage's least number of requests has not come, or it was not to be had."""
    least = int(release.stages[release.stage]["requests"])
    if now < patience_until(release, 2):
        return ""
    if evidence.unready:
        return "; ".join(evidence.unready)
    if in_shadow(release) and not evidence.looked:
        return "it could not be asked in shadow: the job 'mirror' fails"
    if evidence.in_stage >= least:
        return ""
    return f"too few requests: {evidence.in_stage} of at least {least} since {to_iso(release.stage_since)}"


def bake_of(scope: Endpoint, release: Release) -> Micros:
    """How long it bakes as a champion: what its last stage says, else as long as the endpoint's evidence takes."""
    from tidemill.release.pairs import fair, test_span

    if said := int(release.stages[-1].get("span", 0)):
        return said
    return max(BAKE, test_span(scope) + scope.monitor.reach) if fair(scope) else BAKE
