"""Lists that are walked by key, newest first: the next page costs the same at a million rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import Column, ColumnElement, and_, or_, select

from tidemill.store.sql.database import Database
from tidemill.store.sql.rows import Rows

R = TypeVar("R")


def page(
    db: Database,
    rows: Rows[R],
    order: Sequence[Column[Any]],
    before: Mapping[str, Any] | None,
    limit: int,
    *where: ColumnElement[bool],
) -> list[R]:
    """Newest first by ``order``, those before the record whose key is ``before``. NotFound when there is no such record."""
    query = rows.select.where(*where).order_by(*(column.desc() for column in order)).limit(limit)
    if before is not None:
        last = db.first(select(*order).where(*(rows.table.c[name] == value for name, value in before.items())))
        if last is None:
            raise rows.missing(before)
        # The plain comparison in front lets the index of the first column begin at the right place.
        query = query.where(order[0] <= last[0], _earlier(order, last))
    return rows.records(db.rows(query))


def _earlier(order: Sequence[Column[Any]], last: Sequence[Any]) -> ColumnElement[bool]:
    """Whether a row comes before these values, column by column."""
    same = [column == value for column, value in zip(order, last)]
    return or_(*(and_(*same[:i], column < value) for i, (column, value) in enumerate(zip(order, last))))


def given(*pairs: tuple[Column[Any], Any]) -> list[ColumnElement[bool]]:
    """Equal to these values; None is none given."""
    return [column == value for column, value in pairs if value is not None]


def by_id(before: str | None) -> dict[str, str] | None:
    """The key of a record with an id of its own."""
    return None if before is None else {"id": before}
