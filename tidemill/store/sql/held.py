"""Whether the files of an open SQLite database are still those in the folder. One that was removed, cut or replaced is
written to without a word from the system, and all of that is gone when the process ends."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from tidemill.errors import Damaged
from tidemill.store.sql.border import border

PARTS = ("", "-wal", "-shm")
"""Of a database in WAL mode: the pages, what was committed since, and who reads and writes."""
_HINT = "stop tidemill, restore the file from a backup and start again"


class HeldFiles:
    """The files of one open database. A connection of its own holds them: SQLite takes two of them away with the last one.

    They are looked at by name and never opened: closing a descriptor of the file would drop SQLite's locks on it.
    """

    def __init__(self, path: Path, connect: Callable[[], sqlite3.Connection]) -> None:
        self._path, self._connect = path, connect
        self._names = [f"{path}{part}" for part in PARTS]
        self._looking, self._asking = threading.Lock(), threading.Lock()
        self._cut = ""  # how it lost its end
        self.wal = 0
        """Bytes of what was committed since, as last looked at."""
        self._connection: sqlite3.Connection | None = connect()
        try:
            self._connection.execute("PRAGMA schema_version").fetchone()  # the first reader makes the other two
            self._seen, self._size = self._look()
        except BaseException:
            self._connection.close()
            raise

    def check(self) -> None:
        """Raises Damaged where one of them vanished, was replaced or lost its end; StoreError where that cannot be seen. Some microseconds."""
        with self._looking:
            if not self._cut:
                seen, size = self._look()
                if seen != self._seen:
                    raise self._damaged("was replaced: the file in the folder is not the one that is open")
                if size < self._size:
                    self._cut = self._lost_end(size)
                self._size = size
            if self._cut:
                raise self._damaged(f"lost its end: {self._cut}")

    def version(self) -> int:
        """`PRAGMA data_version`: another one whenever somebody has committed. Raises Damaged as `check`."""
        self.check()
        with border(str(self._path)), self._asking:
            if self._connection is None:
                self._connection = self._connect()
            return int(self._connection.execute("PRAGMA data_version").fetchone()[0])

    def close(self) -> None:
        with self._asking:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _look(self) -> tuple[list[tuple[int, int]], int]:
        """Which files these are, and the size of the first. Raises Damaged."""
        try:
            found = [os.stat(name) for name in self._names]  # noqa: PTH116 - at every commit: a Path costs as much again
        except OSError as exc:
            raise self._damaged(f"is gone: {Path(exc.filename).name} is not in the folder") from exc
        self.wal = found[1].st_size
        return [(one.st_dev, one.st_ino) for one in found], found[0].st_size

    def _lost_end(self, size: int) -> str:
        """It became shorter: somebody's VACUUM leaves it whole; else what is wrong, until it is opened anew. Raises StoreError."""
        if not size:  # which SQLite takes for a new database, whose -wal it would remove
            return "it is empty"
        try:
            with border(str(self._path)), closing(self._connect()) as connection:
                said = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
        except Damaged as exc:
            return exc.message
        return "" if said == "ok" else said

    def _damaged(self, what: str) -> Damaged:
        return damaged(self._path, what)


def damaged(path: Path, what: str) -> Damaged:
    """What is said of a database that is not what it was."""
    return Damaged(f"{path.name} {what}", place=str(path), hint=_HINT)
