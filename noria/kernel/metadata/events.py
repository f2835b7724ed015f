"""Events: what happened that a person may want to see."""

from __future__ import annotations

from collections.abc import Sequence

from noria.kernel.metadata import schema
from noria.kernel.metadata.base import Tx
from noria.kernel.metadata.database import Database
from noria.kernel.metadata.paging import page
from noria.kernel.metadata.rows import Rows
from noria.kernel.records import Event
from noria.types import Micros

EVENTS = Rows(Event, schema.events, "event")
_event = schema.events.c


class Events:
    def __init__(self, database: Database) -> None:
        self._db = database

    def add(self, event: Event, tx: Tx = None) -> None:
        self._db.write(lambda tx: EVENTS.add(tx, event), tx)

    def list(
        self,
        *,
        kind: str | None = None,
        since: Micros | None = None,
        until: Micros | None = None,
        limit: int | None = None,
    ) -> Sequence[Event]:
        query = EVENTS.select.order_by(_event.at.desc(), _event.id.desc()).limit(limit)
        if kind is not None:
            query = query.where(_event.kind == kind)
        if since is not None:
            query = query.where(_event.at >= since)
        if until is not None:
            query = query.where(_event.at < until)
        return EVENTS.records(self._db.rows(query))[::-1]

    def page(self, *, before: str | None = None, kind: str | None = None, limit: int = 50) -> Sequence[Event]:
        where = () if kind is None else (_event.kind == kind,)
        return page(self._db, EVENTS, _event.at, _event.id, before, limit, *where)
