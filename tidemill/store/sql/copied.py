"""Both databases of a project as they are at one moment, copied into files of SQLite, while everything goes on.

Of files: for an instant nobody writes to either, and from then on two readers have that state; their pages are copied. Of a server: both
are in one schema, and one transaction that is repeatable reads the rows of all tables.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import Connection, Executable

from tidemill.errors import Damaged
from tidemill.store.sql import open_live, open_metadata
from tidemill.store.sql.border import border
from tidemill.store.sql.contents import Contents

if TYPE_CHECKING:
    from tidemill.store.sql.database import Database
    from tidemill.store.sql.live import LiveStore
    from tidemill.store.sql.rows import AnyRow
    from tidemill.store.sql.store import MetadataStore

NAMES = ("tidemill.db", "live.db")
WAIT = 30.0
"""Seconds that a transaction of somebody else is waited for."""


def copy_databases(store: MetadataStore, live: LiveStore, folder: Path, staying: Sequence[str] = ()) -> int:
    """Into new files in the folder; how many rows they have. ``staying``: settings that say something of the place. Raises StoreError."""
    live.flush()
    if store.remote:
        _rows(store, live, folder)
    else:
        _pages([Path(store.place), Path(live.place)], folder)
    return _settle(folder, staying)


def _pages(sources: Sequence[Path], folder: Path) -> None:
    with border(str(sources[0])), ExitStack() as held:
        writers = [held.enter_context(closing(_connected(source))) for source in sources]
        readers = [held.enter_context(closing(_connected(source))) for source in sources]
        for writer in writers:
            writer.execute("BEGIN IMMEDIATE")
        for reader in readers:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM sqlite_schema").fetchone()  # from here on it has this state
        for writer in writers:
            writer.execute("ROLLBACK")
        for reader, name in zip(readers, NAMES, strict=True):
            (folder / name).touch(mode=0o600)
            with closing(sqlite3.connect(folder / name)) as target:
                reader.backup(target)


def _connected(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True, timeout=WAIT, isolation_level=None)


class _Reading:
    """As `Contents` reads: all of one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def rows(self, statement: Executable) -> Sequence[AnyRow]:
        return self._connection.execute(statement).all()

    def value(self, statement: Executable) -> Any:
        return self._connection.execute(statement).scalar()


def _rows(store: MetadataStore, live: LiveStore, folder: Path) -> None:
    with ExitStack() as held:
        metadata, answers = open_metadata(folder / NAMES[0]), open_live(folder / NAMES[1])
        held.callback(metadata.close)
        held.callback(answers.close)
        with border(store.place), store.reading_once() as connection:
            reading = cast("Database", _Reading(connection))
            for source, target in ((store.contents(), metadata.contents()), (live.contents(), answers.contents())):
                _carry(source.of(reading), target)


def _carry(source: Contents, target: Contents) -> None:
    for name in source.names:
        for rows in source.parts(name):
            target.take(name, rows)


def _settle(folder: Path, staying: Sequence[str]) -> int:
    """Whole files without a log beside them, on which nobody works; how many rows they have. Raises Damaged."""
    for name in NAMES:
        with border(str(folder / name)), closing(sqlite3.connect(folder / name)) as copy:
            if (said := copy.execute("PRAGMA integrity_check(1)").fetchone()[0]) != "ok":
                raise Damaged(f"{name} is not whole: {said}", place=str(folder / name), hint="tidemill doctor")
            if name == NAMES[0]:
                copy.executemany("DELETE FROM settings WHERE name = ?", [(one,) for one in staying])
                copy.executescript("DELETE FROM leases; DELETE FROM scorers;")
                copy.commit()
    with ExitStack() as held:
        stores = open_metadata(folder / NAMES[0], known=True), open_live(folder / NAMES[1], known=True)
        for store in stores:
            held.callback(store.close)
        rows = sum(sum(store.contents().counts().values()) for store in stores)
    for name in NAMES:
        with border(str(folder / name)), closing(sqlite3.connect(folder / name)) as copy:
            copy.execute("PRAGMA journal_mode=DELETE")
    return rows
