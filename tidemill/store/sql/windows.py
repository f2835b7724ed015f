"""Closed windows of the monitors, and the alarms that they raised."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, func, select

from tidemill.store.ports import Tx
from tidemill.store.records import Alarm, Baseline, Window
from tidemill.store.sql import schema
from tidemill.store.sql.columns import Flag
from tidemill.store.sql.database import Database
from tidemill.store.sql.paging import by_id, given, page
from tidemill.store.sql.rows import OptionalFilters, Rows
from tidemill.types import Micros

WINDOWS = Rows(Window, schema.windows, "window")
_window = schema.windows.c
_LIST = OptionalFilters(
    WINDOWS.where("endpoint", "monitor", "environment").order_by(_window.start),
    since=_window.start >= bindparam("since"),
    until=_window.start < bindparam("until"),
)
_LAST = select(func.max(_window.end)).where(
    _window.endpoint == bindparam("endpoint"),
    _window.monitor == bindparam("monitor"),
    _window.environment == bindparam("environment"),
)
BASELINES = Rows(Baseline, schema.baselines, "baseline")
_baseline = schema.baselines.c
_BASELINES = OptionalFilters(
    BASELINES.select.order_by(_baseline.endpoint, _baseline.model), endpoint=_baseline.endpoint == bindparam("endpoint")
)
ALARMS = Rows(Alarm, schema.alarms, "alarm")
_alarm = schema.alarms.c
_ALARMS = OptionalFilters(
    ALARMS.where("endpoint", "environment").order_by(_alarm.opened.desc(), _alarm.window.desc(), _alarm.monitor.desc()),
    monitor=_alarm.monitor == bindparam("monitor"),
    model=_alarm.model == bindparam("model"),
    since=_alarm.opened >= bindparam("since"),
    until=_alarm.opened < bindparam("until"),
    is_open=_alarm.closed.is_(None) == bindparam("is_open", type_=Flag()),
)


class Windows:
    def __init__(self, database: Database) -> None:
        self._db = database

    def add(self, window: Window, tx: Tx = None) -> None:
        self._db.write(lambda tx: WINDOWS.put(tx, window), tx)

    def list(
        self,
        endpoint: str,
        monitor: str,
        *,
        since: Micros | None = None,
        until: Micros | None = None,
        environment: str = "",
    ) -> Sequence[Window]:
        narrow = {"since": since, "until": until}
        values = {"endpoint": endpoint, "environment": environment, "monitor": monitor, **narrow}
        return WINDOWS.records(self._db.rows(_LIST.by(narrow), given=values))

    def page(
        self, endpoint: str, monitor: str, *, environment: str = "", before: Micros | None = None, limit: int = 50
    ) -> Sequence[Window]:
        key = None if before is None else {"endpoint": endpoint, "monitor": monitor, "start": before, "environment": ""}
        where = given((_window.endpoint, endpoint), (_window.monitor, monitor))
        return page(self._db, WINDOWS, (_window.start,), key, limit, *where)

    def last_end(self, endpoint: str, monitor: str, environment: str = "") -> Micros | None:
        given = {"endpoint": endpoint, "environment": environment, "monitor": monitor}
        found: Micros | None = self._db.value(_LAST, given=given)
        return found

    def keep_baseline(self, baseline: Baseline, tx: Tx = None) -> None:
        self._db.write(lambda tx: BASELINES.put(tx, baseline), tx)

    def baselines(self, endpoint: str | None = None) -> Sequence[Baseline]:
        given = {"endpoint": endpoint}
        return BASELINES.records(self._db.rows(_BASELINES.by(given), given=given))


class Alarms:
    def __init__(self, database: Database) -> None:
        self._db = database

    def add(self, alarm: Alarm, tx: Tx = None) -> None:
        self._db.write(lambda tx: ALARMS.add(tx, alarm), tx)

    def close(self, alarm_id: str, at: Micros, tx: Tx = None) -> None:
        self._db.write(lambda tx: ALARMS.update(tx, {"id": alarm_id}, {"closed": at}), tx)

    def list(
        self,
        endpoint: str,
        *,
        monitor: str | None = None,
        model: str | None = None,
        since: Micros | None = None,
        until: Micros | None = None,
        is_open: bool | None = None,
        limit: int | None = None,
        environment: str = "",
    ) -> Sequence[Alarm]:
        narrow = {
            "monitor": monitor,
            "model": model,
            "since": since,
            "until": until,
            "is_open": is_open,
            "limit": limit,
        }
        here = {"endpoint": endpoint, "environment": environment}
        found = self._db.rows(_ALARMS.by(narrow), given={**here, **narrow})
        return ALARMS.records(found)[::-1]

    def page(
        self,
        endpoint: str,
        *,
        environment: str = "",
        is_open: bool | None = None,
        before: str | None = None,
        limit: int = 50,
    ) -> Sequence[Alarm]:
        where = given((_alarm.endpoint, endpoint), (_alarm.environment, environment))
        where += [] if is_open is None else [_alarm.closed.is_(None) if is_open else _alarm.closed.is_not(None)]
        return page(self._db, ALARMS, (_alarm.opened, _alarm.id), by_id(before), limit, *where)
