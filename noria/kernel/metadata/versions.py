"""Which schema version a database has, and how it gets to the newest. Alembic is imported only when it has work."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, Engine, MetaData, inspect
from sqlalchemy.exc import DBAPIError

from noria.errors import ProjectError
from noria.kernel.metadata import live_schema, schema


@dataclass(frozen=True, slots=True)
class Kind:
    """One of the two databases: name, tables, newest migration. Both may live in one PostgreSQL database."""

    name: str
    tables: MetaData
    head: str
    known: tuple[str, ...]  # every version that the migrations start from

    @property
    def version_table(self) -> str:
        return f"{self.name}_version"


NORIA = Kind("noria", schema.tables, "0001", ("0001",))
LIVE = Kind("live", live_schema.tables, "0001", ("0001",))


def bring_to_head(engine: Engine, kind: Kind, place: str, begin: str) -> None:
    """Make the tables of an empty database, migrate an older one, refuse a newer one."""
    with engine.connect() as connection:
        if current(connection, kind) == kind.head:
            return
        _writable(connection)
        connection.exec_driver_sql(begin)
        try:
            _advance(connection, kind, place)
        except BaseException:
            connection.exec_driver_sql("ROLLBACK")
            raise
        connection.exec_driver_sql("COMMIT")
        connection.invalidate()


def current(connection: Connection, kind: Kind) -> str | None:
    """The version row, None in an empty database."""
    try:
        row = connection.exec_driver_sql(f"SELECT version_num FROM {kind.version_table}").first()  # noqa: S608
    except DBAPIError:
        if inspect(connection).has_table(kind.version_table):
            raise
        return None
    return None if row is None else str(row[0])


def _advance(connection: Connection, kind: Kind, place: str) -> None:
    version = current(connection, kind)  # again: another process may have been first
    if version == kind.head:
        return
    if version is None:
        kind.tables.create_all(connection, checkfirst=False)
        connection.exec_driver_sql(f"CREATE TABLE {kind.version_table} (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
        connection.exec_driver_sql(f"INSERT INTO {kind.version_table} VALUES ('{kind.head}')")  # noqa: S608
    elif version in kind.known:
        from noria.kernel.metadata.migrations.run import upgrade

        upgrade(connection, kind.name, kind.version_table)
    else:
        raise ProjectError(
            f"this store is of schema version {version}, this noria knows up to {kind.head}",
            place=place,
            way_out="install the noria that wrote it, or a newer one",
        )


def _writable(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA query_only=OFF")
    else:
        connection.exec_driver_sql("SET default_transaction_read_only = off")
