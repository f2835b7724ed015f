"""The Merkle tree of RFC 6962, section 2.1: over the records' hashes, in their order.

A `Tree` keeps the roots of the whole subtrees on its right edge, one for each bit of its size: to add a record costs less than two
hashes on average, and a root or what is kept of it as many as the size has bits. A proof hashes everything once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from tidemill.errors import BadRequest


def leaf(data: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + data).digest()


def node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """Grows by a record at a time. ``edge``: of another's size, to go on from there."""

    def __init__(self, size: int = 0, edge: Iterable[bytes] = ()) -> None:
        self.size, self.edge = size, list(edge)

    def add(self, data: bytes) -> None:
        made, before = leaf(data), self.size
        while before & 1:
            made = node(self.edge.pop(), made)
            before >>= 1
        self.edge.append(made)
        self.size += 1

    @property
    def root(self) -> bytes:
        if not self.edge:
            return hashlib.sha256(b"").digest()
        made = self.edge[-1]
        for left in reversed(self.edge[:-1]):
            made = node(left, made)
        return made


def root_of(data: Iterable[bytes]) -> bytes:
    """
    >>> root_of([]).hex()[:8], root_of([b""]).hex()[:8]
    ('e3b0c442', '6e340b9c')
    """
    tree = Tree()
    for one in data:
        tree.add(one)
    return tree.root


def inclusion(index: int, data: Sequence[bytes]) -> list[bytes]:
    """The audit path of a record (section 2.1.1), from the bottom up. Raises BadRequest."""
    if not 0 <= index < len(data):
        raise BadRequest(f"there is no record {index + 1} among {len(data)}", place="record")
    return _path(index, [leaf(one) for one in data])


def consistency(size: int, data: Sequence[bytes]) -> list[bytes]:
    """That the tree of the first ``size`` is in the tree of all (section 2.1.2). Raises BadRequest."""
    if not 0 < size <= len(data):
        raise BadRequest(f"there is no tree of {size} among {len(data)} records", place="size")
    return _subproof(size, [leaf(one) for one in data], whole=True)


def included(index: int, size: int, data: bytes, path: Sequence[bytes], root: bytes) -> bool:
    """Whether the path leads from this record to the root (RFC 9162, section 2.1.3.2)."""
    at, last, made = index, size - 1, leaf(data)
    if not 0 <= index < size:
        return False
    for sibling in path:
        if last == 0:
            return False
        if at & 1 or at == last:
            made = node(sibling, made)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            made = node(made, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and made == root


def consistent(first: int, first_root: bytes, second: int, second_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the proof shows that the one tree begins the other (RFC 9162, section 2.1.4.2)."""
    if first == second:
        return not proof and first_root == second_root
    path = [first_root, *proof] if first & (first - 1) == 0 else [*proof]
    if not 0 < first < second or not path:
        return False
    at, last = first - 1, second - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            old, new = node(sibling, old), node(sibling, new)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            new = node(new, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and (old, new) == (first_root, second_root)


def _split(size: int) -> int:
    """The largest power of two below it."""
    return 1 << (size - 1).bit_length() - 1


def _top(leaves: Sequence[bytes]) -> bytes:
    """The root of at least one leaf that is hashed already, level by level: a last one without a neighbour goes up as it is."""
    level = leaves
    while len(level) > 1:
        pairs = [node(level[at], level[at + 1]) for at in range(0, len(level) - 1, 2)]
        level = pairs + [level[-1]] * (len(level) & 1)
    return level[0]


def _path(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    if len(leaves) == 1:
        return []
    k = _split(len(leaves))
    if index < k:
        return [*_path(index, leaves[:k]), _top(leaves[k:])]
    return [*_path(index - k, leaves[k:]), _top(leaves[:k])]


def _subproof(size: int, leaves: Sequence[bytes], whole: bool) -> list[bytes]:
    if size == len(leaves):
        return [] if whole else [_top(leaves)]
    k = _split(len(leaves))
    if size <= k:
        return [*_subproof(size, leaves[:k], whole), _top(leaves[k:])]
    return [*_subproof(size - k, leaves[k:], whole=False), _top(leaves[:k])]
