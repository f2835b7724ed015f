"""Runs the migrations that a database still needs, inside the transaction of the caller."""

from __future__ import annotations

from pathlib import Path

from alembic.config import Config
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from sqlalchemy import Connection

VERSIONS = Path(__file__).parent / "versions"


def chain(versions: Path, above: str | None = None) -> list[Script]:
    """The migrations after version ``above`` (all of them for None), first one first."""
    config = Config()
    config.set_main_option("script_location", str(versions))
    config.set_main_option("version_locations", str(versions))
    config.set_main_option("path_separator", "newline")
    found = ScriptDirectory.from_config(config).iterate_revisions("heads", above or "base")
    return [script for script in found if isinstance(script, Script)][::-1]


def upgrade(connection: Connection, versions: Path, version_table: str, above: str | None) -> str | None:
    """Run them one after the other and write the version row of each. Returns the version reached.

    SQLite: the caller has switched foreign keys off, so that a table that is rebuilt takes nothing else with it.
    """
    operations = MigrationContext.configure(connection)
    version = above
    for script in chain(versions, above):
        with Operations.context(operations):
            script.module.upgrade()
        connection.exec_driver_sql(f"DELETE FROM {version_table}")  # noqa: S608 - our own name
        connection.exec_driver_sql(f"INSERT INTO {version_table} VALUES ('{script.revision}')")  # noqa: S608
        version = script.revision
    return version
