"""SQLite: WAL, synchronous=FULL, BEGIN IMMEDIATE, secure_delete; one writer a process, any number of processes."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.pool import QueuePool
from sqlalchemy.util import LRUCache

from tidemill.errors import Damaged, StoreBusy, StoreError
from tidemill.files import fsync_folder
from tidemill.store.sql.border import border
from tidemill.store.sql.database import Database
from tidemill.store.sql.held import HeldFiles, damaged
from tidemill.store.sql.versions import Kind, bring_to_head
from tidemill.store.sql.write_ops import Combine, Session
from tidemill.store.sql.writer import Writer
from tidemill.types import SystemClock

_PRAGMAS = """
PRAGMA foreign_keys=ON;
PRAGMA synchronous=FULL;
PRAGMA secure_delete=ON;
PRAGMA trusted_schema=OFF;
PRAGMA query_only=ON;
"""
MOST_WAL = 64_000_000
"""Bytes of the -wal from which on it is emptied as soon as no statement reads an older state. It is longer only while one goes on
reading for that time: SQLite keeps what such a one may still ask for."""
LEAST_WAL = 16_000_000
"""Bytes of it that stay on the disk, to be written again."""
WAIT_WAL = 0.05
"""Seconds that readers of an older state are waited for, with whoever wants to write; tried again after `AGAIN_WAL`."""
AGAIN_WAL = 1.0


class Alike(SQLiteDialect_pysqlite):
    """One of two files is as good as the other's to a statement: one that was compiled for any is compiled for all of a process."""

    supports_statement_cache = True

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self)

    def __hash__(self) -> int:
        return hash(type(self))


registry.register("sqlite.tidemill", __name__, Alike.__name__)
_COMPILED: LRUCache[Any, Any] = LRUCache(2_000)
"""Statements of both kinds of store, for all files. An engine has room for 500, and a file one of its own."""


def open_sqlite(
    path: Path, kind: Kind, *, wait: float = 10.0, combine: Combine | None = None, known: bool = False
) -> Database:
    """Open (or make) the file; ``wait``: seconds that a write waits for another process. ``known``: it was there before.

    Raises StoreBusy, Damaged, DiskFull, StoreError, ProjectError (written by a newer tidemill).
    """
    path = path.absolute()
    place = str(path)
    if known:
        _be_there(path)
    _make_file(path)

    connect = partial(_connect, path, wait)
    with border(place), ExitStack() as undone:
        _set_wal(connect, wait, place)
        engine = create_engine(
            "sqlite+tidemill://",
            creator=connect,
            poolclass=QueuePool,
            pool_size=5,
            max_overflow=-1,
            pool_reset_on_return=None,
            isolation_level="AUTOCOMMIT",
            execution_options={"compiled_cache": _COMPILED},
        )
        undone.callback(engine.dispose)
        bring_to_head(engine, kind, place, _begin)
        held = HeldFiles(path, connect)
        undone.pop_all()

    def session() -> SqliteSession:
        held.check()  # a new connection would open whatever is there now
        return SqliteSession(engine.connect(), held, wait)

    writer = Writer(session, place, combine, patience=wait + 50)
    return Database(engine, writer, place, SystemClock().now, held.version, held.close)


def _begin(connection: Connection) -> None:
    """The transaction of a migration. Foreign keys off: a table that is rebuilt must not take others with it."""
    for command in ("PRAGMA query_only=OFF", "PRAGMA foreign_keys=OFF", "BEGIN IMMEDIATE"):
        connection.exec_driver_sql(command)


def _be_there(path: Path) -> None:
    """Nothing empty takes the place of a database that was there. Raises Damaged."""
    what = "is empty" if path.exists() else "is gone"
    if what == "is gone" or not path.stat().st_size:
        raise Damaged(
            f"{path.name} {what}, and this project has run before",
            place=str(path),
            hint="restore it from a backup; without one, begin anew: mv .tidemill .tidemill.lost && tidemill run",
        )


def _make_file(path: Path) -> None:
    """An empty file that only its owner can read, its name safe in the folder. (SQLite would take the umask's word.)"""
    if path.exists():
        return
    if not path.parent.is_dir():
        raise StoreError(f"no folder {path.parent}", place=str(path), hint="make it first")
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        fsync_folder(path.parent)
    except OSError as exc:
        raise StoreError(f"cannot be made: {exc.strerror}", place=str(path)) from exc


def _connect(path: Path, wait: float) -> sqlite3.Connection:
    """Raises Damaged where the file is not there any more."""
    if not path.exists():
        raise damaged(path, f"is gone: {path.name} is not in the folder")
    address = f"{path.as_uri()}?mode=rw"  # it is there: one that vanished is not made anew
    connection = sqlite3.connect(address, uri=True, timeout=wait, isolation_level=None, check_same_thread=False)
    try:
        connection.executescript(_PRAGMAS)
    except BaseException:
        connection.close()
        raise
    return connection


def _set_wal(connect: Callable[[], sqlite3.Connection], wait: float, place: str) -> None:
    """WAL stays in the file. Setting it needs the file alone and does not wait, so that is done here."""
    connection = connect()
    try:
        until = time.monotonic() + wait
        while connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
            try:
                connection.execute("PRAGMA query_only=OFF")
                connection.execute("PRAGMA journal_mode=WAL").fetchone()
            except sqlite3.OperationalError as exc:
                if exc.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                    raise
                if time.monotonic() > until:
                    raise StoreBusy("another process holds the file", place=place, hint="try again") from exc
                time.sleep(0.01)
    finally:
        connection.close()


class SqliteSession(Session):
    """Before each transaction and after its commit, before anybody is told of it, it is asked whether the file is still the
    one in the folder."""

    starts = ("BEGIN IMMEDIATE",)

    def __init__(self, connection: Connection, held: HeldFiles, wait: float) -> None:
        super().__init__(connection, "PRAGMA query_only=OFF")
        self._held, self._wait, self._again = held, wait, 0.0
        self._raw.execute(f"PRAGMA journal_size_limit={LEAST_WAL}")

    def begin(self) -> None:
        self._held.check()
        super().begin()

    def commit(self) -> None:
        super().commit()
        self._held.check()

    def rest(self) -> None:
        """Keeps the -wal short where there is always somebody who reads: SQLite itself begins it anew only when nobody does."""
        if self._held.wal <= MOST_WAL or time.monotonic() < self._again:
            return
        self._again = time.monotonic() + AGAIN_WAL
        self._raw.execute(f"PRAGMA busy_timeout={round(WAIT_WAL * 1e3)}")
        try:
            self._raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        finally:
            self._raw.execute(f"PRAGMA busy_timeout={round(self._wait * 1e3)}")

    @property
    def open(self) -> bool:
        return bool(self._raw.in_transaction)
