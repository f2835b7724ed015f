"""Records to rows and back: the columns of a table are the fields of its record, in the same order."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from operator import attrgetter
from typing import Any, Generic, TypeVar

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Insert,
    Row,
    Select,
    Table,
    and_,
    bindparam,
    delete,
    select,
    update,
)

from tidemill.errors import Conflict, NotFound, StoreError
from tidemill.store.sql.acts import note
from tidemill.types import did_you_mean

R = TypeVar("R")
AnyRow = Row[*tuple[Any, ...]]
"""A row as the database gives it."""


class Rows(Generic[R]):
    """One record type and its table. ``noun`` is the word in error messages; ``order``: oldest first by these columns.

    ``newest``: what pages go by, where it is not the order; ``called``: the column by which a page names a record;
    ``moment``: the column of ``since`` and ``until``; ``conditions``: what else may narrow a list, on a parameter of its name.
    ``subject``: how the ledger names a record (``release:{id}``), where whatever changes one is an act.
    ``stands``: which of them lists and pages show, where a newer one takes another's place; `find` finds every one.
    """

    def __init__(
        self,
        record: type[R],
        table: Table,
        noun: str,
        *order: str,
        newest: Sequence[str] = (),
        called: str = "id",
        moment: str = "",
        subject: str = "",
        stands: ColumnElement[bool] | None = None,
        **conditions: ColumnElement[bool],
    ) -> None:
        self.type: Callable[..., R] = record
        self.table, self.noun, self.called, self.subject = table, noun, called, subject
        self.names = tuple(record.__annotations__)
        self.values = attrgetter(*self.names)
        self.select: Select[Any] = select(*(table.c[name] for name in self.names))
        self.key: tuple[Column[Any], ...] = tuple(table.primary_key.columns)
        self.order = tuple(table.c[name] for name in order)
        self.newest = tuple(table.c[name] for name in newest or order)
        self._conditions = conditions
        self._shown = self.select if stands is None else self.select.where(stands)
        if moment:
            self._conditions |= {
                "since": table.c[moment] >= bindparam("since"),
                "until": table.c[moment] < bindparam("until"),
            }
        # Built once: making these anew for every record would cost more than running them.
        here = and_(*(column == bindparam(f"key_{column.name}") for column in self.key))
        self.find, self._change = self.select.where(here), update(table).where(here)
        self._listed: dict[tuple[str, ...], Select[Any]] = {}

    def narrowed(self, names: Iterable[str]) -> Select[Any]:
        """Those with the values that are given under these names: of a column, or of a condition."""
        return self._shown.where(*(self._condition(name) for name in names))

    def listed(self, names: tuple[str, ...]) -> Select[Any]:
        """As `narrowed`, newest first; and ``limit``. Each combination is built once, as that costs more than to run it."""
        if names not in self._listed:
            query = self.narrowed(name for name in names if name != LIMIT)
            query = query.order_by(*(column.desc() for column in self.order))
            self._listed[names] = query.limit(bindparam(LIMIT)) if LIMIT in names else query
        return self._listed[names]

    def _condition(self, name: str) -> ColumnElement[bool]:
        return self._conditions[name] if name in self._conditions else self.table.c[name] == bindparam(name)

    def row(self, record: R) -> dict[str, Any]:
        return dict(zip(self.names, self.values(record), strict=True))

    def records(self, rows: Iterable[AnyRow]) -> list[R]:
        return [self.type(*row) for row in rows]

    def key_of(self, key: Iterable[Any]) -> dict[str, Any]:
        return {f"key_{column.name}": value for column, value in zip(self.key, key, strict=True)}

    def _key(self, row: Mapping[str, Any]) -> dict[str, Any]:
        return self.key_of(row[column.name] for column in self.key)

    def add(self, tx: Connection, record: R) -> bool:
        """Insert. False when this very record is there already (a retry); Conflict when another one has its id."""
        row = self.row(record)
        if tx.execute(insert_new(tx, self.table), row).rowcount:
            self.done(tx, "added", row)
            return True
        if not _same(tx.execute(self.find, self._key(row)).one(), self.values(record)):
            name = "/".join(map(str, self._key(row).values()))
            raise Conflict(f"{self.noun} {name} is there already, with other contents")
        return False

    def add_new(self, tx: Connection, records: Iterable[R]) -> None:
        """Insert those whose key is not there yet."""
        rows = [self.row(record) for record in records]
        if rows:
            tx.execute(insert_new(tx, self.table), rows)

    def add_once(self, tx: Connection, record: R) -> bool:
        """Insert unless its key is there, whatever the record there says; whether it was new."""
        new = bool(tx.execute(insert_new(tx, self.table), row := self.row(record)).rowcount)
        if new:
            self.done(tx, "added", row)
        return new

    def put(self, tx: Connection, record: R) -> None:
        """Insert or replace."""
        tx.execute(insert_or_replace(tx, self.table), row := self.row(record))
        self.done(tx, "written", row)

    def update(self, tx: Connection, id: str, changes: Mapping[str, Any]) -> None:
        """Change named fields of one record. NotFound when it is not there, StoreError for a field it does not have."""
        unknown = changes.keys() - set(self.names)
        if unknown:
            wrong = min(unknown)
            raise StoreError(f"{self.noun} has no field {wrong!r}", hint=did_you_mean(wrong, self.names))
        if changes and not tx.execute(self._change, {**changes, **self.key_of([id])}).rowcount:
            raise self.missing(id)
        if changes:
            self.done(tx, "changed", {self.key[0].name: id}, changes)

    def delete(self, tx: Connection, id: str) -> bool:
        """True for exactly one caller."""
        gone = tx.execute(delete(self.table).where(self.key[0] == id)).rowcount == 1
        if gone:
            self.done(tx, "deleted", {self.key[0].name: id}, {})
        return gone

    def done(self, tx: Connection, how: str, row: Mapping[str, Any], changes: Mapping[str, Any] | None = None) -> None:
        """An act of the ledger, where it is one. ``row``: what names the record at least."""
        if self.subject:
            note(tx, f"{self.noun}.{how}", self.subject.format_map(row), row if changes is None else changes)

    def missing(self, *key: Any) -> NotFound:
        return NotFound(f"no {self.noun} {'/'.join(map(str, key))}", hint=LISTED.get(self.noun, ""))


LIMIT = "limit"
LISTED = {
    "run": "tidemill runs ls lists them",
    "model": "tidemill models ls lists them",
    "release": "tidemill release status lists them",
    "experiment": "tidemill experiment ls lists them",
    "decision": "tidemill decisions ls --all lists them",
    "alarm": "tidemill alarms ls lists them",
    "settlement": "tidemill decisions score lists them",
    "prediction": "its id stands in the answer, and on the page under Live",
}
"""Where people find the names of what they asked for, by what it is."""


def _same(there: Iterable[Any], given: Iterable[Any]) -> bool:
    """The record that is there says what the given one says: JSON knows no tuples and no numpy numbers."""
    return all(a == b or (b is not None and _plain(a) == _plain(b)) for a, b in zip(there, given, strict=True))


def _plain(value: Any) -> Any:
    return json.loads(json.dumps(value)) if isinstance(value, (dict, list, tuple)) else value


def insert_new(tx: Connection, table: Table) -> Insert:
    """INSERT unless the key is there: one statement, so that nobody can come in between. Another unique index is a conflict still."""
    return _upserts(tx.dialect.name, table)[0]


def insert_or_replace(tx: Connection, table: Table) -> Insert:
    """INSERT, or all other columns anew where the key is there."""
    return _upserts(tx.dialect.name, table)[1]


@cache
def _upserts(dialect: str, table: Table) -> tuple[Insert, Insert]:
    """Each dialect has its own class for the same words."""
    if dialect == "postgresql":
        from sqlalchemy.dialects.postgresql import insert
    else:
        from sqlalchemy.dialects.sqlite import insert  # type: ignore[assignment]
    made, key = insert(table).execution_options(preserve_rowcount=True), list(table.primary_key.columns)
    others = {column.name: made.excluded[column.name] for column in table.columns if column not in set(key)}
    replacing = made.on_conflict_do_update(index_elements=key, set_=others) if others else made
    return made.on_conflict_do_nothing(index_elements=key), replacing
