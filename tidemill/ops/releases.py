"""Releases: how they went, and what a person or the loop may decide about them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated, Any, Literal

from msgspec import Meta

from tidemill.access.acknowledged import switched
from tidemill.access.caller import Caller
from tidemill.access.needs import needs
from tidemill.errors import Conflict, NotFound
from tidemill.model import registry
from tidemill.ops import server
from tidemill.ops.act import act, record
from tidemill.ops.mirrored import MirrorShown, mirror_of
from tidemill.ops.page import Before, Limit, Page, page
from tidemill.ops.text import minute, plural
from tidemill.release import variants
from tidemill.release.rollout import rollout
from tidemill.scope.names import chosen_by
from tidemill.scope.project import Project
from tidemill.store.payloads import Saw
from tidemill.store.records import Event, Release, Verdict
from tidemill.types import Micros

if TYPE_CHECKING:
    from tidemill.store.sql.predictions import Given

Status = Literal[
    "shadow",
    "held",
    "canary",
    "arm",
    "holdout",
    "champion",
    "superseded",
    "replaced",
    "rolled_back",
    "refused",
    "halted",
]
Reason = Annotated[str, Meta(min_length=1, max_length=2_000)]
Role = Annotated[str, Meta(max_length=100)] | None


@dataclass(frozen=True)
class Keys:
    """The keys that a project's releases are signed with, and whether this machine takes them for its own."""

    project: str
    fingerprint: str
    trusted: bool


@dataclass(frozen=True)
class ReleaseShown:
    """A release, what the gates said at this attempt, and of these why it was refused, or what a person has to decide."""

    release: Release
    verdicts: list[Verdict]
    refused_by: dict[str, str]
    pairs: int | None  # live ones so far, of a candidate in shadow
    held_by: dict[str, str] = field(default_factory=dict)
    mirror: MirrorShown | None = None  # of a rollout that begins in shadow
    already: bool = False  # it was there, in this state, when it was asked for: nothing was begun
    beside: tuple[str, ...] = ()  # other ways in which its model answers meanwhile: holdout, arm

    @property
    def text(self) -> str:
        """What came of asking for it, and what comes next, beyond what its state and the gates say."""
        found, said = (
            self.release,
            [f"{self.release.model} goes on as {self.release.endpoint}'s {kind}" for kind in self.beside],
        )
        if self.already:
            state = found.status.replace("_", " ")
            said.append(f"{found.model} is {state} of {found.endpoint} already ({found.id}): nothing was begun")
        elif self.beside:
            said.append(f"{found.id} is another release of it")
        if found.status == "held":
            said.append(f"a person decides: tidemill approve {found.id}, or tidemill reject {found.id}")
        return "; ".join(said)


@dataclass(frozen=True)
class SawShown:
    """Who was answered by a release. The list of them is what the log still holds, from ``kept_since`` on."""

    release: str
    model: str
    status: str
    saw: Saw
    kept_since: Micros  # what was answered before is not kept; 0: everything is

    @property
    def text(self) -> str:
        """In a sentence."""
        saw = self.saw
        if not saw.requests or saw.first is None or saw.last is None:
            return "it has answered nobody" if saw.complete else "the log holds none of its answers any more"
        whose = f" of {plural(saw.subjects, 'subject')}" if saw.subjects else ""
        least = "" if saw.complete else "at least "
        span = f"from {minute(saw.first)} to {minute(saw.last)}"
        return f"it has answered {least}{plural(saw.requests, 'request')}{whose}, {span}"


@dataclass(frozen=True)
class Switched:
    """What was changed, and which scorers go by it."""

    events: list[Event]
    confirmed: int  # scorers that have switched by now
    ended: int  # scorers whose lease ended before they said so: they answer nobody until they have switched
    waiting: tuple[str, ...]  # hosts of scorers that have not said so

    @property
    def everywhere(self) -> bool:
        return not self.waiting


def ls(
    project: Project,
    status: Status | None = None,
    limit: Limit = 100,
    before: Before = None,
    endpoint: str | None = None,
) -> Page[Release]:
    """Releases, the latest first; of one endpoint, or of all."""
    name = endpoint and project.endpoint(endpoint).name
    where: dict[str, Any] = {"endpoint": name, "environment": project.environment, "status": status}
    return page(project.store.releases.page, limit, before, **where)


def show(project: Project, release: str) -> ReleaseShown:
    """One release."""
    found = project.store.releases.named(release)
    verdicts = registry.verdicts_of(project, found) or list(project.store.verdicts.list(model=found.model))
    refused, waits = registry.refusals(project, found), registry.waits(project, found)
    return ReleaseShown(found, verdicts, refused, pairs_of(project, found), waits, mirror_of(found))


def saw(project: Project, release: str) -> SawShown:
    """Who was answered by a release: as it was counted when it ended, of one that goes on as the log says now."""
    from tidemill.release.rollout.seen import count

    found = project.store.releases.named(release)
    counted = found.evidence.saw or count(project.endpoint(found.endpoint), found)
    return SawShown(found.id, found.model, found.status, counted, project.kept_since)


def seen_by(project: Project, release: str) -> Iterator[Given]:
    """Each answer that a release gave and that the log still holds, oldest first, read as they are asked for. Raises NotFound at once."""
    from tidemill.release.rollout.seen import seen_by

    found = named_here(project, release)
    return seen_by(project.endpoint(found.endpoint), found)


def refused_by(project: Project, release: Release) -> dict[str, str]:
    """Why the gates refused it, or could not decide; also where somebody passed them by hand."""
    told = release.status in ("refused", "shadow") or release.override
    return registry.refusals(project, release) if told else {}


def pairs_of(project: Project, release: Release) -> int | None:
    """How many live pairs there are of a candidate in shadow."""
    from tidemill.release.shadow import ripe

    shadow = release.evidence.shadow
    if shadow is None or release.status != "shadow" or release.endpoint not in project.endpoints:
        return None
    return ripe(project.endpoint(release.endpoint), shadow)


def in_shadow(release: Release, pairs: int | None) -> str:
    """How far it is, in a sentence; nothing where it is in none."""
    if variants.in_shadow(release):
        mirrored = mirror_of(release)
        return mirrored.said if mirrored else "nothing was asked of it yet"
    shadow = release.evidence.shadow
    if pairs is None or shadow is None:
        return ""
    seen = f"looked at {plural(len(shadow.looks), 'time')}, " if shadow.looks else ""
    return f"{seen}{plural(pairs, 'live pair')} so far, {'looked at next' if seen else 'first look'} at {shadow.next:,}"


def held_by(project: Project, release: Release) -> dict[str, str]:
    """What a person has to decide before it goes on."""
    return registry.waits(project, release) if release.status == "held" else {}


def word(verdict: Verdict) -> str:
    """What a gate said, in a word."""
    return verdict.verdict.replace("_", " ") or ("passed" if verdict.passed else "refused")


def tone(verdict: Verdict) -> str:
    """Whether it speaks for the candidate (ok), against it (bad), or for neither (warn)."""
    return "ok" if verdict.passed else "warn" if verdict.verdict in ("no_gain", "not_enough_data", "held") else "bad"


@needs("release.start")
def start(
    project: Project,
    caller: Caller,
    model: str = "latest",
    override: str | None = None,
    endpoint: str | None = None,
) -> ReleaseShown:
    """Gates, signatures, rollout: release a model version. ``override``: why the gates do not count; recorded and signed, and a
    permission of its own."""
    if override is not None:
        caller.need("release.override")
    return _released(project, caller, model, override, endpoint)


def _released(
    project: Project, caller: Caller, model: str, override: str | None = None, endpoint: str | None = None
) -> ReleaseShown:
    from tidemill.release.pipeline import release_candidate

    asked = registry.resolve(project, model)
    before = {r.id: r.status for r in project.serving(asked.name, endpoint).releases() if r.model == asked.ref}
    made = release_candidate(
        project, asked.ref, endpoint=endpoint, override=override, author=caller.name, principal=caller.principal
    )
    beside = tuple(sorted({kind for kind in before.values() if kind in (variants.HOLDOUT, variants.ARM)}))
    return replace(show(project, made.id), already=before.get(made.id) == made.status, beside=beside)


@needs("release.promote")
def promote(project: Project, caller: Caller, endpoint: str | None = None) -> ReleaseShown:
    """What serves in the environment before, through this one's own gates, approval and rollout: the same bytes, verified again."""
    from tidemill.release.promotion import ready

    scope = project.endpoint(endpoint)
    return _released(project, caller, ready(scope).model, endpoint=scope.name)


def waiting(project: Project, endpoint: str | None = None) -> dict[str, str]:
    """By endpoint, what keeps the champion of the environment before from being promoted to here."""
    from tidemill.release.promotion import waiting as waits

    scopes = project.endpoints.values() if endpoint is None else [project.endpoint(endpoint)]
    return {scope.name: said for scope in scopes if (said := waits(scope))}


@needs("release.advance")
def advance(project: Project, caller: Caller, release: str) -> list[Event]:
    """Look at the release under way now, live pairs too: to its next stage, or back, or wait. The loop does this by itself."""
    from tidemill.retrain.looks import by_hand

    found, now = under_way(project, release), project.clock.now()
    seen = by_hand(project.endpoint(found.endpoint), found, now)
    events = rollout.check(project, found.endpoint, now, seen, by=caller.name)
    if not events and rollout.moment(was := project.store.releases.get(found.id)) != rollout.moment(found):
        at = f"stage {was.stage + 1} of {len(was.stages)}" if was.status == "canary" else was.status.replace("_", " ")
        raise Conflict(f"somebody else was first: {found.id} is {at} now", hint="tidemill release status")
    return events


def under_way(project: Project, release: str) -> Release:
    """The release of this name, where it is the one that is looked at. Raises NotFound."""
    named = project.store.releases.named(release)
    found = rollout.watched(project, named.endpoint)
    if found is None or found.id != named.id:
        raise NotFound("no release is under way", hint="tidemill release status")
    return found


@needs("release.halt")
def halt(project: Project, caller: Caller, release: str, reason: Reason) -> Switched:
    """Stop a canary, or a shadow, without judging it; done when every scorer that is alive has switched."""
    return _switch(project, caller, "release.halt", release, reason, rollout.halt)


@needs("release.rollback")
def roll_back(project: Project, caller: Caller, release: str, reason: Reason) -> Switched:
    """Take a canary or the champion back; the champion before it answers again when every scorer that is alive has switched."""
    return _switch(project, caller, "release.rollback", release, reason, rollout.roll_back)


@needs("release.pause")
def pause(project: Project, caller: Caller, release: str, reason: Reason) -> Switched:
    """Have a canary answer nobody until it is resumed; its stage's time stands still. Done when every scorer that is alive has switched."""
    return _switch(project, caller, "release.pause", release, reason, rollout.pause)


@needs("release.resume")
def resume(project: Project, caller: Caller, release: str, reason: Reason) -> Switched:
    """Let a paused canary go on where it was, with the same subjects."""
    return _switch(project, caller, "release.resume", release, reason, rollout.resume)


def _switch(
    project: Project, caller: Caller, permission: str, release: str, reason: str, verb: Callable[..., list[Event]]
) -> Switched:
    """Change it in one transaction, and wait for the scorers. Raises Forbidden, NotFound, Conflict, ReleaseError."""
    found = named_here(project, release)
    events = act(project, caller, permission, lambda tx: verb(project, found.id, by=caller.name, reason=reason, tx=tx))
    if not (project.store.remote or project.store.scorers.live()):
        return Switched(events, int(server.refresh(project)), 0, ())
    known = switched(project.store, found.endpoint, project.environment)
    return Switched(events, known.confirmed, known.ended, known.waiting)


@needs("release.approve")
def approve(project: Project, caller: Caller, release: str, reason: str, role: Role = None) -> Release:
    """Say yes to a held release: its rollout begins. One's own is recorded as self-approved. Needs the approval key."""
    from tidemill.release import approvals

    return approvals.answer(project, named_here(project, release).id, caller, reason, role)


@needs("release.approve")
def reject(project: Project, caller: Caller, release: str, reason: str, role: Role = None) -> Release:
    """Say no to a held release: it ends. Needs the approval key."""
    from tidemill.release import approvals

    return approvals.answer(project, named_here(project, release).id, caller, reason, role, yes=False)


def named_here(project: Project, release: str) -> Release:
    """The release of this name, whole, by its beginning, or as a reference. Raises NotFound, and Conflict for another environment's:
    it is decided by the rules of its own."""
    found = project.store.releases.named(release)
    if found.environment != project.environment:
        raise Conflict(f"{found.id} is a release of another environment", hint=chosen_by(found.environment))
    return found


def pick(project: Project, release: str | None, *statuses: str, endpoint: str | None = None) -> str:
    """The release meant: the one named, or the only one in the first of these states that has any. Raises NotFound."""
    name = endpoint and project.endpoint(endpoint).name
    if release:
        try:
            return project.store.releases.named(release).id
        except NotFound as exc:
            hint = f"tidemill release status lists them; to say why, write --reason {release!r}"
            raise NotFound(exc.message, hint=hint) from exc
    found: Sequence[Release] = ()
    for status in statuses:
        found = found or project.store.releases.list(endpoint=name, environment=project.environment, status=status)
    if not found:
        listed = "tidemill release status lists them all"
        hint = listed if project.store.releases.list() else "tidemill run makes the first"
        raise NotFound(f"no release is {' or '.join(statuses)}", hint=hint)
    if len(found) != 1:
        raise NotFound(f"{len(found)} releases are {' or '.join(statuses)}", hint="name one: tidemill release status")
    return found[0].id


def keys(project: Project) -> Keys:
    """The fingerprint of the project's signing keys. Raises NotAttested."""
    from tidemill.release.signing import trust as signing

    return Keys(project.id, signing.offered(project).fingerprint, signing.is_trusted(project))


@needs("key.trust")
def trust(project: Project, caller: Caller, fingerprint: str) -> None:
    """Take the keys that came with the folder for the project's own on this machine. Raises NotAttested."""
    from tidemill.release.signing import trust as signing

    signing.trust(project, fingerprint)
    act(project, caller, "key.trust", lambda tx: record(project, "trusted", {"fingerprint": fingerprint}, tx))
