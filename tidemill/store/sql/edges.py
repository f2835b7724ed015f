"""Edges: what went into what."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tidemill.store.ports import Tx
from tidemill.store.records import Edge
from tidemill.store.sql import schema
from tidemill.store.sql.database import Database
from tidemill.store.sql.rows import Rows

EDGES = Rows(Edge, schema.edges, "edge")
_edge = schema.edges.c


class Edges:
    def __init__(self, database: Database) -> None:
        self._db = database

    def add(self, edges: Iterable[Edge], tx: Tx = None) -> None:
        new = list(edges)
        if new:
            self._db.write(lambda tx: EDGES.add_new(tx, new), tx)

    def into(self, ref: str) -> Sequence[Edge]:
        query = EDGES.select.where(_edge.target == ref).order_by(_edge.at, _edge.source, _edge.relation)
        return EDGES.records(self._db.rows(query))

    def out_of(self, ref: str) -> Sequence[Edge]:
        query = EDGES.select.where(_edge.source == ref).order_by(_edge.at, _edge.target, _edge.relation)
        return EDGES.records(self._db.rows(query))
