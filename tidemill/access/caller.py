"""Who asks for something to be done: a name, what it may do, and by which face it came."""

from __future__ import annotations

import getpass
from dataclasses import dataclass

from tidemill.access.tokens import SCOPES
from tidemill.errors import Forbidden
from tidemill.store.records import Token


@dataclass(frozen=True, slots=True)
class Caller:
    """The principal of a verb. ``scopes``: what it may do; ``face``: cli | api | page | loop | python."""

    name: str
    scopes: tuple[str, ...]
    face: str

    @classmethod
    def local(cls, face: str = "cli") -> Caller:
        """Whoever is logged in on this machine and can read the project's folder: it may do everything."""
        return cls(getpass.getuser(), SCOPES, face)

    @classmethod
    def of(cls, token: Token | None, face: str) -> Caller:
        """The holder of a token."""
        return cls(token.name, token.scopes, face) if token else cls("nobody", (), face)

    def need(self, scope: str) -> None:
        """Raises Forbidden unless it may do this."""
        if scope not in self.scopes:
            raise Forbidden(f"{self.name} may not {scope}", hint=f"use a token with the scope {scope}")
