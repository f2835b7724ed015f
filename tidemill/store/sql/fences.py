"""Fencing: who works under a lease writes by its term, and is refused once a later one has begun, however late it wakes up."""

from __future__ import annotations

from sqlalchemy import Connection, Table, insert, select, update

from tidemill.errors import LeaseLost
from tidemill.store.records import Fence
from tidemill.store.sql.database import Database


def fenced(database: Database, table: Table, fence: Fence) -> None:
    """Begin this term in the table, which ends the earlier ones, and write by it from now on. Raises LeaseLost."""
    # FOR SHARE: on a server nobody begins a later term before this transaction has ended
    asks = select(table.c.term).where(table.c.name == fence.name).with_for_update(read=True)
    mine = table.c.name == fence.name

    def check(tx: Connection) -> None:
        row = tx.execute(asks).first()
        if row is not None and row[0] > fence.term:
            raise _lost(database, fence)

    def begin(tx: Connection) -> None:
        if tx.execute(update(table).where(mine, table.c.term <= fence.term).values(term=fence.term)).rowcount:
            return
        check(tx)
        tx.execute(insert(table).values(name=fence.name, term=fence.term))

    database.write(begin)
    database.fenced(fence, check)


def _lost(database: Database, fence: Fence) -> LeaseLost:
    return LeaseLost(
        f"another process holds the lease {fence.name!r} now",
        place=database.place,
        hint="this one was silent for too long; nothing more is written by it",
    )
