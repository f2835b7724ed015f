"""Closed windows of the monitors."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select

from noria.kernel.metadata import schema
from noria.kernel.metadata.base import Tx
from noria.kernel.metadata.database import Database
from noria.kernel.metadata.rows import Rows
from noria.kernel.records import Window
from noria.types import Micros

WINDOWS = Rows(Window, schema.windows, "window")
_window = schema.windows.c


class Windows:
    def __init__(self, database: Database) -> None:
        self._db = database

    def add(self, window: Window, tx: Tx = None) -> None:
        self._db.write(lambda tx: WINDOWS.put(tx, window), tx)

    def list(
        self, endpoint: str, monitor: str, *, since: Micros | None = None, until: Micros | None = None
    ) -> Sequence[Window]:
        query = WINDOWS.select.where(_window.endpoint == endpoint, _window.monitor == monitor).order_by(_window.start)
        if since is not None:
            query = query.where(_window.start >= since)
        if until is not None:
            query = query.where(_window.start < until)
        return WINDOWS.records(self._db.rows(query))

    def last_end(self, endpoint: str, monitor: str) -> Micros | None:
        query = select(func.max(_window.end)).where(_window.endpoint == endpoint, _window.monitor == monitor)
        found: Micros | None = self._db.value(query)
        return found
