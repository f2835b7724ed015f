"""The port behind a question: what is decided on, and what is done with the answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from tidemill.store.people import Approval, Vote
from tidemill.store.records import Tx
from tidemill.types import JsonObject

if TYPE_CHECKING:
    from tidemill.scope.project import Project


class Matter(Protocol):
    """A kind of thing that has to be allowed.

    Promises: everything that writes does so in the transaction that it is given, and raises a `TidemillError` where it cannot be
    done: then the vote was not cast either. `inputs` is the same for the same evidence, and holds nothing that the vote itself changes.
    """

    def waits(self, project: Project, approval: Approval, tx: Tx) -> bool:
        """Whether it still waits for the answer: else the question is withdrawn."""

    def inputs(self, project: Project, approval: Approval, tx: Tx) -> JsonObject:
        """What who decides has to see, as it is now."""

    def about(self, project: Project, approval: Approval) -> tuple[str, str]:
        """The subject of a signed statement: its name and the digest (``sha256:…``) of what is decided on."""

    def approved(self, project: Project, approval: Approval, votes: Sequence[Vote], said: JsonObject, tx: Tx) -> None:
        """Do it. ``votes``: those that count, in their order; ``said``: the last of them for people."""

    def rejected(self, project: Project, approval: Approval, vote: Vote, said: JsonObject, tx: Tx) -> None:
        """It is not to be done."""

    def expired(self, project: Project, approval: Approval, tx: Tx) -> None:
        """Nobody answered in time."""
