"""The one way in which a verb changes something: allowed first, then the effect and its event in one transaction."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from tidemill.access.caller import Caller
from tidemill.access.callers import again
from tidemill.errors import StoreError
from tidemill.ref import Ref
from tidemill.scope.project import Project
from tidemill.store.records import Event, Tx
from tidemill.types import JsonObject, new_id

T = TypeVar("T")


def act(project: Project, caller: Caller, permission: str, work: Callable[[Tx], T]) -> T:
    """Do ``work`` in one transaction, if the caller may do what this permission says; also on a full disk, where the reserve helps.

    ``work`` writes the effect and its event, both or neither; the event's principal is the caller. Raises Forbidden, also by the roles and
    the policy of the moment at which it is done, and what work raises; and StoreError, for then nothing is done, where the ledger would
    have no record of it.
    """
    caller.need(permission)

    def recorded(tx: Tx) -> T:
        again(project, caller, permission, tx)
        before = project.store.done(tx)  # that the policy has changed is an act of its own
        made = work(tx)
        if project.store.done(tx) == before:
            raise StoreError(
                "this was to change something, and wrote nothing that the ledger keeps",
                place=getattr(work, "__qualname__", ""),
            )
        return made

    return project.reserve.helped(lambda: project.store.transact(recorded, caller.name, caller.principal))


def record(project: Project, kind: str, data: JsonObject, tx: Tx) -> None:
    """Write down what was done to the project, for people."""
    subject = str(Ref("project", project.name))
    project.store.events.add(Event(new_id("event"), project.clock.now(), kind, subject, data), tx)
