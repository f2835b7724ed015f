"""PostgreSQL 15 or newer, through psycopg 3 (extra ``postgres``): the same promises from a server.

What differs: an advisory lock takes the place of BEGIN IMMEDIATE, so that within a transaction of the writer nothing
changes under its feet; leases go by the server's clock; a server that went away is connected to again.
"""

from __future__ import annotations

import hashlib

from sqlalchemy import Connection, Engine, MetaData, create_engine, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.pool import QueuePool
from sqlalchemy.schema import CreateSchema

from tidemill.errors import ConfigError, Damaged, StoreError
from tidemill.store.sql.border import border
from tidemill.store.sql.database import Database
from tidemill.store.sql.versions import Kind, bring_to_head, current
from tidemill.store.sql.write_ops import Combine, Session
from tidemill.store.sql.writer import Writer

_LEAST = 150_000
_NOW = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
_SNAPSHOT = "SELECT pg_current_snapshot()::text"
_IS_THERE = text("SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = :name)")


def open_postgres(
    url: str,
    kind: Kind,
    *,
    schema: str = "",
    wait: float = 10.0,
    combine: Combine | None = None,
    known: bool = False,
) -> Database:
    """Connect to ``postgresql://user:secret@host/database``. ``schema``: made where it is not there; ``known``: its tables were.

    Raises ConfigError (no psycopg), StoreBusy, StoreError, Damaged, ProjectError (written by a newer tidemill).
    """
    address = _address(url)
    place = address.render_as_string(hide_password=True)
    lock = f"SELECT pg_advisory_xact_lock({_as_number(f'{kind.name} {schema}')})"
    theirs = " ".join(address.normalized_query.get("options", ()))
    theirs += f" -c search_path={schema}" if schema else ""
    ours = f"-c default_transaction_read_only=on -c synchronous_commit=on -c lock_timeout={round(wait * 1e3)}"
    engine = create_engine(
        address,
        poolclass=QueuePool,
        pool_size=5,
        max_overflow=20,
        pool_reset_on_return=None,
        isolation_level="AUTOCOMMIT",
        connect_args={"options": f"{theirs} {ours}".strip(), "connect_timeout": max(2, round(wait))},
    )

    _carry_over(kind.tables)

    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("SET default_transaction_read_only = off")
        connection.exec_driver_sql("BEGIN")
        connection.exec_driver_sql(lock)
        if schema and not connection.execute(_IS_THERE, {"name": schema}).scalar_one():
            connection.execute(CreateSchema(schema))

    with border(place):
        try:
            _check_version(engine, place)
            if known:
                _be_there(engine, kind, place)
            bring_to_head(engine, kind, place, begin)
        except BaseException:
            engine.dispose()
            raise
    writer = Writer(lambda: PostgresSession(engine.connect(), lock), place, combine, patience=wait + 50)
    database = Database(
        engine,
        writer,
        place,
        wall=lambda: int(database.value(text(_NOW))),
        version=lambda: _as_number(database.value(text(_SNAPSHOT))),
    )
    return database


def _as_number(text: str) -> int:
    """Another one for each text."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=7).digest(), "big")


def _be_there(engine: Engine, kind: Kind, place: str) -> None:
    """Raises Damaged where a project that has run finds nothing: an empty store is not made in its place in silence."""
    with engine.connect() as connection:
        if current(connection, kind) is not None:
            return
    hint = "look at the address and the database; restore it from a backup, or begin anew in an empty folder"
    raise Damaged("this project has run, and its tables are not here", place=place, hint=hint)


def _address(url: str) -> URL:
    try:
        import psycopg  # noqa: F401 - only to say clearly that it is missing
    except ImportError as exc:
        raise ConfigError("PostgreSQL needs psycopg", hint="pip install 'tidemill[postgres]'") from exc
    return make_url(url).set(drivername="postgresql+psycopg")


def _carry_over(tables: MetaData) -> None:
    """A partial index is partial here too."""
    for table in tables.tables.values():
        for index in table.indexes:
            index.dialect_options["postgresql"]["where"] = index.dialect_options["sqlite"]["where"]


def _check_version(engine: Engine, place: str) -> None:
    with engine.connect() as connection:
        found = int(connection.exec_driver_sql("SHOW server_version_num").scalar_one())
    if found < _LEAST:
        raise StoreError(f"the server is PostgreSQL {found // 10_000}", place=place, hint="use PostgreSQL 15 or newer")


class PostgresSession(Session):
    def __init__(self, connection: Connection, lock: str) -> None:
        super().__init__(connection, "SET default_transaction_read_only = off")
        self.starts = ("BEGIN", lock)

    @property
    def broken(self) -> bool:
        return bool(self._raw.closed)

    @property
    def open(self) -> bool:
        """A connection that is there: the server keeps a failed transaction until it is rolled back."""
        return not self._raw.closed
