"""The live store: predictions, outcomes and online events, appended by group commit."""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table, delete, insert, select
from sqlalchemy.engine import Dialect

from tidemill.store.records import OnlineEvent, Outcome, Prediction
from tidemill.store.sql import schema
from tidemill.store.sql.database import CHUNK, Database
from tidemill.store.sql.entities import ENTITIES, Entities
from tidemill.store.sql.online import ONLINE, Online, number
from tidemill.store.sql.predictions import OUTCOMES, PREDICTIONS, Outcomes, Predictions
from tidemill.store.sql.subjects import SubjectRows
from tidemill.store.sql.write_ops import Call, WriteOp
from tidemill.types import new_id

Done = Callable[[BaseException | None, Sequence[int]], None]
Met = Callable[[Sequence[Outcome | None], Set[str]], None]


@dataclass(slots=True, eq=False)
class Append:
    """What one call of `append` wants written, and what became of it."""

    predictions: Sequence[Prediction]
    outcomes: Sequence[Outcome]
    events: Sequence[OnlineEvent]
    done: Done | None
    met: Met | None = None
    seqs: Sequence[int] = ()
    earlier: Sequence[Outcome | None] = ()
    known: Set[str] = frozenset()
    refused: Set[int] = frozenset()  # places among the events of those whose outcome is not written

    @property
    def urgent(self) -> bool:
        return self.done is not None

    def run(self, tx: Connection) -> None:
        Bulk([self]).run(tx)

    def complete(self, error: BaseException | None) -> None:
        if self.met is not None and error is None:
            self.met(self.earlier, self.known)
        if self.done is not None:
            self.done(error, () if error is not None else self.seqs)

    def split(self) -> Sequence[WriteOp]:
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
        made = [PREDICTIONS.values(p) for part in self.parts for p in part.predictions]
        seen = [OUTCOMES.values(o) for part in self.parts for o in part.outcomes]
        cursor = raw.cursor()
        if made:
            cursor.executemany(sql["predictions"], made)
        if seen:
            self._look_back(cursor, sql)
            cursor.executemany(sql["outcomes"], seen)
        events = [e for part in self.parts for i, e in enumerate(part.events) if i not in part.refused]
        if events:
            given, fresh = number(tx, events)
            cursor.executemany(sql["online"], [ONLINE.values(event) for event in fresh])
            self._deal(given)
        else:
            self._deal(())
        cursor.close()

    def _look_back(self, cursor: Any, sql: dict[str, str]) -> None:
        """What is there already: two queries a commit, for up to 500 outcomes."""
        keys = [outcome.key for part in self.parts for outcome in part.outcomes]
        there = {name_of(o): o for o in OUTCOMES.records(_among(cursor, sql, "earlier", keys))}
        asking = [part for part in self.parts if part.met is not None]
        named = {o.prediction for part in asking for o in part.outcomes if o.prediction is not None}
        known = frozenset(row[0] for row in _among(cursor, sql, "known", sorted(named)))
        for part in self.parts:
            found = []
            for outcome in part.outcomes:
                found.append(there.get(name_of(outcome)))
                there.setdefault(name_of(outcome), outcome)
            part.earlier, part.known, part.refused = found, known, _refused(part, found)

    def _deal(self, given: Sequence[int]) -> None:
        seqs = iter(given)
        for part in self.parts:
            part.seqs = [0 if i in part.refused else next(seqs) for i in range(len(part.events))]

    def complete(self, error: BaseException | None) -> None:
        raise NotImplementedError("its parts are told, each by itself")

    def split(self) -> Sequence[WriteOp]:
        return self.parts


def name_of(outcome: Outcome) -> tuple[str, str, str]:
    """What makes it one outcome."""
    return outcome.environment, outcome.endpoint, outcome.key


def _refused(part: Append, earlier: Sequence[Outcome | None]) -> Set[int]:
    """Where among the events are those that come with an outcome which is not written: a key that is taken.

    Of several outcomes with one key the first is written, and only its own event belongs to it.
    """
    if not part.events:
        return frozenset()
    written: dict[tuple[str, str], Outcome | None] = {}
    for outcome, before in zip(part.outcomes, earlier, strict=True):
        written.setdefault((outcome.endpoint, outcome.key), outcome if before is None else None)
    names = [(event.endpoint, event.key) for event in part.events]
    return {i for i, name in enumerate(names) if name in written and not _says(written[name], part.events[i])}


def _says(outcome: Outcome | None, event: OnlineEvent) -> bool:
    return outcome is not None and (outcome.subject, outcome.item, outcome.at, outcome.value) == (
        event.subject,
        event.item,
        event.at,
        event.value,
    )


def _among(cursor: Any, sql: dict[str, str], query: str, names: Sequence[str]) -> list[Any]:
    """The rows of a query ``… IN (names)``."""
    rows: list[Any] = []
    for start in range(0, len(names), CHUNK):
        part = names[start : start + CHUNK]
        cursor.execute(f"{sql[query]} IN ({', '.join([sql['mark']] * len(part))})", part)
        rows += cursor.fetchall()
    return rows


def combine(batch: Sequence[WriteOp]) -> Sequence[WriteOp]:
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
        tables = (PREDICTIONS.table, OUTCOMES.table, ONLINE.table)
        found = _SQL[dialect.name] = {table.name: _insert_text(table, dialect) for table in tables}
        seen, made = OUTCOMES, PREDICTIONS.table
        found["earlier"] = f"{seen.select.compile(dialect=dialect)} WHERE {seen.table.c.key.compile(dialect=dialect)}"
        found["known"] = f"{select(made.c.id).compile(dialect=dialect)} WHERE {made.c.id.compile(dialect=dialect)}"
        found["mark"] = "%s" if dialect.name == "postgresql" else "?"
    return found


def _insert_text(table: Table, dialect: Dialect) -> str:
    make: Callable[..., Dialect] = type(dialect)
    positional = make(paramstyle="format" if dialect.name == "postgresql" else "qmark")
    return f"{insert(table).compile(dialect=positional)} ON CONFLICT DO NOTHING"


def _write_and_take_back(tx: Connection) -> None:
    tried = Prediction(new_id("trial"), "", 0, "", "", "", "", b"", b"", 0, 0)
    PREDICTIONS.add(tx, tried)
    tx.execute(delete(PREDICTIONS.table).where(PREDICTIONS.table.c.id == tried.id))


class LiveStore:
    """`.tidemill/live.db`: what serving writes, predictions, outcomes and the subjects' history.

    Its promises are those of `MetadataStore`; appending is by group commit, and nothing here waits for a job.
    """

    def __init__(self, database: Database) -> None:
        self._db = database
        self.predictions = Predictions(database, PREDICTIONS)
        self.outcomes = Outcomes(database, OUTCOMES)
        self.online = Online(database, ONLINE)
        self.entities = Entities(database, ENTITIES)

    def append(
        self,
        predictions: Sequence[Prediction],
        outcomes: Sequence[Outcome],
        events: Sequence[OnlineEvent],
        done: Done | None = None,
        met: Met | None = None,
    ) -> None:
        """Queue for the next group commit and return at once. `done(error, seqs)` is called by the writer thread after
        the fsync (or on failure); ``seqs`` are those given to ``events`` (0 where the key was there already). A
        prediction id or outcome key that is there already changes nothing, and an event that comes with such an outcome
        is not written either (0). Without ``done`` nobody waits, and it is
        written within 50 ms, in company. `met(earlier, known)` is called before ``done`` when all went well: for each outcome
        the one that its key held already (None: it is new), and those of the predictions they name that are kept."""
        self._db.submit(Append(predictions, outcomes, events, done, met))

    def holders(self) -> list[SubjectRows]:
        """A subject's rows: predictions, outcomes, history, what models would be asked."""
        tables = (schema.predictions, schema.outcomes, schema.online, schema.entity_inputs)
        return [SubjectRows(self._db, table) for table in tables]

    def try_write(self) -> Future[None]:
        """Write something, and take it back in the same transaction: done when the disk has taken it, or failed as it says."""
        piece = Call(_write_and_take_back)
        self._db.submit(piece)
        return piece.future

    def flush(self) -> None:
        """Waits until everything queued is committed."""
        self._db.write(lambda tx: None)

    def data_version(self) -> int:
        return self._db.version()

    def close(self) -> None:
        self._db.close()
