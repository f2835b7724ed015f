"""The question that a rule opens before something is done, and whose wish and word is whose."""

from __future__ import annotations

from dataclasses import dataclass

from tidemill.access.policy.rules import Rule
from tidemill.store.people import Approval, Principal
from tidemill.types import JsonObject, Micros, canonical, digest, named_id


@dataclass(frozen=True, slots=True)
class Author:
    """Who wants it done. ``principal`` is None of one who has no account; ``name`` is then what they are called, "" for the loop."""

    principal: Principal | None = None
    name: str = ""

    @property
    def person(self) -> str:
        return person_of(self.principal)


def person_of(principal: Principal | None) -> str:
    """Whose word its word is: of a program its owner. Nobody's, of one who has no account."""
    return (principal.owner or principal.id) if principal else ""


def question(
    kind: str,
    subject: str,
    rule: Rule,
    author: Author,
    inputs: JsonObject,
    now: Micros,
    *,
    why: str = "",
    number: int = 0,
) -> Approval:
    """The question, open. ``number``: how often it was asked before; the same one has the same id, however often it is made."""
    return Approval(
        id=named_id("approval", kind, subject, *([str(number)] if number else [])),
        kind=kind,
        subject=subject,
        rule=rule.name,
        author=author.principal.id if author.principal else "",
        roles=rule.roles,
        needed=rule.needed,
        four_eyes=rule.four_eyes,
        asked=now,
        due=None if rule.deadline is None else now + rule.deadline,
        status="open",
        inputs=inputs,
        inputs_digest=seen(inputs),
        person=author.person,
        who="" if author.principal else author.name,
        why=why,
        asks_reason=rule.reason,
        own_key=rule.own_key,
    )


def seen(inputs: JsonObject) -> str:
    """The digest of what is shown to who decides: a vote says by it what was on the table."""
    return digest(canonical(inputs))
