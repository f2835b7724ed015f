"""A release on its way: canary by hash of the subject, stage after stage, to champion, a bake, or back.

At most one canary runs at an endpoint, and one candidate is in shadow (which this module ends; what it is judged by is in
`tidemill.release.shadow`). A newer candidate that has passed its gates halts the older canary, which has shown nothing yet
against it; whoever starts rollouts by a clock should wait while `in_progress` says so, or no
canary ever ends. Every change is one transaction together with its event.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from tidemill.config.policies import Rule
from tidemill.errors import ReleaseError
from tidemill.release.forgotten import why_forgotten
from tidemill.release.rollout.after import AFTER, is_watched, way_back
from tidemill.release.rollout.change import Change
from tidemill.release.rollout.mirror import steady
from tidemill.release.rollout.rules import Evidence, Finding, judge
from tidemill.release.rollout.timing import BAKE, missing, patience_until, stage_over
from tidemill.release.signing.unfit import why_unfit
from tidemill.release.variants import answers_nobody, in_shadow
from tidemill.store.payloads import Watch
from tidemill.store.records import Event, Release, Tx
from tidemill.types import JsonObject, Micros

if TYPE_CHECKING:
    from tidemill.scope.project import Endpoint, Project


def in_progress(project: Project, endpoint: str, tx: Tx = None) -> Release | None:
    """The canary of this endpoint."""
    return next(iter(project.endpoint(endpoint).releases("canary", tx)), None)


def watched(project: Project, endpoint: str) -> Release | None:
    """The release that `check` needs evidence for: the canary, else a champion that still bakes."""
    canary = in_progress(project, endpoint)
    if canary is not None:
        return canary
    champion = project.endpoint(endpoint).champion()
    return champion if champion is not None and champion.evidence.bake_until else None


def is_old(release: Release, now: Micros) -> bool:
    """Whether it bakes on by its pairs alone: weeks ago is another season, and the arms' rules would compare with that."""
    usual, until = release.stage_since + release.evidence.uncounted + BAKE, release.evidence.bake_until or 0
    return release.status == "champion" and until > usual <= now


def rules_of(scope: Endpoint, release: Release, now: Micros) -> Sequence[Rule]:
    """Those that can be asked: who answers nobody has no outcomes of its own."""
    if is_old(release, now):
        return ()
    later = (AFTER, "quality") if in_shadow(release) else (AFTER,)
    return [rule for rule in scope.rules if rule.kind not in later]


def decides(release: Release, now: Micros, evidence: Evidence) -> bool:
    """Whether a look at this moment may take it on or end its bake: then it needs all that can be known.

    A canary that waits goes on waiting until there are new pairs, or its patience has ended.
    """
    if release.status == "champion":
        return release.evidence.bake_until is not None and now >= release.evidence.bake_until
    if release.evidence.paused is not None:
        return False
    waits = release.evidence.waits_in is not None and release.evidence.waits_in[0] == release.stage
    return stage_over(release, now, evidence) and not (waits and now < patience_until(release))


def begin(project: Project, release_id: str, now: Micros, tx: Tx = None) -> list[Event]:
    """Start a held release. The first one of an endpoint, and a rollout of '100%' alone, is champion at once.

    Raises ReleaseError when it is not held, or when the champion that its gates compared it with is no longer champion.
    """

    def work(change: Change) -> list[Event]:
        release = change.expect(release_id, "held")
        champion = project.endpoint(release.endpoint).champion(change.tx)
        if release.previous != (champion.id if champion else None):
            raise ReleaseError(
                f"{release.model} was compared with another champion than {champion.model if champion else 'none'}",
                place=f"release {release.id}",
                hint=f"let the gates see it again: tidemill release start {release.model}",
            )
        events = change.halt_others(release)
        if champion is None or release.stages[0]["share"] >= 1:
            return [*events, *change.promote(release, {})]
        change.write(release, status="canary", stage=0, stage_since=now, started=now)
        return [*events, change.tell(release, "canary", {"stage": 0, **release.stages[0]})]

    return _do(project, now, work, tx)


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
    scope = project.endpoint(endpoint)
    findings = judge(rules_of(scope, release, now), evidence)
    if evidence.mirror is not None:
        findings.append(steady(evidence.mirror))
    if evidence.pairs is not None:
        from tidemill.release.rollout.paired import not_worse

        paired = not_worse(evidence.pairs, evidence.margin)
        # a shadow ends by what was asked: labels may come long after it, and the stages that follow wait for them
        findings.append(replace(paired, powered=True) if in_shadow(release) else paired)
    said: JsonObject = {"in_stage": evidence.in_stage, "findings": [asdict(found) for found in findings]}
    broken = "; ".join(finding.text for finding in findings if finding.broken)
    # a rule that is broken needs no other reason, nor waits for one
    damage = "" if broken else why_unfit(project, release)
    way_back = bool(damage) and release.status == "champion" and _can_go_back(project, release)

    def because(text: str) -> JsonObject:
        return {"reason": text, "by": "rule", **said}

    def work(change: Change) -> list[Event]:
        current = project.store.releases.get(release.id, change.tx)
        if moment(current) != moment(release):  # somebody was first: by hand, or another loop
            return []
        if broken:
            return change.roll_back(current, because(broken))
        if damage:
            return change.damaged(current, because(f"damaged: {damage}"), way_back)
        if current.status == "champion":
            return change.end_bake(current, said)
        if current.evidence.paused is not None:
            return []
        if lacking := missing(current, now, evidence):
            return change.halt(current, because(lacking))
        if not evidence.looked or not stage_over(current, now, evidence):
            return []
        doubts = [finding.text for finding in findings if finding.doubtful]
        unseen = [finding.text for finding in findings if not finding.powered and not answers_nobody(current)]
        if (doubts or unseen) and now < patience_until(current):
            return change.wait(current, "doubtful" if doubts else "underpowered", doubts or unseen)
        if doubts:
            return change.halt(current, because("; ".join(doubts)))
        return change.advance(current, said)

    return _do(project, now, work, by=by, helped=bool(broken or damage))


def look_after(
    project: Project, release: Release, findings: Sequence[Finding], now: Micros, watch: Watch | None = None
) -> list[Event]:
    """Look at a champion whose bake is over: back, where a rule is broken and the one before it is a way back; else that is said, once.

    ``watch``: the span that the platform's rules look at next. Raises NotAttested and StoreError as `check`.
    """
    broken = [finding for finding in findings if finding.broken]
    back = way_back(project.endpoint(release.endpoint), release, broken, now) if broken else ""
    reason: JsonObject = {"reason": "; ".join(finding.text for finding in broken), "by": "rule", "after_bake": True}
    reason["findings"] = [asdict(found) for found in findings]

    def work(change: Change) -> list[Event]:
        current = project.store.releases.get(release.id, change.tx)
        if moment(current) != moment(release) or not is_watched(current):
            return []
        if broken and not back:
            return change.roll_back(current, reason)
        seen = current.evidence if watch is None else replace(current.evidence, watch=watch)
        told = bool(broken) and current.evidence.no_way_back is None
        if told:
            reason["reason"] += f"; no way back: {back}"
            seen = replace(seen, no_way_back={"at": now, **reason})
        if seen != current.evidence:
            change.write(current, evidence=seen)
        return [change.tell(current, "no_way_back", reason)] if told else []

    return _do(project, now, work, helped=bool(broken)) if broken or watch else []


def roll_back(project: Project, release_id: str, *, by: str, reason: str, tx: Tx = None) -> list[Event]:
    """Take a canary or the champion back by hand; the champion before it is champion again.

    Works on a full disk. Raises ReleaseError.
    """

    def work(change: Change) -> list[Event]:
        release = change.expect(release_id, "canary", "champion")
        if release.status == "champion" and release.previous is None:
            raise ReleaseError(
                f"there is no release before {release.id}: the endpoint would be left without a model",
                hint="release another model first: tidemill release start MODEL",
            )
        if release.status == "champion" and (why := _why_no_way_back(project, release)):
            hint = "release a version that was made since: tidemill run"
            raise ReleaseError(f"what was before it may not come back: {why}", place=release.endpoint, hint=hint)
        return change.roll_back(release, {"reason": reason, "by": by})

    return _do(project, project.clock.now(), work, tx, by=by, helped=True)


def halt(project: Project, release_id: str, *, by: str, reason: str, tx: Tx = None) -> list[Event]:
    """Stop a canary, or a shadow, without judging it; the champion serves 100 % again. Works on a full disk. Raises ReleaseError."""

    def work(change: Change) -> list[Event]:
        return change.halt(change.expect(release_id, "canary", "shadow"), {"reason": reason, "by": by})

    return _do(project, project.clock.now(), work, tx, by=by, helped=True)


def pause(project: Project, release_id: str, *, by: str, reason: str, tx: Tx = None) -> list[Event]:
    """A canary answers nobody from now on, and its stage's time stands still; the champion serves 100 %. Raises ReleaseError."""

    def work(change: Change) -> list[Event]:
        return change.pause(change.expect(release_id, "canary"), by, reason)

    return _do(project, project.clock.now(), work, tx, by=by, helped=True)


def resume(project: Project, release_id: str, *, by: str, reason: str, tx: Tx = None) -> list[Event]:
    """A paused canary goes on where it was, with the same subjects. Raises ReleaseError."""

    def work(change: Change) -> list[Event]:
        return change.resume(change.expect(release_id, "canary"), by, reason)

    return _do(project, project.clock.now(), work, tx, by=by)


def clock_moved(project: Project, endpoint: str, now: Micros, moved: Micros, tx: Tx = None) -> list[Event]:
    """The clock was set forward or back by so much: nothing comes nearer by that. The events of what is judged later, or anew, for it."""

    def work(change: Change) -> list[Event]:
        scope = project.endpoint(endpoint)
        found = [*scope.releases("canary", change.tx), *filter(None, [scope.champion(change.tx)])]
        failed = project.store.releases.failures(endpoint, scope.environment)
        return [event for release in found for event in change.clock_moved(release, moved, failed.get(release.id, 0))]

    return _do(project, now, work, tx)


def end_shadow(
    project: Project, release_id: str, now: Micros, ended: str, reason: str, *, by: str = "", tx: Tx = None
) -> list[Event]:
    """Refuse a candidate in shadow: its last look closed it, its time is over, or something newer came. Nothing where it is in none.

    ``ended``: a verdict, or ``replaced``.
    """

    def work(change: Change) -> list[Event]:
        release = project.store.releases.get(release_id, change.tx)
        return change.end_shadow(release, ended, reason) if release.status == "shadow" else []

    return _do(project, now, work, tx, by=by)


def replace_shadow(project: Project, endpoint: str, newer: str, now: Micros, tx: Tx) -> list[Event]:
    """A newer candidate (a model ref) was judged here: what is in shadow stays undecided."""
    return Change(project, now, tx).end_shadows(endpoint, f"{newer} is newer")


def _do(
    project: Project,
    now: Micros,
    work: Callable[[Change], list[Event]],
    tx: Tx = None,
    *,
    by: str = "",
    helped: bool = False,
) -> list[Event]:
    """In the caller's transaction, or in one of its own; ``helped``: that one also on a full disk."""
    if tx is not None:
        return work(Change(project, now, tx))

    def own() -> list[Event]:
        return project.store.transact(lambda tx: work(Change(project, now, tx)), by)

    return project.reserve.helped(own) if helped else own()


def moment(release: Release) -> tuple[object, ...]:
    """What a look is about: where any of it has changed meanwhile, it was another's turn."""
    return release.status, release.stage, release.stage_since


def _can_go_back(project: Project, release: Release) -> bool:
    before = project.store.releases.get(release.previous) if release.previous else None
    return before is not None and not why_unfit(project, before) and not _why_no_way_back(project, release)


def _why_no_way_back(project: Project, release: Release) -> str:
    """That the one before learned from somebody who was forgotten too long ago."""
    before = project.store.releases.look_up(release.previous) if release.previous else None
    return why_forgotten(project.endpoint(release.endpoint), before.model, project.clock.now()) if before else ""
