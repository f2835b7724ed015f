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
class Asking:
    """A rule, and what it speaks of: nothing said is everything."""

    rule: Rule
    kinds: frozenset[str]
    endpoints: frozenset[str]
    environments: frozenset[str]

    def speaks_of(self, kind: str, endpoint: str, environment: str) -> bool:
        """An endpoint or environment that is not said ("") is any."""
        return (
            kind in self.kinds
            and (not self.endpoints or not endpoint or endpoint in self.endpoints)
            and (not self.environments or not environment or environment in self.environments)
        )

    def meets(self, other: Asking) -> bool:
        """Whether there is something that both speak of."""
        apart = (
            bool(mine and yours and not mine & yours)
            for mine, yours in ((self.endpoints, other.endpoints), (self.environments, other.environments))
        )
        return bool(self.kinds & other.kinds) and not any(apart)
