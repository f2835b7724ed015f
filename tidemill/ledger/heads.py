"""Heads: the root of the tree over all records so far, signed by the project's ledger key.

A head costs what came since the last one: the right edge of the tree is kept with it. The key is no other's: what serves rests on the
gate key, what a person said on the approval key, and none of them can make a head.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tidemill.errors import BadRequest, NotAttested
from tidemill.ledger.merkle import Tree
from tidemill.release.signing.attest import STATEMENT, read_envelope, signed_by
from tidemill.release.signing.attest import public_key as parsed
from tidemill.release.signing.trust import LEDGER, RECORDED
from tidemill.store.chain import LedgerHead, LedgerRecord
from tidemill.types import JsonObject, Micros

if TYPE_CHECKING:
    from tidemill.scope.project import Project
    from tidemill.store.records import Tx

KIND = "urn:tidemill:ledger:v1"
EDGE = "ledger_edge"
"""The setting with the right edge of the tree at the last head."""


@dataclass(frozen=True, slots=True)
class Statement:
    """What a signed head says."""

    project: str
    size: int
    root: str
    last: str  # hash of the last of these records
    at: Micros


def due(project: Project, now: Micros) -> bool:
    """Whether it is time for a head: of a ledger that has grown, after so many records or so long."""
    last, head, said = project.store.ledger.last(), last_head(project), project.ledger
    if last is None or (head is not None and head.size >= last.seq):
        return False
    since = head.at if head is not None else _begun(project, last).at
    return last.seq - (head.size if head else 0) >= said.records or now - since >= said.span


def last_head(project: Project) -> LedgerHead | None:
    return project.store.ledger_heads.first()


def make(project: Project) -> LedgerHead:
    """The head of all records that are there; the last one where none has come since. Raises BadRequest where there is no record yet,
    and NotAttested where the key is not here."""
    from tidemill.release.signing.signer import seal, signer_of

    store = project.store
    last, before = store.ledger.last(), last_head(project)
    if last is None:
        raise BadRequest(
            "the ledger has no record yet", place="ledger", hint="it begins with the first thing that is done"
        )
    if before is not None and before.size >= last.seq:
        return before
    tree = _edge(project, before)
    for data in store.ledger.hashes(tree.size, last.seq):
        tree.add(data)
    said = Statement(project.id, tree.size, tree.root.hex(), last.hash, store.clock.now())
    envelope = seal(_stated(said), signer_of(project, LEDGER)).decode()
    head = LedgerHead(said.size, said.root, said.at, envelope)

    def work(tx: Tx) -> None:
        store.ledger_heads.add_new([head], tx)
        store.settings.set(EDGE, {"size": tree.size, "edge": [one.hex() for one in tree.edge]}, tx)

    store.transact(work)
    return last_head(project) or head


def opened(envelope: str, key: Ed25519PublicKey) -> Statement:
    """What a head says, where this key has signed it. Raises NotAttested."""
    said, signatures, payload = read_envelope(envelope.encode())
    if not signed_by(key, signatures, payload):
        raise NotAttested("this is not signed by the ledger's key", "other_key")
    predicate: Any = said.get("predicate")
    try:
        found = Statement(**{name: predicate[name] for name in Statement.__slots__})
        if said["predicateType"] != KIND or _stated(found)["subject"] != said["subject"]:
            raise ValueError("another kind of statement")
    except (KeyError, TypeError, ValueError) as exc:
        raise NotAttested(f"this is no head of a ledger: {exc}", "no_statement") from exc
    return found


def public_key(project: Project) -> Ed25519PublicKey | None:
    """The one that this machine keeps for the project; on a machine that has none, the one that the records name; None before the first head.

    Raises NotAttested.
    """
    path, recorded = project.keys_dir / f"{LEDGER}.pub", project.store.settings.get(RECORDED[LEDGER])
    if not path.exists() and recorded is None:
        return None
    return read_key(path) if path.exists() else parsed(str(recorded))


def read_key(path: Path) -> Ed25519PublicKey:
    """Raises NotAttested."""
    try:
        return parsed(path.read_text("ascii"))
    except (OSError, UnicodeDecodeError) as exc:
        raise NotAttested("the ledger's public key cannot be read", place=str(path)) from exc


def line_of(head: LedgerHead) -> bytes:
    """A head as an anchor takes it: its signed statement, on one line."""
    return json.dumps(json.loads(head.envelope), sort_keys=True, separators=(",", ":")).encode() + b"\n"


def _stated(said: Statement) -> JsonObject:
    subject = {"name": f"ledger:{said.project}@{said.size}", "digest": {"sha256": said.root}}
    predicate = {name: getattr(said, name) for name in Statement.__slots__}
    return {"_type": STATEMENT, "subject": [subject], "predicateType": KIND, "predicate": predicate}


def _edge(project: Project, head: LedgerHead | None) -> Tree:
    """The tree at the last head; from its beginning where what is kept of it does not make its root."""
    kept: Any = project.store.settings.get(EDGE)
    try:
        tree = Tree(int(kept["size"]), [bytes.fromhex(one) for one in kept["edge"]])
        if head is not None and (tree.size, tree.root.hex()) == (head.size, head.root):
            return tree
    except (KeyError, TypeError, ValueError):
        pass
    return Tree()


def _begun(project: Project, last: LedgerRecord) -> LedgerRecord:
    return next(iter(project.store.ledger.behind(0, 1)), last)
