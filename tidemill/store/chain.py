"""The ledger's records: who did what, when, each hashed with the one before; and the signed heads of the whole.

No personal data is in them: a principal is its id, what was done is its kind, and the details are a commitment (a digest with a nonce
that stands beside the event), so that an event can be erased and its record stays true.
"""

from __future__ import annotations

from dataclasses import dataclass

from tidemill.types import Micros


@dataclass(frozen=True, slots=True)
class LedgerRecord:
    """One act. ``hash`` is of all the other fields, ``previous`` among them."""

    seq: int  # 1, 2, 3 … without a gap
    at: Micros
    principal: str  # id; "" where the program did it by itself
    act: str  # the event's kind
    subject: str  # a ref
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
    envelope: str  # artifact: the signed statement
    anchors: tuple[str, ...] = ()  # file:…, git:…, webhook:…
