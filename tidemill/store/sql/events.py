"""Events: what happened that a person may want to see."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from sqlalchemy import bindparam

from tidemill.store.ports import Tx
from tidemill.store.records import Event
from tidemill.store.sql import schema
from tidemill.store.sql.database import Database
from tidemill.store.sql.paging import by_id, given, page
from tidemill.store.sql.rows import OptionalFilters, Rows
from tidemill.types import Micros

T = TypeVar("T")
EVENTS = Rows(Event, schema.events, "event")
_event = schema.events.c
_LIST = OptionalFilters(
    EVENTS.select.order_by(_event.at.desc(), _event.seq.desc()),
    kind=_event.kind == bindparam("kind"),
    since=_event.at >= bindparam("since"),
    until=_event.at < bindparam("until"),
)


class Events:
    """In the order of their moments; those of one moment in the order they were written."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self._principal = ""  # of the transaction under way: the one writer does them one after the other

    def written_by(self, principal: str, work: Callable[[Tx], T], tx: Tx) -> T:
        """Do ``work`` in its transaction; the events that it adds carry the principal's name."""
        self._principal = principal
        try:
            return work(tx)
        finally:
            self._principal = ""

    def add(self, event: Event, tx: Tx = None) -> None:
        self._db.write(lambda tx: EVENTS.add(tx, replace(event, principal=event.principal or self._principal)), tx)

    def add_once(self, event: Event, tx: Tx = None) -> bool:
        return self._db.write(lambda tx: EVENTS.add_once(tx, event), tx)

    def list(
        self,
        *,
        kind: str | None = None,
        since: Micros | None = None,
        until: Micros | None = None,
        limit: int | None = None,
    ) -> Sequence[Event]:
        narrow = {"kind": kind, "since": since, "until": until, "limit": limit}
        return EVENTS.records(self._db.rows(_LIST.by(narrow), given=narrow))[::-1]

    def page(
        self,
        *,
        before: str | None = None,
        kind: str | None = None,
        since: Micros | None = None,
        until: Micros | None = None,
        limit: int = 50,
    ) -> Sequence[Event]:
        where = given((_event.kind, kind))
        where += [] if since is None else [_event.at >= since]
        where += [] if until is None else [_event.at < until]
        return page(self._db, EVENTS, (_event.at, _event.seq), by_id(before), limit, *where)
