"""Lineage: what went into a thing (upstream) and what came of it (downstream), over the one table of edges."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tidemill.store.records import Edge

if TYPE_CHECKING:
    from tidemill.store.sql.store import MetadataStore

RECALLED = "recalled"
"""The relation of a file to the version of a dataset from which on its rows are not in it."""


@dataclass(frozen=True)
class Walk:
    """The edges met, nearest first, and the refs with their distance. ``cut``: the limits hid some."""

    edges: tuple[Edge, ...]
    refs: dict[str, int]
    cut: bool


def upstream(store: MetadataStore, ref: str, *, depth: int = 50, limit: int = 10_000) -> Walk:
    """Everything that went into ``ref``, breadth first, at most ``limit`` edges and ``depth`` steps away."""
    return _walk(ref, lambda ref: store.edges.list(target=ref), lambda edge: edge.source, depth, limit)


def downstream(store: MetadataStore, ref: str, *, depth: int = 50, limit: int = 10_000) -> Walk:
    """Everything that came of ``ref``, breadth first."""
    return _walk(ref, lambda ref: store.edges.list(source=ref), lambda edge: edge.target, depth, limit)


def _walk(
    start: str, edges_at: Callable[[str], Sequence[Edge]], far_end: Callable[[Edge], str], depth: int, limit: int
) -> Walk:
    refs, edges, cut = {start: 0}, list[Edge](), False
    queue = deque([start])
    while queue:
        ref = queue.popleft()
        if refs[ref] >= depth:
            cut = cut or bool(edges_at(ref))
            continue
        for edge in edges_at(ref):
            if len(edges) >= limit:
                return Walk(tuple(edges), refs, True)
            edges.append(edge)
            if far_end(edge) not in refs:
                refs[far_end(edge)] = refs[ref] + 1
                queue.append(far_end(edge))
    return Walk(tuple(edges), refs, cut)
