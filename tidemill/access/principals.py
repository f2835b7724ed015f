"""Accounts: made, renamed, given roles, disabled; and that there is always somebody who may make them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tidemill.access.policy import Policy
from tidemill.errors import BadRequest, Conflict, NotFound
from tidemill.store.people import Principal
from tidemill.store.records import Tx
from tidemill.types import Micros, did_you_mean, new_id

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tidemill.store.sql.store import MetadataStore

ADMINISTRATOR = "administrator"
MANAGE = "people.manage"
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")
MOST_SHOWN = 100  # characters of a name that people read


def called(store: MetadataStore, name: str, tx: Tx = None) -> Principal:
    """The one with this name or id. Raises NotFound."""
    found = store.principals.called(name, tx) or store.principals.look_up(name, tx=tx)
    if found is None:
        known = [one.name for one in store.principals.list(tx=tx)]
        raise NotFound(f"nobody is called {name[:80]!r}", place="people", hint=did_you_mean(name, known))
    return found


def acting(look_up: Callable[[str], Principal | None], id: str) -> Principal | None:
    """The account with this id, where it is enabled, and of a program who answers for it, too; else None."""
    found = look_up(id) if id else None
    if found is None or found.disabled is not None:
        return None
    return found if not found.owner or acting(look_up, found.owner) is not None else None


def make(
    store: MetadataStore,
    policy: Policy,
    name: str,
    roles: Sequence[str],
    now: Micros,
    *,
    owner: str = "",
    display: str = "",
    by: str = "",
    tx: Tx,
) -> Principal:
    """A person, or a program of this ``owner``'s. The first of all is an administrator, whatever else. Raises BadRequest, Conflict, NotFound."""
    check_name(name)
    checked = check_roles(policy, roles)
    first = not store.principals.any(tx)
    if store.principals.called(name, tx) is not None:
        raise Conflict(f"{name} is the name of somebody else", place="name", hint="take another")
    if owner:
        answers = called(store, owner, tx)
        if answers.kind != "person" or answers.disabled is not None:
            raise BadRequest(f"{answers.name} cannot answer for a program", place="owner", hint="name a person")
        owner = answers.id
    elif first and not _manages(policy, checked):
        checked = (ADMINISTRATOR, *checked)
    made = Principal(
        new_id("principal"), name, "program" if owner else "person", checked, now, by, check_display(display), owner
    )
    store.principals.add(made, tx)
    return made


def change(store: MetadataStore, policy: Policy, person: Principal, tx: Tx, **changes: object) -> Principal:
    """Change fields of it; nobody's last administrator goes. Raises Conflict."""
    store.principals.update(person.id, tx, **changes)
    if not any(
        one.disabled is None and one.kind == "person" and _manages(policy, one.roles)
        for one in store.principals.list(tx=tx)
    ):
        hint = f"give {ADMINISTRATOR} to somebody else first: tidemill people roles NAME {ADMINISTRATOR}"
        raise Conflict(f"{person.name} is the last who may manage people", place="people", hint=hint)
    return store.principals.get(person.id, tx)


def check_name(name: str) -> None:
    """Raises BadRequest.

    >>> check_name("ann.lee")
    >>> check_name("Ann")
    Traceback (most recent call last):
    ...
    tidemill.errors.BadRequest: name: 'Ann' is no name to log in by - small letters, digits, and . _ - between them, at most 40
    """
    if not _NAME.fullmatch(name):
        hint = "small letters, digits, and . _ - between them, at most 40"
        raise BadRequest(f"{name[:80]!r} is no name to log in by", place="name", hint=hint)


def check_roles(policy: Policy, roles: Sequence[str]) -> tuple[str, ...]:
    """In order, each once. Raises BadRequest for one that the policy does not know."""
    for role in roles:
        if role not in policy.roles:
            raise BadRequest(f"there is no role {role[:80]!r}", place="roles", hint=did_you_mean(role, policy.roles))
    return tuple(dict.fromkeys(roles))


def check_display(text: str) -> str:
    """Raises BadRequest."""
    plain = " ".join(text.split())
    if len(plain) > MOST_SHOWN or not plain.isprintable():
        raise BadRequest(f"a name has at most {MOST_SHOWN} plain characters", place="display")
    return plain


def _manages(policy: Policy, roles: Sequence[str]) -> bool:
    return MANAGE in policy.may(roles)
