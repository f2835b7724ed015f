"""SQLite: WAL, synchronous=FULL, BEGIN IMMEDIATE, secure_delete; one writer a process, any number of processes."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from sqlalchemy import Connection, create_engine
from sqlalchemy.pool import QueuePool

from tidemill.errors import StoreBusy, StoreError
from tidemill.files import fsync_folder
from tidemill.store.sql.border import border
from tidemill.store.sql.database import Database
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


def open_sqlite(path: Path, kind: Kind, *, wait: float = 10.0, combine: Combine | None = None) -> Database:
    """Open (or make) the file; ``wait``: seconds that a write waits for another process.

    Raises StoreBusy, Damaged, DiskFull, StoreError, ProjectError (written by a newer tidemill).
    """
    path = path.absolute()
    place = str(path)
    _make_file(path)

    connect = partial(_connect, path, wait)
    with border(place), ExitStack() as undone:
        _set_wal(connect, wait, place)
        engine = create_engine(
            "sqlite+pysqlite://",
            creator=connect,
            poolclass=QueuePool,
            pool_size=5,
            max_overflow=-1,
            pool_reset_on_return=None,
            isolation_level="AUTOCOMMIT",
        )
        undone.callback(engine.dispose)
        bring_to_head(engine, kind, place, _begin)
        undone.pop_all()
    writer = Writer(
        lambda: SqliteSession(engine.connect(), "PRAGMA query_only=OFF"), place, combine, patience=wait + 50
    )
    watch = _Watch(connect, place)
    return Database(engine, writer, place, SystemClock().now, watch.version, watch.close)


def _begin(connection: Connection) -> None:
    """The transaction of a migration. Foreign keys off: a table that is rebuilt must not take others with it."""
    for command in ("PRAGMA query_only=OFF", "PRAGMA foreign_keys=OFF", "BEGIN IMMEDIATE"):
        connection.exec_driver_sql(command)


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
    connection = sqlite3.connect(path, timeout=wait, isolation_level=None, check_same_thread=False)
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
    starts = ("BEGIN IMMEDIATE",)

    @property
    def open(self) -> bool:
        return bool(self._raw.in_transaction)


class _Watch:
    """`PRAGMA data_version` on a connection of its own: about two microseconds a look."""

    def __init__(self, connect: Callable[[], sqlite3.Connection], place: str) -> None:
        self._connect, self._place = connect, place
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    def version(self) -> int:
        with border(self._place), self._lock:
            if self._connection is None:
                self._connection = self._connect()
            return int(self._connection.execute("PRAGMA data_version").fetchone()[0])

    def close(self) -> None:
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None
