"""Looks at live pairs: at a candidate in shadow, and at a canary or a new champion in its bake. The loop says when, the worker makes the pairs."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from tidemill.errors import ModelError, NotEnoughData, StoreError
from tidemill.monitor.quality import QUALITY, evidence
from tidemill.release import shadow
from tidemill.release.gates.compare import Comparison
from tidemill.release.pairs import Pairs, fair, pairs, test_span
from tidemill.release.rollout.rollout import end_shadow, is_old
from tidemill.release.rollout.rules import Evidence
from tidemill.release.shadow import ripe, shadow_of
from tidemill.release.variants import answers_nobody, in_shadow
from tidemill.retrain.loaded import not_loaded
from tidemill.retrain.mirrored import mirror, of_mirror
from tidemill.store.records import Event, Release
from tidemill.types import DAY, Micros

if TYPE_CHECKING:
    from tidemill.scope.project import Endpoint


def ripened(scope: Endpoint, previous: Micros | None) -> bool:
    """Whether a window of quality was closed since the tick before: else there is no pair that was not there then."""
    since = None if previous is None else previous + 1
    return scope.store.windows.first(**scope.here, monitor=QUALITY, judged_since=since) is not None


def due(scope: Endpoint, now: Micros, previous: Micros | None) -> Release | None:
    """The candidate in shadow that is to be looked at now, or whose time is over."""
    release = shadow_of(scope)
    if release is None or (found := release.evidence.shadow) is None:
        return None
    if shadow.is_over(scope, found, now):
        return release
    return release if ripened(scope, previous) and ripe(scope, found) >= found.next else None


def take(scope: Endpoint, now: Micros) -> list[Event]:
    """Look at the candidate in shadow, if there are more pairs than at the last look; else its time may be over."""
    release, champion = shadow_of(scope), scope.champion()
    if release is None or (found := release.evidence.shadow) is None:
        return []
    if champion is None or champion.id != release.previous:
        return end_shadow(scope.project, release.id, now, "replaced", "another release is champion now")
    if ripe(scope, found) > (found.looks[-1].pairs if found.looks else 0):
        with suppress(NotEnoughData):  # of one subject, or of one label alone: as if nothing had come
            until = min(through(scope), found.until)
            made = pairs(scope, release.model, champion.model, found.since, until, found.until, found.metric)
            return shadow.look(scope, release, made, now)
    return shadow.end(scope, release, now) if shadow.is_over(scope, found, now) else []


def give_up(scope: Endpoint, release: Release, now: Micros) -> list[Event]:
    """A look has failed. A day after its time is over it ends as not decided: else it would be tried at every tick, and nothing retrain."""
    found = release.evidence.shadow
    over = found is not None and shadow.is_over(scope, found, now - DAY)
    return shadow.end(scope, release, now) if over else []


def through(scope: Endpoint) -> Micros:
    """Until when labels are in: the end of the last window of quality before one whose labels are still to come."""
    last = scope.store.windows.first(**scope.here, monitor=QUALITY)
    waiting = scope.store.windows.list(**scope.here, monitor=QUALITY, complete=False)
    return min([window.start for window in waiting] or [last.end if last else 0])


def beside(scope: Endpoint, release: Release) -> Pairs | None:
    """A canary beside the champion, or a new champion beside the one before it, on what was asked since it began to answer.

    None where no pairs are made. Raises NotFound, StoreError and ModelError where one of the two cannot be loaded any more.
    """
    baking = release.status == "champion"
    before = scope.store.releases.look_up(release.previous) if release.previous else None
    began = release.stage_since if baking else release.started
    if before is None or began is None or not fair(scope):
        return None
    until = (release.evidence.bake_until if baking else None) or began + test_span(scope)
    since = -(-began // scope.monitor.span) * scope.monitor.span
    return pairs(scope, release.model, before.model, since, min(through(scope), until), until)


def arms(scope: Endpoint, release: Release, now: Micros) -> Evidence:
    """What the release under way did beside the other one, but for pairs."""
    if in_shadow(release):
        return of_mirror(release)
    if is_old(release, now):
        return Evidence(release.id, historical=True)
    seen = evidence(scope, release, now)
    return replace(seen, unready=not_loaded(scope, release)) if answers_nobody(release) else seen


def by_hand(scope: Endpoint, release: Release, now: Micros) -> Evidence:
    """All that can be known of the release under way at this moment, its pairs made here and now.

    Where one of the two versions cannot be loaded any more there are none: `rollout.check` says what that means.
    """
    found = None
    if in_shadow(release):
        release = mirror(scope, release, now)
    with suppress(StoreError, ModelError):
        found = compared(beside(scope, release))
    seen = arms(scope, release, now)
    return replace(seen, pairs=found, margin=shadow.margin_of(scope, release)) if found else seen


def compared(found: Pairs | None) -> Comparison | None:
    """What the pairs say; None where there are too few of them to say anything."""
    with suppress(NotEnoughData):
        return found.comparison() if found is not None else None
    return None
