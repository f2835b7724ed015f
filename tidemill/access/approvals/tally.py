"""Which words on a question count, and what is missing: a pure function of the question, the words, and who the voters are now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tidemill.access.approvals.rule import person_of
from tidemill.store.people import Approval, Principal, Vote

Principals = Mapping[str, Principal]
"""By id, as they are now."""


@dataclass(frozen=True, slots=True)
class Tally:
    """``void``: vote -> why it does not count. ``missing``: how many people still have to say yes."""

    yes: tuple[Vote, ...]
    no: Vote | None
    missing: int
    wanted: int
    void: Mapping[str, str] = field(default_factory=dict)

    @property
    def status(self) -> str:
        return "rejected" if self.no else "open" if self.missing else "approved"


def tally(approval: Approval, votes: Iterable[Vote], principals: Principals) -> Tally:
    """What the words come to. One person counts once, and of two words that may be one person's the earlier."""
    void: dict[str, str] = {}
    yes: list[Vote] = []
    no: Vote | None = None
    counted: set[str] = set()
    for vote in sorted(votes, key=lambda one: (one.at, one.id)):
        if why := why_void(approval, vote, principals):
            void[vote.id] = why
        elif not vote.yes:
            no = no or vote
        elif not (whose := persons(vote, principals)) or not whose & counted:
            counted |= whose
            yes.append(vote)
        else:
            void[vote.id] = "one person counts once"
    wanted = wanted_of(approval)
    return Tally(tuple(yes), no, max(wanted - len(yes), 0), wanted, void)


def wanted_of(approval: Approval) -> int:
    """How many people have to say yes. An author without an account may be anybody who has one: then one yes is not a second pair of eyes."""
    unknown = approval.four_eyes and not approval.person and bool(approval.who)
    return max(approval.needed, 2) if unknown else approval.needed


def why_void(approval: Approval, vote: Vote, principals: Principals) -> str:
    """Why a word does not count, in a sentence; nothing where it does."""
    if vote.seen != approval.inputs_digest:
        return "what is shown has changed since"
    if vote.principal:
        voter = principals.get(vote.principal)
        if voter is None or voter.disabled is not None:
            return "the account is no longer there, or is disabled"
        if approval.roles and not (vote.role in approval.roles and vote.role in voter.roles):
            return f"{vote.role or 'no role'} is not a role of theirs that may decide on it"
    elif approval.roles and vote.role not in approval.roles:
        return f"{vote.role or 'no role'} may not decide on it"
    return _why_no_yes(approval, vote, principals) if vote.yes else ""


def _why_no_yes(approval: Approval, vote: Vote, principals: Principals) -> str:
    """A no counts of each who may decide; a yes has more to show."""
    if not vote.principal and (approval.four_eyes or approval.needed > 1):
        return "who has no account counts as nobody's second pair of eyes"
    if approval.four_eyes and persons(vote, principals) & authors(approval, principals):
        return "who asked for it may not say yes to it: another person has to"
    if approval.own_key and not vote.own_key:
        return "it is not signed with the voter's own key"
    if approval.asks_reason and not vote.reason.strip():
        return "it gives no reason"
    return ""


def persons(vote: Vote, principals: Principals) -> set[str]:
    """Whose word it may be: whose it was when it was said, and whose it is now. Empty where there is no account."""
    return {vote.person, person_of(principals.get(vote.principal))} - {""}


def authors(approval: Approval, principals: Principals) -> set[str]:
    """Whose wish it may be."""
    return {approval.person, person_of(principals.get(approval.author))} - {""}
