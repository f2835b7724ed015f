"""Who is asking: name, roles, and the role whose first page they want to see, which the store remembers by their principal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta

from tidemill.access.caller import Caller
from tidemill.access.needs import needs
from tidemill.errors import Forbidden
from tidemill.ops.questions.asked import DIFFERENT, ROLES
from tidemill.scope.project import Project
from tidemill.types import did_you_mean

LOOP = "loop"
"""The view of the loop itself, which everybody has."""
View = Annotated[str, Meta(min_length=1, max_length=100)]


@dataclass(frozen=True)
class Me:
    """``views``: what the first page may show them; ``view``: what it shows. Without an account there is nobody to remember."""

    principal: str
    name: str
    roles: tuple[str, ...]
    views: tuple[str, ...]
    view: str


def me(project: Project, who: Caller) -> Me:
    """Who is asking, and what their first page shows."""
    if not who.principal:
        return Me("", who.name, who.roles, (LOOP, *DIFFERENT), LOOP)
    own = tuple(role for role in ROLES if role in who.roles)
    kept = project.store.settings.get(_key(who.principal))
    view = kept if kept == LOOP or kept in own else next(iter(own), LOOP)
    return Me(who.principal, _called(project, who), who.roles, (LOOP, *own), str(view))


@needs("session.own")
def choose(project: Project, caller: Caller, view: View) -> Me:
    """Show this role's questions first from now on, or the loop. Raises Forbidden for a role that is not theirs."""
    mine = me(project, caller)
    if not caller.principal or view not in mine.views:
        hint = did_you_mean(view, mine.views) if caller.principal else "tidemill people add makes accounts"
        raise Forbidden(f"{mine.name} has no view {view!r} to keep", place="view", hint=hint)
    project.store.settings.set(_key(caller.principal), view)
    return me(project, caller)


def _key(principal: str) -> str:
    return f"view:{principal}"


def _called(project: Project, who: Caller) -> str:
    found = project.store.principals.look_up(who.principal)
    return (found.display or found.name) if found is not None else who.name
