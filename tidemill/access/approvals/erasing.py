"""Whether a person may be erased, asked of whom the policy names. In the question a mark stands for the person, beside what a dry run found.

A yes does not erase: nothing that is kept knows the name. It lets whoever may erase give the command again, for this person, once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tidemill.access.approvals.cast import principals_of
from tidemill.access.approvals.rule import Author, question
from tidemill.access.approvals.tally import tally
from tidemill.access.policy import Rule
from tidemill.store.people import Approval, Vote
from tidemill.store.records import Event, Tx
from tidemill.types import DAY, JsonObject, Micros, named_id

if TYPE_CHECKING:
    from tidemill.scope.project import Project

ERASURE = "erasure"
SERVED = "served"
"""The status of a question whose yes was used."""
GOOD_FOR: Micros = 30 * DAY
"""So long after it was given a yes still counts."""


def ask(project: Project, mark: str, inputs: JsonObject, rule: Rule, author: Author, why: str, tx: Tx) -> Approval:
    """The question, open from now on."""
    before = len(project.store.approvals.list(subject=_subject(mark), tx=tx))
    asked = question(ERASURE, _subject(mark), rule, author, inputs, project.clock.now(), why=why, number=before)
    project.store.approvals.add(asked, tx)
    return asked


def last(project: Project, mark: str) -> Approval | None:
    """What was asked last about this person; None where nothing was, or what was served already."""
    found = project.store.approvals.list(subject=_subject(mark))[-1:]
    return found[0] if found and found[0].status != SERVED else None


def yes_of(project: Project, approval: Approval) -> Sequence[Vote]:
    """The words that allow it, as they count now; none where some are missing (a role was taken away, an account disabled), or it is long ago."""
    if approval.status != "approved" or project.clock.now() - (approval.ended or 0) > GOOD_FOR:
        return ()
    votes = project.store.votes.list(approval=approval.id)
    found = tally(approval, votes, principals_of(project, votes, approval))
    return () if found.missing or found.no else found.yes


def served(project: Project, id: str, tx: Tx) -> None:
    """It was done by this yes: another time has to be asked about anew."""
    project.store.approvals.update(id, tx, status=SERVED)


def _subject(mark: str) -> str:
    return f"person:{mark}"


class Erasing:
    """What a question on an erasure decides. Implements `Matter`."""

    def waits(self, project: Project, approval: Approval, tx: Tx) -> bool:
        return True

    def inputs(self, project: Project, approval: Approval, tx: Tx) -> JsonObject:
        """As they were found: without the name nobody can look again, and what came since is erased all the same."""
        return approval.inputs

    def about(self, project: Project, approval: Approval) -> tuple[str, str]:
        return approval.subject, approval.inputs_digest

    def approved(self, project: Project, approval: Approval, votes: Sequence[Vote], said: JsonObject, tx: Tx) -> None:
        self._tell(project, approval, "erasure_approved", votes[-1], said, tx)

    def rejected(self, project: Project, approval: Approval, vote: Vote, said: JsonObject, tx: Tx) -> None:
        self._tell(project, approval, "erasure_rejected", vote, said, tx)

    def expired(self, project: Project, approval: Approval, tx: Tx) -> None:
        """That nobody decided is told as of any question; it may be asked again."""

    def _tell(self, project: Project, approval: Approval, kind: str, vote: Vote, said: JsonObject, tx: Tx) -> None:
        event = Event(named_id("event", approval.id, kind), vote.at, kind, approval.subject, said)
        project.store.events.add(event, tx)
