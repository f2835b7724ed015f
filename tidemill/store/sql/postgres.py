"""PostgreSQL 15 or newer, through psycopg 3 (extra ``postgres``): the same promises from a server.

What differs: an advisory lock of the schema takes the place of BEGIN IMMEDIATE, so that within a transaction nothing changes
under its feet, and what is numbered in it is numbered in the order of commits. What is right by its rows alone (an answer,
a count, a token) is written by a second writer without the lock, and waits for no job. A session that stands still
within a transaction is ended by the server. Leases go by its clock; a server that went away is connected to again.
"""

from __future__ import annotations

import hashlib

from sqlalchemy import Connection, Engine, MetaData, create_engine, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool, QueuePool
from sqlalchemy.schema import CreateSchema

from tidemill.errors import ConfigError, Damaged, StoreError
from tidemill.store.sql.border import border
from tidemill.store.sql.clock import ServerClock
from tidemill.store.sql.database import Database
from tidemill.store.sql.versions import Kind, bring_to_head, current
from tidemill.store.sql.write_ops import Combine, Session
from tidemill.store.sql.writer import Writer

_LEAST = 150_000
STILL = 5_000
"""Milliseconds that a transaction may stand still between two statements: then the server ends it, for others wait for its locks."""
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
    place = _said(address)
    lock = f"SELECT pg_advisory_xact_lock({_as_number(f'{kind.name} {schema}')})"
    theirs = " ".join(address.normalized_query.get("options", ()))
    theirs += f" -c search_path={schema}" if schema else ""
    ours = " ".join(f"-c {name}={value}" for name, value in _session(wait).items())
    engine = create_engine(
        address,
        poolclass=QueuePool,
        pool_size=5,
        max_overflow=20,
        pool_reset_on_return=None,
        isolation_level="AUTOCOMMIT",
        connect_args={"options": f"{theirs} {ours}".strip(), **_way(address, wait)},
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

    def writer(*starts: str) -> Writer:
        return Writer(lambda: PostgresSession(engine.connect(), starts), place, combine, patience=wait + 50)

    database = Database(
        engine,
        writer("BEGIN", lock),
        place,
        wall=lambda: int(database.value(text(_NOW))),
        version=lambda: _as_number(database.value(text(_SNAPSHOT))),
        free=writer("BEGIN"),
    )
    try:
        database.clock = ServerClock(database.wall)
    except BaseException:
        database.close()
        raise
    return database


def has_tables(url: str, schema: str, kind: Kind, wait: float = 10.0) -> bool:
    """Whether the schema has a store; a look that makes nothing. Raises StoreBusy, StoreError."""
    address = _address(url)
    place = _said(address)
    options = " ".join(address.normalized_query.get("options", ()))
    given = {"options": f"{options} -c search_path={schema}".strip(), **_way(address, wait)}
    with border(place):
        engine = create_engine(address, poolclass=NullPool, isolation_level="AUTOCOMMIT", connect_args=given)
        _check_version(engine, place)
        with engine.connect() as connection:
            return current(connection, kind) is not None


def _session(wait: float) -> dict[str, str | int]:
    """How each of our sessions is, whatever the role's or the database's settings say; milliseconds."""
    return {
        "default_transaction_read_only": "on",
        "default_transaction_isolation": r"read\ committed",
        "synchronous_commit": "on",
        "lock_timeout": round(wait * 1e3),
        "idle_in_transaction_session_timeout": STILL,
    }


def _way(address: URL, wait: float) -> dict[str, int]:
    """How long a server that does not answer is waited for, unless the address says so itself; seconds, milliseconds."""
    ours = {
        "connect_timeout": max(2, round(wait)),
        "keepalives_idle": 5,
        "keepalives_interval": 2,
        "keepalives_count": 3,
        "tcp_user_timeout": max(2_000, round(wait * 1e3)),
    }
    return {name: value for name, value in ours.items() if name not in address.query}


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


def _said(address: URL) -> str:
    """As the project's file has it: without a driver, and without the secret."""
    return address.set(drivername="postgresql").render_as_string(hide_password=True)


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
    def __init__(self, connection: Connection, starts: tuple[str, ...]) -> None:
        super().__init__(connection, "SET default_transaction_read_only = off")
        self.starts = starts

    @property
    def broken(self) -> bool:
        return bool(self._raw.closed)

    @property
    def open(self) -> bool:
        """A connection that is there: the server keeps a failed transaction until it is rolled back."""
        return not self._raw.closed
