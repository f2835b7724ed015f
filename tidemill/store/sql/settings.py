"""Small named values."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future

from sqlalchemy import Connection, bindparam, insert, select, update

from tidemill.store.ports import Tx
from tidemill.store.sql import schema
from tidemill.store.sql.database import Database
from tidemill.store.sql.write_ops import Call
from tidemill.types import Json

_setting = schema.settings.c
_GET = select(_setting.value).where(_setting.name == bindparam("the_name"))
_CHANGE = update(schema.settings).where(_setting.name == bindparam("the_name")).values(value=bindparam("the_value"))
_ADD = insert(schema.settings).values(name=bindparam("the_name"), value=bindparam("the_value"))


class Settings:
    def __init__(self, database: Database) -> None:
        self._db = database

    def get(self, name: str, default: Json = None) -> Json:
        row = self._db.first(_GET, given={"the_name": name})
        found: Json = default if row is None else row[0]
        return found

    def set(self, name: str, value: Json, tx: Tx = None) -> None:
        self._db.write(_put(name, value), tx)

    def keep(self, name: str, value: Json) -> Json:
        def work(tx: Connection) -> Json:
            row = tx.execute(_GET, {"the_name": name}).first()
            if row is None:
                tx.execute(_ADD, {"the_name": name, "the_value": value})
            kept: Json = value if row is None else row[0]
            return kept

        return self._db.write(work)

    def set_soon(self, name: str, value: Json) -> Future[None]:
        piece = Call(_put(name, value))
        self._db.submit(piece)
        return piece.future


def _put(name: str, value: Json) -> Callable[[Connection], None]:
    given = {"the_name": name, "the_value": value}

    def work(tx: Connection) -> None:
        if not tx.execute(_CHANGE, given).rowcount:
            tx.execute(_ADD, given)

    return work
