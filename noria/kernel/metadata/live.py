"""The live store: predictions, outcomes and online events, appended by group commit."""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from typing import Any

from sqlalchemy import Connection, Table, insert, select
from sqlalchemy.engine import Dialect

from noria.kernel.metadata import base, online, outcomes, predictions
from noria.kernel.metadata.database import CHUNK, Database
from noria.kernel.metadata.pieces import Piece
from noria.kernel.records import OnlineEvent, Outcome, Prediction

Done = Callable[[BaseException | None, Sequence[int]], None]
Met = Callable[[Sequence[Outcome | None], Set[str]], None]


class Append:
    """What one call of `append` wants written."""

    __slots__ = ("done", "earlier", "events", "known", "met", "outcomes", "predictions", "seqs")

    def __init__(
        self,
        made: Sequence[Prediction],
        seen: Sequence[Outcome],
        events: Sequence[OnlineEvent],
        done: Done | None,
        met: Met | None = None,
    ) -> None:
        self.predictions, self.outcomes, self.events, self.done, self.met = made, seen, events, done, met
        self.seqs: Sequence[int] = ()
        self.earlier: Sequence[Outcome | None] = ()
        self.known: Set[str] = frozenset()

    @property
    def urgent(self) -> bool:
        return self.done is not None

    def run(self, tx: Connection) -> None:
        Bulk([self]).run(tx)

    def settle(self, error: BaseException | None) -> None:
        if self.met is not None and error is None:
            self.met(self.earlier, self.known)
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
            self._look_back(cursor, sql)
            cursor.executemany(sql["outcomes"], seen)
        if events:
            given, fresh = online.number(tx, events)
            cursor.executemany(sql["online"], [online.ONLINE.values(event) for event in fresh])
            self._deal(given)
        cursor.close()

    def _look_back(self, cursor: Any, sql: dict[str, str]) -> None:
        """What those who ask want to know of what is there already: two queries a commit, for up to 500 outcomes."""
        asking = [part for part in self.parts if part.met is not None]
        keys = [outcome.key for part in asking for outcome in part.outcomes]
        if not keys:
            return
        rows = _among(cursor, sql, "earlier", keys)
        there = {record.key: record for record in outcomes.OUTCOMES.records(rows)}
        named = {o.prediction for part in asking for o in part.outcomes if o.prediction is not None}
        known = frozenset(row[0] for row in _among(cursor, sql, "known", sorted(named)))
        for part in self.parts:
            found = []
            for outcome in part.outcomes:
                found.append(there.get(outcome.key))
                there.setdefault(outcome.key, outcome)
            part.earlier, part.known = found, known

    def _deal(self, given: Sequence[int]) -> None:
        start = 0
        for part in self.parts:
            part.seqs = given[start : start + len(part.events)]
            start += len(part.events)

    def settle(self, error: BaseException | None) -> None:
        raise NotImplementedError("its parts are told, each by itself")

    def split(self) -> Sequence[Piece]:
        return self.parts


def _among(cursor: Any, sql: dict[str, str], query: str, names: Sequence[str]) -> list[Any]:
    """The rows of a query ``… IN (names)``."""
    rows: list[Any] = []
    for start in range(0, len(names), CHUNK):
        part = names[start : start + CHUNK]
        cursor.execute(f"{sql[query]} IN ({', '.join([sql['mark']] * len(part))})", part)
        rows += cursor.fetchall()
    return rows


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
        seen, made = outcomes.OUTCOMES, predictions.PREDICTIONS.table
        found["earlier"] = f"{seen.select.compile(dialect=dialect)} WHERE {seen.table.c.key.compile(dialect=dialect)}"
        found["known"] = f"{select(made.c.id).compile(dialect=dialect)} WHERE {made.c.id.compile(dialect=dialect)}"
        found["mark"] = "%s" if dialect.name == "postgresql" else "?"
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
        met: Met | None = None,
    ) -> None:
        self._db.submit(Append(predictions, outcomes, events, done, met))

    def flush(self) -> None:
        self._db.write(lambda tx: None)

    def data_version(self) -> int:
        return self._db.version()

    def close(self) -> None:
        self._db.close()
