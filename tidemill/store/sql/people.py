"""Principals and their passwords, what is asked of them and what they said: as rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import Connection, delete, func, select, update

from tidemill.store.people import Approval, Attempt, Comment, LogIn, Password, Principal, Visit, Vote, Vouched
from tidemill.store.records import Tx
from tidemill.store.sql import counters, schema
from tidemill.store.sql.nouns import Named
from tidemill.store.sql.rows import Rows
from tidemill.types import Micros

T = TypeVar("T")
PRINCIPALS = Rows(Principal, schema.principals, "principal", "created", "id", subject="principal:{id}")
PASSWORDS = Rows(Password, schema.passwords, "password", "changed", "principal", subject="principal:{principal}")
ATTEMPTS = Rows(Attempt, schema.attempts, "attempt", "last", "key", moment="last")
LOGINS = Rows(LogIn, schema.logins, "log-in", "started", "id", moment="started")
VOUCHED = Rows(Vouched, schema.vouched, "vouched session", "checked", "session")
APPROVALS = Rows(Approval, schema.approvals, "approval", "asked", "id", moment="asked", subject="approval:{id}")
VOTES = Rows(Vote, schema.votes, "vote", "at", "id", moment="at", subject="vote:{id}")
COMMENTS = Rows(Comment, schema.comments, "comment", "at", "id", moment="at", subject="comment:{id}")
VISITS = Rows(Visit, schema.visits, "visit", "at", "principal", "place")


class Principals(Named[Principal]):
    """People and programs. Whatever changes of one is a new revision of the tokens: a scorer knows by it that it has to look again."""

    def called(self, name: str, tx: Tx = None) -> Principal | None:
        """The one that logs in by this name, without regard to case."""
        return self.first(name=name.lower(), tx=tx)

    def vouched(self, issuer: str, subject: str, tx: Tx = None) -> Principal | None:
        """The one that this identity provider knows by this subject."""
        here = schema.principals.c
        return self._one(self._rows.select.where(here.issuer == issuer, here.subject == subject), tx)

    def any(self, tx: Tx = None) -> bool:
        """Whether there is an account at all."""
        return self._db.first(select(schema.principals.c.id).limit(1), tx) is not None

    def add(self, record: Principal, tx: Tx = None) -> None:
        self._tell(lambda tx: self._rows.add(tx, record), tx)

    def put(self, record: Principal, tx: Tx = None) -> None:
        self._tell(lambda tx: self._rows.put(tx, record), tx)

    def update(self, id: str, tx: Tx = None, **changes: Any) -> None:
        self._tell(lambda tx: self._rows.update(tx, id, changes), tx)

    def delete(self, id: str, tx: Tx = None) -> bool:
        return self._tell(lambda tx: Named.delete(self, id, tx), tx)

    def _tell(self, change: Callable[[Connection], T], tx: Tx) -> T:
        def work(tx: Connection) -> T:
            changed = change(tx)
            counters.bump(tx, counters.TOKENS, self._db.wall())
            return changed

        return self._db.write(work, tx, self._alone)


class LogIns(Named[LogIn]):
    """Log-ins at identity providers that were begun and have not ended."""

    def begin(self, record: LogIn, most_of_one: int, most: int) -> bool:
        """Write it down, and take away those that have run out; False where so many are open already, of its origin or of all."""
        here = schema.logins.c

        def work(tx: Connection) -> bool:
            tx.execute(delete(schema.logins).where(here.expires <= record.started))
            one = tx.execute(
                select(func.count()).select_from(schema.logins).where(here.origin == record.origin)
            ).scalar_one()
            if one >= most_of_one or tx.execute(select(func.count()).select_from(schema.logins)).scalar_one() >= most:
                return False
            LOGINS.add(tx, record)
            return True

        return self._db.write(work, alone=False)


class VouchedSessions(Named[Vouched]):
    """Sessions that an identity provider vouches for."""

    def claim(self, session: str, before: Micros, now: Micros) -> Vouched | None:
        """The session, for the one caller who may ask its provider now: whoever asked last did so before this moment."""
        here = schema.vouched.c

        def work(tx: Connection) -> bool:
            mine = (here.session == session) & (here.asked < before)
            return tx.execute(update(schema.vouched).where(mine).values(asked=now)).rowcount == 1

        return self.look_up(session) if self._db.write(work, alone=False) else None

    def sweep(self, tx: Tx = None) -> int:
        """Take away those whose session has ended."""
        ended = schema.vouched.c.session.not_in(select(schema.tokens.c.id))
        return self._db.write(lambda tx: tx.execute(delete(schema.vouched).where(ended)).rowcount, tx, alone=False)
