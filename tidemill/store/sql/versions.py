"""Which schema version a database has, and how it gets to the newest. Alembic is imported only when it has work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Engine, MetaData, inspect
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


TIDEMILL = Kind("tidemill", schema.tables, "0001")
LIVE = Kind("live", schema.live, "0001")


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
        if inspect(connection).has_table(kind.version_table):
            raise
        return None
    return None if row is None else str(row[0])


def _advance(connection: Connection, kind: Kind, place: str) -> None:
    # Asked inside the transaction, where no error may happen: another process may have been first.
    version = current(connection, kind) if inspect(connection).has_table(kind.version_table) else None
    if version == kind.head:
        return
    if version is None:
        kind.tables.create_all(connection, checkfirst=False)
        connection.exec_driver_sql(f"CREATE TABLE {kind.version_table} (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
        connection.exec_driver_sql(f"INSERT INTO {kind.version_table} VALUES ('{kind.head}')")  # noqa: S608
    elif version < kind.head:
        from tidemill.store.sql.migrations.run import upgrade

        upgrade(connection, kind.versions, kind.version_table, version)
    else:
        raise ProjectError(
            f"this store is of schema version {version}, this tidemill knows up to {kind.head}",
            place=place,
            hint="install the tidemill that wrote it, or a newer one",
        )


def _check_references(connection: Connection, place: str) -> None:
    if connection.dialect.name != "sqlite":
        return
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if broken is not None:
        raise Damaged(f"a row of {broken[0]} names one that is not in {broken[2]}", place=place)
