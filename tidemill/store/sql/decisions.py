"""Decisions of the retrain policy, and the jobs of the loop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam

from tidemill.store.ports import Tx
from tidemill.store.records import Decision, Job
from tidemill.store.sql import schema
from tidemill.store.sql.database import Database
from tidemill.store.sql.paging import by_id, given, page
from tidemill.store.sql.rows import OptionalFilters, Rows
from tidemill.types import Micros

DECISIONS = Rows(Decision, schema.decisions, "decision")
_decision = schema.decisions.c
_GET = DECISIONS.where("id")
_LIST = OptionalFilters(
    DECISIONS.select.order_by(_decision.at.desc(), _decision.id.desc()),
    action=_decision.action == bindparam("action"),
    endpoint=_decision.endpoint == bindparam("endpoint"),
    environment=_decision.environment == bindparam("environment"),
)
JOBS = Rows(Job, schema.jobs, "job")
_job = schema.jobs.c
_JOBS = OptionalFilters(
    JOBS.where("endpoint", "environment").order_by(_job.started, _job.id),
    status=_job.status == bindparam("status"),
    decision=_job.decision == bindparam("decision"),
    since=_job.started >= bindparam("since"),
)


class Decisions:
    def __init__(self, database: Database) -> None:
        self._db = database

    def add(self, decision: Decision, tx: Tx = None) -> None:
        self._db.write(lambda tx: DECISIONS.add(tx, decision), tx)

    def update(self, decision_id: str, tx: Tx = None, **changes: Any) -> None:
        self._db.write(lambda tx: DECISIONS.update(tx, {"id": decision_id}, changes), tx)

    def list(
        self,
        *,
        action: str | None = None,
        limit: int | None = None,
        endpoint: str | None = None,
        environment: str | None = None,
    ) -> Sequence[Decision]:
        narrow = {"action": action, "limit": limit, "endpoint": endpoint, "environment": environment}
        return DECISIONS.records(self._db.rows(_LIST.by(narrow), given=narrow))[::-1]

    def page(
        self, *, before: str | None = None, limit: int = 50, action: str | None = None, endpoint: str | None = None
    ) -> Sequence[Decision]:
        where = given((_decision.action, action), (_decision.endpoint, endpoint))
        return page(self._db, DECISIONS, (_decision.at, _decision.id), by_id(before), limit, *where)

    def get(self, decision_id: str) -> Decision:
        row = self._db.first(_GET, given={"id": decision_id})
        if row is None:
            raise DECISIONS.missing({"id": decision_id})
        return DECISIONS.record(row)


class Jobs:
    def __init__(self, database: Database) -> None:
        self._db = database

    def put(self, job: Job, tx: Tx = None) -> None:
        self._db.write(lambda tx: JOBS.put(tx, job), tx)

    def list(
        self,
        endpoint: str,
        *,
        status: str | None = None,
        decision: str | None = None,
        since: Micros | None = None,
        environment: str = "",
    ) -> Sequence[Job]:
        narrow = {"status": status, "decision": decision, "since": since}
        return JOBS.records(
            self._db.rows(_JOBS.by(narrow), given={"endpoint": endpoint, "environment": environment, **narrow})
        )
