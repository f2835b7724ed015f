"""People with accounts, as they come to a verb; and projects whose policy asks them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.release.made import TOML, add_model
from tests.release.test_pipeline import GOOD
from tidemill.access.caller import Caller
from tidemill.access.policy import policy_of
from tidemill.access.tokens import SCOPES
from tidemill.release.pipeline import release_candidate
from tidemill.scope.project import Project
from tidemill.store.people import Principal
from tidemill.store.records import Release

ROLES = """
[roles]
product-owner = ["project.read", "release.*", "approval.*", "inbox.read", "comment.write"]
"""
TWO = """
[approval.two]
kind = ["release"]
roles = ["product-owner"]
needed = 2
four_eyes = true
"""


def person(project: Project, name: str, *roles: str, **fields: Any) -> Principal:
    """Somebody who has an account."""
    said = {"kind": "person", "created": project.clock.now(), **fields}
    made = Principal(id=f"principal_{name}", name=name, roles=roles or ("product-owner",), **said)
    project.store.principals.add(made)
    return made


def caller(project: Project, who: Principal | str, face: str = "api") -> Caller:
    """As they come in now."""
    found = project.store.principals.get(who if isinstance(who, str) else who.id)
    return Caller(found.name, SCOPES, face, found.id, found.roles, policy_of(project).may(found.roles))


def asking(make: Callable[..., Project], policy: str = TWO, toml: str = TOML) -> Project:
    """A project of this policy, in which whoever approves may also release."""
    project = make(toml, "bank")
    (project.root / "policy.toml").write_text(f"{ROLES}{policy}")
    return project


def held(project: Project, author: Principal | str = "the loop", version: int = 1, **more: Any) -> Release:
    """A version that has passed its gates and waits."""
    said = {"author": author} if isinstance(author, str) else {"author": author.name, "principal": author.id}
    kind = "first" if version == 1 else "refit"
    model = add_model(project, version, kind=kind).ref
    return release_candidate(project, model, **{"make_context": GOOD, **said, **more})


def first(project: Project) -> None:
    """A champion whom nobody was asked about."""
    path = project.root / "policy.toml"
    text = path.read_text()
    path.unlink()
    held(project)
    path.write_text(text)
