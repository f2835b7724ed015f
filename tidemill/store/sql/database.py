"""A database as the nouns see it: `rows` reads the last commit, `write` runs work in the writer's next group commit."""

from __future__ import annotations

import atexit
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, Executable
from sqlalchemy.exc import DBAPIError

from tidemill.errors import StoreError
from tidemill.store.records import Fence
from tidemill.store.sql.acts import Act
from tidemill.store.sql.border import border
from tidemill.store.sql.rows import AnyRow
from tidemill.store.sql.write_ops import WriteOp
from tidemill.store.sql.writer import Writer
from tidemill.types import Clock, Micros, SystemClock

T = TypeVar("T")
CHUNK = 500  # Values in one IN


class Database:
    """One open database. ``wall`` is the clock of leases, ``clock`` the same without asking it each time, ``version`` the cheap
    look whether somebody has committed.

    ``free``: the writer of what needs no lock (a server's); without one, all goes through ``writer``, in the order of the calls.
    """

    def __init__(
        self,
        engine: Engine,
        writer: Writer,
        place: str,
        wall: Callable[[], Micros],
        version: Callable[[], int],
        release: Callable[[], None] = lambda: None,
        free: Writer | None = None,
    ) -> None:
        self.engine, self.place, self.wall, self.version = engine, place, wall, version
        self.clock: Clock = SystemClock()
        self.fence: Fence | None = None
        self._writer, self._free, self._release = writer, free or writer, release
        self._at_exit = _close_at_exit(self)

    @property
    def remote(self) -> bool:
        """A server's: a query may take its time, and transactions of others are open meanwhile."""
        return self.engine.dialect.name != "sqlite"

    def rows(
        self, statement: Executable, tx: Connection | None = None, given: Mapping[str, Any] | None = None
    ) -> Sequence[AnyRow]:
        """All rows, of the last commit; within a transaction, of that. ``given``: values of a statement built once."""
        if tx is not None:
            return tx.execute(statement, given).all()
        with border(self.place):
            try:
                return self._read(statement, given)
            except DBAPIError as exc:
                if not exc.connection_invalidated:
                    raise
            return self._read(statement, given)  # the server went away in between; ask it once more

    def rows_among(
        self, statement: Executable, name: str, values: Iterable[Any], given: Mapping[str, Any] | None = None
    ) -> list[AnyRow]:
        """All rows of a statement with ``column IN name`` (an expanding parameter), for any number of values."""
        wanted, found = list(dict.fromkeys(values)), list[AnyRow]()
        for start in range(0, len(wanted), CHUNK):
            found += self.rows(statement, given={**(given or {}), name: wanted[start : start + CHUNK]})
        return found

    def _read(self, statement: Executable, given: Mapping[str, Any] | None) -> Sequence[AnyRow]:
        with self.engine.connect() as connection:
            return connection.execute(statement, given).all()

    def first(
        self, statement: Executable, tx: Connection | None = None, given: Mapping[str, Any] | None = None
    ) -> AnyRow | None:
        rows = self.rows(statement, tx, given)
        return rows[0] if rows else None

    def value(self, statement: Executable, tx: Connection | None = None, given: Mapping[str, Any] | None = None) -> Any:
        """The first column of the first row, None without one."""
        row = self.first(statement, tx, given)
        return None if row is None else row[0]

    def write(self, work: Callable[[Connection], T], tx: Connection | None = None, alone: bool = True) -> T:
        """Within a transaction run it there; else in the next group commit, and return when it is on the disk.

        ``alone``: nothing changes under its feet, which of a server takes the schema's lock. What is right by its rows alone
        takes none, and waits for nobody else's transaction.
        """
        if tx is not None:
            return work(tx)
        if self._writer.is_here or self._free.is_here:
            raise StoreError("a write inside a transaction must pass its tx on", place=self.place)
        return (self._writer if alone else self._free).call(work)

    def submit(self, piece: WriteOp, alone: bool = True) -> None:
        (self._writer if alone else self._free).submit(piece)

    @contextmanager
    def reading_once(self) -> Iterator[Connection]:
        """All that is read over this connection is of one moment."""
        with self.engine.connect() as plain:
            connection = plain.execution_options(isolation_level="REPEATABLE READ" if self.remote else "SERIALIZABLE")
            with connection.begin():
                yield connection

    def flush(self) -> None:
        """Waits until everything queued is committed."""
        for writer in dict.fromkeys((self._writer, self._free)):
            writer.call(lambda tx: None)

    def emptied(self) -> None:
        """What was overwritten or deleted is in no log beside the file any more. Of a server: its own vacuum does that, later."""
        self.flush()
        if self.engine.dialect.name == "sqlite":
            with border(self.place), self.engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")

    def fenced(self, fence: Fence, check: Callable[[Connection], None]) -> None:
        """Every transaction from now on begins with this check."""
        self.fence = fence
        for writer in (self._writer, self._free):
            writer.check = check

    def ends_with(self, ending: Callable[[Connection, Sequence[Act]], None]) -> None:
        """Every transaction that has done something ends so, before its commit."""
        for writer in (self._writer, self._free):
            writer.ending = ending

    def close(self) -> None:
        atexit.unregister(self._at_exit)
        for writer in dict.fromkeys((self._writer, self._free)):
            writer.close()
        self._release()
        self.engine.dispose()


def _close_at_exit(database: Database) -> Callable[[], None]:
    """What is queued when the program ends is still written."""
    alive = weakref.ref(database)

    def close() -> None:
        found = alive()
        if found is not None:
            found.close()

    atexit.register(close)
    return close
