"""A person's word on a release: yes, no, or "past the gates, because". Signed with the approval key.

The approver should not be the author. Who is alone has to be both: the word then says "self-approved". What a signature
shows is that the holder of the key on this machine said it; duties are separate only where that key is not on the
builder's machine.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tidemill.errors import NotApproved, ReleaseError
from tidemill.release.rollout import rollout
from tidemill.release.signing import attest
from tidemill.release.signing.signer import FileSigner, Signer, seal, signer_of
from tidemill.store.records import Event, Release, Verdict
from tidemill.types import JsonObject, Micros, did_you_mean, named_id

if TYPE_CHECKING:
    from tidemill.scope.project import Project


def approval_signer(project: Project) -> FileSigner:
    """The approval key: another than the gates'."""
    return signer_of(project, "approval")


def approve(
    project: Project,
    release_id: str,
    who: str,
    reason: str,
    role: str | None = None,
    signer: Signer | None = None,
) -> Release:
    """Say yes to a held release and start its rollout. Raises NotApproved (the wrong role), ReleaseError."""
    release = _held(project, release_id)
    said = _word(project, release, who, reason, role, "approved")
    envelope = _sign(project, release, attest.APPROVAL, said, signer)
    _write(project, release, said, envelope, begin=True, attestations=(*release.attestations, envelope))
    return project.store.releases.get(release.id)


def reject(
    project: Project,
    release_id: str,
    who: str,
    reason: str,
    role: str | None = None,
    signer: Signer | None = None,
) -> Release:
    """Say no to a held release: it is refused, and ends. Works on a full disk.

    Raises NotApproved (the wrong role), ReleaseError.
    """
    release = _held(project, release_id)
    said = _word(project, release, who, reason, role, "rejected")
    signer = signer or approval_signer(project)  # its key may be on another disk: no room here helps that one

    def refuse() -> None:
        envelope = _sign(project, release, attest.REJECTED, said, signer)
        _write(project, release, said, envelope, begin=False, status="refused", ended=project.clock.now())

    project.reserve.helped(refuse)
    return project.store.releases.get(release.id)


def sign_force(project: Project, release: Release, who: str, reason: str, signer: Signer | None = None) -> str:
    """The signed statement that somebody passes the gates by hand. The digest of its envelope."""
    if not reason.strip():
        raise ReleaseError("passing the gates by hand needs a reason", hint='--force "why"')
    return _sign(project, release, attest.FORCED, {"who": who, "reason": reason}, signer)


def _held(project: Project, release_id: str) -> Release:
    release = project.store.releases.get(release_id)
    if release.status != "held":
        raise ReleaseError(f"{release.id} is {release.status}: there is nothing to decide", place=release.endpoint)
    return release


def _word(project: Project, release: Release, who: str, reason: str, role: str | None, decision: str) -> JsonObject:
    asked = project.endpoint(release.endpoint).gates.approval
    roles = asked.roles if asked else ()
    role = role or (roles[0] if len(roles) == 1 else None)
    if roles and role not in roles:
        hint = f"say in which role: --role {' or '.join(roles)}" if role is None else did_you_mean(role, roles)
        raise NotApproved(f"{role or 'no role'} may not decide on it", place=f"release {release.id}", hint=hint)
    return {
        "release": release.id,
        "decision": decision,
        "who": who,
        "role": role or "",
        "reason": reason,
        "self_approved": who == release.author,
    }


def _sign(project: Project, release: Release, kind: str, said: JsonObject, signer: Signer | None) -> str:
    bundle = project.store.models.get(release.model).bundle
    word = {"release": release.id, "at": project.clock.now(), **said}
    statement = attest.statement(release.model, bundle, kind, word)
    return project.artifacts.put(seal(statement, signer or approval_signer(project)))


def _write(project: Project, release: Release, said: JsonObject, envelope: str, begin: bool, **changes: Any) -> None:
    """The word as a verdict and an event, what it changes, and the start of the rollout: one transaction."""
    now: Micros = project.clock.now()
    passed = said["decision"] == "approved"
    evidence = {"said": f"{said['decision']} by {said['who']}", **said}
    name = named_id("verdict", release.id, "approval")
    verdict = Verdict(name, release.model, "approval", "approval", passed, False, evidence, envelope, now)
    kind = said["decision"]
    told = {"endpoint": release.endpoint, "model": release.model, **said}
    event = Event(named_id("event", release.id, kind), now, kind, f"release:{release.id}", told)

    def work(tx: Any) -> None:
        if project.store.releases.get(release.id, tx).status != "held":
            raise ReleaseError(f"somebody else has decided on {release.id}", place=release.endpoint)
        project.store.verdicts.add(verdict, tx)
        seen = replace(release.evidence, approved=said) if passed else replace(release.evidence, rejected=said)
        more = {"evidence": seen, **changes}
        project.store.releases.update(release.id, tx, **more)
        project.store.events.add(event, tx)
        if begin:
            rollout.begin(project, release.id, now, tx)

    project.store.transact(work, said["who"])
