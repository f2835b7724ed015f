"""Every row of a database, as it is written there: to be carried into another one of the same tables, and to be compared."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from copy import copy
from typing import Any

from sqlalchemy import Column, MetaData, Table, func, select, tuple_
from sqlalchemy.types import TypeEngine

from tidemill.store.sql.columns import JsonText, Words
from tidemill.store.sql.database import Database
from tidemill.store.sql.rows import insert_new

PART = 2_000
"""Rows that are read, and written in one transaction, at a time."""
Row = Mapping[str, Any]


class Contents:
    """By the tables' definitions alone. ``staying``: names of settings that say something of the place, and stay where they are."""

    def __init__(self, database: Database, tables: MetaData, staying: Collection[str] = ()) -> None:
        self._db, self._staying = database, list(staying)
        plain = MetaData()
        self._tables = {
            table.name: _plain(table, plain) for table in tables.sorted_tables if not table.info.get("view")
        }

    def of(self, database: Database) -> Contents:
        """The same rows as another reader of them sees them."""
        found = copy(self)
        found._db = database
        return found

    @property
    def names(self) -> list[str]:
        """Of the tables, such that what a row names stands in one before it."""
        return list(self._tables)

    def counts(self) -> dict[str, int]:
        """Rows of each table."""
        return {
            name: int(self._db.value(select(func.count()).select_from(table).where(*self._moving(table))))
            for name, table in self._tables.items()
        }

    def parts(self, name: str, after: Sequence[Any] = ()) -> Iterator[list[Row]]:
        """The table's rows in the order of its key, from the one behind this key on."""
        table = self._tables[name]
        key = tuple(table.primary_key.columns)
        query = select(table).where(*self._moving(table)).order_by(*key).limit(PART)
        while True:
            behind = [tuple_(*key) > tuple_(*after)] if after else []
            rows: list[Row] = [dict(row._mapping) for row in self._db.rows(query.where(*behind))]
            if not rows:
                return
            yield rows
            after = self.key_of(name, rows[-1])

    def key_of(self, name: str, row: Row) -> list[Any]:
        return [row[column.name] for column in self._tables[name].primary_key.columns]

    def take(self, name: str, rows: Sequence[Row]) -> None:
        """Add those that are not there yet."""
        table = self._tables[name]
        self._db.write(lambda tx: tx.execute(insert_new(tx, table), list(rows)) and None)

    def digest(self, name: str) -> tuple[int, int]:
        """How many rows, and a number that is the same for the same rows in any order: databases sort text as they like."""
        count, total = 0, 0
        for rows in self.parts(name):
            count += len(rows)
            for row in rows:
                total += int.from_bytes(hashlib.blake2b(repr([*row.values()]).encode(), digest_size=16).digest())
        return count, total % (1 << 128)

    def _moving(self, table: Table) -> list[Any]:
        return [table.c.name.not_in(self._staying)] if table.name == "settings" and self._staying else []


def _plain(table: Table, into: MetaData) -> Table:
    """The table with its values as they are written: JSON is text, which nobody reads and writes anew."""
    columns = (Column(c.name, _written(c.type), primary_key=c.primary_key) for c in table.columns)
    return Table(table.name, into, *columns)


def _written(kind: TypeEngine[Any]) -> TypeEngine[Any]:
    return Words if isinstance(kind, JsonText) else kind
