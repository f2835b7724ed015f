"""Rules on who is asked: the strictest of those that speak of the same thing is the one that counts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce

from tidemill.types import Micros

FILE = "policy.toml"


@dataclass(frozen=True, slots=True)
class Rule:
    """Who has to say yes before something is done. ``deadline``: how long they have, None: for ever; ``reason``: a yes says why."""

    name: str
    roles: tuple[str, ...]  # one of them has to be the voter's; none at all: nobody can
    needed: int = 1
    four_eyes: bool = False
    deadline: Micros | None = None
    reason: bool = False
    own_key: bool = False  # only what is signed by the voter's own key counts
    place: str = ""  # where it is said, for whoever is refused by it

    def __and__(self, other: Rule) -> Rule:
        """The stricter of both in all that they say.

        >>> both = Rule("a", ("owner", "boss")) & Rule("b", ("boss",), needed=2)
        >>> both.name, both.roles, both.needed
        ('a and b', ('boss',), 2)
        """
        spans = [span for span in (self.deadline, other.deadline) if span is not None]
        return Rule(
            f"{self.name} and {other.name}",
            tuple(role for role in self.roles if role in other.roles),
            max(self.needed, other.needed),
            self.four_eyes or other.four_eyes,
            min(spans, default=None),
            self.reason or other.reason,
            self.own_key or other.own_key,
            " and ".join(filter(None, (self.place, other.place))),
        )


def strictest(rules: Iterable[Rule | None]) -> Rule | None:
    """What is asked where all of these ask; None where none does."""
    found = [rule for rule in rules if rule is not None]
    return reduce(Rule.__and__, found) if found else None


@dataclass(frozen=True, slots=True)
class About:
    """Which endpoints and environments a rule speaks of: none said is all."""

    endpoints: frozenset[str] = frozenset()
    environments: frozenset[str] = frozenset()

    def holds(self, endpoint: str, environment: str) -> bool:
        """One that is not said ("") is any."""
        return all(
            not among or not name or name in among
            for among, name in ((self.endpoints, endpoint), (self.environments, environment))
        )

    def meets(self, other: About) -> bool:
        """Whether there is something that both speak of."""
        pairs = ((self.endpoints, other.endpoints), (self.environments, other.environments))
        return all(not mine or not yours or mine & yours for mine, yours in pairs)


@dataclass(frozen=True, slots=True)
class Asking:
    """A rule on who is asked, and what it speaks of."""

    rule: Rule
    kinds: frozenset[str]
    about: About

    def speaks_of(self, kind: str, endpoint: str, environment: str) -> bool:
        return kind in self.kinds and self.about.holds(endpoint, environment)

    def meets(self, other: Asking) -> bool:
        return bool(self.kinds & other.kinds) and self.about.meets(other.about)


@dataclass(frozen=True, slots=True)
class Needed:
    """A signed statement that a release has to carry. ``keys``: fingerprints of those that may have signed it, none: any that is trusted."""

    name: str
    statement: str
    gate: str
    keys: frozenset[str]
    about: About
    place: str

    @property
    def text(self) -> str:
        """What it is, in words."""
        return (
            f"the verdict of the gate {self.gate}" if self.statement == "gate" else f"the statement {self.statement!r}"
        )
