"""Outcomes: what really happened, and the prediction each belongs to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, bindparam, func, select, update

from tidemill.store.ports import Tx
from tidemill.store.records import Outcome
from tidemill.store.sql import live_schema
from tidemill.store.sql.database import Database
from tidemill.store.sql.rows import OptionalFilters, Rows

OUTCOMES = Rows(Outcome, live_schema.outcomes, "outcome")
_outcome = live_schema.outcomes.c
_GET = OUTCOMES.where("key", "endpoint", "environment")
_KNOWN = select(_outcome.key).where(_outcome.key.in_(bindparam("keys", expanding=True)))
_UNJOINED = OptionalFilters(
    OUTCOMES.select.where(_outcome.how == "").order_by(_outcome.at, _outcome.key),
    endpoint=_outcome.endpoint == bindparam("endpoint"),
    environment=_outcome.environment == bindparam("environment"),
)
_WAITING = select(_outcome.key).where(_outcome.how == "").limit(bindparam("limit"))
_THEIRS = _outcome.joined.in_(bindparam("predictions", expanding=True))
_OF = OUTCOMES.select.where(_THEIRS).order_by(_outcome.at, _outcome.key)
_COUNTS = select(_outcome.joined, func.count()).where(_THEIRS).group_by(_outcome.joined)
_JOIN = (
    update(live_schema.outcomes)
    .where(
        _outcome.key == bindparam("the_key"),
        _outcome.endpoint == bindparam("the_endpoint"),
        _outcome.environment == bindparam("the_environment"),
        _outcome.how == "",
    )
    .values(joined=bindparam("the_prediction"), how=bindparam("the_how"))
)


class Outcomes:
    def __init__(self, database: Database) -> None:
        self._db = database

    def get(self, key: str, endpoint: str, environment: str = "") -> Outcome | None:
        row = self._db.first(_GET, given={"key": key, "endpoint": endpoint, "environment": environment})
        return None if row is None else OUTCOMES.record(row)

    def known(self, keys: Iterable[str]) -> set[str]:
        return {str(row[0]) for row in self._db.rows_among(_KNOWN, "keys", keys)}

    def unjoined(
        self, limit: int = 10_000, *, endpoint: str | None = None, environment: str | None = None
    ) -> Sequence[Outcome]:
        given = {"limit": limit, "endpoint": endpoint, "environment": environment}
        return OUTCOMES.records(self._db.rows(_UNJOINED.by(given), given=given))

    def waiting(self, most: int = 10_000) -> int:
        return len(self._db.rows(_WAITING, given={"limit": most}))

    def join(
        self, joins: Iterable[tuple[str, str | None, str]], endpoint: str, environment: str = "", tx: Tx = None
    ) -> None:
        here = {"the_endpoint": endpoint, "the_environment": environment}
        rows = [
            {"the_key": key, "the_prediction": prediction, "the_how": how, **here} for key, prediction, how in joins
        ]

        def work(tx: Connection) -> None:
            tx.execute(_JOIN, rows)

        if rows:
            self._db.write(work, tx)

    def of(self, predictions: Iterable[str]) -> dict[str, Sequence[Outcome]]:
        found: dict[str, list[Outcome]] = {}
        for record in OUTCOMES.records(self._db.rows_among(_OF, "predictions", predictions)):
            found.setdefault(record.joined or "", []).append(record)
        return dict(found)

    def counts(self, predictions: Iterable[str]) -> dict[str, int]:
        rows = self._db.rows_among(_COUNTS, "predictions", predictions)
        return {str(row[0]): int(row[1]) for row in rows}

    def count(self) -> dict[str, int]:
        query = select(_outcome.how, func.count()).group_by(_outcome.how).order_by(_outcome.how)
        return {str(row[0]): int(row[1]) for row in self._db.rows(query)}
