"""Questions that are answered later: a row each, taken up by one process at a time, under a lease that is the row's own `due`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, or_, select, update

from tidemill.store.records import Deferred
from tidemill.store.sql import schema
from tidemill.store.sql.nouns import Named
from tidemill.store.sql.rows import Rows
from tidemill.types import DAY, SECOND, Micros

DEFERRED = Rows(Deferred, schema.deferred, "question", "due", "id")
_own = schema.deferred.c
WAITING = "waiting"
_FIND = DEFERRED.select.where(_own.id.in_(bindparam("ids", expanding=True)))
_OVER = (_own.status != WAITING) & or_(_own.callback == "", _own.told != "")
_HERE = (_own.environment == bindparam("environment")) & _own.endpoint.in_(bindparam("endpoints", expanding=True))
_DUE = _own.due <= bindparam("now")
_ANY = select(_own.id).where(_DUE).limit(1)
_CALLS = (_own.status != WAITING) & (_own.callback != "") & (_own.told == "")
_FIRST = DEFERRED.select.where(_DUE, _HERE).order_by(_own.due).limit(bindparam("most"))
_FIRST = _FIRST.with_for_update(skip_locked=True)  # of a server; on SQLite a transaction is alone
_TAKE = {False: _FIRST.where(_own.status == WAITING), True: _FIRST.where(_CALLS)}
_TAKEN = update(schema.deferred).where(_own.id == bindparam("the_id"))
_KEEP = update(schema.deferred).where(
    _own.owner == bindparam("the_owner"), _own.id.in_(bindparam("ids", expanding=True))
)
FORGOTTEN: Micros = 31 * DAY
"""After its time: nobody sees to it, for its endpoint is not there any more."""
SOON: Micros = 60 * SECOND
"""What waits is due by then: the longest lease is half as long. So what was answered and is kept yet is not looked through."""
_GONE = delete(schema.deferred).where(_DUE, or_(_OVER, _own.expires <= bindparam("forgotten")))
_LATE = (_own.status == WAITING) & (_own.expires <= bindparam("now"))
_ANEW = delete(schema.deferred).where(
    _own.id.in_(bindparam("ids", expanding=True)), or_(_own.status == "expired", _LATE)
)
_LEFT = select(_own.id).where(
    _own.due <= bindparam("soon"),
    _own.status == WAITING,
    _own.expires > bindparam("now"),
    _own.environment == bindparam("environment"),
)


class Deferreds(Named[Deferred]):
    """By the id of the prediction to come. Moments are the database's, as those of leases."""

    def now(self) -> Micros:
        return self._db.wall()

    def take_in(self, records: Sequence[Deferred]) -> dict[str, Deferred]:
        """Write these down, all or none, and return when they are on the disk; by id what is kept: of an id that was there, what was,
        unless nobody answered that in its time.
        """
        ids = [one.id for one in records]

        def work(tx: Connection) -> dict[str, Deferred]:
            tx.execute(_ANEW, {"ids": ids, "now": self._db.wall()})
            DEFERRED.add_new(
                tx, sorted(records, key=attrgetter("id"))
            )  # in one order, so that none waits for each other
            kept = DEFERRED.records(tx.execute(_FIND, {"ids": ids}))
            return {one.id: one for one in kept}

        return self._db.write(work, alone=False)

    def find(self, ids: Iterable[str]) -> dict[str, Deferred]:
        return {one.id: one for one in DEFERRED.records(self._db.rows_among(_FIND, "ids", ids))}

    def waiting(self, environment: str, most: int) -> int:
        """How many wait for their answer, counted up to so many."""
        some = _LEFT.limit(bindparam("most")).subquery()
        now = self._db.clock.now()
        given = {"environment": environment, "most": most, "now": now, "soon": now + SOON}
        return int(self._db.value(select(func.count()).select_from(some), given=given))

    def due(self) -> bool:
        """Whether there is anything to see to. Cheap: asked again and again."""
        return self._db.first(_ANY, given={"now": self._db.clock.now()}) is not None

    def take(
        self, owner: str, environment: str, endpoints: Sequence[str], most: int, seconds: float, calls: bool = False
    ) -> list[Deferred]:
        """Those that are due, at most so many: from now on the owner's, for so long. What is over is let go.

        ``calls``: those whose answers are to be sent, instead of those that wait for one.
        """

        def work(tx: Connection) -> list[Deferred]:
            now = self._db.wall()
            given = {"now": now, "environment": environment, "endpoints": [*endpoints], "most": most}
            found = DEFERRED.records(tx.execute(_TAKE[calls], given))
            values: dict[str, Any] = {"owner": owner, "due": now + round(seconds * 1e6)}
            for one in found:
                tx.execute(_TAKEN.values(**values, tries=_own.tries + 1), {"the_id": one.id})
            tx.execute(_GONE, {"now": now, "forgotten": now - FORGOTTEN})
            return [replace(one, **values, tries=one.tries + 1) for one in found]

        return self._db.write(work, alone=False)

    def keep(self, owner: str, ids: Sequence[str], seconds: float) -> None:
        """These are still in hand."""
        until = self._db.wall() + round(seconds * 1e6)
        given = {"the_owner": owner, "ids": [*ids]}
        self._db.write(lambda tx: tx.execute(_KEEP.values(due=until), given).rowcount, alone=False)

    def settle(self, owner: str, record: Deferred) -> bool:
        """What became of it, in place of what is there; False where another owner has it by now."""
        values = {name: getattr(record, name) for name in ("status", "due", "tries", "problem", "told", "settled")}
        given = {"the_owner": owner, "ids": [record.id]}
        return bool(
            self._db.write(lambda tx: tx.execute(_KEEP.values(**values, owner=""), given).rowcount, alone=False)
        )
