"""What happens to releases at one moment, in one transaction: each change, and its event."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tidemill.errors import ReleaseError
from tidemill.release.rollout.timing import bake_of, patience_until
from tidemill.release.variants import in_shadow
from tidemill.store.payloads import Pause
from tidemill.store.records import Event, Release, Tx
from tidemill.types import JsonObject, Micros, named_id, to_iso

if TYPE_CHECKING:
    from tidemill.scope.project import Project


@dataclass(frozen=True, slots=True)
class Change:
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
        data = {"stage": release.stage, "reason": "; ".join(why), "until": to_iso(patience_until(release))}
        return [self.tell(release, kind, data)]

    def pause(self, release: Release, by: str, reason: str) -> list[Event]:
        if release.evidence.paused is not None:
            raise ReleaseError(
                f"{release.id} is paused already", place=release.endpoint, hint="tidemill release resume"
            )
        self.write(release, evidence=replace(release.evidence, paused=Pause(self.now, by, reason)))
        return [self.tell(release, "paused", {"stage": release.stage, "reason": reason, "by": by})]

    def resume(self, release: Release, by: str, reason: str) -> list[Event]:
        pause = release.evidence.paused
        if pause is None:
            raise ReleaseError(f"{release.id} is not paused", place=release.endpoint, hint="tidemill release status")
        span = max(self.now - pause.since, 0)
        seen = replace(
            release.evidence,
            paused=None,
            pauses=(*release.evidence.pauses, replace(pause, until=self.now)),
            uncounted=release.evidence.uncounted + span,
        )
        self.write(release, evidence=seen)
        return [self.tell(release, "resumed", {"stage": release.stage, "reason": reason, "by": by, "paused_us": span})]

    def clock_moved(self, release: Release, moved: Micros, failed: int) -> list[Event]:
        """Forward: that much of its time does not count. Back: what was seen lies in the future now, and it is judged anew.

        A champion that bakes no more has nothing to be judged by but its time here, which is told to nobody.
        """
        seen, changes = release.evidence, dict[str, Any]()
        if seen.bake_until is not None:
            seen = replace(seen, bake_until=seen.bake_until + moved)
        if moved > 0 and seen.paused is None:  # else it is a part of the pause, which does not count when that is over
            seen = replace(seen, uncounted=seen.uncounted + moved)
        elif moved < 0:
            paused = seen.paused and replace(seen.paused, since=self.now)
            seen = replace(seen, uncounted=0, failed_before=failed, paused=paused, watch=None)
            seen = replace(seen, mirror=None if in_shadow(release) else seen.mirror)
            changes = {"stage_since": self.now, "started": self.now}
        self.write(release, evidence=seen, **changes)
        if release.status == "champion" and seen.bake_until is None:
            return []
        way = "forward: that time does not count" if moved > 0 else "back: it is judged anew from now on"
        return [self.tell(release, "clock", {"moved": moved, "reason": f"the clock was set {way}"})]

    def advance(self, release: Release, said: JsonObject) -> list[Event]:
        following = release.stage + 1
        stages = (*release.evidence.stages, {"stage": release.stage, "at": self.now, **said})
        seen = replace(release.evidence, stages=stages, uncounted=0)
        if following >= len(release.stages) or release.stages[following]["share"] >= 1:
            return self.promote(replace(release, evidence=seen), said)
        self.write(release, stage=following, stage_since=self.now, evidence=seen)
        return [self.tell(release, "stage", {"stage": following, **release.stages[following], **said})]

    def promote(self, release: Release, said: JsonObject) -> list[Event]:
        """To champion. With a predecessor to go back to, the bake begins. What was compared with that one is in shadow no longer."""
        ended = self.end_shadows(release.endpoint, "another release is champion now")
        bake = bake_of(self.project.endpoint(release.endpoint), release)
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
        events += self.halt_arms(release)
        champion = self.project.store.releases.roll_back(release.id, self.now, reason, self.tx)
        if champion is not None and champion != release.id and release.status == "champion":
            back = self.project.store.releases.get(champion, self.tx)
            self.write(back, evidence=replace(back.evidence, uncounted=0, watch=None, bake_until=None))
        return [*events, self.tell(release, "rolled_back", {"champion": champion, **reason})]

    def halt_arms(self, release: Release) -> list[Event]:
        """An A/B one arm of which is the model that is taken back: both arms answer nobody any more, and the loop ends it."""
        arms = self.project.endpoint(release.endpoint).releases("arm", self.tx)
        if not any(arm.model == release.model for arm in arms):
            return []
        why = {"reason": f"{release.model} was rolled back", "by": release.id}
        return [event for arm in arms for event in self.halt(arm, why)]

    def halt_others(self, release: Release) -> list[Event]:
        why = "its champion was rolled back" if release.status == "champion" else f"{release.model} is newer"
        ended = self.end_shadows(release.endpoint, why)
        canary = next(iter(self.project.endpoint(release.endpoint).releases("canary", self.tx)), None)
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
