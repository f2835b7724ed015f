"""Principals and their passwords, what is asked of them and what they said: as rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import Connection, select

from tidemill.store.people import Approval, Attempt, Comment, Password, Principal, Visit, Vote
from tidemill.store.records import Tx
from tidemill.store.sql import counters, schema
from tidemill.store.sql.nouns import Named
from tidemill.store.sql.rows import Rows

T = TypeVar("T")
PRINCIPALS = Rows(Principal, schema.principals, "principal", "created", "id")
PASSWORDS = Rows(Password, schema.passwords, "password", "changed", "principal")
ATTEMPTS = Rows(Attempt, schema.attempts, "attempt", "last", "key", moment="last")
APPROVALS = Rows(Approval, schema.approvals, "approval", "asked", "id", moment="asked")
VOTES = Rows(Vote, schema.votes, "vote", "at", "id", moment="at")
COMMENTS = Rows(Comment, schema.comments, "comment", "at", "id", moment="at")
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
