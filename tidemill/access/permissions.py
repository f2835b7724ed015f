"""What somebody may do: one permission for each verb that reads or changes something, named noun.verb, and the scope that a token needs for it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Permission:
    """``scope``: what a token has to be good for; ``text``: what it lets somebody do, after "may"."""

    scope: str
    text: str


PERMISSIONS: dict[str, Permission] = {
    "release.start": Permission("operate", "start a release"),
    "release.override": Permission("operate", "pass the gates by hand"),
    "release.approve": Permission("operate", "approve or reject a release"),
    "release.rollback": Permission("operate", "roll a release back"),
}


def scope_of(permission: str) -> str:
    """The scope that it needs; of a whole scope itself."""
    return PERMISSIONS[permission].scope if permission in PERMISSIONS else permission


def text_of(permission: str) -> str:
    """What it lets somebody do, in words.

    >>> text_of("release.start"), text_of("operate")
    ('start a release', 'operate')
    """
    return PERMISSIONS[permission].text if permission in PERMISSIONS else permission
