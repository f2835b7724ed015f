"""Whether there is anybody who could satisfy the policy: enough people in the roles that a rule names, and keys that are known."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tidemill.access.policy.limits import Refusal
from tidemill.access.policy.rules import Rule
from tidemill.access.policy.sections import KINDS

if TYPE_CHECKING:
    from tidemill.access.policy.policy import Policy
    from tidemill.access.policy.read import Known
    from tidemill.store.people import Principal

VOTES = ("approval.vote", "release.approve")
"""Either lets somebody say yes."""
STARTS = {"release": "release.start", "override": "release.override", "promotion": "release.promote"}
"""What whoever wants it done has to be permitted; of other kinds anybody may be the author."""


@dataclass(frozen=True, slots=True)
class Person:
    """One who is enabled, as the policy sees them."""

    id: str
    roles: frozenset[str]
    key: bool  # of their own

    @classmethod
    def among(cls, principals: Sequence[Principal]) -> list[Person]:
        """The people who are enabled; a program's word is its owner's, so it is nobody more."""
        return [cls(p.id, frozenset(p.roles), bool(p.key)) for p in principals if p.kind == "person" and not p.disabled]


def unsatisfiable(policy: Policy, known: Known, people: Sequence[Person], keys: Collection[str]) -> Iterator[Refusal]:
    """Every rule that nobody could satisfy as things are. ``people``: none where there are no accounts; ``keys``: fingerprints."""
    told = set[Rule]()
    for kind in KINDS:
        for endpoint in known.endpoints or ("",):
            for environment in known.environments or ("",):
                rule = policy.asks(kind, endpoint, environment)
                if rule is not None and rule not in told:
                    told.add(rule)
                    yield from _lacking(policy, kind, rule, people)
    for one in policy.attestations:
        if one.keys and not one.keys & set(keys):
            hint = "tidemill policy show lists the keys that are known here"
            yield Refusal(f"attestation.{one.name}", f"nothing here is signed by any of its {len(one.keys)} keys", hint)


def _lacking(policy: Policy, kind: str, rule: Rule, people: Sequence[Person]) -> Iterator[Refusal]:
    """What the rule lacks, if anything: one thing a rule."""
    name, roles = f"approval.{rule.name}", " or ".join(rule.roles)
    if silent := [role for role in rule.roles if policy.may((role,)).isdisjoint(VOTES)]:
        hint = f"give it {VOTES[0]} in [roles], or name another"
        yield Refusal(name, f"{' and '.join(silent)} may not say yes to anything", hint)
    elif not people:
        if rule.needed > 1 or rule.four_eyes or rule.own_key:
            wants = f"{rule.needed} people" if rule.needed > 1 else "somebody else's yes" if rule.four_eyes else "a key"
            yield Refusal(name, f"it asks for {wants}, and there are no accounts", "tidemill people add NAME")
    else:
        voters = [one for one in people if one.roles & set(rule.roles) and (one.key or not rule.own_key)]
        if len(voters) < rule.needed:
            with_key = " with a key of their own" if rule.own_key else ""
            message = f"it needs {rule.needed} of {roles}{with_key}, and there {_are(len(voters))}"
            yield Refusal(name, message, "tidemill people roles NAME ROLE, or ask for fewer")
        elif rule.four_eyes and not _another(policy, kind, rule, people, voters):
            message = f"it needs {rule.needed} of {roles} beside whoever asks, and there {_are(len(voters))} with them"
            yield Refusal(name, message, "tidemill people add NAME: two pairs of eyes need two people")


def _are(number: int) -> str:
    return "is nobody" if not number else "is 1" if number == 1 else f"are {number}"


def _another(policy: Policy, kind: str, rule: Rule, people: Sequence[Person], voters: Sequence[Person]) -> bool:
    """Whether there is an author beside whom there are voters enough; the loop is one whom nobody else stands behind."""
    needed = STARTS.get(kind)
    authors = [one for one in people if needed is None or needed in policy.may(one.roles)]
    return not authors or any(sum(v.id != one.id for v in voters) >= rule.needed for one in authors)
