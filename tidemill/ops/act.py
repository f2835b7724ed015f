"""The one way in which a verb changes something: allowed first, then the effect and its event in one transaction."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from tidemill.access.caller import Caller
from tidemill.scope.project import Project
from tidemill.store.ports import Tx

T = TypeVar("T")


def act(project: Project, caller: Caller, work: Callable[[Tx], T], *, scope: str = "operate") -> T:
    """Do ``work`` in one transaction, if the caller may; also on a full disk, where the reserve helps.

    ``work`` writes the effect and the event that names the caller: both or neither. Raises Forbidden, and what work raises.
    """
    caller.need(scope)
    return project.reserve.helped(lambda: project.store.transact(work))
