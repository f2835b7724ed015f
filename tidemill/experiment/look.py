"""The loop's look at an A/B: its windows, whether it may be believed, and whether its rule ends it; later its labels settle it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from tidemill.experiment import arms
from tidemill.experiment.stands import Standing, sentence, standing, windows_of
from tidemill.experiment.verdict import judge
from tidemill.experiment.windows import close_compared
from tidemill.release.rollout.rules import Arm, Evidence
from tidemill.release.rollout.rules import judge as judge_rules
from tidemill.release.signing.unfit import why_unfit
from tidemill.release.variants import ARM
from tidemill.store.records import Event, Experiment, Tx
from tidemill.types import JsonObject, Micros, named_id

if TYPE_CHECKING:
    from tidemill.scope.project import Endpoint

WAITS = 7
"""Windows after which one that is over is settled with the labels that there are."""


def look(scope: Endpoint, now: Micros) -> list[Event]:
    """Look at the one that runs, and at those that wait for their last labels. What changed."""
    events: list[Event] = []
    for status in (arms.SETTLING, arms.RUNNING):
        for found in scope.store.experiments.list(**scope.here, status=status):
            new = close_compared(scope, arms.comparison(scope, found), now)
            events += _run(scope, found, now, bool(new)) if status == arms.RUNNING else _settle(scope, found, now)
    return events


def to_release(scope: Endpoint) -> str | None:
    """The model of the latest A/B, where that was better, its terms say that it is released then, and it has not met its gates since."""
    found = scope.store.experiments.first(**scope.here)
    if found is None or found.ended is None or found.then != "release" or (found.settled or found.verdict) != "better":
        return None
    model, ended = found.models[1], found.ended
    met = (r.model == model and r.id not in found.arms and r.created >= ended for r in scope.releases())
    champion = scope.champion()
    return None if any(met) or (champion is not None and champion.model == model) else model


def _run(scope: Endpoint, found: Experiment, now: Micros, new: bool) -> list[Event]:
    if lost := _lost(scope, found):
        return arms.end(scope, found, "arm_lost", lost)
    seen = standing(windows_of(scope, found))
    if broken := _harm(scope, found, now):
        return arms.end(scope, found, "harmful", broken)
    over = now >= found.until
    told = _hold(scope, found, seen, now)
    if seen.held:
        return [*told, *arms.end(scope, found, "time_over", seen.words)] if over else told
    said = judge(seen.estimate, found.margin, over) if new or over else ""
    return arms.end(scope, found, said, sentence(found, seen.estimate), figures=_figures(seen)) if said else []


def _settle(scope: Endpoint, found: Experiment, now: Micros) -> list[Event]:
    """Its verdict once all labels are in, which may be another than it ended with."""
    ended, span = found.ended or now, scope.monitor.span
    windows = windows_of(scope, found)
    whole = bool(windows) and windows[-1].end >= min(ended, found.until)
    wait = 0 if whole else WAITS * span
    if now < ended + scope.monitor.reach + span + wait:
        return []
    seen = standing(windows)
    kept = seen.held or found.verdict in ("stopped", "arm_lost", "harmful")  # no label undoes why it was ended
    said = found.verdict if kept else judge(seen.estimate, found.margin, True)
    changed = said != found.verdict
    event = Event(
        named_id("event", found.id, "settled"),
        now,
        "experiment_settled",
        f"experiment:{found.id}",
        {
            "endpoint": scope.name,
            "experiment": found.id,
            "model": found.models[1],
            "verdict": said,
            "before": found.verdict,
        }
        | {"reason": sentence(found, seen.estimate), **_figures(seen)},
    )

    def work(tx: Tx) -> list[Event]:
        scope.store.experiments.update(found.id, tx, status=arms.ENDED, settled=said)
        if changed:
            scope.store.events.add(event, tx)
        return [event] if changed else []

    return scope.store.transact(work)


def _lost(scope: Endpoint, found: Experiment) -> str:
    """Why an arm may not answer any more; nothing where both may."""
    for arm in arms.arms_of(scope, found):
        if arm.status != ARM:
            return f"{arm.model}: {(arm.evidence.halted or {}).get('reason', arm.status)}"
        if damage := why_unfit(scope.project, arm):
            return f"{arm.model}: {damage}"
    return ""


def _harm(scope: Endpoint, found: Experiment, now: Micros) -> str:
    """Which rule of the platform one of the arms breaks and the other keeps: errors, or how slow it is. What both break is not their doing."""
    failed = scope.store.releases.failures(scope.name, scope.environment)
    rules = [rule for rule in scope.rules if rule.kind in ("errors", "p99")]
    enough = max([0.0, *(2 / rule.limit for rule in rules if rule.kind == "errors")])
    arm = {release: _arm(scope, found, release, failed.get(release, 0), enough, now) for release in found.arms}
    broken = {
        model: {one.rule: one.text for one in judge_rules(rules, Evidence(release, arm[release])) if one.broken}
        for model, release in zip(found.models, found.arms, strict=True)
    }
    both = set.intersection(*map(set, broken.values()))
    return "; ".join(
        f"{model}: {text}" for model, own in broken.items() for rule, text in own.items() if rule not in both
    )


def _arm(scope: Endpoint, found: Experiment, release: str, errors: int, enough: float, now: Micros) -> Arm:
    """All that it answered and failed to since the test began, and how long it took in the last window's time. ``enough``: answers for
    each error, of which it is half of what is tolerated: no more need be counted."""
    seen = scope.live.predictions
    n = errors + seen.given_by(release, math.ceil(errors * enough), **scope.here, since=found.started) if errors else 0
    latency = seen.latencies(release, **scope.here, since=now - scope.monitor.span)
    return Arm(n=n, errors=errors, latency_us=latency)


def _hold(scope: Endpoint, found: Experiment, seen: Standing, now: Micros) -> list[Event]:
    """Why it may not be believed, written down for as long as that holds; told once for each reason."""
    if found.reason == seen.words:
        return []
    told: JsonObject = {"endpoint": scope.name, "experiment": found.id, "model": found.models[1], "reason": seen.words}
    told |= {"held": seen.held, "subjects": seen.subjects, "odds": seen.odds}
    event = Event(named_id("event", found.id, seen.held), now, "experiment_held", f"experiment:{found.id}", told)

    def work(tx: Tx) -> list[Event]:
        scope.store.experiments.update(found.id, tx, reason=seen.words)
        return [event] if seen.held and scope.store.events.add_once(event, tx) else []

    return scope.store.transact(work)


def _figures(seen: Standing) -> JsonObject:
    one = seen.estimate
    if one is None:
        return {}
    return {
        "gain": one.gain,
        "low": one.low,
        "high": one.high,
        "figures": list(one.figures),
        "judged": list(one.judged),
    }
