"""The principal of somebody whom the provider vouches for: found by issuer and subject, whatever they are called today."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tidemill.access import sessions
from tidemill.access.oidc.claims import check_required, cleaned, roles_of, said
from tidemill.access.oidc.person import Person
from tidemill.access.oidc.refused import LoginRefused
from tidemill.config.access import OidcSection
from tidemill.store.people import Principal
from tidemill.store.records import Tx
from tidemill.types import Micros

if TYPE_CHECKING:
    from tidemill.store.sql.store import MetadataStore

MOST_NAME = 40  # characters of a name, before the provider's host
_ODD = re.compile(r"[^a-z0-9._-]+")


def admitted(
    store: MetadataStore, section: OidcSection, person: Person, id: str, now: Micros, tx: Tx
) -> Principal | LoginRefused:
    """The principal, made (with this id) or changed to what the provider says now; or why it may not come in, with its roles taken away."""
    known = store.principals.vouched(section.issuer, person.subject, tx)
    try:
        roles = _roles(section, person, known)
        if known is not None and known.disabled is not None:
            raise LoginRefused("disabled")
    except LoginRefused as refused:
        if known is not None and refused.reason in ("no_role", "required"):
            put_out(store, known, tx)
        return refused
    display = cleaned(said(person.claims, section.display))
    if known is None:
        made = Principal(
            id,
            _free_name(store, section, person, tx),
            "person",
            roles,
            now,
            display=display,
            issuer=section.issuer,
            subject=person.subject,
        )
        store.principals.add(made, tx)
        return made
    changes = {"roles": roles, "display": display or known.display}
    if any(getattr(known, name) != value for name, value in changes.items()):
        store.principals.update(known.id, tx, **changes)
        _roles_changed(store, known, roles, tx)
    return store.principals.get(known.id, tx)


def put_out(store: MetadataStore, known: Principal, tx: Tx) -> None:
    """Its roles are taken away, and its sessions ended."""
    if known.roles:
        store.principals.update(known.id, tx, roles=())
        _roles_changed(store, known, (), tx)
    sessions.end_all(store, known.id, tx)
    store.vouched.sweep(tx)


def _roles(section: OidcSection, person: Person, known: Principal | None) -> tuple[str, ...]:
    """Where no claim says groups, those that were given by hand."""
    check_required(section, person.claims)
    if not section.groups and known is not None:
        return known.roles
    if not section.groups:
        return tuple(sorted(set(section.others)))
    return roles_of(section, person.groups or ())


def _roles_changed(store: MetadataStore, known: Principal, roles: tuple[str, ...], tx: Tx) -> None:
    if known.roles != roles:
        sessions.record(
            store, "roles_changed", known, {"was": list(known.roles), "roles": list(roles), "by": "oidc"}, tx
        )


def _free_name(store: MetadataStore, section: OidcSection, person: Person, tx: Tx) -> str:
    """A name of its own: that of no account here, and of none of the machine's users, which hold no @."""
    called = cleaned(said(person.claims, section.name)).lower().partition("@")[0]
    plain = _ODD.sub("-", called).strip("-.")[:MOST_NAME] or "person"
    host = urlsplit(section.issuer).hostname
    number, name = 1, f"{plain}@{host}"
    while store.principals.called(name, tx) is not None:
        number += 1
        name = f"{plain}-{number}@{host}"
    return name
