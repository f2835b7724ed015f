"""Whether the ledger holds: the chain, what its records commit to, its heads, and what was said of it elsewhere.

It is read once, part by part, however long it is; where it breaks is said by the record's number. What is wrong with one record does
not hide the next: each is held against what the one before says of itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tidemill.ledger.merkle import Tree
from tidemill.store.chain import GENESIS, NOTHING, LedgerRecord, all_of, commitment, details, hash_of

if TYPE_CHECKING:
    from tidemill.store.sql.store import MetadataStore

MOST = 20
"""Breaks that are told; what comes behind them is counted."""
Progress = Callable[[int, int], None]
"""Told how many records were looked at, and of how many."""


@dataclass(frozen=True, slots=True)
class Break:
    """``record``: its number, or the size of the head that is wrong; 0 where it is none of them."""

    record: int
    what: str  # hash | previous | gap | details | first | cut | count | unrecorded | head | anchor
    said: str


@dataclass(frozen=True, slots=True)
class Said:
    """A root that somebody was told: of a head, at an anchor."""

    size: int
    root: str
    where: str  # "" for the ledger's own heads


@dataclass
class Found:
    """What a look at all of it has found."""

    records: int = 0
    root: str = ""
    last: str = ""  # hash of the last record
    erased: int = 0  # records whose details are not there any more
    heads: int = 0
    anchored: int = 0  # roots that were told elsewhere, and hold
    broken: int = 0
    breaks: list[Break] = field(default_factory=list)

    def breaks_at(self, record: int, what: str, said: str) -> None:
        self.broken += 1
        if len(self.breaks) < MOST:
            self.breaks.append(Break(record, what, said))


def nobody(done: int, of: int) -> None:
    """Nobody looks."""


def verify(store: MetadataStore, told: Sequence[Said], progress: Progress = nobody) -> Found:
    """``told``: the roots of heads, and those that were said elsewhere."""
    found, chain = Found(), Chain()
    expected = store.ledger.written()
    wanted = {one.size for one in told}
    roots: dict[int, str] = {0: chain.tree.root.hex()}
    while part := store.ledger.behind(chain.seq):
        kept = store.ledger.kept([record.event for record in part])
        for record in part:
            chain.follow(record, found)
            _details(record, kept, found)
            if chain.tree.size in wanted:
                roots[chain.tree.size] = chain.tree.root.hex()
        progress(chain.tree.size, max(expected, chain.tree.size))
    found.records, found.root, found.last = chain.tree.size, chain.tree.root.hex(), chain.previous
    chain.end(found)
    _cut(chain.seq, expected, store.ledger.written(), found)
    _outside(store, found)
    _roots(told, roots, found)
    return found


class Chain:
    """Follows record after record."""

    def __init__(self) -> None:
        self.tree, self.seq, self.previous = Tree(), 0, NOTHING
        self._before: list[str] = []
        self._first: LedgerRecord | None = None

    def follow(self, record: LedgerRecord, found: Found) -> None:
        if record.seq != self.seq + 1:
            missing = (
                f"record {self.seq + 1} is" if record.seq == self.seq + 2 else f"{self.seq + 1} to {record.seq - 1} are"
            )
            found.breaks_at(self.seq + 1, "gap", f"{missing} not there")
        elif record.previous != self.previous:
            found.breaks_at(record.seq, "previous", f"record {record.seq} does not follow the one before it")
        if hash_of(record) != record.hash:
            found.breaks_at(record.seq, "hash", f"record {record.seq} is not what was hashed: it was changed")
        self.seq, self.previous = record.seq, record.hash
        self.tree.add(bytes.fromhex(record.hash) if _is_hash(record.hash) else record.hash.encode())
        self._begins(record)

    def _begins(self, record: LedgerRecord) -> None:
        """The first one says how many were before the ledger: theirs are the next."""
        if record.seq == 1:
            self._first = record
        elif self._first is not None and record.seq <= 1 + _earlier(self._first):
            self._before.append(record.commitment)

    def end(self, found: Found) -> None:
        first = self._first
        if first is None:
            return
        right = first.act == GENESIS and len(self._before) == _earlier(first)
        if not right or first.commitment != all_of(self._before):
            found.breaks_at(1, "first", "record 1 does not commit to the events that there were")


def _details(record: LedgerRecord, kept: Mapping[str, tuple], found: Found) -> None:  # type: ignore[type-arg]
    if record.act == GENESIS and record.seq == 1:
        return
    if record.event not in kept:
        found.erased += 1
        return
    nonce, event = kept[record.event]
    same = _is_hash(nonce, 32) and commitment(nonce, details(event)) == record.commitment
    if not same or event.kind != record.act:
        found.breaks_at(record.seq, "details", f"the details of record {record.seq} ({event.id}) are not what was done")


def _cut(last: int, expected: int, written: int, found: Found) -> None:
    """``expected``: how many were written when this look began, ``written``: when it ended."""
    if last < expected:
        found.breaks_at(last + 1, "cut", f"{expected} records were written, and the last one is {last}")
    elif last > written:
        found.breaks_at(written + 1, "count", f"{written} records were written, and there are {last}")


def _outside(store: MetadataStore, found: Found) -> None:
    """What stands beside the chain, where following it leads nobody."""
    for event in store.ledger.unrecorded(MOST):
        found.breaks_at(0, "unrecorded", f"{event} is there, and no record names it")
    for event in store.ledger.twice(MOST):
        found.breaks_at(0, "details", f"the details {event} stand twice, as an event and as an act")
    for seq in store.ledger.before_first(MOST):
        found.breaks_at(seq, "gap", f"record {seq} stands before the first")


def _roots(told: Iterable[Said], roots: Mapping[int, str], found: Found) -> None:
    for one in told:
        what, by = ("anchor", one.where) if one.where else ("head", "the head")
        if one.size > found.records:
            said = (
                f"{by} is of {one.size} records, and there are {found.records}: the ledger was cut, or is an older one"
            )
            found.breaks_at(one.size, what, said)
        elif roots[one.size] != one.root:
            found.breaks_at(
                one.size, what, f"{by} says another root of the first {one.size} records: they were rewritten"
            )
        elif one.where:
            found.anchored += 1
        else:
            found.heads += 1


def _earlier(first: LedgerRecord) -> int:
    number = first.subject.removeprefix("events:")
    return int(number) if number.isascii() and number.isdigit() else 0


def _is_hash(text: str, letters: int = 64) -> bool:
    return len(text) == letters and all(letter in "0123456789abcdef" for letter in text)
