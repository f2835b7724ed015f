"""Who is alive and who may ask, and small named values: leases, tokens, settings."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future

from sqlalchemy import Connection, bindparam, delete, select, update

from tidemill.store.records import Lease, Tx
from tidemill.store.sql import schema
from tidemill.store.sql.database import Database
from tidemill.store.sql.nouns import Records
from tidemill.store.sql.rows import Rows, insert_new, insert_or_replace
from tidemill.store.sql.write_ops import Call
from tidemill.types import Json, Micros

LEASES = Rows(Lease, schema.leases, "lease", "name")
_lease, _setting = schema.leases.c, schema.settings.c
_HELD = LEASES.find.with_for_update()
_TERMS = schema.counters.c.name == "terms"
_GET = select(_setting.value).where(_setting.name == bindparam("the_name"))


class Leases(Records[Lease]):
    """In the database's time (the server's own clock on PostgreSQL): they say who is alive, not what day it is in the story."""

    def now(self) -> Micros:
        """The time that they are held against, whatever the clock of this machine says."""
        return self._db.wall()

    def running(self) -> list[Lease]:
        """Those that have not run out."""
        now = self._db.wall()
        return [lease for lease in self.list() if lease.expires > now]

    def take(self, name: str, owner: str, seconds: float, tx: Tx = None) -> Lease | None:
        """None when somebody else's lease still runs. A new owner begins a new term, also after one that was dropped."""

        def work(tx: Connection) -> Lease | None:
            now = self._db.wall()
            rows = tx.execute(_HELD, LEASES.key_of([name]))  # nobody renews it until this is committed
            held = next(iter(LEASES.records(rows)), None)
            if held is not None and held.owner != owner and held.expires > now:
                return None
            term = held.term if held is not None and held.owner == owner else _next_term(tx)
            lease = Lease(name, owner, now + round(seconds * 1e6), term=term)
            LEASES.put(tx, lease)
            return lease

        return self._db.write(work, tx)

    def renew(self, name: str, owner: str, seconds: float) -> bool:
        """False when it is not ours any more: somebody took it after it ran out. Waits for no job's transaction."""

        def work(tx: Connection) -> bool:
            mine = (_lease.name == name) & (_lease.owner == owner)
            expires = self._db.wall() + round(seconds * 1e6)
            return bool(tx.execute(update(schema.leases).where(mine).values(expires=expires)).rowcount)

        return self._db.write(work, alone=False)

    def drop(self, name: str, owner: str, tx: Tx = None) -> None:
        mine = (_lease.name == name) & (_lease.owner == owner)
        self._db.write(lambda tx: tx.execute(delete(schema.leases).where(mine)).rowcount, tx)


def _next_term(tx: Connection) -> int:
    counters = schema.counters
    row = tx.execute(
        update(counters).where(_TERMS).values(value=counters.c.value + 1).returning(counters.c.value)
    ).first()
    if row is None:
        tx.execute(counters.insert().values(name="terms", value=1))
    return 1 if row is None else int(row[0])


class Settings:
    """Small named values: the replay clock, the loop's state."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def get(self, name: str, default: Json = None) -> Json:
        row = self._db.first(_GET, given={"the_name": name})
        found: Json = default if row is None else row[0]
        return found

    def set(self, name: str, value: Json, tx: Tx = None) -> None:
        self._db.write(_put(name, value), tx, alone=False)

    def keep(self, name: str, value: Json) -> Json:
        """Write it unless the name has a value already; the value that it has now, the same for everybody who asks at once."""

        def work(tx: Connection) -> Json:
            tx.execute(insert_new(tx, schema.settings), {"name": name, "value": value})
            kept: Json = tx.execute(_GET, {"the_name": name}).scalar_one()
            return kept

        return self._db.write(work, alone=False)

    def set_soon(self, name: str, value: Json) -> Future[None]:
        """As `set`, without waiting: written in the order of the calls, with whatever else is queued."""
        piece = Call(_put(name, value))
        self._db.submit(piece, alone=False)
        return piece.future


def _put(name: str, value: Json) -> Callable[[Connection], None]:
    def work(tx: Connection) -> None:
        tx.execute(insert_or_replace(tx, schema.settings), {"name": name, "value": value})

    return work
