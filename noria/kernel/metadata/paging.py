"""Lists that a page walks by key, newest first: the next page costs the same at a million rows."""

from __future__ import annotations

from typing import Any, TypeVar

from sqlalchemy import Column, and_, or_, select

from noria.kernel.metadata.database import Database
from noria.kernel.metadata.rows import Rows

R = TypeVar("R")


def page(
    db: Database, rows: Rows[R], at: Column[Any], key: Column[Any], before: str | None, limit: int, *where: Any
) -> list[R]:
    """Newest first by (at, key), those before the record ``before``. NotFound when there is no such record."""
    query = rows.select.where(*where).order_by(at.desc(), key.desc()).limit(limit)
    if before is not None:
        moment = db.value(select(at).where(key == before))
        if moment is None:
            raise rows.missing({key.name: before})
        # The plain comparison in front lets the index of `at` begin at the right place.
        query = query.where(at <= moment, or_(at < moment, and_(at == moment, key < before)))
    return rows.records(db.rows(query))
