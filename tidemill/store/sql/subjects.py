"""A subject in the databases: its rows in the live store, and the records that name it in the metadata store."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Table, Text, and_, bindparam, delete, func, or_, select, type_coerce, update

from tidemill.store.holder import Holding, mentions, without, worded
from tidemill.store.sql.database import Database
from tidemill.types import JsonObject

REDACTED = ("runs", "steps", "jobs", "windows", "alarms", "experiments", "settlements", "comments")
"""Tables whose words nothing signed or digested speaks of."""
DROPPED = ("events", "acts")
"""Tables of what was told: the ledger has a digest of each row, and goes on without it."""


class SubjectRows:
    """The rows of one table with a column ``subject``. Implements `RowHolder`."""

    def __init__(self, database: Database, table: Table) -> None:
        self._db, self._table = database, table
        self._own = table.c.subject == bindparam("of")

    def names(self) -> Iterator[str]:
        """Everybody who has a row."""
        yield from (row[0] for row in self._db.rows(select(self._table.c.subject).distinct()))

    def find(self, subject: str) -> list[Holding]:
        n = self._db.value(select(func.count()).select_from(self._table).where(self._own), given={"of": subject})
        return [Holding(self._table.name, self._table.name, int(n))] if n else []

    def export(self, subject: str) -> Iterator[JsonObject]:
        found = self._db.rows(select(self._table).where(self._own), given={"of": subject})
        yield from ({"store": self._table.name, **_plain(row)} for row in found)

    def erase(self, subject: str, tx: Connection | None = None) -> int:
        statement = delete(self._table).where(self._own)
        return self._db.write(lambda tx: tx.execute(statement, {"of": subject}).rowcount, tx)

    def verify(self, subject: str) -> list[Holding]:
        return NamedIn(self._db, [self._table]).find(subject)


class NamedIn:
    """Records that name a subject in a column, in the JSON of one, or in a sentence: runs' parameters, steps' errors, events."""

    def __init__(self, database: Database, tables: list[Table]) -> None:
        self._db, self._tables = database, tables

    def find(self, subject: str) -> list[Holding]:
        found = ((table.name, len(self._rows(table, subject))) for table in self._tables)
        return [Holding("records", name, n) for name, n in found if n]

    def export(self, subject: str) -> Iterator[JsonObject]:
        for table in self._tables:
            yield from ({"store": "records", "table": table.name, **row} for row in self._rows(table, subject))

    def redact(self, subject: str, by: str) -> dict[str, int]:
        """Put this in the place of the name, in what nothing signed or digested speaks of; events that name it go: the ledger keeps that
        there was an act, and counts its details as erased. How many rows of each table were changed or went."""
        found: dict[str, int] = {}
        for table in self._tables:
            if table.name in (*REDACTED, *DROPPED):
                rows = [row for row in self._matching(table, subject) if _named(row, subject)]
                if rows:
                    found[table.name] = len(rows)
                    self._db.write(lambda tx, table=table, rows=rows: _change(tx, table, rows, subject, by))  # type: ignore[misc]
        return found

    def _matching(self, table: Table, subject: str) -> Sequence[Any]:
        """The database finds the letters, in whatever case and place."""
        at = func.instr if self._db.engine.dialect.name == "sqlite" else func.strpos
        said = {subject, json.dumps(subject)[1:-1], json.dumps(subject, ensure_ascii=False)[1:-1]}
        texts = [column for column in table.c if isinstance(getattr(column.type, "impl", column.type), Text)]
        there = or_(*(at(type_coerce(column, Text), text) > 0 for column in texts for text in said))
        return self._db.rows(select(table).where(there))

    def _rows(self, table: Table, subject: str) -> list[JsonObject]:
        """What the letters are part of is seen here."""
        rows = map(_plain, self._matching(table, subject))
        return [row for row in rows if any(_said(value, subject) for value in row.values())]


def _named(row: Any, subject: str) -> bool:
    return any(_said(value, subject) for value in _plain(row).values())


def _change(tx: Connection, table: Table, rows: Sequence[Any], subject: str, by: str) -> None:
    for row in rows:
        told = row._mapping
        here = and_(*(column == told[column.name] for column in table.primary_key.columns))
        if table.name in DROPPED:
            tx.execute(delete(table).where(here))
            continue
        keys = {column.name for column in table.primary_key.columns}
        fresh = {name: without(value, subject, by) for name, value in told.items() if name not in keys}
        tx.execute(update(table).where(here).values({n: v for n, v in fresh.items() if v != told[n]}))


def _said(value: Any, subject: str) -> int:
    sentence = isinstance(value, str) and " " in value
    return worded(subject)(value) if sentence else mentions(value, subject)


def _plain(row: Any) -> JsonObject:
    said = {k: v.decode(errors="replace") if isinstance(v, bytes) else v for k, v in row._mapping.items()}
    plain: JsonObject = msgspec.to_builtins(said)
    return plain
