"""Releases: how they went, and what a person or the loop may decide about them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Annotated, Literal

from msgspec import Meta

from tidemill.access.caller import Caller
from tidemill.errors import NotFound, ServeError
from tidemill.model import registry
from tidemill.ops.act import act
from tidemill.ops.page import Before, Limit, Page, page
from tidemill.release.rollout import rollout
from tidemill.scope.project import Project
from tidemill.store.records import Event, Release, Verdict

Status = Literal["held", "canary", "champion", "superseded", "rolled_back", "refused", "halted"]
Reason = Annotated[str, Meta(min_length=1, max_length=2_000)]
Role = Annotated[str, Meta(max_length=100)] | None


@dataclass(frozen=True)
class ReleaseShown:
    """A release, what the gates said at this attempt, and of these why it was refused."""

    release: Release
    verdicts: list[Verdict]
    refused_by: dict[str, str]


def ls(
    project: Project,
    status: Status | None = None,
    limit: Limit = 100,
    before: Before = None,
    endpoint: str | None = None,
) -> Page[Release]:
    """Releases, the latest first; of one endpoint, or of all."""
    name = endpoint and project.endpoint(endpoint).name
    found = project.store.releases.page(endpoint=name, status=status, before=before, limit=limit + 1)
    return page(found, limit, lambda r: r.id)


def show(project: Project, release: str) -> ReleaseShown:
    """One release."""
    found = project.store.releases.get(release)
    said = registry.verdicts_of(project, found) or list(project.store.releases.verdicts(found.model))
    return ReleaseShown(found, said, registry.refusals(project, found))


def start(project: Project, caller: Caller, model: str = "latest", override: str | None = None) -> ReleaseShown:
    """Gates, signatures, rollout: release a model version. ``override``: why the gates do not count; recorded and signed."""
    from tidemill.release.pipeline import release_candidate

    caller.need("operate")
    ref = registry.resolve(project, model).ref
    made = release_candidate(project, ref, override=override, author=caller.name)
    return show(project, made.id)


def advance(project: Project, caller: Caller, release: str | None = None, endpoint: str | None = None) -> list[Event]:
    """Look at the release under way now: to its next stage, or back, or wait. The loop does this by itself."""
    from tidemill.monitor.quality import evidence

    caller.need("operate")
    named = project.store.releases.get(release).endpoint if release else endpoint
    endpoint, now = project.endpoint(named).name, project.clock.now()
    found = rollout.watched(project, endpoint)
    if found is None or (release and found.id != release):
        raise NotFound("no release is under way", hint="tidemill release status")
    return rollout.check(project, endpoint, now, evidence(project.endpoint(endpoint), found, now))


def halt(project: Project, caller: Caller, release: str, reason: Reason) -> list[Event]:
    """Stop a canary without judging it."""
    now = project.clock.now()
    return act(
        project, caller, lambda tx: rollout.halt(project, release, by=caller.name, reason=reason, now=now, tx=tx)
    )


def roll_back(project: Project, caller: Caller, release: str, reason: Reason) -> list[Event]:
    """Take a canary or the champion back; the champion before it answers again at once."""
    now = project.clock.now()
    return act(
        project, caller, lambda tx: rollout.roll_back(project, release, by=caller.name, reason=reason, now=now, tx=tx)
    )


def approve(project: Project, caller: Caller, release: str, reason: str, role: Role = None) -> Release:
    """Say yes to a held release: its rollout begins. One's own is recorded as self-approved. Needs the approval key."""
    from tidemill.release import approvals

    caller.need("operate")
    return approvals.approve(project, release, caller.name, reason, role)


def reject(project: Project, caller: Caller, release: str, reason: str, role: Role = None) -> Release:
    """Say no to a held release: it ends. Needs the approval key."""
    from tidemill.release import approvals

    caller.need("operate")
    return approvals.reject(project, release, caller.name, reason, role)


def pick(project: Project, release: str | None, *statuses: str, endpoint: str | None = None) -> str:
    """The release meant: the one named, or the only one in the first of these states that has any. Raises NotFound."""
    name = endpoint and project.endpoint(endpoint).name
    if release:
        try:
            return project.store.releases.get(release).id
        except NotFound as exc:
            hint = f"tidemill release status lists them; to say why, write --reason {release!r}"
            raise NotFound(exc.message, hint=hint) from exc
    found: Sequence[Release] = ()
    for status in statuses:
        found = found or project.store.releases.list(name, status)
    if not found:
        listed = "tidemill release status lists them all"
        hint = listed if project.store.releases.list() else "tidemill run makes the first"
        raise NotFound(f"no release is {' or '.join(statuses)}", hint=hint)
    if len(found) != 1:
        raise NotFound(f"{len(found)} releases are {' or '.join(statuses)}", hint="name one: tidemill release status")
    return found[0].id


def follow(project: Project) -> bool:
    """Ask the running server to look at the releases now rather than in a moment; whether one runs."""
    from tidemill.serve.client import Client

    try:
        with closing(Client.of(project.root, timeout=10)) as client:
            client.post("/control/refresh", {})
    except ServeError:
        return False
    return True
