"""What the claims about a person mean here: their groups and so their roles, whether they may come in, the names that people read."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable
from typing import Any

from tidemill.access.oidc.refused import LoginRefused
from tidemill.config.access import OidcSection
from tidemill.types import JsonObject

MOST_GROUPS = 20_000
MOST_NAME = 100  # characters
_MARKS = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def said(claims: JsonObject, path: str) -> Any:
    """The claim of this name, or inside others where the name has dots; None where it is not said.

    >>> said({"realm_access": {"roles": ["a"]}}, "realm_access.roles")
    ['a']
    """
    if path in claims:
        return claims[path]
    here: Any = claims
    for part in path.split("."):
        here = here.get(part) if isinstance(here, dict) else None
    return here


def groups_of(claims: JsonObject, path: str) -> list[str] | None:
    """None where the claim is not said. Raises LoginRefused for what is no list of names."""
    found = said(claims, path)
    if found is None:
        elsewhere = claims.get("_claim_names")
        if isinstance(elsewhere, dict) and path in elsewhere:
            raise LoginRefused("overage")
        return None
    if not isinstance(found, list) or len(found) > MOST_GROUPS or not all(isinstance(one, str) for one in found):
        raise LoginRefused("groups")
    return found


def roles_of(section: OidcSection, groups: Iterable[str]) -> tuple[str, ...]:
    """The roles of these groups; of none that has any, those of others. Raises LoginRefused where there are none.

    >>> section = OidcSection(issuer="https://a.example", client_id="b", roles={"ml": ("viewer", "devops")})
    >>> roles_of(section, ["staff", "ml"])
    ('devops', 'viewer')
    """
    roles = {role for group in set(groups) for role in section.roles.get(group, ())} or set(section.others)
    if not roles:
        raise LoginRefused("no_role")
    return tuple(sorted(roles))


def check_known(section: OidcSection, known: Collection[str]) -> None:
    """Raises LoginRefused where a group is given a role that is none: nobody would have what they are to have."""
    given = {role for roles in section.roles.values() for role in roles} | {*section.others}
    if unknown := sorted(given.difference(known)):
        raise LoginRefused(
            "unknown_role", f"[access.oidc] gives the role {unknown[0]!r}, which the policy does not know"
        )


def check_required(section: OidcSection, claims: JsonObject) -> None:
    """Raises LoginRefused where a claim that must say something says something else."""
    for path, value in section.require.items():
        found = said(claims, path)
        if found != value and not (isinstance(found, list) and value in found):
            raise LoginRefused("required")


def cleaned(value: Any) -> str:
    r"""A name that can be shown: one line without marks that steer, and not too long; "" of what is none.

    >>> cleaned("Ann\u202e\n  Lee\x00")
    'Ann Lee'
    """
    if not isinstance(value, str):
        return ""
    text = unicodedata.normalize("NFC", " ".join(value[: 10 * MOST_NAME].split()))
    return "".join(letter for letter in text if unicodedata.category(letter) not in _MARKS)[:MOST_NAME].strip()
