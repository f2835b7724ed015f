"""Leases: who is alive, in wall time (the server's own clock on PostgreSQL)."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, delete, update

from tidemill.store.ports import Tx
from tidemill.store.records import Lease
from tidemill.store.sql import schema
from tidemill.store.sql.database import Database
from tidemill.store.sql.rows import Rows

LEASES = Rows(Lease, schema.leases, "lease")
_lease = schema.leases.c


class Leases:
    def __init__(self, database: Database) -> None:
        self._db = database

    def take(self, name: str, owner: str, seconds: float, tx: Tx = None) -> Lease | None:
        def work(tx: Connection) -> Lease | None:
            now = self._db.wall()
            row = tx.execute(LEASES.select.where(_lease.name == name)).first()
            if row is not None and row.owner != owner and row.expires > now:
                return None
            lease = Lease(name, owner, now + round(seconds * 1e6))
            LEASES.put(tx, lease)
            return lease

        return self._db.write(work, tx)

    def renew(self, name: str, owner: str, seconds: float) -> bool:
        """False when it is not ours any more: somebody took it after it ran out."""

        def work(tx: Connection) -> bool:
            mine = (_lease.name == name) & (_lease.owner == owner)
            expires = self._db.wall() + round(seconds * 1e6)
            return bool(tx.execute(update(schema.leases).where(mine).values(expires=expires)).rowcount)

        return self._db.write(work)

    def drop(self, name: str, owner: str, tx: Tx = None) -> None:
        mine = (_lease.name == name) & (_lease.owner == owner)
        self._db.write(lambda tx: tx.execute(delete(schema.leases).where(mine)).rowcount, tx)

    def get(self, name: str, tx: Tx = None) -> Lease | None:
        row = self._db.first(LEASES.select.where(_lease.name == name), tx)
        return None if row is None else LEASES.record(row)

    def list(self) -> Sequence[Lease]:
        return LEASES.records(self._db.rows(LEASES.select.order_by(_lease.name)))
