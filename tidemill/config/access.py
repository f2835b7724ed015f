"""``[access]``: how people log in beside local accounts: ``[access.oidc]``, an identity provider that vouches for them."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import msgspec

from tidemill.config.network import LOOPBACK
from tidemill.config.sections import Section
from tidemill.errors import ConfigError
from tidemill.types import DAY, SECOND, Micros, parse_span

SECRET = "TIDEMILL_OIDC_SECRET"  # noqa: S105 - a name
"""The environment's name for the client's secret; with ``_FILE`` behind it, for a file that holds it."""
LONGEST_SKEW = 300 * SECOND
LONGEST_SESSION = 30 * DAY
LEAST_REFRESH = 60 * SECOND
MOST = 1_000  # groups that may be mapped
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,100}")  # RFC 6749


class OidcSection(Section, frozen=True):
    """``[access.oidc]``: the provider's ``issuer`` and what this project is called there (``client_id``; its secret is never written
    here, see `SECRET`; without one it is a public client).

    ``groups``: the claim that lists a person's groups (``a.b``: inside another; "": there is none, and roles are given by hand);
    ``roles``: those of each group; ``others``: those of a person in no such group, who is refused where nothing is said.
    ``require``: claims that must say this. ``name``, ``display``: the claims of the name that a person is known by, and of the one
    that people read. ``skew``: how far the provider's clock may be off. ``refresh``: how often a living session's groups are asked
    for again; ``unchecked``: how long one goes on where they cannot be; ``session``: its longest life. ``button``: what the page's says.
    """

    issuer: str
    client_id: str
    scopes: tuple[str, ...] = ("openid", "profile")
    groups: str = "groups"
    roles: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    others: tuple[str, ...] = ()
    require: dict[str, str] = msgspec.field(default_factory=dict)
    name: str = "preferred_username"
    display: str = "name"
    skew: str = "1 minute"
    refresh: str = "15 minutes"
    unchecked: str = "1 hour"
    session: str = "8 hours"
    button: str = ""


class AccessSection(Section, frozen=True):
    """``[access]``: nothing said: local accounts, and the address that works once.

    ``session``: the longest life of a session that a password began, ``session_idle``: how long it lasts unused. ``session_network``:
    whether it ends where it is shown from another network than it began in; false where people roam. The browser counts always.
    """

    session: str = "12 hours"
    session_idle: str = "2 hours"
    session_network: bool = True
    oidc: OidcSection | None = None


def check_issuer(address: str) -> None:
    """Raises ConfigError, which does not repeat it, for what is no issuer (OpenID Connect Discovery, 3): https, or http of this machine alone.

    >>> check_issuer("https://login.example/realms/shop")
    """
    try:
        parts = urlsplit(address)
        plain = bool(parts.hostname) and not (parts.query or parts.fragment or parts.username or parts.password)
        near = parts.hostname in LOOPBACK and parts.scheme == "http"
        port = parts.port is None or parts.port > 0
        if plain and port and (parts.scheme == "https" or near) and all("!" <= letter <= "~" for letter in address):
            return
    except ValueError:
        pass
    hint = "as https://login.example/realms/shop; http is for this machine alone"
    raise ConfigError("this is no issuer", hint=hint)


def skew(span: str) -> Micros:
    """Raises ConfigError.

    >>> skew("30 s") // SECOND
    30
    """
    found = parse_span(span)
    if found > LONGEST_SKEW:
        raise ConfigError("a clock that is so far off is no clock", hint=f"at most {LONGEST_SKEW // SECOND} s")
    return found


def life(span: str) -> Micros:
    """Of a session, or of a part of one. Raises ConfigError."""
    found = parse_span(span)
    if not LEAST_REFRESH <= found <= LONGEST_SESSION:
        hint = f"{LEAST_REFRESH // SECOND} s to {LONGEST_SESSION // DAY} days"
        raise ConfigError("no time for a session", hint=hint)
    return found


def check_oidc(section: OidcSection) -> tuple[str, str, str] | None:
    """What is wrong with what its keys say together: (key, message, hint)."""
    if "openid" not in section.scopes or not all(map(_SCOPE.fullmatch, section.scopes)):
        return "scopes", "scopes are words, and openid is one of them", '["openid", "profile"]'
    if not section.client_id.strip() or not section.client_id.isprintable() or len(section.client_id) > 500:
        return "client_id", "client_id is empty, or no line of text", "the provider shows it where the client is made"
    if section.groups and not section.roles and not section.others:
        return "roles", "nobody could log in: no group has a role", 'roles = { "ml-team" = ["data-scientist"] }'
    if not section.groups and section.roles:
        return "groups", "roles are mapped from groups, and no claim says them", 'groups = "groups"'
    if len(section.roles) > MOST:
        return "roles", f"more than {MOST:,} groups", "map those alone that have a role here"
    if parse_span(section.refresh) > parse_span(section.unchecked):
        return "unchecked", "a session would end before its groups are asked for", "unchecked is not below refresh"
    return None
