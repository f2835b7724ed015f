"""A champion whose bake is over is watched on: errors and time at each tick and window, labels and pairs when they come."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from tidemill.config.policies import Rule
from tidemill.data.limited import used
from tidemill.errors import ModelError, StoreError
from tidemill.learning.labelled import unit_of
from tidemill.monitor.promise import Promise, capped
from tidemill.monitor.quality import judge_all
from tidemill.release.pairs import MOST, fair, pairs
from tidemill.release.rollout import after
from tidemill.release.rollout.rules import Arm, Finding
from tidemill.release.shadow import margin_of
from tidemill.retrain.looks import through
from tidemill.store.payloads import Watch
from tidemill.store.records import Release
from tidemill.tasks.table import outcome_scorer_of
from tidemill.types import JsonObject, Micros

if TYPE_CHECKING:
    from tidemill.scope.project import Endpoint


def watched(scope: Endpoint) -> Release | None:
    """The champion, where its bake is over."""
    champion = scope.champion()
    return champion if champion is not None and after.is_watched(champion) else None


def asks(scope: Endpoint, release: Release) -> bool:
    """Whether labels can say anything: by pairs with the one before, or by the rule on what it promised."""
    return any(rule.kind == after.AFTER for rule in scope.rules) or (fair(scope) and release.previous is not None)


def platform(scope: Endpoint, release: Release, now: Micros, *, closed: bool) -> tuple[list[Finding], Watch | None]:
    """What its errors say, and where a window has ``closed`` how long its answers took; and the next span, where this one is over."""
    rules = [rule for rule in scope.rules if rule.kind in ("errors", "p99")]
    if not rules:
        return [], None
    failed = scope.store.releases.failures(scope.name, scope.environment).get(release.id, 0)
    watch = release.evidence.watch
    if watch is None:
        return [], Watch(1, now, failed)
    found = [one for rule in rules if (one := _judged(scope, release, rule, watch, failed, closed=closed)) is not None]
    over = now >= watch.since + after.SPAN
    return found, Watch(watch.number + 1, now, failed) if over else None


def _judged(
    scope: Endpoint, release: Release, rule: Rule, watch: Watch, failed: int, *, closed: bool
) -> Finding | None:
    seen, since = scope.live.predictions, watch.since
    if rule.kind == "p99":
        if not closed:
            return None
        n, slow = seen.slow(release.id, round(rule.limit), **scope.here, since=since)
        return after.platform(rule, watch.number, slow, n, since)
    if (bad := failed - watch.failed) <= 0:
        return None
    enough = math.ceil(2 * bad / rule.limit)  # of so many it is half of what is tolerated: no more need be counted
    n = bad + seen.given_by(release.id, enough, **scope.here, since=since)
    return after.platform(rule, watch.number, bad, n, since)


def labelled(scope: Endpoint, release: Release, now: Micros) -> list[Finding]:
    """What came of its answers, and of the same requests asked of the one before it: in the worker."""
    bake, span = release.evidence.bake or {}, scope.monitor.span
    baked = -(-int(bake["at"]) // span) * span
    until = min(through(scope), now)
    since = max(baked, until // span * span - after.HORIZON)
    starts = after.beginnings(baked, since, until)
    if not starts:
        return []
    decays = [_decayed(scope, release, rule, starts, until) for rule in scope.rules if rule.kind == after.AFTER]
    return [*decays, *_beside(scope, release, starts, until)]


def _beside(scope: Endpoint, release: Release, starts: Sequence[tuple[int, Micros]], until: Micros) -> list[Finding]:
    before = scope.store.releases.look_up(release.previous) if release.previous else None
    if before is None or before.status != "superseded" or not fair(scope):
        return []
    since = starts[0][1]
    with suppress(StoreError, ModelError):  # it cannot be loaded any more: it is no way back
        found = pairs(scope, release.model, before.model, since, until, since + after.HORIZON)
        return [after.worse_now(found, margin_of(scope, release), starts)]
    return []


def _decayed(
    scope: Endpoint, release: Release, rule: Rule, starts: Sequence[tuple[int, Micros]], until: Micros
) -> Finding:
    measure = outcome_scorer_of(scope.model).measure
    promise = Promise.of(scope.store.models.get(release.model).metrics, measure)
    if promise is None:
        return Finding(rule.text, False, False, "it promised nothing", {})
    own = _own(scope, release, starts[0][1], until)
    arms = [(number, since, _arm(own, since, promise, measure)) for number, since in starts]
    return after.decayed(rule, measure, promise.mean, arms, promise.variance)


def _own(scope: Endpoint, release: Release, since: Micros, until: Micros) -> list[tuple[Micros, str, float]]:
    """Its own answers whose truth is known, evenly over the windows: when, whose, and the value."""
    judge, span, found = outcome_scorer_of(scope.model), scope.monitor.span, list[Any]()
    a_window = max(1, MOST // max(after.HORIZON // span, 1))
    for start in range(since, until, span):
        end = min(start + span, until)
        asked, _ = scope.live.predictions.spread(a_window, **scope.here, since=start, until=end)
        found += judge_all(scope.live, judge, [one for one in used(scope, asked) if one.release == release.id])
    name = judge.measure.name
    return [(one.prediction.at, unit_of(one.prediction), one.values[name]) for one in found if one.values]


def _arm(own: Sequence[tuple[Micros, str, float]], since: Micros, promise: Promise, measure: Any) -> Arm:
    later = [one for one in own if one[0] >= since]
    values = capped(measure, measure.figure(promise.mean), [value for _, _, value in later])
    there = [float(value) for value in values if np.isfinite(value)]
    return Arm(n=len(later), values=there, subjects=[unit for _, unit, value in later if np.isfinite(value)])


def told(findings: Sequence[Finding]) -> list[JsonObject]:
    """As the worker hands them over."""
    return [asdict(one) for one in findings]
