"""Decisions of the retrain policy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam

from tidemill.store.ports import Tx
from tidemill.store.records import Decision
from tidemill.store.sql import schema
from tidemill.store.sql.database import Database
from tidemill.store.sql.paging import page
from tidemill.store.sql.rows import OptionalFilters, Rows

DECISIONS = Rows(Decision, schema.decisions, "decision")
_decision = schema.decisions.c
_GET = DECISIONS.where("id")
_LIST = OptionalFilters(
    DECISIONS.select.order_by(_decision.at.desc(), _decision.id.desc()),
    action=_decision.action == bindparam("action"),
)


class Decisions:
    def __init__(self, database: Database) -> None:
        self._db = database

    def add(self, decision: Decision, tx: Tx = None) -> None:
        self._db.write(lambda tx: DECISIONS.add(tx, decision), tx)

    def update(self, decision_id: str, tx: Tx = None, **changes: Any) -> None:
        self._db.write(lambda tx: DECISIONS.update(tx, {"id": decision_id}, changes), tx)

    def list(self, *, action: str | None = None, limit: int | None = None) -> Sequence[Decision]:
        given = {"action": action, "limit": limit}
        return DECISIONS.records(self._db.rows(_LIST.by(given), given=given))[::-1]

    def page(self, *, before: str | None = None, limit: int = 50) -> Sequence[Decision]:
        return page(self._db, DECISIONS, _decision.at, _decision.id, before, limit)

    def get(self, decision_id: str) -> Decision:
        row = self._db.first(_GET, given={"id": decision_id})
        if row is None:
            raise DECISIONS.missing({"id": decision_id})
        return DECISIONS.record(row)
