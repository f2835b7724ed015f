"""Predictions: every answer of the server."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import bindparam, func, select

from tidemill.store.records import Prediction
from tidemill.store.sql import live_schema
from tidemill.store.sql.database import Database
from tidemill.store.sql.paging import by_id, given, page
from tidemill.store.sql.rows import Rows
from tidemill.types import Micros

PREDICTIONS = Rows(Prediction, live_schema.predictions, "prediction")
_prediction = live_schema.predictions.c
_GET = PREDICTIONS.where("id")
_FIND = PREDICTIONS.select.where(_prediction.id.in_(bindparam("ids", expanding=True)))
_BETWEEN = PREDICTIONS.select.where(
    _prediction.at >= bindparam("start"),
    _prediction.at < bindparam("end"),
    _prediction.endpoint == bindparam("endpoint"),
    _prediction.environment == bindparam("environment"),
).order_by(_prediction.at, _prediction.id)
_LATEST = (
    PREDICTIONS.where("subject", "endpoint", "environment")
    .where(_prediction.at <= bindparam("end"), _prediction.at >= bindparam("start"))
    .order_by(_prediction.at.desc(), _prediction.id.desc())
    .limit(1)
)


class Predictions:
    def __init__(self, database: Database) -> None:
        self._db = database

    def get(self, prediction_id: str) -> Prediction:
        row = self._db.first(_GET, given={"id": prediction_id})
        if row is None:
            raise PREDICTIONS.missing({"id": prediction_id})
        return PREDICTIONS.record(row)

    def find(self, ids: Iterable[str]) -> dict[str, Prediction]:
        found = PREDICTIONS.records(self._db.rows_among(_FIND, "ids", ids))
        return {record.id: record for record in found}

    def between(self, endpoint: str, start: Micros, end: Micros, environment: str = "") -> Sequence[Prediction]:
        narrow = {"endpoint": endpoint, "environment": environment, "start": start, "end": end}
        return PREDICTIONS.records(self._db.rows(_BETWEEN, given=narrow))

    def latest_before(
        self, subject: str, at: Micros, within: Micros, endpoint: str, environment: str = ""
    ) -> Prediction | None:
        here = {"subject": subject, "endpoint": endpoint, "environment": environment}
        row = self._db.first(_LATEST, given={**here, "start": at - within, "end": at})
        return None if row is None else PREDICTIONS.record(row)

    def of(self, subject: str, limit: int = 1_000) -> Sequence[Prediction]:
        query = PREDICTIONS.select.where(_prediction.subject == subject)
        return PREDICTIONS.records(
            self._db.rows(query.order_by(_prediction.at.desc(), _prediction.id.desc()).limit(limit))
        )

    def by_model(self) -> dict[str, int]:
        query = select(_prediction.model, func.count(_prediction.at)).group_by(_prediction.model)
        return {row[0]: int(row[1]) for row in self._db.rows(query)}

    def count(self, endpoint: str | None = None) -> int:
        query = select(func.count(_prediction.at))
        if endpoint is not None:
            query = query.where(_prediction.endpoint == endpoint)
        return int(self._db.value(query))

    def page(self, *, endpoint: str | None = None, before: str | None = None, limit: int = 50) -> Sequence[Prediction]:
        return page(
            self._db,
            PREDICTIONS,
            (_prediction.at, _prediction.id),
            by_id(before),
            limit,
            *given((_prediction.endpoint, endpoint)),
        )
