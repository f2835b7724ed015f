"""A person's word on a release: yes, no, or "past the gates, because". Signed with the approval key.

The approver should not be the author. Who is alone has to be both: the word then says "self-approved". What a signature
shows is that the holder of the key on this machine said it; duties are separate only where that key is not on the
builder's machine.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tidemill.errors import NotApproved, ReleaseError
from tidemill.release.promotion import taken_back
from tidemill.release.rollout import rollout
from tidemill.release.signing import attest
from tidemill.release.signing.signer import seal, signer_of
from tidemill.store.records import Event, Release, Tx, Verdict
from tidemill.types import JsonObject, did_you_mean, named_id

if TYPE_CHECKING:
    from tidemill.scope.project import Project


def answer(
    project: Project, release_id: str, who: str, reason: str, role: str | None = None, *, yes: bool = True
) -> Release:
    """A person's yes or no to a held release: its rollout begins; or it is refused and ends, which works on a full disk.

    Raises NotApproved (the wrong role, no reason where a gate asks for one, what it was promoted from is taken back), ReleaseError.
    """
    release, now = project.store.releases.get(release_id), project.clock.now()
    if release.status != "held":
        raise ReleaseError(f"{release.id} is {release.status}: there is nothing to decide", place=release.endpoint)
    if yes and release.evidence.waits and not reason.strip():
        gates = " and ".join(release.evidence.waits)
        hint = 'the reason stays with the release: tidemill approve --reason "why it may serve"'
        raise NotApproved(f"{gates} left it to you, and you say no reason", place=f"release {release.id}", hint=hint)
    if yes and (back := taken_back(project.endpoint(release.endpoint), release)):
        raise NotApproved(back, place=f"release {release.id}", hint=f"tidemill reject {release.id}")
    said = _word(project, release, who, reason, role, "approved" if yes else "rejected")
    signer_of(project, "approval")  # its key may be on another disk: no room here helps that one

    def approve() -> None:
        envelope = _sign(project, release, attest.APPROVAL, said)
        evidence = replace(release.evidence, approved=said)
        _write(project, release, said, envelope, evidence=evidence, attestations=(*release.attestations, envelope))

    def refuse() -> None:
        envelope = _sign(project, release, attest.REJECTED, said)
        evidence = replace(release.evidence, rejected=said)
        _write(project, release, said, envelope, evidence=evidence, status="refused", ended=now)

    approve() if yes else project.reserve.helped(refuse)
    return project.store.releases.get(release.id)


def sign_force(project: Project, release: Release, who: str, reason: str) -> str:
    """The signed statement that somebody passes the gates by hand. The digest of its envelope."""
    return _sign(project, release, attest.FORCED, {"who": who, "reason": reason})


def _word(project: Project, release: Release, who: str, reason: str, role: str | None, decision: str) -> JsonObject:
    asked = project.endpoint(release.endpoint).gates.approval
    roles = asked.roles if asked else ()
    role = role or (roles[0] if len(roles) == 1 else None)
    if roles and role not in roles:
        hint = f"say in which role: --role {' or '.join(roles)}" if role is None else did_you_mean(role, roles)
        raise NotApproved(f"{role or 'no role'} may not decide on it", place=f"release {release.id}", hint=hint)
    alone = who == release.author
    word = {"who": who, "role": role or "", "reason": reason, "self_approved": alone}
    return {"release": release.id, "decision": decision, **word}


def _sign(project: Project, release: Release, kind: str, said: JsonObject) -> str:
    bundle = project.store.models.get(release.model).bundle
    word = {"release": release.id, "at": project.clock.now(), **said}
    return project.artifacts.put(
        seal(attest.statement(release.model, bundle, kind, word), signer_of(project, "approval"))
    )


def _write(project: Project, release: Release, said: JsonObject, envelope: str, **changes: Any) -> None:
    """The word as a verdict and an event, what it changes, and the start of the rollout: one transaction."""
    now, kind = project.clock.now(), said["decision"]
    evidence = {"said": f"{kind} by {said['who']}", **said}
    name = named_id("verdict", release.id, "approval")
    verdict = Verdict(name, release.model, "approval", "approval", kind == "approved", "", evidence, envelope, now)
    told = {"endpoint": release.endpoint, "model": release.model, **said}
    event = Event(named_id("event", release.id, kind), now, kind, f"release:{release.id}", told)

    def work(tx: Tx) -> None:
        if project.store.releases.get(release.id, tx).status != "held":
            raise ReleaseError(f"somebody else has decided on {release.id}", place=release.endpoint)
        project.store.verdicts.add(verdict, tx)
        project.store.releases.update(release.id, tx, **changes)
        project.store.events.add(event, tx)
        if kind == "approved":
            rollout.begin(project, release.id, now, tx)

    project.store.transact(work, said["who"])
