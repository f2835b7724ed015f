"""What every noun of a store can do: records are added, replaced, changed, found, listed, and walked page by page.

- Adding the very same record again changes nothing (a retry); another record with its id is `Conflict`.
- ``since`` is included, ``until`` is not, both of the noun's own moment. A list with a ``limit`` is of the latest.
- Every method that writes takes ``tx``: within `transact` pass it on, else leave it out; one that reads sees with it
  what that transaction sees.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Generic, TypedDict, TypeVar, Unpack

from sqlalchemy import Column, ColumnElement, Select, and_, or_, select

from tidemill.errors import NotFound
from tidemill.store.records import Tx
from tidemill.store.sql.database import Database
from tidemill.store.sql.rows import LIMIT, Rows
from tidemill.types import Micros

R = TypeVar("R")
SHORTEST = 6
SHOWN = 5  # of those that a name could mean
"""Characters of an id, after the word for its kind, that name a record where it is the only one that begins so."""


class Where(TypedDict, total=False):
    """What may narrow a list: a column's value, or a span of time. None is nothing said."""

    about: str | None
    action: str | None
    approval: str | None
    batch: str | None
    complete: bool | None
    dataset: str | None
    decision: str | None
    endpoint: str | None
    environment: str | None
    event: str | None
    hash: str | None
    is_open: bool | None
    item: str | None
    judged_since: Micros | None
    key: str | None
    kind: str | None
    mark: str | None
    model: str | None
    monitor: str | None
    name: str | None
    of: str | None
    person: str | None
    pipeline: str | None
    place: str | None
    principal: str | None
    run: str | None
    since: Micros | None
    source: str | None
    status: str | None
    subject: str | None
    target: str | None
    until: Micros | None
    version: int | None
    watermark: int | None


class Records(Generic[R]):
    """The records of one noun. ``alone=False``: what a server writes of it is right by its rows, and waits for no transaction."""

    def __init__(self, database: Database, rows: Rows[R], alone: bool = True) -> None:
        self._db, self._rows, self._alone = database, rows, alone

    def add(self, record: R, tx: Tx = None) -> None:
        self._db.write(lambda tx: self._rows.add(tx, record), tx, self._alone)

    def add_new(self, records: Iterable[R], tx: Tx = None) -> None:
        """Those whose key is not there yet; what is there stays."""
        if new := [*records]:
            self._db.write(lambda tx: self._rows.add_new(tx, new), tx, self._alone)

    def put(self, record: R, tx: Tx = None) -> None:
        """Insert or replace."""
        self._db.write(lambda tx: self._rows.put(tx, record), tx, self._alone)

    def look_up(self, *key: str | int, tx: Tx = None) -> R | None:
        """The record with this key, if it is there."""
        return self._one(self._rows.find, tx, self._rows.key_of(key))

    def first(self, *, tx: Tx = None, **where: Unpack[Where]) -> R | None:
        """The latest of those."""
        return next(iter(self.list(limit=1, tx=tx, **where)), None)

    def list(self, *, limit: int | None = None, tx: Tx = None, **where: Unpack[Where]) -> Sequence[R]:
        """Oldest first."""
        given = {name: value for name, value in {**where, LIMIT: limit}.items() if value is not None}
        return self._rows.records(self._db.rows(self._rows.listed(tuple(given)), tx, given))[::-1]

    def page(self, *, before: str | int | None = None, limit: int = 50, **where: Unpack[Where]) -> Sequence[R]:
        """Newest first, those before the one that is called ``before``: the next page costs the same at a million rows.

        Raises NotFound when there is no such record.
        """
        given = {name: value for name, value in where.items() if value is not None}
        order = self._rows.newest
        query = self._rows.narrowed(given).order_by(*(column.desc() for column in order)).limit(limit)
        if before is not None:
            place = {column.name: given[column.name] for column in self._rows.key if column.name in given}
            last = self._last(order, {**place, **self._called(before)})
            # The plain comparison in front lets the index of the first column begin at the right place.
            query = query.where(order[0] <= last[0], earlier(order, last))
        return self._rows.records(self._db.rows(query, given=given))

    def _one(self, query: Select[Any], tx: Tx = None, given: Mapping[str, Any] | None = None) -> R | None:
        """The first record that it finds."""
        return next(iter(self._rows.records(self._db.rows(query, tx, given))), None)

    def _called(self, before: str | int) -> dict[str, str | int]:
        """The columns of a record that its name says."""
        return {self._rows.called: before}

    def _last(self, order: Sequence[Column[Any]], key: Mapping[str, Any]) -> Sequence[Any]:
        here = (self._rows.table.c[name] == value for name, value in key.items())
        row = self._db.first(select(*order).where(*here))
        if row is None:
            raise self._rows.missing(*key.values())
        return row


class Named(Records[R]):
    """The records of a noun with an id of its own."""

    def get(self, id: str, tx: Tx = None) -> R:
        """Raises NotFound."""
        found = self.look_up(id, tx=tx)
        if found is None:
            raise self._rows.missing(id)
        return found

    def named(self, text: str) -> R:
        """The record of this id, or the only one whose id begins so (from `SHORTEST` characters after its kind on), with or
        without its noun before it (``release:rel_1``). Raises NotFound, which names those that it could be.
        """
        text = text.removeprefix(f"{self._rows.noun}:")
        found = self.look_up(text)
        if found is not None:
            return found
        if len(text.rpartition("_")[2]) < SHORTEST:
            raise self._rows.missing(text)
        column = self._rows.key[0]
        begins = column.startswith(text, autoescape=True)
        near = self._rows.records(self._db.rows(self._rows.select.where(begins).order_by(column).limit(SHOWN + 1)))
        if len(near) > 1:
            ids = ", ".join(str(getattr(one, column.name)) for one in near[:SHOWN]) + ", …" * (len(near) > SHOWN)
            raise NotFound(f"{text} begins the name of more than one {self._rows.noun}", hint=f"say more of it: {ids}")
        if not near:
            raise self._rows.missing(text)
        return near[0]

    def update(self, id: str, tx: Tx = None, **changes: Any) -> None:
        """Change fields of a record. Raises NotFound; StoreError for a field that it does not have."""
        self._db.write(lambda tx: self._rows.update(tx, id, changes), tx, self._alone)

    def add_once(self, record: R, tx: Tx = None) -> bool:
        """Add it unless one with its id is there, whatever that says; whether it was new."""
        return self._db.write(lambda tx: self._rows.add_once(tx, record), tx, self._alone)

    def delete(self, id: str, tx: Tx = None) -> bool:
        """True for exactly one caller."""
        return self._db.write(lambda tx: self._rows.delete(tx, id), tx, self._alone)


def earlier(order: Sequence[Column[Any]], last: Sequence[Any]) -> ColumnElement[bool]:
    """Whether a row comes before these values, column by column."""
    same = [column == value for column, value in zip(order, last)]
    return or_(*(and_(*same[:i], column < value) for i, (column, value) in enumerate(zip(order, last))))
