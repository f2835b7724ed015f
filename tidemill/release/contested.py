"""An answer that its person contests is decided on by a person (Art. 22 GDPR): asked as any other question, of whom the policy names.

A yes upholds the contest: what the voter's reason says stands in the answer's place, and the log keeps what the model said. A no says that the
answer stands, and why. Who acts on the decision is outside; the word is signed, and in the ledger.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from tidemill.access.approvals.rule import Author, question
from tidemill.access.policy import Rule, policy_of
from tidemill.errors import Conflict
from tidemill.ref import Ref
from tidemill.store.people import Approval, Vote
from tidemill.store.records import Event, Prediction, Tx
from tidemill.types import JsonObject, digest, named_id

if TYPE_CHECKING:
    from tidemill.scope.project import Project

CONTEST = "contest"
UPHELD, DISMISSED = "contest_upheld", "contest_dismissed"
BY_HAND = Rule("a person decides", (), reason=True)
"""Where the policy names nobody: whoever may answer questions, with a reason."""
SHOWN = 4_000
"""Bytes of an answer that are shown with the question."""


def ask(project: Project, prediction: Prediction, author: Author, why: str, tx: Tx) -> Approval:
    """The question, open from now on. Raises Conflict while one is open on it."""
    subject, here = f"prediction:{prediction.id}", (prediction.endpoint, prediction.environment)
    before = project.store.approvals.list(subject=subject, tx=tx)
    if waits := next((one for one in before if one.status == "open"), None):
        raise Conflict("it is contested already, and waits", place=waits.id, hint=f"tidemill inbox show {waits.id}")
    rule = policy_of(project).whole().asks(CONTEST, *here) or BY_HAND
    rule = replace(rule, reason=True)
    asked = question(
        CONTEST, subject, rule, author, shown(prediction), project.clock.now(), why=why, number=len(before)
    )
    asked = replace(asked, endpoint=prediction.endpoint, environment=prediction.environment)
    project.store.approvals.add(asked, tx)
    return asked


def shown(prediction: Prediction) -> JsonObject:
    """What who decides is shown: the answer, and who gave it; of whom it is says `tidemill trace` to who may know."""
    output = prediction.output
    answer: JsonObject = json.loads(output) if len(output) <= SHOWN else {"bytes": len(output)}
    by = {"model": prediction.model, "arm": prediction.arm, "endpoint": prediction.endpoint, "at": prediction.at}
    return {"prediction": prediction.id, **by, "answer": answer}


class Contesting:
    """What a question on a contested answer decides. Implements `Matter`."""

    def waits(self, project: Project, approval: Approval, tx: Tx) -> bool:
        return project.live.predictions.look_up(_id(approval)) is not None

    def inputs(self, project: Project, approval: Approval, tx: Tx) -> JsonObject:
        return shown(project.live.predictions.get(_id(approval)))

    def about(self, project: Project, approval: Approval) -> tuple[str, str]:
        return approval.subject, digest(project.live.predictions.get(_id(approval)).output)

    def approved(self, project: Project, approval: Approval, votes: Sequence[Vote], said: JsonObject, tx: Tx) -> None:
        self._tell(project, approval, UPHELD, votes[-1], said, tx)

    def rejected(self, project: Project, approval: Approval, vote: Vote, said: JsonObject, tx: Tx) -> None:
        self._tell(project, approval, DISMISSED, vote, said, tx)

    def expired(self, project: Project, approval: Approval, tx: Tx) -> None:
        """That nobody decided is told as of any question: the contest is not answered by that, and may be asked again."""

    def _tell(self, project: Project, approval: Approval, kind: str, vote: Vote, said: JsonObject, tx: Tx) -> None:
        told = {"endpoint": approval.endpoint, "model": str(approval.inputs.get("model", "")), **said}
        event = Event(named_id("event", approval.id, kind), vote.at, kind, approval.subject, told)
        project.store.events.add(event, tx)


def _id(approval: Approval) -> str:
    return Ref.parse(approval.subject).name
