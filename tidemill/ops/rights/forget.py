"""A person forgotten: taken out of every version of everything that the project keeps, with a signed receipt."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from tidemill.access.caller import Caller
from tidemill.access.needs import needs
from tidemill.access.policy import policy_of
from tidemill.access.policy.rules import FILE
from tidemill.errors import Conflict, NotAvailableYet
from tidemill.files import exclusive
from tidemill.ops.act import act, record
from tidemill.ops.backup import remember
from tidemill.ops.gc import lasting
from tidemill.ops.looked import looked
from tidemill.ops.rights.subjects import Kind, Subject
from tidemill.rights.forget import erase as steps
from tidemill.rights.forget.erase import Forgotten, OnStep
from tidemill.rights.forget.kept import UnderWay
from tidemill.rights.limits.people import person
from tidemill.scope.project import Project
from tidemill.store.records import Tx

if TYPE_CHECKING:
    from tidemill.rights.limits.people import Person

ERASE = "subject.erase"


@needs(ERASE)
def planned(project: Project, caller: Caller, subject: Subject, kind: Kind = None) -> UnderWay:
    """What a forget would take out; nothing is changed. Raises NotAvailableYet, Conflict."""
    _alone(project)
    looked(project, caller, "forget", subject, "project:subjects")
    return steps.plan(project, person(project, subject, kind or ""), caller.by)


@needs(ERASE)
def forget(
    project: Project, caller: Caller, subject: Subject, kind: Kind = None, on_step: OnStep = lambda step: None
) -> Forgotten:
    """Take the person out of everything; the same again goes on where a stop left it. Raises NotAvailableYet, Conflict."""
    _alone(project)
    who = person(project, subject, kind or "")
    try:
        with exclusive(project.state / "forget.lock"):
            return _forget(project, caller, who, on_step)
    except BlockingIOError as exc:
        raise Conflict(
            "somebody is being forgotten at this moment", place=str(project.state), hint="try again"
        ) from exc


def _forget(project: Project, caller: Caller, who: Person, on_step: OnStep) -> Forgotten:
    one = steps.plan(project, who, caller.by)
    done = steps.erase(project, who, one, partial(lasting, project), on_step)

    if done.done:
        remember(project, done.mark)

    def work(tx: Tx) -> None:
        data = {"mark": done.mark, "receipt": done.receipt, "remaining": len(done.remaining)}
        record(project, "subject_forgotten" if done.done else "subject_not_forgotten_yet", data, tx)
        if done.done:
            steps.end(project, done, one, tx)

    act(project, caller, ERASE, work)
    return done


def _alone(project: Project) -> None:
    if policy_of(project).asks("erasure") is not None:
        hint = "without that rule one who may erase does it alone"
        raise NotAvailableYet("the policy asks somebody before a person is erased", place=FILE, hint=hint)
