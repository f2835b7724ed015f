"""Who is alive and who may ask, and small named values: leases, tokens, settings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import replace

from sqlalchemy import ColumnElement, Connection, and_, bindparam, delete, select, update

from tidemill.errors import StoreBusy
from tidemill.store.records import MOVING, Lease, Scorer, Token, Tx
from tidemill.store.sql import counters, schema
from tidemill.store.sql.database import Database
from tidemill.store.sql.nouns import Named, Records
from tidemill.store.sql.rows import Rows, insert_new, insert_or_replace
from tidemill.store.sql.write_ops import Call
from tidemill.types import DAY, Json, Micros

_lease, _setting, _scorer = schema.leases.c, schema.settings.c, schema.scorers.c
TOKENS = Rows(Token, schema.tokens, "token", "created", "id", subject="token:{id}")
SCORERS = Rows(Scorer, schema.scorers, "scorer", "host", "since", "id")
FORGOTTEN = DAY // 24
"""How long after its lease has ended a scorer that was killed is still written down."""
_ALIVE = SCORERS.select.where(_scorer.expires > bindparam("now")).order_by(*SCORERS.order)
LEASES = Rows(Lease, schema.leases, "lease", "name")
_HELD = LEASES.find.with_for_update()
_GET = select(_setting.value).where(_setting.name == bindparam("the_name"))


class Leases(Records[Lease]):
    """In the database's time (the server's own clock on PostgreSQL): they say who is alive, not what day it is in the story.

    In stores that a project is leaving, or has left, nobody gets one, and nobody keeps his: who slept meanwhile does not go on there."""

    def now(self) -> Micros:
        """The time that they are held against, whatever the clock of this machine says."""
        return self._db.wall()

    def running(self) -> list[Lease]:
        """Those that have not run out."""
        now = self._db.wall()
        return [lease for lease in self.list() if lease.expires > now]

    def take(self, name: str, owner: str, seconds: float, tx: Tx = None) -> Lease | None:
        """None when somebody else's lease still runs. A new owner begins a new term, also after one that was dropped.

        A term is not below the moment it began at: the live store and the tables' logs, which know the last one, take the next one
        also where the records were restored from an older backup.
        """

        def work(tx: Connection) -> Lease | None:
            if _is_left(tx):
                return None
            now = self._db.wall()
            rows = tx.execute(_HELD, LEASES.key_of([name]))  # nobody renews it until this is committed
            held = next(iter(LEASES.records(rows)), None)
            if held is not None and held.owner != owner and held.expires > now:
                return None
            term = held.term if held is not None and held.owner == owner else counters.bump(tx, counters.TERMS, now)
            lease = Lease(name, owner, now + round(seconds * 1e6), term=term)
            LEASES.put(tx, lease)
            return lease

        return self._db.write(work, tx)

    def renew(self, name: str, owner: str, seconds: float) -> bool:
        """False when it is not ours any more: somebody took it after it ran out. Waits for no job's transaction."""

        def work(tx: Connection) -> bool:
            mine = (_lease.name == name) & (_lease.owner == owner)
            expires = self._db.wall() + round(seconds * 1e6)
            return not _is_left(tx) and bool(
                tx.execute(update(schema.leases).where(mine).values(expires=expires)).rowcount
            )

        return self._db.write(work, alone=False)

    def drop(self, name: str, owner: str, tx: Tx = None) -> None:
        mine = (_lease.name == name) & (_lease.owner == owner)
        self._db.write(lambda tx: tx.execute(delete(schema.leases).where(mine)).rowcount, tx)


class Tokens(Named[Token]):
    """Programs' keys, the page's sessions, codes. Each that is made or taken back makes a new revision of them, which (as the term of
    a lease) is above those that a restored backup knows nothing of: a scorer knows by it that it has to look."""

    def add(self, record: Token, tx: Tx = None) -> None:
        def work(tx: Connection) -> None:
            TOKENS.add(tx, record)
            counters.bump(tx, counters.TOKENS, self._db.wall())

        self._db.write(work, tx, alone=False)

    def delete(self, id: str, tx: Tx = None) -> bool:
        """True for exactly one caller."""

        def work(tx: Connection) -> bool:
            gone = TOKENS.delete(tx, id)
            if gone:
                counters.bump(tx, counters.TOKENS, self._db.wall())
            return gone

        return self._db.write(work, tx, alone=False)

    def prolong(self, id: str, expires: Micros) -> bool:
        """It ends later, where it is still there. No act of anybody's: the ledger keeps none of it."""

        def work(tx: Connection) -> bool:
            later = (schema.tokens.c.id == id) & (schema.tokens.c.expires < expires)
            changed = tx.execute(update(schema.tokens).where(later).values(expires=expires)).rowcount == 1
            if changed:
                counters.bump(tx, counters.TOKENS, self._db.wall())
            return changed

        return self._db.write(work, alone=False)

    def revision(self) -> int:
        """Who has read it, and then the tokens, knows all that were taken back up to it."""
        return counters.revisions(self._db)[counters.TOKENS]


def _is_left(tx: Connection) -> bool:
    return bool(tx.execute(_GET, {"the_name": MOVING}).scalar())


def _before(scorer: Scorer) -> ColumnElement[bool]:
    """Those that were killed where this one begins."""
    here = (_scorer.host == scorer.host, _scorer.address == scorer.address, _scorer.environment == scorer.environment)
    return and_(_scorer.id != scorer.id, *here)


class Scorers(Records[Scorer]):
    """Who answers now: each has a lease, by the store's own clock."""

    def beat(self, scorer: Scorer, seconds: float) -> Scorer:
        """It is alive for so long from now on, and is as it says; what is written down of it. Raises StoreBusy in stores that the
        project is leaving, or has left."""
        now = self._db.wall()
        told = replace(scorer, since=scorer.since or now, beat=now, expires=now + round(seconds * 1e6))

        def work(tx: Connection) -> None:
            if _is_left(tx):
                raise StoreBusy(
                    "the project is being moved, or has moved", place=self._db.place, hint="stop, and open it anew"
                )
            if not scorer.since:
                tx.execute(delete(schema.scorers).where(_before(told) | (_scorer.expires < now - FORGOTTEN)))
            SCORERS.put(tx, told)

        self._db.write(work, alone=False)
        return told

    def live(self) -> Sequence[Scorer]:
        """Those whose lease runs."""
        given = {"now": self._db.wall()}
        return SCORERS.records(self._db.rows(_ALIVE, given=given))

    def known(self) -> Sequence[Scorer]:
        """Those too that went without a word, for an hour."""
        given = {"now": self._db.wall() - FORGOTTEN}
        return SCORERS.records(self._db.rows(_ALIVE, given=given))

    def drop(self, id: str) -> None:
        self._db.write(lambda tx: tx.execute(delete(schema.scorers).where(_scorer.id == id)).rowcount, alone=False)


class Settings:
    """Small named values: the replay clock, the loop's state."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def get(self, name: str, default: Json = None, tx: Tx = None) -> Json:
        row = self._db.first(_GET, tx, given={"the_name": name})
        found: Json = default if row is None else row[0]
        return found

    def set(self, name: str, value: Json, tx: Tx = None) -> None:
        self._db.write(_put(name, value), tx, alone=False)

    def swap(self, name: str, was: Json, value: Json) -> bool:
        """Write it where the name has still the value that was read; whether it had."""
        here = (_setting.name == name) & (_setting.value == was)
        change = update(schema.settings).where(here).values(value=value)
        return self._db.write(lambda tx: bool(tx.execute(change).rowcount), alone=False)

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
