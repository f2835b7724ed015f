"""Small named values."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future

from sqlalchemy import Connection, select, update

from noria.kernel.metadata import schema
from noria.kernel.metadata.base import Tx
from noria.kernel.metadata.database import Database
from noria.kernel.metadata.pieces import Call
from noria.types import Json

_setting = schema.settings.c


class Settings:
    def __init__(self, database: Database) -> None:
        self._db = database

    def get(self, name: str, default: Json = None) -> Json:
        row = self._db.first(select(_setting.value).where(_setting.name == name))
        found: Json = default if row is None else row[0]
        return found

    def set(self, name: str, value: Json, tx: Tx = None) -> None:
        self._db.write(_put(name, value), tx)

    def set_soon(self, name: str, value: Json) -> Future[None]:
        piece = Call(_put(name, value))
        self._db.submit(piece)
        return piece.future


def _put(name: str, value: Json) -> Callable[[Connection], None]:
    def work(tx: Connection) -> None:
        there = update(schema.settings).where(_setting.name == name).values(value=value)
        if not tx.execute(there).rowcount:
            tx.execute(schema.settings.insert().values(name=name, value=value))

    return work
