"""Lists that a page walks by key, newest first: the next page costs the same at a million rows."""

from __future__ import annotations

from typing import Any, TypeVar

from sqlalchemy import Column, and_, or_, select

from tidemill.store.sql.database import Database
from tidemill.store.sql.rows import Rows

R = TypeVar("R")


def page(
    db: Database, rows: Rows[R], at: Column[Any], then: Column[Any], before: str | None, limit: int, *where: Any
) -> list[R]:
    """Newest first by (at, then), those before the record whose id is ``before``. NotFound when there is no such record."""
    query = rows.select.where(*where).order_by(at.desc(), then.desc()).limit(limit)
    if before is not None:
        (key,) = rows.key
        last = db.first(select(at, then).where(key == before))
        if last is None:
            raise rows.missing({key.name: before})
        # The plain comparison in front lets the index of `at` begin at the right place.
        query = query.where(at <= last[0], or_(at < last[0], and_(at == last[0], then < last[1])))
    return rows.records(db.rows(query))
