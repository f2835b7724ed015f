"""The policy of a project, as it was read: what each role may do, and who is asked about what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tidemill.access.permissions import EVERYBODY
from tidemill.access.policy.limits import Limits
from tidemill.access.policy.rules import Asking, Needed, Rule, strictest
from tidemill.errors import TidemillError


@dataclass(frozen=True)
class Policy:
    """``digest``: of the text that was read, "" where the project says nothing of its own; ``broken``: why the file, as it is now,
    cannot be read, where this is the one that was read before."""

    digest: str
    roles: Mapping[str, frozenset[str]]
    approvals: tuple[Asking, ...] = ()
    attestations: tuple[Needed, ...] = ()
    limits: Limits = field(default_factory=Limits)
    own: tuple[
        str, ...
    ] = ()  # the rules that the project's file says, and the roles: "roles.NAME", "approval.NAME", "features.banned"
    first: str = ""  # the environment that records call ""
    text: str = ""
    broken: TidemillError | None = None

    def may(self, roles: Iterable[str]) -> frozenset[str]:
        """What these roles may do, together; one that the policy does not know may nothing."""
        return EVERYBODY.union(*(self.roles.get(role, EVERYBODY) for role in roles))

    def asks(self, kind: str, endpoint: str = "", environment: str = "") -> Rule | None:
        """Who has to say yes to this: what all rules that speak of it say, the strictest of each. ``environment``: as records keep it."""
        named = environment or self.first
        return strictest(one.rule for one in self.approvals if one.speaks_of(kind, endpoint, named))

    def needs(self, endpoint: str, environment: str = "") -> list[Needed]:
        """The signed statements without which no scorer loads a release of this endpoint."""
        named = environment or self.first
        return [one for one in self.attestations if one.about.holds(endpoint, named)]

    def whole(self) -> Policy:
        """This one, where the file can be read as it is now: what acts goes by no other. Raises ConfigError."""
        if self.broken is not None:
            raise self.broken
        return self
