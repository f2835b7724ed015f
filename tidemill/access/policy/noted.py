"""A change of the policy is an event, written by the first who acts under it: what was said before, what is said now, and whose the file is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidemill.access.policy.policy import Policy
from tidemill.access.policy.rules import FILE
from tidemill.ref import Ref
from tidemill.store.records import Event, Tx
from tidemill.types import JsonObject, new_id

if TYPE_CHECKING:
    from tidemill.scope.project import Project

KEPT = "policy"
"""The setting that holds the digest of the policy that was last acted under."""
CHANGED = "policy_changed"


def note(project: Project, policy: Policy, tx: Tx) -> None:
    """Write down, with what is done in this transaction, that it is done under another policy than what was done before."""
    before = str(project.store.settings.get(KEPT, "", tx) or "")
    if before == policy.digest:
        return
    project.store.settings.set(KEPT, policy.digest, tx)
    said: JsonObject = {"before": before, "after": policy.digest, "rules": list(policy.own), "text": policy.text}
    said["owner"] = _owner(project)
    subject = str(Ref("project", project.name))
    project.store.events.add(Event(new_id("event"), project.clock.now(), CHANGED, subject, said), tx)


def _owner(project: Project) -> str:
    """Whose file it is on this machine."""
    try:
        return (project.root / FILE).owner()
    except (OSError, KeyError):
        return ""
