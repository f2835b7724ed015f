"""The live store: predictions, outcomes and online events, appended by group commit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection, Table, insert
from sqlalchemy.engine import Dialect

from noria.kernel.metadata import base, online, outcomes, predictions
from noria.kernel.metadata.database import Database
from noria.kernel.metadata.pieces import Piece
from noria.kernel.records import OnlineEvent, Outcome, Prediction

Done = Callable[[BaseException | None, Sequence[int]], None]


class Append:
    """What one call of `append` wants written."""

    __slots__ = ("done", "events", "outcomes", "predictions", "seqs")

    def __init__(
        self, made: Sequence[Prediction], seen: Sequence[Outcome], events: Sequence[OnlineEvent], done: Done | None
    ) -> None:
        self.predictions, self.outcomes, self.events, self.done = made, seen, events, done
        self.seqs: Sequence[int] = ()

    @property
    def urgent(self) -> bool:
        return self.done is not None

    def run(self, tx: Connection) -> None:
        Bulk([self]).run(tx)

    def settle(self, error: BaseException | None) -> None:
        if self.done is not None:
            self.done(error, () if error is not None else self.seqs)

    def split(self) -> Sequence[Piece]:
        return ()


class Bulk:
    """Many appends as one: one statement for all their rows of a table."""

    __slots__ = ("parts",)
    urgent = True

    def __init__(self, parts: Sequence[Append]) -> None:
        self.parts = parts

    def run(self, tx: Connection) -> None:
        raw: Any = tx.connection.dbapi_connection
        sql = _statements(tx.dialect)
        made = [predictions.PREDICTIONS.values(p) for part in self.parts for p in part.predictions]
        seen = [outcomes.OUTCOMES.values(o) for part in self.parts for o in part.outcomes]
        events = [event for part in self.parts for event in part.events]
        cursor = raw.cursor()
        if made:
            cursor.executemany(sql["predictions"], made)
        if seen:
            cursor.executemany(sql["outcomes"], seen)
        if events:
            given, fresh = online.number(tx, events)
            cursor.executemany(sql["online"], [online.ONLINE.values(event) for event in fresh])
            self._deal(given)
        cursor.close()

    def _deal(self, given: Sequence[int]) -> None:
        start = 0
        for part in self.parts:
            part.seqs = given[start : start + len(part.events)]
            start += len(part.events)

    def settle(self, error: BaseException | None) -> None:
        raise NotImplementedError("its parts are told, each by itself")

    def split(self) -> Sequence[Piece]:
        return self.parts


def combine(batch: Sequence[Piece]) -> Sequence[Piece]:
    """All appends of a batch become one piece."""
    appends = [piece for piece in batch if type(piece) is Append]
    if len(appends) < 2:
        return batch
    return [Bulk(appends), *(piece for piece in batch if type(piece) is not Append)]


_SQL: dict[str, dict[str, str]] = {}


def _statements(dialect: Dialect) -> dict[str, str]:
    """The inserts as the driver's own text: at thousands of rows a second the expression layer costs the most."""
    found = _SQL.get(dialect.name)
    if found is None:
        tables = (predictions.PREDICTIONS.table, outcomes.OUTCOMES.table, online.ONLINE.table)
        found = _SQL[dialect.name] = {table.name: _insert_text(table, dialect) for table in tables}
    return found


def _insert_text(table: Table, dialect: Dialect) -> str:
    make: Callable[..., Dialect] = type(dialect)
    positional = make(paramstyle="format" if dialect.name == "postgresql" else "qmark")
    return f"{insert(table).compile(dialect=positional)} ON CONFLICT DO NOTHING"


class Live:
    """Implements `base.LiveStore`."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self.predictions: base.Predictions = predictions.Predictions(database)
        self.outcomes: base.Outcomes = outcomes.Outcomes(database)
        self.online: base.Online = online.Online(database)

    def append(
        self,
        predictions: Sequence[Prediction],
        outcomes: Sequence[Outcome],
        events: Sequence[OnlineEvent],
        done: Done | None = None,
    ) -> None:
        self._db.submit(Append(predictions, outcomes, events, done))

    def flush(self) -> None:
        self._db.write(lambda tx: None)

    def data_version(self) -> int:
        return self._db.version()

    def close(self) -> None:
        self._db.close()
