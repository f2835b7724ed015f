"""Who asks for something to be done: a name, what it may do, and by which face it came."""

from __future__ import annotations

import os
import pwd
from dataclasses import dataclass

from tidemill.access.permissions import scope_of, text_of
from tidemill.access.tokens import SCOPES
from tidemill.errors import Forbidden
from tidemill.store.records import Token


@dataclass(frozen=True, slots=True)
class Caller:
    """The principal of a verb. ``scopes``: what the way that it came by is good for; ``face``: cli | api | page | loop | python.

    ``principal``: its id, "" of who has no account; ``may``: the permissions of its roles, None where no role narrows what the
    scopes allow (whoever can read the project's folder, a token that is nobody's).
    """

    name: str
    scopes: tuple[str, ...]
    face: str
    principal: str = ""
    roles: tuple[str, ...] = ()
    may: frozenset[str] | None = None

    @property
    def by(self) -> str:
        """What a record names it by: its principal, or its name where it has no account."""
        return self.principal or self.name

    @classmethod
    def local(cls, face: str = "cli") -> Caller:
        """Whoever is logged in on this machine and can read the project's folder: it may do everything."""
        return cls(system_user(), SCOPES, face)

    @classmethod
    def of(cls, token: Token | None, face: str) -> Caller:
        """The holder of a token."""
        return cls(token.name, token.scopes, face, token.principal) if token else cls("nobody", (), face)

    def may_do(self, permission: str) -> bool:
        """Whether `need` would let it."""
        scope = scope_of(permission)
        return scope in self.scopes and (self.may is None or permission in self.may)

    def need(self, permission: str) -> None:
        """Raises Forbidden unless it may do this: a permission, or, of who has no account, a whole scope."""
        scope = scope_of(permission)
        if scope not in self.scopes:
            raise Forbidden(f"{self.name} may not {text_of(permission)}", hint=f"use a token with the scope {scope}")
        if self.may is not None and permission not in self.may:
            said = f"no role of theirs has {permission}"
            nobodys = "this token belongs to no account: tidemill token add NAME --for PERSON"
            raise Forbidden(f"{self.name} may not {text_of(permission)}", hint=said if self.principal else nobodys)


def system_user() -> str:
    """Who this process is to the operating system; not what $USER says, which anybody can say of themselves."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container's user without a name: an account's name holds no blank
        return f"user {os.getuid()}"
