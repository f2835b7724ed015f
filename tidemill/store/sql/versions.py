"""Which schema version a database has, and how it gets to the newest. Alembic is imported only when it has work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sqlalchemy import Connection, Engine, MetaData, inspect
from sqlalchemy.event import listen, remove
from sqlalchemy.exc import DBAPIError

from tidemill.errors import Damaged, ProjectError
from tidemill.store.sql import schema


@dataclass(frozen=True, slots=True)
class Kind:
    """One of the two databases: name, tables, newest migration. Both may live in one PostgreSQL database."""

    name: str
    tables: MetaData
    head: str  # migrations count 0001, 0002, …

    @property
    def version_table(self) -> str:
        return f"{self.name}_version"

    @property
    def versions(self) -> Path:
        return Path(__file__).parent / "migrations" / "versions" / self.name


TIDEMILL = Kind("tidemill", schema.tables, "0005")
LIVE = Kind("live", schema.live, "0002")


def bring_to_head(engine: Engine, kind: Kind, place: str, begin: Callable[[Connection], None]) -> None:
    """Make the tables of an empty database, migrate an older one, refuse a newer one: in one transaction."""
    with engine.connect() as connection:
        if current(connection, kind) == kind.head:
            return
        begin(connection)
        try:
            _advance(connection, kind, place)
            _check_references(connection, place)
        except BaseException:
            connection.exec_driver_sql("ROLLBACK")
            connection.invalidate()
            raise
        connection.exec_driver_sql("COMMIT")
        connection.invalidate()  # it was made writable; the pool is of readers


def current(connection: Connection, kind: Kind) -> str | None:
    """The version row, None in a database without."""
    query = f"SELECT version_num FROM {kind.version_table}"  # noqa: S608 - our own name
    try:
        row = connection.exec_driver_sql(query).first()
    except DBAPIError:
        if not inspect(connection).has_table(kind.version_table):
            return None
        row = connection.exec_driver_sql(query).first()  # another process has made it just now; else this is the error
    return None if row is None else str(row[0])


def _advance(connection: Connection, kind: Kind, place: str) -> None:
    # Asked inside the transaction, where no error may happen: another process may have been first.
    version = current(connection, kind) if inspect(connection).has_table(kind.version_table) else None
    if version == kind.head:
        return
    if version is None:
        _make(connection, kind)
        mark(connection, kind.version_table, kind.head)
    elif version < kind.head:
        from tidemill.store.sql.migrations.run import upgrade

        upgrade(connection, kind.versions, partial(mark, connection, kind.version_table), version)
    else:
        by = _brought_by(connection, kind)
        raise ProjectError(
            f"this store is of schema version {version}, made by tidemill {by}; this is {_this()}, which knows up to {kind.head}",
            place=place,
            hint=f"go on with it: pip install 'tidemill>={by}'. Or go back: stop this project on all machines, "
            "restore the backup that was made before the upgrade, and start this one",
        )


def _make(connection: Connection, kind: Kind) -> None:
    """All tables of an empty database. To word them takes longer than to make them: of a file, the words of this process's first are kept."""
    if connection.dialect.name != "sqlite":
        kind.tables.create_all(connection, checkfirst=False)
        return
    if kind not in _WORDS:
        _WORDS[kind] = _worded(connection, kind)
        return
    for statement in _WORDS[kind]:
        connection.exec_driver_sql(statement)


_WORDS: dict[Kind, list[str]] = {}


def _worded(connection: Connection, kind: Kind) -> list[str]:
    """The statements that made the tables here."""
    said: list[str] = []

    def hear(connection: Connection, cursor: object, statement: str, *more: object) -> None:
        said.append(statement)

    listen(connection, "before_cursor_execute", hear)
    try:
        kind.tables.create_all(connection, checkfirst=False)
    finally:
        remove(connection, "before_cursor_execute", hear)
    return said


def mark(connection: Connection, table: str, version: str) -> None:
    """Write down of which version the tables are now, and by whom."""
    connection.exec_driver_sql(
        f"CREATE TABLE IF NOT EXISTS {table} (version_num VARCHAR(32) NOT NULL PRIMARY KEY, tidemill VARCHAR(64) NOT NULL)"
    )
    connection.exec_driver_sql(f"DELETE FROM {table}")  # noqa: S608 - our own name
    connection.exec_driver_sql(f"INSERT INTO {table} VALUES ('{version}', '{_this()}')")  # noqa: S608


def _this() -> str:
    from importlib.metadata import version  # it takes as long to load as the store to open, and is seldom needed

    return version("tidemill")


def _brought_by(connection: Connection, kind: Kind) -> str:
    """The tidemill that brought the tables to their version."""
    return str(connection.exec_driver_sql(f"SELECT tidemill FROM {kind.version_table}").scalar_one())  # noqa: S608


def _check_references(connection: Connection, place: str) -> None:
    if connection.dialect.name != "sqlite":
        return
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if broken is not None:
        raise Damaged(f"a row of {broken[0]} names one that is not in {broken[2]}", place=place)
