"""What people have asked for, as rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, bindparam, or_

from tidemill.errors import Conflict
from tidemill.store.records import Tx
from tidemill.store.rights import SubjectLimit, SubjectRequest
from tidemill.store.sql import counters, schema
from tidemill.store.sql.columns import Flag
from tidemill.store.sql.nouns import Named
from tidemill.store.sql.rows import Rows
from tidemill.types import Micros

_limit = schema.subject_limits.c
LIMITS = Rows(
    SubjectLimit,
    schema.subject_limits,
    "limit",
    "begun",
    "id",
    moment="since",
    subject="limit:{id}",
    is_open=_limit.over.is_(None) == bindparam("is_open", type_=Flag()),
)
_request = schema.subject_requests.c
REQUESTS = Rows(
    SubjectRequest,
    schema.subject_requests,
    "request",
    "received",
    "id",
    moment="received",
    subject="request:{id}",
    is_open=_request.ended.is_(None) == bindparam("is_open", type_=Flag()),
)
_STOOD = LIMITS.select.where(
    _limit.begun <= bindparam("revision"), or_(_limit.over.is_(None), _limit.over > bindparam("revision"))
).order_by(*LIMITS.order)


class Limits(Named[SubjectLimit]):
    """Whose data may not be used. Each that begins or ends is a new revision, which (as that of the tokens) is above those that a restored
    backup knows nothing of: a scorer knows by it that it has to look."""

    def begin(self, record: SubjectLimit, tx: Tx = None) -> SubjectLimit:
        """It stands from now on; as it was written."""

        def work(tx: Connection) -> SubjectLimit:
            begun = replace(record, begun=self._bump(tx), ended=None, over=None)
            LIMITS.add(tx, begun)
            return begun

        return self._db.write(work, tx, self._alone)

    def end(self, id: str, at: Micros, by: str, tx: Tx = None) -> SubjectLimit:
        """It stands no more. Raises NotFound, and Conflict where it was lifted before."""

        def work(tx: Connection) -> SubjectLimit:
            if self.get(id, tx).over is not None:
                raise Conflict("it is lifted already", place=id)
            self._change(tx, id, ended=at, ended_by=by, over=self._bump(tx))
            return self.get(id, tx)

        return self._db.write(work, tx, self._alone)

    def redact(self, mark: str, at: Micros, by: str, tx: Tx = None) -> int:
        """The person is forgotten: what stood stands no more, and no name is left; how many records there were."""

        def work(tx: Connection) -> int:
            found = [one for one in self.list(tx=tx) if one.mark == mark]
            for one in found:
                over = {} if one.over is not None else {"ended": at, "ended_by": by, "over": self._bump(tx)}
                self._change(tx, one.id, subject="", **over)
            return len(found)

        return self._db.write(work, tx, self._alone)

    def standing(self, revision: int | None = None, tx: Tx = None) -> Sequence[SubjectLimit]:
        """Those that stand now, or stood at this revision."""
        if revision is None:
            return self.list(is_open=True, tx=tx)
        return LIMITS.records(self._db.rows(_STOOD, tx, {"revision": revision}))

    def revision(self) -> int:
        """Who has read it, and then the limits, knows all that began or ended up to it."""
        return counters.revisions(self._db)[counters.LIMITS]

    def _bump(self, tx: Connection) -> int:
        return counters.bump(tx, counters.LIMITS, self._db.wall())

    def _change(self, tx: Connection, id: str, **changes: Any) -> None:
        LIMITS.update(tx, id, changes)


class Requests(Named[SubjectRequest]):
    """What was asked for about people."""

    def change(self, id: str, tx: Tx = None, **changes: Any) -> SubjectRequest:
        """Of one that is open. Raises NotFound, Conflict."""

        def work(tx: Connection) -> SubjectRequest:
            if self.get(id, tx).ended is not None:
                raise Conflict("it has ended already", place=id, hint="tidemill subject requests --all")
            REQUESTS.update(tx, id, changes)
            return self.get(id, tx)

        return self._db.write(work, tx, self._alone)

    def redact(self, mark: str, tx: Tx = None) -> int:
        """The person is forgotten: no name is left; how many records there were."""

        def work(tx: Connection) -> int:
            found = self.list(mark=mark, tx=tx)
            for one in found:
                REQUESTS.update(tx, one.id, {"subject": ""})
            return len(found)

        return self._db.write(work, tx, self._alone)
