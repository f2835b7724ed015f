"""What people are asked before something is done: the questions, the words on them, and one's own word."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Literal

from msgspec import Meta

from tidemill.access.approvals.cast import principals_of
from tidemill.access.approvals.cast import take_back as taken_back
from tidemill.access.approvals.tally import Tally, persons, tally
from tidemill.access.caller import Caller
from tidemill.access.needs import needs
from tidemill.errors import NotAttested, NotFound, TidemillError
from tidemill.ops.act import act
from tidemill.ops.page import Before, Limit, Page, page
from tidemill.ops.text import minute, plural
from tidemill.release import approvals
from tidemill.release.asked import MATTERS, asked_of
from tidemill.release.signing.votes import check_record
from tidemill.scope.project import Project
from tidemill.store.people import Approval, Vote
from tidemill.types import JsonObject

Status = Literal["open", "approved", "rejected", "expired", "withdrawn", "served"]
Why = Annotated[str, Meta(max_length=approvals.MOST_REASON)]
Role = Annotated[str, Meta(max_length=100)] | None
Seen = Annotated[str, Meta(max_length=100, description="The digest of the evidence that was looked at.")] | None
Envelope = (
    Annotated[str, Meta(max_length=20_000, description="The vote as a DSSE envelope, signed by the voter.")] | None
)


@dataclass(frozen=True)
class VoteShown:
    """A word, whose it is by name, and whether it counts."""

    vote: Vote
    name: str
    counts: bool
    void: str  # why it does not count
    signed_by: str  # own key | the project's key, for a session | not signed | why it cannot be believed as it stands


@dataclass(frozen=True)
class ApprovalShown:
    """A question, what was said on it, and what is missing."""

    approval: Approval
    asked_by: str
    votes: list[VoteShown]
    wanted: int
    missing: int
    text: str


def ls(
    project: Project,
    status: Status | None = None,
    kind: Annotated[str, Meta(max_length=100)] | None = None,
    subject: Annotated[str, Meta(max_length=300)] | None = None,
    limit: Limit = 100,
    before: Before = None,
) -> Page[Approval]:
    """Questions, the latest first."""
    approvals.look_at_all(project, project.clock.now())
    return page(project.store.approvals.page, limit, before, status=status, kind=kind, subject=subject)


def show(project: Project, approval: str) -> ApprovalShown:
    """One question: by its id, or by the release that it is about."""
    return shown(project, named(project, approval))


@needs("approval.vote")
def vote(
    project: Project,
    caller: Caller,
    approval: str,
    yes: bool,
    reason: Why = "",
    role: Role = None,
    seen: Seen = None,
    envelope: Envelope = None,
) -> ApprovalShown:
    """Say yes or no; with the last yes that was missing it is done. One's own release alone is recorded as self-approved.

    Without an ``envelope`` it is signed with the project's approval key, which has to be on this machine.
    """
    found = named(project, approval)
    given = {"yes": yes, "reason": reason, "role": role, "seen": seen}
    approvals.vote(project, caller, found, **given, envelope=envelope.encode() if envelope else None)  # type: ignore[arg-type]
    return shown(project, project.store.approvals.get(found.id))


@needs("approval.vote")
def take_back(project: Project, caller: Caller, approval: str) -> ApprovalShown:
    """Take one's own word back, while the question is open."""
    found, now = named(project, approval), project.clock.now()
    act(
        project,
        caller,
        "approval.vote",
        lambda tx: taken_back(project, found.id, caller.principal, caller.name, now, tx),
    )
    return shown(project, found)


@needs("approval.vote")
def statement(
    project: Project, caller: Caller, approval: str, yes: bool, reason: Why = "", role: Role = None
) -> JsonObject:
    """What one's own key has to sign for this vote: an in-toto Statement; and what it is about, to be looked at first."""
    return approvals.statement(project, caller, named(project, approval), yes=yes, reason=reason, role=role)


def named(project: Project, text: str) -> Approval:
    """The question of this id, or the one open on the release of this name. Raises NotFound."""
    if text.startswith(("approval_", "approval:")):
        found = project.store.approvals.named(text)
        return approvals.looked(project, found, MATTERS.get(found.kind))
    release = project.store.releases.named(text)
    open_ = asked_of(project, release)
    if len(open_) > 1:
        which = ", ".join(f"{one.id} ({one.kind})" for one in open_)
        raise NotFound(f"{len(open_)} questions are open on {release.id}", place=text, hint=f"name one: {which}")
    last = open_ or project.store.approvals.list(subject=f"release:{release.id}")[-1:]
    if not last:
        raise NotFound(f"nothing is asked about {release.id}", place=text, hint="tidemill inbox --all")
    return approvals.looked(project, last[0], MATTERS.get(last[0].kind))


def shown(project: Project, approval: Approval) -> ApprovalShown:
    """A question with the words on it, as they count now."""
    votes = project.store.votes.list(approval=approval.id)
    known = principals_of(project, votes, approval)
    found = tally(approval, votes, known)
    names = names_of(project, [approval.author, *(vote.principal for vote in votes)])
    listed = [_word_shown(project, approval, vote, names, found) for vote in votes]
    asked_by = names.get(approval.author, approval.who or "the loop")
    return ApprovalShown(approval, asked_by, listed, found.wanted, found.missing, standing(approval, found))


def standing(approval: Approval, found: Tally) -> str:
    """How it stands, in a sentence."""
    if approval.status != "open":
        return approval.status
    who = " or ".join(approval.roles) or "whoever may vote"
    of = "" if found.wanted == 1 else f" ({len(found.yes)} of {found.wanted} have said yes)"
    until = f", until {minute(approval.due)}" if approval.due is not None else ""
    other = ", other than who asks" if approval.four_eyes else ""
    void = f"; {plural(len(found.void), 'word')} not counted" if found.void else ""
    return f"waits for {who}{other}{of}{until}{void}"


def names_of(project: Project, principals: Sequence[str]) -> dict[str, str]:
    """How people call these."""
    found = (project.store.principals.look_up(id) for id in dict.fromkeys(filter(None, principals)))
    return {one.id: one.display or one.name for one in found if one is not None}


def may_answer(project: Project, who: Caller, approval: Approval) -> bool:
    """Whether this person's yes or no is what an open question waits for."""
    role = next((one for one in approval.roles if one in who.roles), "")
    if not who.principal:
        role = next(iter(approval.roles), "")
    made = replace(approvals.word_of(project, who, approval, role), own_key=True)
    votes = project.store.votes.list(approval=approval.id)
    known = principals_of(project, [*votes, made], approval)
    mine = persons(made, known)
    if any(persons(one, known) & mine or (not mine and one.who == who.name) for one in votes):
        return False
    return approvals.counts(approval, made, known)


def _word_shown(project: Project, approval: Approval, vote: Vote, names: Mapping[str, str], found: Tally) -> VoteShown:
    """What was signed goes before the record."""
    void, signed_by = found.void.get(vote.id, ""), "own key" if vote.own_key else "the project's key, for a session"
    if not vote.envelope:
        signed_by = "not signed"
    else:
        try:
            check_record(project, approval, vote)
        except TidemillError as exc:
            signed_by = str(exc)
            unknown = isinstance(exc, NotAttested) and exc.reason is None  # this machine has no keys to tell by
            void = void or ("" if unknown else "it is not what was signed")
    return VoteShown(vote, names.get(vote.principal, vote.who), not void, void, signed_by)


def envelope_text(envelope: bytes) -> str:
    """As `vote` takes it."""
    return json.dumps(json.loads(envelope))
