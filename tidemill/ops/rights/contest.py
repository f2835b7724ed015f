"""A person contests an answer: it waits for one who decides, whom the policy names; the inbox shows it."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from tidemill.access.approvals.rule import Author
from tidemill.access.caller import Caller
from tidemill.access.needs import needs
from tidemill.errors import BadRequest
from tidemill.ops.act import act, record
from tidemill.ops.approvals import ApprovalShown, shown
from tidemill.release.contested import ask
from tidemill.scope.project import Project
from tidemill.store.people import Approval
from tidemill.store.records import Tx

CONTEST = "subject.contest"
View = Annotated[str, Meta(max_length=2_000, description="What the person says about it")]


@needs(CONTEST)
def contest(project: Project, caller: Caller, prediction: str, why: View) -> ApprovalShown:
    """Have a person decide on this answer (Art. 22 GDPR). ``why``: the view of whom it is about.

    Raises NotFound, BadRequest without a view, Conflict while it waits already.
    """
    if not why.strip():
        raise BadRequest("what does the person say about it?", place="why", hint="--why TEXT")
    found = project.live.predictions.named(prediction)

    def work(tx: Tx) -> Approval:
        account = project.store.principals.look_up(caller.principal, tx=tx) if caller.principal else None
        asked = ask(project, found, Author(account, caller.name), why, tx)
        told = {"approval": asked.id, "prediction": found.id, "endpoint": found.endpoint}
        record(project, "contested", told, tx)
        return asked

    return shown(project, act(project, caller, CONTEST, work))
