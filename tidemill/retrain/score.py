"""The loop keeps score: was each alarm, refusal, promotion and roll back right, by the labels of the four weeks after it?

Each claims something of a version's quality: an alarm that it is below the promise (or, of drift, that it may be), a
promotion that it is above the one before, a refusal and a roll back that it is not. The requests after it are asked of
that version again, and of the one it is compared with; it is settled once, when their labels are mature.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from tidemill.errors import TidemillError
from tidemill.learning.intervals import paired_bootstrap
from tidemill.learning.measures import Measure
from tidemill.monitor.alerts import TAKEN_BACK
from tidemill.monitor.monitors import DECAY
from tidemill.monitor.promise import Promise
from tidemill.monitor.windows import DRIFT
from tidemill.release.pairs import Again
from tidemill.store.records import Alarm, Release, Settlement
from tidemill.tasks.table import outcome_scorer_of
from tidemill.types import DAY, Micros, named_id

if TYPE_CHECKING:
    from tidemill.scope.project import Endpoint

AFTER: Micros = 28 * DAY
"""By how long a time after it each is settled."""
MOST = 1_000
"""Requests that a claim is settled by, at most."""
ENOUGH = 30
"""Requests without which nothing is said."""
SETTLED = ("right", "wrong", "undecidable")


@dataclass(frozen=True, slots=True)
class Claim:
    """What is to be settled."""

    kind: str  # alarm | refused | promoted | rolled_back
    what: str  # of an alarm: its kind
    subject: str  # the alarm or the release, as a ref
    model: str  # whose quality it is about
    other: str  # the version it is compared with; "": with what it promised
    at: Micros
    better: bool  # it claims that the model is better than that, and not worse
    of: Alarm | Release


def settle(scope: Endpoint, now: Micros) -> list[Settlement]:
    """Settle what is old enough and is not settled yet; the same whenever it is asked. What was taken back since counts no more."""
    ripe = now - AFTER - scope.monitor.reach
    known = {found.id for found in _standing(scope)}
    settled = []
    for claim in claims(scope, ripe):
        id = named_id("settlement", *scope.salt, claim.kind, claim.subject)
        if id not in known:
            settled.append(_settled(scope, id, claim))
            scope.store.settlements.add(settled[-1])
    return settled


def _standing(scope: Endpoint) -> Iterator[Settlement]:
    """What is settled; of an alarm that was taken back after that, it is deleted."""
    back = {f"alarm:{alarm.id}" for alarm in scope.store.alarms.list(**scope.here) if alarm.ended == TAKEN_BACK}
    for found in scope.store.settlements.list(**scope.here):
        if found.subject in back:
            scope.store.settlements.delete(found.id)
        else:
            yield found


def counted(settled: Sequence[Settlement]) -> dict[str, dict[str, int]]:
    """How many of each kind were right, wrong, undecidable."""
    counts: dict[str, dict[str, int]] = {}
    for one in settled:
        counts.setdefault(one.what or one.kind, dict.fromkeys(SETTLED, 0))[one.settled] += 1
    return counts


def explained(one: Settlement) -> str:
    """What came of an alarm, in words: whether quality was below what the version promised.

    >>> one = Settlement("s", "", "shop", "alarm", "drift", "alarm:a", "model:shop@1", "", 0, 1, "mae", "wrong", "shown")
    >>> explained(replace(one, came=0.2, interval=(0.1, 0.3), requests=90))
    'quality was kept: mae better than promised by 0.2 (0.1 to 0.3) over 90 requests'
    >>> explained(replace(one, reason="too_few"))
    'not known: too few requests'
    """
    if one.came is None or len(one.interval) != 2:
        return f"not known: {'too few requests' if one.reason == 'too_few' else one.reason}"
    low, high = one.interval
    side = "better" if one.came >= 0 else "worse"
    ends = sorted(abs(x) if low * high > 0 else x * (1 if one.came >= 0 else -1) for x in (low, high))
    figures = f"{one.metric} {side} than promised by {abs(one.came):g} ({ends[0]:g} to {ends[1]:g}) over {one.requests:,} requests"
    kept = "quality was kept" if low > 0 else "quality was below the promise" if high < 0 else "not shown either way"
    return f"{kept}: {figures}"


def unsettled(scope: Endpoint, now: Micros, settled: Sequence[Settlement]) -> int:
    """How many are too young."""
    return max(sum(1 for _ in claims(scope, now)) - len(settled), 0)


def claims(scope: Endpoint, until: Micros) -> Iterator[Claim]:
    """Everything up to this moment that claimed something of a version's quality, oldest first."""
    found = [_of_alarm(alarm) for alarm in scope.store.alarms.list(**scope.here, until=until + 1)]
    found += [claim for release in scope.releases() for claim in _of_release(scope, release)]
    yield from sorted((c for c in found if c is not None and c.at <= until), key=lambda c: (c.at, c.kind, c.subject))


def _of_alarm(alarm: Alarm) -> Claim | None:
    """None of one that says nothing of a version's quality, which labels cannot settle, nor of one that was taken back."""
    if alarm.kind not in (DECAY, DRIFT) or alarm.model is None or alarm.ended == TAKEN_BACK:
        return None
    return Claim("alarm", alarm.kind, f"alarm:{alarm.id}", alarm.model, "", alarm.window, alarm.hurts == "no", alarm)


def _of_release(scope: Endpoint, release: Release) -> Iterator[Claim]:
    """What was decided of a release; the first one of an endpoint is compared with nothing.

    What the infrastructure refused is not asked again, forced or not: it may be slow, or never answer.
    """
    before = scope.store.releases.look_up(release.previous) if release.previous else None
    if before is None or release.evidence.blessings.get("infrastructure") == "refused":
        return
    named = f"release:{release.id}", release.model, before.model
    if release.status == "refused":
        dark = release.evidence.shadow is not None and release.ended is not None
        yield Claim("refused", "", *named, release.ended if dark else release.created, False, release)  # type: ignore[arg-type]
    if release.evidence.bake_until is not None or release.evidence.bake is not None:
        yield Claim("promoted", "", *named, _promoted(release), True, release)
    if release.status == "rolled_back" and release.ended is not None:
        yield Claim("rolled_back", "", *named, release.ended, False, release)


def _promoted(release: Release) -> Micros:
    """When it became champion: its last stage ended."""
    return int(release.evidence.stages[-1]["at"]) if release.evidence.stages else release.stage_since


def _expected(scope: Endpoint, claim: Claim, measure: Measure) -> float | None:
    """The difference that it was raised or done for, more is better; None where nobody said one."""
    if isinstance(claim.of, Alarm):
        known = claim.of.now is not None and claim.of.promised is not None
        found = measure.sign * (claim.of.now - claim.of.promised) if known else None  # type: ignore[operator]
    else:
        found = _seen(claim.of, measure) if claim.kind == "rolled_back" else _measured(scope, claim.of)
    return None if found is None else measure.rounded(found)


def _measured(scope: Endpoint, release: Release) -> float | None:
    """By how much its gates expected it to be better than the champion."""
    for verdict in scope.store.verdicts.list(model=release.model):
        if verdict.attestation not in release.attestations or verdict.gate not in ("refit", "method"):
            continue
        compared, gain = verdict.evidence.get("comparison") or {}, verdict.evidence.get("expected")
        other = compared.get("other")
        return gain * other if gain is not None and other is not None else compared.get("difference")
    return None


def _seen(release: Release, measure: Measure) -> float | None:
    """The difference that the rule saw which rolled it back, if it was one about quality."""
    for finding in (release.evidence.rolled_back or {}).get("findings", ()):
        own, other = (finding["figures"].get(arm, {}).get("mean") for arm in ("canary", "champion"))
        if finding["broken"] and own is not None and other is not None:
            return measure.sign * (measure.figure(own) - measure.figure(other))
    return None


def _settled(scope: Endpoint, id: str, claim: Claim) -> Settlement:
    measure, when = outcome_scorer_of(scope.model).measure, claim.at + AFTER + scope.monitor.reach
    made = Settlement(
        *(id, scope.environment, scope.name, claim.kind, claim.what, claim.subject, claim.model, claim.other),
        *(claim.at, when, measure.name, "undecidable", "too_few", _expected(scope, claim, measure)),
    )
    again = Again(scope, claim.at, claim.at + AFTER, MOST)
    try:
        own = np.asarray(again.values(claim.model))
        other = np.asarray(again.values(claim.other)) if claim.other else _promised(scope, claim, measure, len(own))
    except TidemillError as exc:
        return replace(made, reason=exc.code)
    there = np.isfinite(own) & np.isfinite(other)
    units = [unit for unit, known in zip(again.units, there) if known]
    if len(units) < ENOUGH or len(set(units)) < 2:
        return replace(made, requests=len(units))
    came, low, high = _difference(measure, own[there], other[there], units, scope.project.seed)
    settled = _word(claim.better, low, high)
    reason = "not_shown" if settled == "undecidable" else "shown"
    made = replace(made, settled=settled, reason=reason, requests=len(units), subjects=len(set(units)))
    return replace(made, came=came, interval=(low, high))


def _promised(scope: Endpoint, claim: Claim, measure: Measure, n: int) -> Any:
    promise = Promise.of(scope.store.models.get(claim.model).metrics, measure)
    return np.full(n, promise.mean if promise else np.nan)


def _difference(measure: Measure, own: Any, other: Any, units: list[str], seed: int) -> tuple[float, float, float]:
    """By how much the figure is better, with its 95 % interval over subjects."""
    found = paired_bootstrap(own, other, units, seed)
    roots = measure.figure(float(own.mean())) + measure.figure(float(other.mean()))
    unit = measure.sign * (1 / roots if measure.root and roots > 0 else 1.0)
    low, high = sorted((found.low * unit, found.high * unit))
    return measure.rounded(found.mean * unit), measure.rounded(low), measure.rounded(high)


def _word(better: bool, low: float, high: float) -> str:
    """What the interval says of the claim that a difference is above 0 (``better``), or below it.

    >>> _word(True, 0.01, 0.03), _word(False, 0.01, 0.03), _word(True, -0.01, 0.03)
    ('right', 'wrong', 'undecidable')
    """
    if low <= 0 <= high:
        return "undecidable"
    return "right" if (low > 0) == better else "wrong"
