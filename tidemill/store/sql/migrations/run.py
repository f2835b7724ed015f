"""Runs the migrations that a database still needs, inside the transaction of the caller."""

from __future__ import annotations

from collections.abc import Callable
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


def upgrade(connection: Connection, versions: Path, mark: Callable[[str], None], above: str | None) -> str | None:
    """Run them one after the other, and ``mark`` the version of each. Returns the version reached.

    SQLite: the caller has switched foreign keys off, so that a table that is rebuilt takes nothing else with it.
    """
    operations = MigrationContext.configure(connection)
    version = above
    for script in chain(versions, above):
        with Operations.context(operations):
            script.module.upgrade()
        mark(script.revision)
        version = script.revision
    return version
