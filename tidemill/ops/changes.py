"""What changed since somebody last looked, by their roles: out of the events, capped."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta

from tidemill.access.caller import Caller
from tidemill.access.needs import needs
from tidemill.scope.project import Project
from tidemill.store.people import Visit
from tidemill.store.records import Event
from tidemill.types import SECOND, Micros

MOST = 200
LOOKED_AT = 5_000
"""Events that are looked through for them."""
ONE_VISIT: Micros = 1_800 * SECOND
"""Looks that follow one another within so long are one visit: what is new stays new until it is over."""
Place = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_.-]{0,60}$")]

_DATA = {
    "rows_recalled",
    "recalled",
    "ingested",
    "quarantined",
    "blocked",
    "stale",
    "columns",
    "again",
    "failed",
    "subject_mismatch",
}
_MODELS = {"retrain", "refused", "shadow", "look", "alarm", "doubtful", "underpowered", "parity", "failed"}
_RELEASES = {
    "held",
    "approved",
    "rejected",
    "override",
    "canary",
    "stage",
    "promoted",
    "rolled_back",
    "halted",
    "baked",
}
_RELEASES |= {"vote", "vote_taken_back", "evidence_changed", "approval_expired", "approval_withdrawn"}
_WORTH = {"experiment", "experiment_ended", "experiment_held", "experiment_settled", "holdout", "holdout_over", "arm"}
_SERVER = {
    "backup_made",
    "failed",
    "damaged",
    "not_served",
    "no_way_back",
    "paused",
    "resumed",
    "clock",
    "collected",
    "trusted",
}
_PEOPLE = {"token_added", "token_revoked", "policy_changed", "own_key", "person_asked"}
_RIGHTS = {"subject_forgotten", "subject_not_forgotten_yet", "erasure_asked", "erasure_approved", "erasure_rejected"}
_RIGHTS |= {
    "request_taken_down",
    "request_extended",
    "request_ended",
    "hold_begun",
    "hold_released",
    "recalled",
    "contested",
}
BY_ROLE: dict[str, set[str]] = {
    "data-engineer": _DATA,
    "data-scientist": _MODELS | _RELEASES | _WORTH,
    "ml-engineer": _MODELS | _RELEASES | _WORTH | _SERVER | _DATA,
    "product-owner": _RELEASES | _WORTH | {"alarm"},
    "devops": _SERVER | _RELEASES | {"alarm"},
    "software-engineer": _SERVER | _RELEASES,
    "data-protection-officer": _PEOPLE | _RIGHTS | {"ingested", "quarantined"},
    "administrator": _PEOPLE | {"trusted", "collected"},
}
"""Kinds of event that a role looks for; a role that is not here looks for all of them. Comments everybody does."""
ALWAYS = {"comment"}


@dataclass(frozen=True)
class Changed:
    """``since``: when they looked before; None: never."""

    since: Micros | None
    events: list[Event]
    left_off: bool


@needs("inbox.read")
def since_last(project: Project, caller: Caller, place: Place = "inbox") -> Changed:
    """What changed since the last visit to this place, the latest first; and this is a visit."""
    since = _visit(project, caller.principal, place)
    found: list[Event] = []
    for event in project.store.events.page(limit=LOOKED_AT, since=since):
        if _is_for(caller.roles, event) and not _own(caller, event):
            found.append(event)
        if len(found) > MOST:
            break
    return Changed(since, found[:MOST], len(found) > MOST)


def _visit(project: Project, principal: str, place: str) -> Micros | None:
    """When they looked before this visit; and that they look now. Of those without an account there is one."""
    now, last = project.clock.now(), project.store.visits.look_up(principal, place)
    since = None
    if last is not None:
        since = last.before if now - last.at < ONE_VISIT else last.at
    project.store.visits.put(Visit(principal, place, now, since))
    return since


def _is_for(roles: Iterable[str], event: Event) -> bool:
    known = [BY_ROLE.get(role) for role in roles]
    return not known or None in known or event.kind in ALWAYS.union(*filter(None, known))


def _own(caller: Caller, event: Event) -> bool:
    """What they did themselves is no news to them."""
    return bool(caller.principal) and event.principal == caller.name
