"""The ledger as lines of JSON, each in the one way in which it can be written, so that any change of a byte is one; and proofs of a record."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

from tidemill.errors import BadRequest, NotFound
from tidemill.ledger.heads import last_head
from tidemill.ledger.merkle import Tree, consistency, inclusion
from tidemill.ledger.verify import Progress, nobody
from tidemill.scope.project import Project
from tidemill.store.chain import GENESIS, LedgerHead, LedgerRecord, canonical, details


@dataclass(frozen=True)
class Proof:
    """That a record is in a signed head (RFC 6962, 2.1.1), and that the tree of ``since`` records begins this one (2.1.2)."""

    record: LedgerRecord
    index: int  # from 0
    head: LedgerHead
    path: tuple[str, ...]
    since: int
    since_root: str
    consistency: tuple[str, ...]


def export(project: Project, *, with_details: bool = False, progress: Progress = nobody) -> Iterator[bytes]:
    """A line for each record, and one at the end that says how many there were. ``with_details``: what each commits to and its nonce."""
    tree, ledger, seq = Tree(), project.store.ledger, 0
    upto = last.seq if (last := ledger.last()) is not None else 0
    while part := [record for record in ledger.behind(seq) if record.seq <= upto]:
        kept = ledger.kept([record.event for record in part]) if with_details else {}
        for record in part:
            line = asdict(record)
            if record.event in kept and record.act != GENESIS:
                nonce, event = kept[record.event]
                line |= {"nonce": nonce, "details": details(event)}
            tree.add(bytes.fromhex(record.hash))
            yield canonical(line) + b"\n"
        seq = part[-1].seq
        progress(seq, upto)
    yield canonical({"records": tree.size, "root": tree.root.hex()}) + b"\n"


def prove(project: Project, record: str, since: int | None = None) -> Proof:
    """Of a record (its number, or its event) in the last head; ``since``: the size of an earlier tree that somebody was told. Reads the
    hashes of all, once. Raises NotFound, BadRequest."""
    found, head = _record(project, record), last_head(project)
    if head is None or head.size < found.seq:
        hint = "tidemill ledger head signs one"
        raise BadRequest(f"no head has record {found.seq} yet", place="record", hint=hint)
    data = [*project.store.ledger.hashes(0, head.size)]
    size = found.seq if since is None else since
    proof = consistency(size, data)
    tree = Tree()
    for one in data[:size]:
        tree.add(one)
    path = inclusion(found.seq - 1, data)
    return Proof(
        found,
        found.seq - 1,
        head,
        tuple(one.hex() for one in path),
        size,
        tree.root.hex(),
        tuple(one.hex() for one in proof),
    )


def _record(project: Project, name: str) -> LedgerRecord:
    """Raises NotFound."""
    ledger = project.store.ledger
    found = (
        ledger.look_up(int(name)) if name.isascii() and name.isdigit() and len(name) < 19 else ledger.first(event=name)
    )
    if found is None:
        raise NotFound(f"no record of {name!r} in the ledger", hint="tidemill ledger show lists them")
    return found
