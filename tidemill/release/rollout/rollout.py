"""A release on its way: canary by hash of the subject, stage after stage, to champion, a bake, or back.

At most one canary runs at an endpoint, and one candidate is in shadow (which this module ends; what it is judged by is in
`tidemill.release.shadow`). A newer candidate that has passed its gates halts the older canary, which has shown nothing yet
against it; whoever starts rollouts by a clock should wait while `in_progress` says so, or no
canary ever ends. Every change is one transaction together with its event.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from tidemill.config.policies import Rule
from tidemill.errors import ReleaseError
from tidemill.release.rollout.mirror import steady
from tidemill.release.rollout.rules import Evidence, judge
from tidemill.release.signing.unfit import why_unfit
from tidemill.release.variants import in_shadow
from tidemill.store.records import Event, Release, Tx
from tidemill.types import DAY, JsonObject, Micros, named_id, to_iso

if TYPE_CHECKING:
    from tidemill.scope.project import Endpoint, Project

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
    usual, until = release.stage_since + BAKE, release.evidence.bake_until or 0
    return release.status == "champion" and until > usual <= now


def _rules(scope: Endpoint, release: Release, now: Micros) -> Sequence[Rule]:
    """Those that can be asked: who answers nobody has no outcomes of its own."""
    if is_old(release, now):
        return ()
    return [rule for rule in scope.rules if rule.kind != "quality"] if in_shadow(release) else scope.rules


def decides(release: Release, now: Micros, evidence: Evidence) -> bool:
    """Whether a look at this moment may take it on or end its bake: then it needs all that can be known.

    A canary that waits goes on waiting until there are new pairs, or its patience has ended.
    """
    if release.status == "champion":
        return release.evidence.bake_until is not None and now >= release.evidence.bake_until
    waits = release.evidence.waits_in is not None and release.evidence.waits_in[0] == release.stage
    return _stage_over(release, now, evidence) and not (waits and now < _patience(release))


def begin(project: Project, release_id: str, now: Micros, tx: Tx = None) -> list[Event]:
    """Start a held release. The first one of an endpoint, and a rollout of '100%' alone, is champion at once.

    Raises ReleaseError when it is not held, or when the champion that its gates compared it with is no longer champion.
    """

    def work(change: _Change) -> list[Event]:
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
    findings = judge(_rules(scope, release, now), evidence)
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

    def work(change: _Change) -> list[Event]:
        current = project.store.releases.get(release.id, change.tx)
        if current.status != release.status:  # somebody was first, by hand
            return []
        if broken:
            return change.roll_back(current, because(broken))
        if damage:
            return change.damaged(current, because(f"damaged: {damage}"), way_back)
        if current.status == "champion":
            return change.end_bake(current, said)
        if missing := _too_few(current, now, evidence):
            return change.halt(current, because(missing))
        if not evidence.looked or not _stage_over(current, now, evidence):
            return []
        doubts = [finding.text for finding in findings if finding.doubtful]
        unseen = [finding.text for finding in findings if not finding.powered]
        if (doubts or unseen) and now < _patience(current):
            return change.wait(current, "doubtful" if doubts else "underpowered", doubts or unseen)
        if doubts:
            return change.halt(current, because("; ".join(doubts)))
        return change.advance(current, said)

    return _do(project, now, work, by=by, helped=bool(broken or damage))


def roll_back(project: Project, release_id: str, *, by: str, reason: str, tx: Tx = None) -> list[Event]:
    """Take a canary or the champion back by hand; the champion before it is champion again.

    Works on a full disk. Raises ReleaseError.
    """

    def work(change: _Change) -> list[Event]:
        release = change.expect(release_id, "canary", "champion")
        if release.status == "champion" and release.previous is None:
            raise ReleaseError(
                f"there is no release before {release.id}: the endpoint would be left without a model",
                hint="release another model first: tidemill release start MODEL",
            )
        return change.roll_back(release, {"reason": reason, "by": by})

    return _do(project, project.clock.now(), work, tx, by=by, helped=True)


def halt(project: Project, release_id: str, *, by: str, reason: str, tx: Tx = None) -> list[Event]:
    """Stop a canary, or a shadow, without judging it; the champion serves 100 % again. Works on a full disk. Raises ReleaseError."""

    def work(change: _Change) -> list[Event]:
        return change.halt(change.expect(release_id, "canary", "shadow"), {"reason": reason, "by": by})

    return _do(project, project.clock.now(), work, tx, by=by, helped=True)


def end_shadow(
    project: Project, release_id: str, now: Micros, ended: str, reason: str, *, by: str = "", tx: Tx = None
) -> list[Event]:
    """Refuse a candidate in shadow: its last look closed it, its time is over, or something newer came. Nothing where it is in none.

    ``ended``: a verdict, or ``replaced``.
    """

    def work(change: _Change) -> list[Event]:
        release = project.store.releases.get(release_id, change.tx)
        return change.end_shadow(release, ended, reason) if release.status == "shadow" else []

    return _do(project, now, work, tx, by=by)


def replace_shadow(project: Project, endpoint: str, newer: str, now: Micros, tx: Tx) -> list[Event]:
    """A newer candidate (a model ref) was judged here: what is in shadow stays undecided."""
    return _Change(project, now, tx).end_shadows(endpoint, f"{newer} is newer")


def _do(
    project: Project,
    now: Micros,
    work: Callable[[_Change], list[Event]],
    tx: Tx = None,
    *,
    by: str = "",
    helped: bool = False,
) -> list[Event]:
    """In the caller's transaction, or in one of its own; ``helped``: that one also on a full disk."""
    if tx is not None:
        return work(_Change(project, now, tx))

    def own() -> list[Event]:
        return project.store.transact(lambda tx: work(_Change(project, now, tx)), by)

    return project.reserve.helped(own) if helped else own()


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


def _patience(release: Release, times: int = 1) -> Micros:
    return release.stage_since + times * max(PATIENCE * int(release.stages[release.stage]["span"]), LEAST_WAIT)


@dataclass(frozen=True, slots=True)
class _Change:
    """What happens to releases at one moment, in one transaction: each change, and its event."""

    project: Project
    now: Micros
    tx: Tx

    def expect(self, release_id: str, *statuses: str) -> Release:
        release = self.project.store.releases.get(release_id, self.tx)
        if release.status not in statuses:
            raise ReleaseError(f"{release.id} is {release.status}, not {' or '.join(statuses)}", place=release.endpoint)
        return release

    def write(self, release: Release, **changes: Any) -> None:
        self.project.store.releases.update(release.id, self.tx, **changes)

    def tell(self, release: Release, kind: str, data: JsonObject) -> Event:
        """Write what happened, under an id that the same happening always gets."""
        told = {"endpoint": release.endpoint, "model": release.model, **data}
        name = named_id("event", release.id, kind, str(self.now))
        made = Event(name, self.now, kind, f"release:{release.id}", told)
        self.project.store.events.add(made, self.tx)
        return made

    def damaged(self, release: Release, reason: JsonObject, way_back: bool) -> list[Event]:
        """A canary is halted: nothing was found against the model. A champion that none can follow stays, and that is said."""
        if release.status == "canary":
            return self.halt(release, reason)
        if way_back:
            return self.roll_back(release, reason)
        if release.evidence.damaged == reason["reason"]:
            return []
        self.write(release, evidence=replace(release.evidence, damaged=reason["reason"]))
        return [self.tell(release, "damaged", reason)]

    def wait(self, release: Release, kind: str, why: list[str]) -> list[Event]:
        """The stage is over, but a useless model could not have been seen, or is half seen: wait, and say so once."""
        waits = (release.stage, kind)
        if release.evidence.waits_in == waits:
            return []
        self.write(release, evidence=replace(release.evidence, waits_in=waits))
        data = {"stage": release.stage, "reason": "; ".join(why), "until": to_iso(_patience(release))}
        return [self.tell(release, kind, data)]

    def advance(self, release: Release, said: JsonObject) -> list[Event]:
        following = release.stage + 1
        stages = (*release.evidence.stages, {"stage": release.stage, "at": self.now, **said})
        seen = replace(release.evidence, stages=stages)
        if following >= len(release.stages) or release.stages[following]["share"] >= 1:
            return self.promote(replace(release, evidence=seen), said)
        self.write(release, stage=following, stage_since=self.now, evidence=seen)
        return [self.tell(release, "stage", {"stage": following, **release.stages[following], **said})]

    def promote(self, release: Release, said: JsonObject) -> list[Event]:
        """To champion. With a predecessor to go back to, the bake begins. What was compared with that one is in shadow no longer."""
        ended = self.end_shadows(release.endpoint, "another release is champion now")
        from tidemill.release.pairs import fair, test_span

        scope = self.project.endpoint(release.endpoint)
        bake = max(BAKE, test_span(scope) + scope.monitor.reach) if fair(scope) else BAKE
        seen = replace(release.evidence, bake_until=self.now + bake) if release.previous else release.evidence
        started = self.now if release.started is None else release.started
        self.write(release, stage=len(release.stages) - 1, stage_since=self.now, evidence=seen, started=started)
        self.project.store.releases.promote(release.id, self.now, self.tx)
        told = self.tell(release, "promoted", {"previous": release.previous, **said})
        return [*ended, *self._halt_held(release), told]

    def _halt_held(self, release: Release) -> list[Event]:
        """Those that wait for a person: they were compared with the champion before, and could not begin any more."""
        held = self.project.endpoint(release.endpoint).releases("held", self.tx)
        why = {"reason": f"{release.model} is champion now, and it was compared with the one before", "by": release.id}
        return [event for one in held if one.id != release.id for event in self.halt(one, why)]

    def end_bake(self, release: Release, said: JsonObject) -> list[Event]:
        if release.evidence.bake_until is None or self.now < release.evidence.bake_until:
            return []
        self.write(release, evidence=replace(release.evidence, bake_until=None, bake={"at": self.now, **said}))
        return [self.tell(release, "baked", said)]

    def roll_back(self, release: Release, reason: JsonObject) -> list[Event]:
        """Back. A canary that was compared with a champion that goes is halted with it."""
        events = self.halt_others(release) if release.status == "champion" else []
        champion = self.project.store.releases.roll_back(release.id, self.now, reason, self.tx)
        return [*events, self.tell(release, "rolled_back", {"champion": champion, **reason})]

    def halt_others(self, release: Release) -> list[Event]:
        why = "its champion was rolled back" if release.status == "champion" else f"{release.model} is newer"
        ended = self.end_shadows(release.endpoint, why)
        canary = in_progress(self.project, release.endpoint, self.tx)
        if canary is None or canary.id == release.id:
            return ended
        return [*ended, *self.halt(canary, {"reason": why, "by": release.id})]

    def end_shadows(self, endpoint: str, why: str) -> list[Event]:
        """What was compared with a champion that goes, or is older than what is judged now."""
        found = self.project.endpoint(endpoint).releases("shadow", self.tx)
        return [event for release in found for event in self.end_shadow(release, "replaced", why)]

    def end_shadow(self, release: Release, ended: str, reason: str) -> list[Event]:
        shadow = release.evidence.shadow and replace(release.evidence.shadow, ended=ended)
        self.write(release, status="refused", ended=self.now, evidence=replace(release.evidence, shadow=shadow))
        data = {"author": release.author, "decision": release.decision, "reason": reason, "shadow": ended}
        return [self.tell(release, "refused", data)]

    def halt(self, release: Release, reason: JsonObject) -> list[Event]:
        seen, dark = replace(release.evidence, halted=reason), release.evidence.shadow
        if release.status == "shadow" and dark is not None:
            seen = replace(seen, shadow=replace(dark, ended="halted"))
        self.write(release, status="halted", ended=self.now, evidence=seen)
        return [self.tell(release, "halted", reason)]
