"""A person forgotten: taken out of every version of everything that the project keeps, with a signed receipt."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from tidemill.access.approvals.erasing import ERASURE, ask, last, served, yes_of
from tidemill.access.approvals.rule import Author
from tidemill.access.caller import Caller
from tidemill.access.needs import needs
from tidemill.access.policy import Rule, policy_of
from tidemill.errors import BadRequest, Conflict
from tidemill.files import exclusive
from tidemill.ops.act import act, record
from tidemill.ops.approvals import ApprovalShown, Why, shown
from tidemill.ops.backup import remember
from tidemill.ops.gc import lasting
from tidemill.ops.looked import looked
from tidemill.ops.rights.subjects import Kind, Subject
from tidemill.release import approvals
from tidemill.release.asked import MATTERS
from tidemill.rights.forget import erase as steps
from tidemill.rights.forget.erase import Forgotten, OnStep
from tidemill.rights.forget.kept import UnderWay
from tidemill.rights.limits.people import person
from tidemill.rights.requests import ERASE as ERASE_ASKED
from tidemill.rights.requests import answer, must_not_be_held
from tidemill.rights.subjects.held import held
from tidemill.scope.project import Project
from tidemill.store.holder import spoken
from tidemill.store.people import Approval
from tidemill.store.records import Tx
from tidemill.types import JsonObject

if TYPE_CHECKING:
    from tidemill.rights.limits.people import Person

ERASE = "subject.erase"
DONE = "subject_forgotten"


@dataclass(frozen=True)
class Waiting:
    """Somebody has to say yes first, whom the policy names: then the same command does it."""

    approval: ApprovalShown


@needs(ERASE)
def planned(project: Project, caller: Caller, subject: Subject, kind: Kind = None) -> UnderWay:
    """What a forget would take out; nothing is changed. Raises NotAvailableYet, Conflict."""
    looked(project, caller, "forget", subject, "project:subjects")
    return steps.plan(project, person(project, subject, kind or ""), caller.by)


@needs(ERASE)
def forget(
    project: Project,
    caller: Caller,
    subject: Subject,
    kind: Kind = None,
    on_step: OnStep = lambda step: None,
    why: Why = "",
) -> Forgotten | Waiting:
    """Take the person out of everything; the same again goes on where a stop left it.

    Where the policy asks somebody, the first call asks (``why``), and another one does it when they have said yes.
    Raises NotAvailableYet, Conflict.
    """
    who = person(project, subject, kind or "")
    try:
        with exclusive(project.state / "forget.lock"):
            must_not_be_held(project, who.mark)
            one = steps.plan(project, who, caller.by)
            if (rule := policy_of(project).whole().asks(ERASURE)) is not None:
                asked = _asked(project, caller, who, one, rule, why)
                votes = yes_of(project, asked)
                if not votes:
                    return Waiting(shown(project, asked))
                by = [vote.principal or vote.who for vote in votes]
                one = msgspec.structs.replace(one, approval=asked.id, approved_by=by)
            return _forget(project, caller, who, one, on_step)
    except BlockingIOError as exc:
        raise Conflict(
            "somebody is being forgotten at this moment", place=str(project.state), hint="try again"
        ) from exc


def _asked(project: Project, caller: Caller, who: Person, one: UnderWay, rule: Rule, why: str) -> Approval:
    """The question about this person that waits, or was answered with a yes that counts still; else a new one."""
    known = last(project, who.mark)
    if known is not None:
        known = approvals.looked(project, known, MATTERS[ERASURE])
        if known.status == "open" or yes_of(project, known):
            return known
    if spoken(who.name).search(why):
        hint = "say it without: a mark stands for them, and who decides is told by whoever asks"
        raise BadRequest("the question must not name the person", place="why", hint=hint)
    rows = {one.dataset: one.rows for one in held(project, who.name, who.kind).rows}
    inputs: JsonObject = {
        "kind": one.kind,
        "records": one.held,
        "tables": [*one.before],
        "rows": rows,
        "versions": {name: project.store.datasets.get(name).version for name in rows},
        "learned": one.learned,
        "answered": one.answered,
    }

    def work(tx: Tx) -> Approval:
        account = project.store.principals.look_up(caller.principal, tx=tx) if caller.principal else None
        asked = ask(project, who.mark, inputs, rule, Author(account, caller.name), why, tx)
        record(project, "erasure_asked", {"approval": asked.id}, tx)
        return asked

    return act(project, caller, ERASE, work)


def _forget(project: Project, caller: Caller, who: Person, one: UnderWay, on_step: OnStep) -> Forgotten:
    done = steps.erase(project, who, one, partial(lasting, project), on_step)
    if done.done:
        remember(project, done.mark)

    def work(tx: Tx) -> None:
        data: JsonObject = {"mark": done.mark, "receipt": done.receipt, "remaining": len(done.remaining)}
        data |= {"approval": one.approval} if one.approval else {}
        record(project, DONE if done.done else "subject_not_forgotten_yet", data, tx)
        if done.done:
            answer(project, done.mark, (ERASE_ASKED,), DONE, caller.by, tx)
            steps.end(project, done, one, tx)
            if one.approval:
                served(project, one.approval, tx)

    act(project, caller, ERASE, work)
    return done
