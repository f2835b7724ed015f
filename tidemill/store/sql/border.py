"""Foreign errors stop here: SQLAlchemy's, sqlite3's and psycopg's become Tidemill's."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import DBAPIError, SQLAlchemyError, StatementError

from tidemill.errors import Conflict, Damaged, DiskFull, StoreBusy, StoreError, TidemillError

_OTHER_TABLES = (
    "its tables are not those of this tidemill: where a checkout from before the first release made the store, begin anew "
    "with another one"
)
_AWAY = "the database server is away: look at it, and ask again; what was acknowledged is kept"
_SQLITE: dict[int, tuple[type[StoreError], str]] = {
    sqlite3.SQLITE_FULL: (DiskFull, "free some room and try again; nothing was written"),
    sqlite3.SQLITE_BUSY: (StoreBusy, "another process is writing; try again"),
    sqlite3.SQLITE_LOCKED: (StoreBusy, "another process is writing; try again"),
    sqlite3.SQLITE_CORRUPT: (Damaged, "restore the file from a backup"),
    sqlite3.SQLITE_NOTADB: (Damaged, "this is not a database; restore the file from a backup"),
    sqlite3.SQLITE_CONSTRAINT: (Conflict, ""),
    sqlite3.SQLITE_IOERR: (
        StoreError,
        "look at the disk: its room, this user's quota, the system's log; then try again",
    ),
    sqlite3.SQLITE_READONLY: (StoreError, "the file or its folder cannot be written; look at its owner and mode"),
    sqlite3.SQLITE_CANTOPEN: (StoreError, "the file cannot be opened; look at its folder, owner and mode"),
}
_POSTGRES: dict[str, tuple[type[StoreError], str]] = {
    "53100": (DiskFull, "free some room on the database server; nothing was written"),
    "55P03": (StoreBusy, "another process is writing; try again"),
    "25P03": (StoreBusy, "a transaction stood still, and the server ended it: nothing of it was written; try again"),
    "57P01": (StoreBusy, _AWAY),
    "57P02": (StoreBusy, _AWAY),
    "57014": (StoreBusy, "the server cancelled the statement; try again"),
    "40P01": (StoreBusy, "another process is writing; try again"),
    "40001": (StoreBusy, "another process is writing; try again"),
    "53300": (StoreBusy, "the server has no free connection"),
    "57P03": (StoreBusy, "the server is starting; try again"),
    "42703": (StoreError, _OTHER_TABLES),
    "42P01": (StoreError, _OTHER_TABLES),
    "42501": (StoreError, "give the role the rights it needs on this database"),
}


_UNSAID = "set TIDEMILL_METADATA_PASSWORD, or TIDEMILL_METADATA_PASSWORD_FILE to the name of a file that holds it"
_NO_TLS = ("does not support SSL", "certificate", "private key")
_FOR_NOW = ("starting up", "shutting down", "recovery", "too many", "connection slots")
_LEAST_ROOM = 64 * 1024


def translate(error: BaseException, place: str) -> BaseException:
    """The Tidemill error that says the same; errors that are nobody's database are returned as they are."""
    if isinstance(error, TidemillError):
        return error
    inner: BaseException = error
    if isinstance(error, (DBAPIError, StatementError)) and error.orig is not None:
        inner = error.orig
    found = _known(inner, place)
    if found is None and isinstance(error, StatementError):
        found = StoreError(f"cannot be written: {inner}", place=place)
    if found is None and isinstance(error, SQLAlchemyError):
        found = StoreError(str(error), place=place)
    if found is None:
        return error
    found.__cause__ = error
    return found


def _known(error: BaseException, place: str) -> StoreError | None:
    if isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code == sqlite3.SQLITE_IOERR and _no_room_at(place):
            return DiskFull("the disk is full", place=place, hint=_SQLITE[sqlite3.SQLITE_FULL][1])
        kind, hint = _SQLITE.get(code, (StoreError, _OTHER_TABLES if "no such " in str(error) else ""))
        return kind(str(error), place=place, hint=hint)
    if type(error).__module__.startswith("psycopg"):
        kind, hint = _said_by_server(error)
        return kind(" ".join(str(error).split()) or type(error).__name__, place=place, hint=hint)
    return None


def _said_by_server(error: BaseException) -> tuple[type[StoreError], str]:
    """Without a state there was no answer, or a refusal of the connection, which has only words."""
    state = getattr(error, "sqlstate", None) or ""
    if state.startswith("08") or (not state and type(error).__name__ in ("OperationalError", "ConnectionTimeout")):
        words = str(error)
        if any(said in words for said in _NO_TLS):
            return (
                StoreError,
                "sslmode in the address says what is asked of the way to the server: see docs/reference.md",
            )
        if "no password supplied" in words:
            return (StoreError, _UNSAID)
        refused = "FATAL:" in words and not any(said in words for said in _FOR_NOW)
        return (StoreError, "look at the address, the role and its password") if refused else (StoreBusy, _AWAY)
    return _POSTGRES.get(state, (Conflict if state.startswith("23") else StoreError, ""))


def _no_room_at(place: str) -> bool:
    """Whether the file's disk is full: SQLite calls it an I/O error where not even its shared memory file has room."""
    try:
        disk = os.statvfs(Path(place).parent)
    except OSError:  # the place is no file
        return False
    return disk.f_bavail * disk.f_frsize < _LEAST_ROOM


@contextmanager
def border(place: str) -> Iterator[None]:
    """Errors leave this block translated."""
    try:
        yield
    except Exception as error:
        told = translate(error, place)
        if told is error:
            raise
        raise told from error
