"""A release on its way: canary by hash of the subject, stage after stage, to champion, a bake, or back.

At most one canary runs at an endpoint. A newer candidate that has passed its gates halts the older canary, which
has shown nothing yet against it; whoever starts rollouts by a clock should wait while `in_progress` says so, or no
canary ever ends. Every change is one transaction together with its event.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tidemill.errors import ReleaseError
from tidemill.release.rollout.rules import Arm, Evidence, judge
from tidemill.release.signing.integrity import why_unfit
from tidemill.store.records import Event, Release
from tidemill.types import DAY, JsonObject, Micros, named_id, to_iso

if TYPE_CHECKING:
    from tidemill.scope.project import Project

__all__ = ["Arm", "BAKE", "Evidence", "begin", "check", "halt", "in_progress", "roll_back", "watched"]

BAKE: Micros = 7 * DAY
"""How long a new champion is still watched, and may be rolled back by the same rules, after it has taken everything."""
PATIENCE = 5
"""A stage that is over waits at most so many of its spans (and at least `LEAST_WAIT`) for quality to become visible.

After that an unseen one goes on (a service without outcomes must be able to release), a doubtful one is halted. Twice as
long a stage waits for its least number of requests; then it is halted: who waits without end never retrains again.
"""
LEAST_WAIT: Micros = 7 * DAY


def in_progress(project: Project, endpoint: str, tx: Any = None) -> Release | None:
    """The canary of this endpoint."""
    return project.store.releases.first(endpoint=endpoint, environment=project.environment, status="canary", tx=tx)


def watched(project: Project, endpoint: str) -> Release | None:
    """The release that `check` needs evidence for: the canary, else a champion that still bakes."""
    canary = in_progress(project, endpoint)
    if canary is not None:
        return canary
    champion = project.store.releases.champion(endpoint)
    return champion if champion is not None and champion.evidence.bake_until else None


def begin(project: Project, release_id: str, now: Micros, tx: Any = None) -> list[Event]:
    """Start a held release. The first one of an endpoint, and a rollout of '100%' alone, is champion at once.

    Raises ReleaseError when it is not held, or when the champion that its gates compared it with is no longer champion.
    """

    def work(tx: Any) -> list[Event]:
        release = _expect(project, tx, release_id, "held")
        champion = project.store.releases.champion(release.endpoint, tx)
        if release.previous != (champion.id if champion else None):
            raise ReleaseError(
                f"{release.model} was compared with another champion than {champion.model if champion else 'none'}",
                place=f"release {release.id}",
                hint=f"let the gates see it again: tidemill release start {release.model}",
            )
        events = _halt_others(project, release, now, tx)
        if champion is None or release.stages[0]["share"] >= 1:
            return [*events, *_promote(project, release, now, {}, tx)]
        project.store.releases.update(release.id, tx, status="canary", stage=0, stage_since=now, started=now)
        return [*events, _event(project, release, now, "canary", {"stage": 0, **release.stages[0]}, tx)]

    return project.store.transact(work) if tx is None else work(tx)


def check(project: Project, endpoint: str, now: Micros, evidence: Evidence | None, by: str = "") -> list[Event]:
    """Look at the release under way: roll it back, take it to its next stage, or leave it. The events of what changed.

    What can no longer be served as it lies here (a damaged file, a missing signature) goes nowhere, whatever it answered
    before: a canary is halted, a champion in its bake gives way to the release before it where that one is whole.
    ``evidence`` is about the release that `watched` names; where it names none, nothing happens. Raises ReleaseError, and
    where no rule is broken NotAttested without the keys and StoreError without the files to verify it by.
    """
    release = watched(project, endpoint)
    if release is None:
        return []
    if evidence is None or evidence.release != release.id:
        raise ReleaseError(
            f"the evidence is not about {release.id}", hint="build it for rollout.watched(project, endpoint)"
        )
    findings = judge(project.endpoint(endpoint).rules, evidence)
    said: JsonObject = {"in_stage": evidence.in_stage, "findings": [finding.json() for finding in findings]}
    broken = [finding.text for finding in findings if finding.broken]
    damage = (
        "" if broken else why_unfit(project, release)
    )  # a rule that is broken needs no other reason, nor waits for one
    way_back = bool(damage) and release.status == "champion" and _can_go_back(project, release)

    def work(tx: Any) -> list[Event]:
        current = project.store.releases.get(release.id, tx)
        if current.status != release.status:  # somebody was first, by hand
            return []
        if broken:
            return _roll_back(project, current, now, {"reason": "; ".join(broken), "by": "rule", **said}, tx)
        if damage:
            return _damaged(project, current, now, {"reason": f"damaged: {damage}", "by": "rule", **said}, way_back, tx)
        if current.status == "champion":
            return _end_bake(project, current, now, said, tx)
        if missing := _too_few(current, now, evidence):
            return _halt(project, current, now, {"reason": missing, "by": "rule", **said}, tx)
        if not _stage_over(current, now, evidence):
            return []
        doubts = [finding.text for finding in findings if finding.doubtful]
        unseen = [finding.text for finding in findings if not finding.powered]
        if (doubts or unseen) and now < _patience(current):
            return _wait(project, current, now, "doubtful" if doubts else "underpowered", doubts or unseen, tx)
        if doubts:
            return _halt(project, current, now, {"reason": "; ".join(doubts), "by": "rule", **said}, tx)
        return _advance(project, current, now, said, tx)

    if broken or damage:  # also on a full disk
        return project.reserve.helped(lambda: project.store.transact(work, by))
    return project.store.transact(work, by)


def roll_back(
    project: Project, release_id: str, *, by: str, reason: str, now: Micros | None = None, tx: Any = None
) -> list[Event]:
    """Take a canary or the champion back by hand; the champion before it is champion again.

    Works on a full disk. Raises ReleaseError.
    """
    at = project.clock.now() if now is None else now

    def work(tx: Any) -> list[Event]:
        release = _expect(project, tx, release_id, "canary", "champion")
        if release.status == "champion" and release.previous is None:
            raise ReleaseError(
                f"there is no release before {release.id}: the endpoint would be left without a model",
                hint="release another model first: tidemill release start MODEL",
            )
        return _roll_back(project, release, at, {"reason": reason, "by": by}, tx)

    return work(tx) if tx is not None else project.reserve.helped(lambda: project.store.transact(work))


def halt(
    project: Project, release_id: str, *, by: str, reason: str, now: Micros | None = None, tx: Any = None
) -> list[Event]:
    """Stop a canary without judging it; the champion serves 100 % again. Works on a full disk. Raises ReleaseError."""
    at = project.clock.now() if now is None else now

    def work(tx: Any) -> list[Event]:
        return _halt(project, _expect(project, tx, release_id, "canary"), at, {"reason": reason, "by": by}, tx)

    return work(tx) if tx is not None else project.reserve.helped(lambda: project.store.transact(work))


def _expect(project: Project, tx: Any, release_id: str, *statuses: str) -> Release:
    release = project.store.releases.get(release_id, tx)
    if release.status not in statuses:
        raise ReleaseError(f"{release.id} is {release.status}, not {' or '.join(statuses)}", place=release.endpoint)
    return release


def _stage_over(release: Release, now: Micros, evidence: Evidence) -> bool:
    stage = release.stages[release.stage]
    return now >= release.stage_since + int(stage["span"]) and evidence.in_stage >= int(stage["requests"])


def _too_few(release: Release, now: Micros, evidence: Evidence) -> str:
    """In words, when the patience has ended and the stage's least number of requests has not come."""
    least = int(release.stages[release.stage]["requests"])
    if evidence.in_stage >= least or now < _patience(release, 2):
        return ""
    return f"too few requests: {evidence.in_stage} of at least {least} since {to_iso(release.stage_since)}"


def _can_go_back(project: Project, release: Release) -> bool:
    before = project.store.releases.get(release.previous) if release.previous else None
    return before is not None and not why_unfit(project, before)


def _damaged(
    project: Project, release: Release, now: Micros, reason: JsonObject, way_back: bool, tx: Any
) -> list[Event]:
    """A canary is halted: nothing was found against the model. A champion that none can follow stays, and that is said."""
    if release.status == "canary":
        return _halt(project, release, now, reason, tx)
    if way_back:
        return _roll_back(project, release, now, reason, tx)
    if release.evidence.damaged == reason["reason"]:
        return []
    project.store.releases.update(release.id, tx, evidence=replace(release.evidence, damaged=reason["reason"]))
    return [_event(project, release, now, "damaged", reason, tx)]


def _patience(release: Release, times: int = 1) -> Micros:
    return release.stage_since + times * max(PATIENCE * int(release.stages[release.stage]["span"]), LEAST_WAIT)


def _wait(project: Project, release: Release, now: Micros, kind: str, why: list[str], tx: Any) -> list[Event]:
    """The stage is over, but a useless model could not have been seen, or is half seen: wait, and say so once."""
    waits = (release.stage, kind)
    if release.evidence.waits_in == waits:
        return []
    project.store.releases.update(release.id, tx, evidence=replace(release.evidence, waits_in=waits))
    data = {"stage": release.stage, "reason": "; ".join(why), "until": to_iso(_patience(release))}
    return [_event(project, release, now, kind, data, tx)]


def _advance(project: Project, release: Release, now: Micros, said: JsonObject, tx: Any) -> list[Event]:
    following = release.stage + 1
    stages = (*release.evidence.stages, {"stage": release.stage, "at": now, **said})
    seen = replace(release.evidence, stages=stages)
    if following >= len(release.stages) or release.stages[following]["share"] >= 1:
        return _promote(project, replace(release, evidence=seen), now, said, tx)
    project.store.releases.update(release.id, tx, stage=following, stage_since=now, evidence=seen)
    return [_event(project, release, now, "stage", {"stage": following, **release.stages[following], **said}, tx)]


def _promote(project: Project, release: Release, now: Micros, said: JsonObject, tx: Any) -> list[Event]:
    """To champion, in the caller's transaction. With a predecessor to go back to, the bake begins."""
    seen = replace(release.evidence, bake_until=now + BAKE) if release.previous else release.evidence
    last = len(release.stages) - 1
    changes: JsonObject = {"stage": last, "stage_since": now, "evidence": seen}
    if release.started is None:
        changes["started"] = now
    project.store.releases.update(release.id, tx, **changes)
    project.store.releases.promote(release.id, now, tx)
    return [_event(project, release, now, "promoted", {"previous": release.previous, **said}, tx)]


def _end_bake(project: Project, release: Release, now: Micros, said: JsonObject, tx: Any) -> list[Event]:
    if release.evidence.bake_until is None or now < release.evidence.bake_until:
        return []
    seen = replace(release.evidence, bake_until=None, bake={"at": now, **said})
    project.store.releases.update(release.id, tx, evidence=seen)
    return [_event(project, release, now, "baked", said, tx)]


def _roll_back(project: Project, release: Release, now: Micros, reason: JsonObject, tx: Any) -> list[Event]:
    """Back, in the caller's transaction. A canary that was compared with a champion that goes is halted with it."""
    events = _halt_others(project, release, now, tx) if release.status == "champion" else []
    champion = project.store.releases.roll_back(release.id, now, reason, tx)
    return [*events, _event(project, release, now, "rolled_back", {"champion": champion, **reason}, tx)]


def _halt_others(project: Project, release: Release, now: Micros, tx: Any) -> list[Event]:
    canary = in_progress(project, release.endpoint, tx)
    if canary is None or canary.id == release.id:
        return []
    why = "its champion was rolled back" if release.status == "champion" else f"{release.model} is newer"
    return _halt(project, canary, now, {"reason": why, "by": release.id}, tx)


def _halt(project: Project, release: Release, now: Micros, reason: JsonObject, tx: Any) -> list[Event]:
    project.store.releases.update(
        release.id, tx, status="halted", ended=now, evidence=replace(release.evidence, halted=reason)
    )
    return [_event(project, release, now, "halted", reason, tx)]


def _event(project: Project, release: Release, now: Micros, kind: str, data: JsonObject, tx: Any) -> Event:
    """Write what happened, under an id that the same happening always gets."""
    told = {"endpoint": release.endpoint, "model": release.model, **data}
    made = Event(named_id("event", release.id, kind, str(now)), now, kind, f"release:{release.id}", told)
    project.store.events.add(made, tx)
    return made
