"""A person's word on what waits for one: yes, no, or "past the gates, because". Signed, with their own key or the project's.

The approver should not be the author. Who is alone has to be both: the word then says "self-approved". What the project's approval
key shows is that whoever was let in as the voter on this machine said it; duties are separate where the voter has a key of their
own, or where the approval key is not on the builder's machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from tidemill.access.approvals.cast import cast, hint_of, look, needs_look, principals_of
from tidemill.access.approvals.matter import Matter
from tidemill.access.approvals.rule import person_of
from tidemill.access.approvals.tally import Principals, Tally, why_void
from tidemill.access.caller import Caller
from tidemill.access.policy import policy_of
from tidemill.access.tokens import SCOPES
from tidemill.errors import BadRequest, Conflict, Forbidden, NotApproved, NotAvailableYet, ReleaseError
from tidemill.release.asked import MATTERS, Releasing, asked_of
from tidemill.release.promotion import taken_back
from tidemill.release.signing import attest, votes
from tidemill.release.signing.signer import seal, signer_of
from tidemill.scope.names import chosen_by
from tidemill.store.people import Approval, Principal, Vote
from tidemill.store.records import Event, Release
from tidemill.types import JsonObject, Micros, did_you_mean, new_id

if TYPE_CHECKING:
    from tidemill.scope.project import Project

MOST_REASON = 2_000
"""Characters of a reason, by whatever way it comes: it is signed, and stands in the verdict and the event."""


def answer(
    project: Project, release_id: str, who: str | Caller, reason: str, role: str | None = None, *, yes: bool = True
) -> Release:
    """A person's yes or no to a held release: its rollout begins; or it is refused and ends, which works on a full disk.

    Of several questions on it all that this person may answer are answered. Raises NotApproved (the wrong role, no reason where one
    is asked for, what it was promoted from is taken back), ReleaseError.
    """
    release = project.store.releases.get(release_id)
    if release.status != "held":
        raise ReleaseError(f"{release.id} is {release.status}: there is nothing to decide", place=release.endpoint)
    caller = who if isinstance(who, Caller) else Caller(who, SCOPES, "python")
    open_ = asked_of(project, release)
    if len(open_) > 1:
        hint = "answer each: " + ", ".join(f"tidemill approve {one.id} ({one.kind})" for one in open_)
        raise ReleaseError(f"{len(open_)} questions are asked about it", place=f"release {release.id}", hint=hint)
    vote(project, caller, open_[0], yes=yes, reason=reason, role=role, permission="release.approve")
    return project.store.releases.get(release.id)


def vote(
    project: Project,
    caller: Caller,
    approval: Approval,
    *,
    yes: bool,
    reason: str,
    role: str | None = None,
    seen: str | None = None,
    envelope: bytes | None = None,
    permission: str = "approval.vote",
) -> Tally:
    """A person's word on a question, and what it completes. ``seen``: the digest of the evidence that was looked at, else what is
    there now; ``envelope``: the vote, signed with the voter's own key. Raises NotApproved, Forbidden, Conflict, Expired, NotAttested."""
    _check_here(project, approval)
    matter, policy = matter_of(approval), policy_of(project).whole()
    approval = looked(project, approval, matter)
    made = word(project, caller, approval, yes=yes, reason=reason, role=role, seen=seen)
    _check(project, approval, made)
    said = votes.statement(approval, matter.about(project, approval), made)
    if envelope is not None:
        votes.check_own(project, project.store.principals.get(made.principal), envelope, said)
        made = replace(made, own_key=True)
    else:
        signer_of(project, "approval")  # its key may be on another disk: no room here helps that one

    def permits(roles: Sequence[str]) -> bool:
        return permission in policy.may(roles)

    def write() -> Tally:
        sealed = project.artifacts.put(votes.by_project(project, said) if envelope is None else envelope)
        signed = replace(made, envelope=sealed)
        return project.store.transact(
            lambda tx: cast(project, signed, matter, permits, tx), caller.name, caller.principal
        )

    return write() if yes else project.reserve.helped(write)


def word(
    project: Project,
    caller: Caller,
    approval: Approval,
    *,
    yes: bool,
    reason: str,
    role: str | None = None,
    seen: str | None = None,
) -> Vote:
    """The vote as the caller says it, unsigned. A role is looked up at the principal; who has no account names one."""
    voter = project.store.principals.get(caller.principal) if caller.principal else None
    return _word(project, caller, approval, voter, yes, reason, _role(approval, voter, role), seen)


def word_of(project: Project, caller: Caller, approval: Approval, role: str) -> Vote:
    """A yes as this caller would say it, with a reason: to see whether it would count."""
    voter = project.store.principals.look_up(caller.principal) if caller.principal else None
    return _word(project, caller, approval, voter, True, "asked", role, None)


def counts(approval: Approval, made: Vote, known: Principals) -> bool:
    """Whether this word would count."""
    return not why_void(approval, made, known)


def _word(
    project: Project,
    caller: Caller,
    approval: Approval,
    voter: Principal | None,
    yes: bool,
    reason: str,
    role: str,
    seen: str | None,
) -> Vote:
    person = person_of(voter)
    alone = person == approval.person if person or approval.person else caller.name == approval.who
    return Vote(
        id=new_id("vote"),
        approval=approval.id,
        principal=caller.principal,
        person=person,
        role=role,
        yes=yes,
        reason=reason,
        at=project.clock.now(),
        seen=approval.inputs_digest if seen is None else seen,
        self_approved=alone,
        who=caller.name,
    )


def looked(project: Project, approval: Approval, matter: Matter | None) -> Approval:
    """The question as it is now: what has ended meanwhile is ended."""
    now = project.clock.now()
    if not needs_look(project, approval, matter, now):
        return project.store.approvals.get(approval.id)
    return project.store.transact(lambda tx: look(project, approval, matter, now, tx))


def statement(
    project: Project, caller: Caller, approval: Approval, *, yes: bool, reason: str, role: str | None = None
) -> JsonObject:
    """What the voter's own key has to sign for this vote. Raises NotApproved."""
    _check_here(project, approval)
    made = word(project, caller, approval, yes=yes, reason=reason, role=role)
    _check(project, approval, made)
    return votes.statement(approval, matter_of(approval).about(project, approval), made)


def look_at_all(project: Project, now: Micros) -> list[Event]:
    """End what has ended of all that is asked: questions whose time is over, and those that nothing waits for any more. Their events."""
    events: list[Event] = []
    for approval in project.store.approvals.list(status="open", environment=project.environment):
        matter = MATTERS.get(approval.kind)
        if needs_look(project, approval, matter, now):
            ended = project.store.transact(lambda tx: look(project, approval, matter, now, tx))  # noqa: B023
            if ended.status != "open":
                events += project.store.events.list(subject=ended.subject, kind=f"approval_{ended.status}")[-1:]
    return events


def matter_of(approval: Approval) -> Matter:
    """What is behind the question. Raises NotAvailableYet."""
    if approval.kind not in MATTERS:
        hint = "upgrade Tidemill to the version that asked it"
        raise NotAvailableYet(f"this version knows no question of the kind {approval.kind!r}", hint=hint)
    return MATTERS[approval.kind]


def sign_force(project: Project, release: Release, who: str, reason: str) -> str:
    """The signed statement that somebody passes the gates by hand. The digest of its envelope."""
    bundle = project.store.models.get(release.model).bundle
    said: JsonObject = {"release": release.id, "at": project.clock.now(), "who": who, "reason": reason}
    return project.artifacts.put(
        seal(attest.statement(release.model, bundle, attest.FORCED, said), signer_of(project, "approval"))
    )


def _check_here(project: Project, approval: Approval) -> None:
    """What is asked in an environment is answered there, by its rules and keys. Raises Conflict."""
    if approval.environment not in ("", project.environment):
        hint = chosen_by(approval.environment)
        raise Conflict(f"{approval.id} is asked in another environment", place=approval.subject, hint=hint)


def _check(project: Project, approval: Approval, made: Vote) -> None:
    """What is said before anything is signed; the transaction looks again. Raises BadRequest, NotApproved, Forbidden."""
    place = approval.subject.replace(":", " ", 1)
    if len(made.reason) > MOST_REASON:
        raise BadRequest(
            f"longer than {MOST_REASON:,} characters", place="reason", hint="write it somewhere, and say where"
        )
    if made.yes and approval.asks_reason and not made.reason.strip():
        hint = 'the reason stays with it: tidemill approve --reason "why it may be"'
        raise NotApproved(f"{approval.rule} leaves it to you, and you say no reason", place=place, hint=hint)
    voter = project.store.principals.get(made.principal) if made.principal else None
    if voter is not None and voter.disabled is not None:
        raise Forbidden(f"{voter.name} is disabled", hint="ask an administrator")
    known = principals_of(project, [made], approval)
    if approval.status == "open" and (why := why_void(approval, replace(made, own_key=True), known)):
        raise NotApproved(why, place=place, hint=hint_of(approval))
    _check_promotion(project, approval, made)


def _check_promotion(project: Project, approval: Approval, made: Vote) -> None:
    if not made.yes or not isinstance(MATTERS.get(approval.kind), Releasing):
        return
    release = project.store.releases.named(approval.subject)
    if back := taken_back(project.endpoint(release.endpoint), release):
        raise NotApproved(back, place=f"release {release.id}", hint=f"tidemill reject {release.id}")


def _role(approval: Approval, voter: Principal | None, role: str | None) -> str:
    """The role in which it is said: the one named, else the only one of theirs that may. Raises NotApproved."""
    mine = [one for one in approval.roles if voter is None or one in voter.roles]
    said = role or (mine[0] if len(mine) == 1 or (voter is not None and mine) else "")
    if not approval.roles:
        return said if voter is None or said in voter.roles else ""
    if said not in mine:
        place = approval.subject.replace(":", " ", 1)
        named = f"say in which role: --role {' or '.join(mine)}" if not said and mine else did_you_mean(said, mine)
        hint = named if mine else f"none of your roles may: it asks for {' or '.join(approval.roles)}"
        raise NotApproved(f"{said or 'no role'} may not decide on it", place=place, hint=hint)
    return said
