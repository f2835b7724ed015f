"""The live store: predictions, outcomes and online events, appended by group commit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Table, delete, insert, select
from sqlalchemy.engine import Dialect

from tidemill.store.batched import place_of
from tidemill.store.records import Fence, OnlineEvent, Outcome, Prediction
from tidemill.store.sql import schema
from tidemill.store.sql.contents import Contents
from tidemill.store.sql.database import CHUNK, Database
from tidemill.store.sql.deferred import DEFERRED, Deferreds
from tidemill.store.sql.entities import ENTITIES, Entities
from tidemill.store.sql.fences import fenced
from tidemill.store.sql.item_rows import ITEMS, Items
from tidemill.store.sql.logged import Logged
from tidemill.store.sql.online import ONLINE, HistoryRows, Online, last_seq, number, write
from tidemill.store.sql.predictions import OUTCOMES, PREDICTIONS, Outcomes
from tidemill.store.sql.subjects import SubjectRows
from tidemill.store.sql.write_ops import Call, WriteOp
from tidemill.types import new_id

Done = Callable[[BaseException | None, Sequence[int]], None]


@dataclass(frozen=True, slots=True)
class Met:
    """What an append found there."""

    earlier: Sequence[Outcome | None] = ()
    """For each outcome the one that its key held already; None: it is new."""
    known: Set[str] = frozenset()
    """Those of the predictions that the outcomes name which are kept."""
    taken: Mapping[str, Prediction] = field(default_factory=dict)
    """By id, of the predictions whose id was taken: what is kept, in place of what was to be written."""
    position: int = 0
    """The last number given as of this commit, its own included; 0 where it had no events."""


NOTHING = Met()


@dataclass(slots=True, eq=False)
class Append:
    """What one call of `append` wants written, and what became of it."""

    predictions: Sequence[Prediction]
    outcomes: Sequence[Outcome]
    events: Sequence[OnlineEvent]
    done: Done | None
    tell: Callable[[Met], None] | None = None
    seqs: Sequence[int] = ()
    met: Met = NOTHING
    refused: Set[int] = frozenset()  # places among the events of those whose outcome is not written

    @property
    def urgent(self) -> bool:
        return self.done is not None

    def run(self, tx: Connection) -> None:
        Bulk([self]).run(tx)

    def complete(self, error: BaseException | None) -> None:
        if self.tell is not None and error is None:
            self.tell(self.met)
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
        """Rows are written in the order of their names: who writes the same ones elsewhere waits, and none waits for each other."""
        raw: Any = tx.connection.dbapi_connection
        sql = _statements(tx.dialect)
        made = sorted((PREDICTIONS.values(p) for part in self.parts for p in part.predictions), key=_FIRST)
        seen = sorted((OUTCOMES.values(o) for part in self.parts for o in part.outcomes), key=_NAMED)
        for part in self.parts:  # one that was rolled back, in company, is tried again: what it met then is not there
            part.met, part.refused = NOTHING, frozenset()
        cursor = raw.cursor()
        if made:
            cursor.executemany(sql["predictions"], made)
            if cursor.rowcount < len(made):
                self._meet(cursor, sql)
        if seen:
            self._look_back(cursor, sql, _there(cursor, sql, seen))
        if any(part.events for part in self.parts):
            self._number(tx)
        cursor.close()

    def _meet(self, cursor: Any, sql: dict[str, str]) -> None:
        """Some id was taken: what is kept of it."""
        asking = [part for part in self.parts if part.tell is not None]
        ids = sorted({p.id for part in asking for p in part.predictions})
        kept = {p.id: p for p in PREDICTIONS.records(_among(cursor, sql, "kept", ids))}
        for part in asking:
            taken = {p.id: kept[p.id] for p in part.predictions if kept[p.id] != p}
            part.met = replace(part.met, taken=taken)

    def _look_back(self, cursor: Any, sql: dict[str, str], there: dict[Name, Outcome]) -> None:
        """Tell each part what its outcomes met."""
        asking = [part for part in self.parts if part.tell is not None]
        named = {o.prediction for part in asking for o in part.outcomes if o.prediction is not None}
        known = frozenset(row[0] for row in _among(cursor, sql, "known", sorted(named)))
        known |= _in_parts(cursor, sql, named - known)
        for part in self.parts:
            found = []
            for outcome in part.outcomes:
                found.append(there.get(name_of(outcome)))
                there.setdefault(name_of(outcome), outcome)
            part.met, part.refused = replace(part.met, earlier=found, known=known), _refused(part, found)

    def _number(self, tx: Connection) -> None:
        """The events get their numbers, last of all."""
        events = [e for part in self.parts for i, e in enumerate(part.events) if i not in part.refused]
        given, fresh = number(tx, events)
        if fresh:
            write(tx, fresh)
        position, seqs = fresh[-1].seq if fresh else last_seq(tx), iter(given)
        for part in self.parts:
            part.seqs = [0 if i in part.refused else next(seqs) for i in range(len(part.events))]
            part.met = replace(part.met, position=position)

    def complete(self, error: BaseException | None) -> None:
        raise NotImplementedError("its parts are told, each by itself")

    def split(self) -> Sequence[WriteOp]:
        return self.parts


Name = tuple[str, str, str]
_FIRST = itemgetter(0)
_NAMED = itemgetter(*(OUTCOMES.names.index(column.name) for column in OUTCOMES.key))


def name_of(outcome: Outcome) -> Name:
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


def _there(cursor: Any, sql: dict[str, str], seen: Sequence[tuple[Any, ...]]) -> dict[Name, Outcome]:
    """Write the outcomes whose name is free; the earlier ones of the others. One of several with a name is the first."""
    keys = [row[0] for row in seen]
    if not sql["named"]:  # nobody can come in between: look first
        there = _earlier(cursor, sql, keys)
        cursor.executemany(sql["outcomes"], seen)
        return there
    # Somebody else may write the same ones now: the database says which of them are ours.
    cursor.executemany(f"{sql['outcomes']} RETURNING {sql['named']}", seen, returning=True)
    new = {tuple(row) for row in cursor.fetchall()}
    while cursor.nextset():
        new.update(tuple(row) for row in cursor.fetchall())
    if len(new) == len(seen):
        return {}
    there = _earlier(cursor, sql, keys)
    return {name: outcome for name, outcome in there.items() if name not in new}


def _earlier(cursor: Any, sql: dict[str, str], keys: Sequence[str]) -> dict[Name, Outcome]:
    return {name_of(o): o for o in OUTCOMES.records(_among(cursor, sql, "earlier", keys))}


def _in_parts(cursor: Any, sql: dict[str, str], named: Set[str]) -> Set[str]:
    """Those that are rows of a batch."""
    places = {id: place for id in named if (place := place_of(id)) is not None}
    rows = dict(_among(cursor, sql, "parts", sorted({name for name, _ in places.values()})))
    return frozenset(id for id, (name, row) in places.items() if row < rows.get(name, 0))


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
        tables = (PREDICTIONS.table, OUTCOMES.table)
        found = _SQL[dialect.name] = {table.name: _insert_text(table, dialect) for table in tables}
        seen, made = OUTCOMES, PREDICTIONS.table
        found["earlier"] = f"{seen.select.compile(dialect=dialect)} WHERE {seen.table.c.key.compile(dialect=dialect)}"
        found["named"] = "environment, endpoint, key" if dialect.name == "postgresql" else ""
        found["kept"] = f"{PREDICTIONS.select.compile(dialect=dialect)} WHERE {made.c.id.compile(dialect=dialect)}"
        found["known"] = f"{select(made.c.id).compile(dialect=dialect)} WHERE {made.c.id.compile(dialect=dialect)}"
        parts = schema.batch_parts.c
        asked = select(parts.name, parts.rows).compile(dialect=dialect)
        found["parts"] = f"{asked} WHERE {parts.name.compile(dialect=dialect)}"
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
        self.predictions = Logged(database)
        self.batch_parts = self.predictions.parts
        self.outcomes = Outcomes(database, OUTCOMES)
        self.online = Online(database, ONLINE)
        self.entities = Entities(database, ENTITIES)
        self.deferred = Deferreds(database, DEFERRED, alone=False)
        self.items = Items(database, ITEMS)

    def append(
        self,
        predictions: Sequence[Prediction],
        outcomes: Sequence[Outcome],
        events: Sequence[OnlineEvent],
        done: Done | None = None,
        met: Callable[[Met], None] | None = None,
    ) -> None:
        """Queue for the next group commit and return at once. `done(error, seqs)` is called by the writer thread after
        the fsync (or on failure); ``seqs`` are those given to ``events`` (0 where the key was there already). A
        prediction id or outcome key that is there already changes nothing, and an event that comes with such an outcome
        is not written either (0). Without ``done`` nobody waits, and it is
        written within 50 ms, in company. ``met`` is called before ``done`` when all went well, with what was there already.
        What has events may wait for a job's transaction that numbers some; what has none waits for nobody."""
        self._db.submit(Append(predictions, outcomes, events, done, met), alone=bool(events))

    def add_outcomes(self, outcomes: Sequence[Outcome]) -> None:
        """All of them, or none; a key that is there already changes nothing. On the disk when this returns. Raises StoreError."""
        self._db.write(Append((), outcomes, (), None).run, alone=False)

    def fence_by(self, fence: Fence) -> None:
        """As `MetadataStore.fence_by`."""
        fenced(self._db, schema.live_fences, fence)

    def holders(self) -> list[SubjectRows]:
        """A subject's rows: predictions, outcomes, history, what models would be asked, what is to be answered later."""
        plain = (schema.predictions, schema.outcomes, schema.entity_inputs, schema.deferred)
        rows = [SubjectRows(self._db, table) for table in plain]
        return [*rows[:2], HistoryRows(self._db, schema.online), *rows[2:]]

    @property
    def remote(self) -> bool:
        """A server's: a query may take its time."""
        return self._db.remote

    def try_write(self) -> Future[None]:
        """Write something, and take it back in the same transaction: done when the disk has taken it, or failed as it says."""
        piece = Call(_write_and_take_back)
        self._db.submit(piece, alone=False)
        return piece.future

    def flush(self) -> None:
        """Waits until everything queued is committed."""
        self._db.flush()

    def emptied(self) -> None:
        """As `Database.emptied`."""
        self._db.emptied()

    def data_version(self) -> int:
        return self._db.version()

    @property
    def place(self) -> str:
        """As `MetadataStore.place`."""
        return self._db.place

    def contents(self) -> Contents:
        """Every row, to be carried elsewhere."""
        return Contents(self._db, schema.live)

    def close(self) -> None:
        self._db.close()
