"""A word on a question, and what it brings about: one transaction, in which everything that it rests on is read again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from tidemill.access.approvals.matter import Matter
from tidemill.access.approvals.rule import person_of, seen
from tidemill.access.approvals.tally import Principals, Tally, tally, why_void
from tidemill.access.principals import acting
from tidemill.errors import Conflict, Expired, Forbidden, NotApproved, NotFound
from tidemill.store.people import Approval, Principal, Vote
from tidemill.store.records import Event, Tx
from tidemill.types import JsonObject, Micros, named_id, new_id

if TYPE_CHECKING:
    from tidemill.scope.project import Project

Permits = Callable[[Sequence[str]], bool]
"""Whether these roles let somebody vote, by the policy."""


def cast(project: Project, vote: Vote, matter: Matter, permits: Permits, tx: Tx) -> Tally:
    """Write the word down, and do what it completes. ``permits``: whether who has these roles may vote on it.

    Raises NotApproved, Forbidden, Conflict, Expired, and what the effect raises.
    """
    store, approval = project.store, project.store.approvals.get(vote.approval, tx)
    _check_open(approval, vote.at)
    _check_inputs(project, approval, vote, matter, tx)
    principals = principals_of(project, [vote, *store.votes.list(approval=approval.id, tx=tx)], approval, tx)
    voter = principals.get(vote.principal)
    if vote.principal and (voter is None or voter.disabled is not None):
        raise Forbidden("this account is no longer there, or is disabled", place=vote.who, hint="ask an administrator")
    if voter is not None and not permits(voter.roles):
        raise Forbidden("no role of theirs lets them say it", place=vote.who, hint="ask an administrator")
    if vote.person != person_of(voter):
        raise Conflict("whose word it is has changed meanwhile", place=approval.id, hint="say it again")
    if why := why_void(approval, vote, principals):
        raise NotApproved(why, place=approval.subject, hint=hint_of(approval))
    _make_room(project, approval, vote, principals, tx)
    store.votes.add(vote, tx)
    found = tally(approval, store.votes.list(approval=approval.id, tx=tx), principals)
    said = told(approval, vote, found)
    if found.status == "open":
        store.events.add(Event(named_id("event", vote.id), vote.at, "vote", approval.subject, said), tx)
        return found
    store.approvals.update(approval.id, tx, status=found.status, ended=vote.at)
    if found.no is not None:
        matter.rejected(project, approval, vote, said, tx)
        withdraw_others(project, approval, vote.at, tx)
    else:
        matter.approved(project, approval, found.yes, said, tx)
    return found


def take_back(project: Project, approval_id: str, principal: str, who: str, now: Micros, tx: Tx) -> Vote:
    """A word that was said is said no more, while the question is open. Raises NotFound, Expired, Conflict."""
    approval = project.store.approvals.get(approval_id, tx)
    _check_open(approval, now)
    voter = project.store.principals.look_up(principal, tx=tx) if principal else None
    mine = _of_person(project, approval, person_of(voter), who, tx)
    if mine is None:
        raise NotFound("you have said nothing on it", place=approval.subject, hint=f"tidemill approve {approval.id}")
    project.store.votes.delete(mine.id, tx)
    data: JsonObject = {"approval": approval.id, "vote": mine.id, "was": "yes" if mine.yes else "no"}
    project.store.events.add(Event(new_id("event"), now, "vote_taken_back", approval.subject, data), tx)
    return mine


def look(project: Project, approval: Approval, matter: Matter | None, now: Micros, tx: Tx) -> Approval:
    """The question as it is now: expired, withdrawn where nothing waits for it any more, or with the evidence of now."""
    approval = project.store.approvals.get(approval.id, tx)
    if approval.status != "open" or matter is None:
        return approval
    if not matter.waits(project, approval, tx):
        return _end(project, approval, "withdrawn", "nothing waits for the answer any more", now, tx)
    if approval.due is not None and approval.due <= now:
        ended = _end(project, approval, "expired", "nobody answered in time", now, tx)
        matter.expired(project, ended, tx)
        withdraw_others(project, ended, now, tx)
        return ended
    inputs = matter.inputs(project, approval, tx)
    if seen(inputs) == approval.inputs_digest:
        return approval
    project.store.approvals.update(approval.id, tx, inputs=inputs, inputs_digest=seen(inputs))
    data: JsonObject = {"approval": approval.id, "was": approval.inputs_digest, "is": seen(inputs)}
    data["reason"] = "what is shown has changed: words that were said before do not count"
    project.store.events.add(Event(new_id("event"), now, "evidence_changed", approval.subject, data), tx)
    return replace(approval, inputs=inputs, inputs_digest=seen(inputs))


def needs_look(project: Project, approval: Approval, matter: Matter | None, now: Micros) -> bool:
    """Whether `look` would change it: asked without a transaction."""
    if approval.status != "open" or matter is None:
        return False
    over = approval.due is not None and approval.due <= now
    if over or not matter.waits(project, approval, None):
        return True
    return seen(matter.inputs(project, approval, None)) != approval.inputs_digest


def withdraw_others(project: Project, approval: Approval, now: Micros, tx: Tx) -> None:
    """What else was asked about it needs no answer any more."""
    for other in project.store.approvals.list(subject=approval.subject, status="open", tx=tx):
        if other.id != approval.id:
            project.store.approvals.update(other.id, tx, status="withdrawn", ended=now)


def told(approval: Approval, vote: Vote, found: Tally) -> JsonObject:
    """A word, for people."""
    word: JsonObject = {"who": vote.who, "role": vote.role, "reason": vote.reason, "self_approved": vote.self_approved}
    word |= {"approval": approval.id, "decision": "approved" if vote.yes else "rejected"}
    if vote.principal:
        word |= {"principal": vote.principal, "own_key": vote.own_key}
    if found.wanted > 1:
        word |= {"yes": len(found.yes), "wanted": found.wanted}
    if found.void:
        word["void"] = dict(found.void)
    return word


def hint_of(approval: Approval) -> str:
    """Who may, and how."""
    roles = f" {' or '.join(approval.roles)}" if approval.roles else " who may vote"
    signed = ", signed with their own key" if approval.own_key else ""
    return f"another person{roles} can{signed}: tidemill approve {approval.id} --reason WHY"


def principals_of(project: Project, votes: Sequence[Vote], approval: Approval, tx: Tx = None) -> Principals:
    """Who may say something now: of a disabled one, or a program whose owner is, nothing is known."""

    def look_up(id: str) -> Principal | None:
        return project.store.principals.look_up(id, tx=tx)

    ids = {vote.principal for vote in votes} | {approval.author} - {""}
    found = {id: acting(look_up, id) for id in ids if id}
    return {id: one for id, one in found.items() if one is not None}


def _check_open(approval: Approval, now: Micros) -> None:
    if approval.status == "expired" or (approval.status == "open" and approval.due is not None and approval.due <= now):
        raise Expired("nobody answered it in time", place=approval.subject, hint="ask for it again")
    if approval.status != "open":
        raise Conflict(f"it is {approval.status} already", place=approval.subject, hint="tidemill inbox --all")


def _check_inputs(project: Project, approval: Approval, vote: Vote, matter: Matter, tx: Tx) -> None:
    """That it was said of what is on the table now."""
    if seen(matter.inputs(project, approval, tx)) != vote.seen or vote.seen != approval.inputs_digest:
        hint = f"look at it again, then decide: tidemill inbox show {approval.id}"
        raise NotApproved("what you have seen has changed since", place=approval.subject, hint=hint)


def _of_person(project: Project, approval: Approval, person: str, who: str, tx: Tx) -> Vote | None:
    """The word of this person; of those without an account, of this name."""
    mine = [v for v in project.store.votes.list(approval=approval.id, tx=tx) if v.person == person]
    return next((v for v in mine if person or v.who == who), None)


def _make_room(project: Project, approval: Approval, vote: Vote, principals: Principals, tx: Tx) -> None:
    """A person has one word. One that does not count any more gives way to a new one. Raises Conflict."""
    before = [v for v in project.store.votes.list(approval=approval.id, tx=tx) if v.person == vote.person]
    for one in before:
        if not why_void(approval, one, principals):
            hint = f"take it back first: tidemill inbox take-back {approval.id}"
            raise Conflict("you have said your word on it", place=approval.subject, hint=hint)
        project.store.votes.delete(one.id, tx)


def _end(project: Project, approval: Approval, status: str, reason: str, now: Micros, tx: Tx) -> Approval:
    project.store.approvals.update(approval.id, tx, status=status, ended=now)
    data: JsonObject = {"approval": approval.id, "kind": approval.kind, "reason": reason, "endpoint": approval.endpoint}
    name = named_id("event", approval.id, status)
    project.store.events.add(Event(name, now, f"approval_{status}", approval.subject, data), tx)
    return replace(approval, status=status, ended=now)
