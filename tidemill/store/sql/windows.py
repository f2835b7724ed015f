"""Closed windows of the monitors."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, func, select

from tidemill.store.ports import Tx
from tidemill.store.records import Window
from tidemill.store.sql import schema
from tidemill.store.sql.database import Database
from tidemill.store.sql.rows import OptionalFilters, Rows
from tidemill.types import Micros

WINDOWS = Rows(Window, schema.windows, "window")
_window = schema.windows.c
_LIST = OptionalFilters(
    WINDOWS.where("endpoint", "monitor").order_by(_window.start),
    since=_window.start >= bindparam("since"),
    until=_window.start < bindparam("until"),
)
_LAST = select(func.max(_window.end)).where(
    _window.endpoint == bindparam("endpoint"), _window.monitor == bindparam("monitor")
)


class Windows:
    def __init__(self, database: Database) -> None:
        self._db = database

    def add(self, window: Window, tx: Tx = None) -> None:
        self._db.write(lambda tx: WINDOWS.put(tx, window), tx)

    def list(
        self, endpoint: str, monitor: str, *, since: Micros | None = None, until: Micros | None = None
    ) -> Sequence[Window]:
        narrow = {"since": since, "until": until}
        given = {"endpoint": endpoint, "monitor": monitor, **narrow}
        return WINDOWS.records(self._db.rows(_LIST.by(narrow), given=given))

    def last_end(self, endpoint: str, monitor: str) -> Micros | None:
        found: Micros | None = self._db.value(_LAST, given={"endpoint": endpoint, "monitor": monitor})
        return found
