"""What the provider says of somebody: in the ID token, and where that does not say all of it, when it is asked (userinfo)."""

from __future__ import annotations

from dataclasses import dataclass

from tidemill.access.oidc.claims import groups_of
from tidemill.access.oidc.provider import Provider
from tidemill.access.oidc.refused import LoginRefused
from tidemill.types import JsonObject


@dataclass(frozen=True, slots=True)
class Person:
    """``groups``: None where nothing is said of them; ``asked``: whether what is said of them was asked for."""

    subject: str
    claims: JsonObject
    groups: list[str] | None
    asked: bool = False


def described(provider: Provider, claims: JsonObject, access: str) -> Person:
    """Of these claims of an ID token's, and with this access token. Raises LoginRefused, ProviderAway."""
    section, subject = provider.section, claims["sub"]
    groups = groups_of(claims, section.groups) if section.groups else None
    if groups is not None or (not section.groups and section.display in claims and section.name in claims):
        return Person(subject, claims, groups)
    more = provider.userinfo(access) or {}
    if more and more.get("sub") != subject:
        raise LoginRefused("subject")
    found = {**more, **claims}
    return Person(subject, found, groups_of(found, section.groups) if section.groups else None, asked=True)
