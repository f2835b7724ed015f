"""The ledger's records: who did what, when, each hashed with the one before; and the signed heads of the whole.

No personal data is in them: a principal is its id, what was done is its kind, and the details are a commitment (a digest with a nonce
that stands beside the event), so that an event can be erased and its record stays true.

docs/ledger.md says the encoding in full: a script that knows nothing of this program makes the same digests.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any, Protocol

from tidemill.store.frozen import dataclass
from tidemill.types import JsonObject, Micros

FORMAT = "tidemill-ledger-1"
NOTHING = "0" * 64
"""What the first record has as its ``previous``."""
GENESIS = "genesis"
"""The act of the first record. Its subject says how many events there were before the ledger: theirs are the next records, and its
commitment is of their commitments."""
SOMEBODY = "-"
"""The principal of an act by who has no account: whoever can read the project's folder, a token that is nobody's."""

_NAMED = frozenset(
    {"project", "dataset", "model", "endpoint", "features", "view", "environment", "gate", "ledger", "job"}
)
_BY_ID = frozenset(
    {"release", "run", "decision", "experiment", "alarm", "verdict", "settlement", "baseline", "event", "batch"}
    | {"token", "principal", "approval", "vote", "comment"}
)
_ID = re.compile(r"[a-z]+_[0-9a-z]{26}")


@dataclass(frozen=True, slots=True)
class LedgerRecord:
    """One act. ``hash`` is of all the other fields, ``previous`` among them."""

    seq: int  # 1, 2, 3 … without a gap
    at: Micros  # when it was written, by the store's clock
    principal: str  # id; "" where the program did it by itself, "-" where somebody without an account did
    act: str  # the event's kind
    subject: str  # a ref; "" where it could say who somebody is
    event: str  # id of the event with the details
    commitment: str  # digest of nonce and details
    previous: str
    hash: str


@dataclass(frozen=True, slots=True)
class LedgerHead:
    """The Merkle tree head (RFC 6962) of the first ``size`` records, signed; and where it was anchored."""

    size: int
    root: str
    at: Micros
    envelope: str  # the signed statement: a DSSE envelope, as JSON
    anchors: tuple[str, ...] = ()  # those that have taken it: file:…, git:…, https:…


def canonical(value: Any) -> bytes:
    """JSON with sorted names, no spaces and ASCII alone: the same bytes for what is the same when it is read back."""
    plain = json.loads(json.dumps(value, allow_nan=False))  # names are text, and tuples lists, as they will be
    return json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def commitment(nonce: str, details: Any) -> str:
    """Says nothing of the details to who does not have the nonce."""
    return hashlib.sha256(bytes.fromhex(nonce) + canonical(details)).hexdigest()


class Told(Protocol):
    """An event, as far as it is committed to."""

    @property
    def id(self) -> str: ...
    @property
    def at(self) -> Micros: ...
    @property
    def kind(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def data(self) -> JsonObject: ...
    @property
    def principal(self) -> str: ...


def details(event: Told) -> JsonObject:
    """What a record commits to."""
    names = ("id", "at", "kind", "subject", "data", "principal")
    return {name: getattr(event, name) for name in names}


def hash_of(record: LedgerRecord) -> str:
    return digest(
        record.seq,
        record.at,
        record.principal,
        record.act,
        record.subject,
        record.event,
        record.commitment,
        record.previous,
    )


def digest(*fields: str | int) -> str:
    """Of the fields of a record, in their order."""
    return hashlib.sha256(canonical([FORMAT, *fields])).hexdigest()


def link(
    seq: int, at: Micros, principal: str, act: str, subject: str, event: str, said: str, previous: str
) -> LedgerRecord:
    """The record that comes after the one whose hash is ``previous``; ``said``: its commitment."""
    made = digest(seq, at, principal, act, subject, event, said, previous)
    return LedgerRecord(seq, at, principal, act, subject, event, said, previous, made)


def all_of(commitments: list[str]) -> str:
    """What the first record commits to: the commitments of those before the ledger."""
    return hashlib.sha256("".join(commitments).encode()).hexdigest()


def shown(subject: str) -> str:
    """The subject as a record may say it: names of the configuration, and ids that say nothing of anybody. Any other (a customer, a
    prediction, a file) stands in the details alone."""
    kind, _, name = subject.partition(":")
    allowed = kind in _NAMED or (kind in _BY_ID and _ID.fullmatch(name) is not None)
    return subject if allowed else ""
