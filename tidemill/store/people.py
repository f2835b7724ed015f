"""Who acts, and what they say to what is asked of them: frozen records, one a noun. Times are microseconds since 1970 UTC (`Micros`).

A principal is known by an id that says nothing of the person and outlives a change of name: other records hold the id alone.
"""

from __future__ import annotations

from dataclasses import field

from tidemill.store.frozen import dataclass
from tidemill.types import JsonObject, Micros


@dataclass(frozen=True, slots=True)
class Principal:
    """A person, or a program that a person answers for. ``name`` is what it logs in by; one that is ``disabled`` may do nothing."""

    id: str
    name: str  # unique, in small letters
    kind: str  # person | program
    roles: tuple[str, ...]
    created: Micros
    by: str = ""  # principal that made it
    display: str = ""  # the name that people read
    owner: str = ""  # of a program: the person whose word its word is
    issuer: str = (
        ""  # of a person whom an identity provider vouches for: its address, and there the person's ``subject``
    )
    subject: str = ""
    key: str = ""  # public key (PEM) by which its own approvals are signed
    key_envelope: str = ""  # artifact: the statement, signed with the project's approval key, that this key is its own
    disabled: Micros | None = None


@dataclass(frozen=True, slots=True)
class Password:
    """The password of a local account, as argon2id keeps it (RFC 9106). Apart from the principal, so that no listing shows it."""

    principal: str
    hash: str
    changed: Micros
    must_change: bool = False


@dataclass(frozen=True, slots=True)
class Attempt:
    """Failed log-ins in a row: by one name, or from one address, both as keyed digests."""

    key: str
    count: int
    last: Micros
    until: Micros  # refused unseen up to here


@dataclass(frozen=True, slots=True)
class Approval:
    """A question that people have to answer before something is done. ``roles``: one of them has to be the voter's."""

    id: str
    kind: str  # release | override | promotion | erasure | …
    subject: str  # a ref: what is decided on
    rule: str  # the policy's rule that asks
    author: str  # principal who wants it done
    roles: tuple[str, ...]
    needed: int  # different people who say yes
    four_eyes: bool  # nobody who is the author counts
    asked: Micros
    due: Micros | None  # unanswered up to here it is expired
    status: str  # open | approved | rejected | expired | withdrawn | served (of an erasure: its yes was used)
    inputs: JsonObject = field(default_factory=dict)  # what is shown to who decides
    inputs_digest: str = ""
    ended: Micros | None = None
    environment: str = ""
    endpoint: str = ""
    person: str = ""  # whose wish it is: of a program its owner
    who: str = ""  # the name of an author who has no account
    why: str = ""  # as the author says
    asks_reason: bool = False  # a yes without one does not count
    own_key: bool = False  # only what is signed by the voter's own key counts


@dataclass(frozen=True, slots=True)
class Vote:
    """A person's word on an approval: one a person, which counts while the role that it was said in is still the person's."""

    id: str
    approval: str
    principal: str  # who said it
    person: str  # whose word it is: of a program its owner
    role: str
    yes: bool
    reason: str
    at: Micros
    seen: str  # digest of the inputs that were shown
    envelope: str = ""  # artifact: the signed statement
    self_approved: bool = False
    who: str = ""  # the name of a voter who has no account
    own_key: bool = False  # signed by the voter's own key; else the project's says that the voter's session said it


@dataclass(frozen=True, slots=True)
class Comment:
    """What somebody wrote to a run, a version, a release, a decision or an alarm. One that is taken back has no text."""

    id: str
    about: str  # a ref
    principal: str
    at: Micros
    text: str
    reply_to: str = ""
    removed: Micros | None = None
    who: str = ""  # the name of one who has no account
    mentions: tuple[str, ...] = ()  # principals


@dataclass(frozen=True, slots=True)
class Visit:
    """When somebody last looked at a place of the page, and had looked before: what is new there is what came after."""

    principal: str
    place: str  # overview | inbox | …
    at: Micros
    before: Micros | None = None


@dataclass(frozen=True, slots=True)
class LogIn:
    """A log-in that was begun at an identity provider: it ends once, in the browser where it began. Who reads this can end none."""

    id: str  # digest of its state
    browser: str  # digest of what the browser's cookie holds
    sealed: str  # nonce, verifier and address, under a key that the cookie alone gives
    origin: str  # keyed digest of the network that it was begun from
    started: Micros
    expires: Micros


@dataclass(frozen=True, slots=True)
class Vouched:
    """A session that an identity provider vouched for: when it was last asked, and answered, whether its person is still who they were."""

    session: str  # token
    principal: str
    issuer: str
    sealed: str  # what the provider is asked with, under a key that the session's own secret alone gives
    checked: Micros  # it answered
    asked: Micros
