"""Migrations: a fresh store is what the migrations make; an older one is brought up whole or not at all."""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, MetaData, create_engine
from sqlalchemy.schema import CreateIndex, CreateTable

from tests.raised import raised
from tidemill.errors import Damaged, StoreError
from tidemill.store.sql import open_metadata, versions
from tidemill.store.sql.migrations.run import chain, upgrade
from tidemill.store.sql.postgres import open_postgres
from tidemill.store.sql.sqlite import open_sqlite
from tidemill.store.sql.store import MetadataStore
from tidemill.store.sql.versions import LIVE, TIDEMILL, Kind, mark
from tidemill.testing import records as sample

ADDS = """
import sqlalchemy as sa
from alembic import op
revision = "{0}"
down_revision = "{1}"
def upgrade():
    with op.batch_alter_table("runs", recreate="always") as table:
        table.add_column(sa.Column("note", sa.Text(), nullable=False, server_default="old"))
"""
FAILS = """
from alembic import op
revision = "{0}"
down_revision = "{1}"
def upgrade():
    op.execute("UPDATE settings SET value = '\\"half\\"'")
    op.execute("INSERT INTO nowhere VALUES (1)")
"""
ORPHANS = """
from alembic import op
revision = "{0}"
down_revision = "{1}"
def upgrade():
    op.execute("DELETE FROM runs")
"""


@pytest.mark.parametrize("kind", [TIDEMILL, LIVE], ids=lambda kind: kind.name)
def test_the_newest_migration_is_the_head(kind: Kind) -> None:
    scripts = chain(kind.versions)
    assert scripts[-1].revision == kind.head
    assert [script.revision for script in scripts] == [f"{n:04}" for n in range(1, len(scripts) + 1)]


def _migrated(connection: Connection, kind: Kind) -> None:
    assert upgrade(connection, kind.versions, partial(mark, connection, kind.version_table), None) == kind.head


@pytest.mark.parametrize("kind", [TIDEMILL, LIVE], ids=lambda kind: kind.name)
def test_the_migrations_make_what_the_schema_says(tmp_path: Path, kind: Kind) -> None:
    open_sqlite(tmp_path / "fresh.db", kind).close()
    engine = create_engine(f"sqlite:///{tmp_path / 'migrated.db'}")
    with engine.begin() as connection:
        _migrated(connection, kind)
    engine.dispose()
    made: dict[str, set[str]] = {}
    for name in ("fresh", "migrated"):
        with closing(sqlite3.connect(tmp_path / f"{name}.db")) as plain:
            rows = plain.execute("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL").fetchall()
        words = (" ".join(sql.split()).replace(" ,", ",") for (sql,) in rows)
        made[name] = {re.sub(r'^CREATE TABLE "(\w+)"', r"CREATE TABLE \1", one) for one in words}  # of one rebuilt
    assert made["fresh"] == made["migrated"]


@pytest.mark.parametrize("kind", [TIDEMILL, LIVE], ids=lambda kind: kind.name)
def test_the_second_store_of_a_process_is_made_as_the_first(
    tmp_path: Path, kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(versions, "_WORDS", {})
    made = []
    for name in ("first", "second"):
        open_sqlite(tmp_path / f"{name}.db", kind).close()
        assert len(versions._WORDS[kind]) >= len(kind.tables.tables)
        with closing(sqlite3.connect(tmp_path / f"{name}.db")) as plain:
            made.append(plain.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY 1, 2").fetchall())
    assert made[0] == made[1] != []


@pytest.mark.postgres
@pytest.mark.parametrize("kind", [TIDEMILL, LIVE], ids=lambda kind: kind.name)
def test_on_postgres_too(postgres: Callable[[], str], kind: Kind) -> None:
    made = []
    for how in ("fresh", "migrated"):
        url = postgres()
        if how == "fresh":
            open_postgres(url, kind).close()
        engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
        with engine.begin() as connection:
            if how == "migrated":
                _migrated(connection, kind)
            found = MetaData()
            found.reflect(connection)
            words = {str(CreateTable(table).compile(engine)) for table in found.tables.values()}
            words |= {str(CreateIndex(i).compile(engine)) for table in found.tables.values() for i in table.indexes}
            made.append(words)
        engine.dispose()
    assert made[0] == made[1]


def _later(n: int) -> str:
    """The version that comes so many after today's."""
    return f"{int(TIDEMILL.head) + n:04}"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A store of today's version with something in it."""
    store = open_metadata(tmp_path / "tidemill.db")
    store.runs.add(sample.run())
    store.steps.put(sample.step())
    store.settings.set("x", "whole")
    store.close()
    return tmp_path / "tidemill.db"


@pytest.fixture
def later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Kind]:
    """A tidemill of the future, with these further migrations."""
    folder = tmp_path / "versions"
    shutil.copytree(TIDEMILL.versions, folder, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(versions.Kind, "versions", property(lambda _: folder))

    def make(*scripts: str) -> Kind:
        for n, script in enumerate(scripts, 1):
            (folder / f"m{_later(n)}.py").write_text(script.format(_later(n), _later(n - 1)))
        return replace(TIDEMILL, head=_later(len(scripts)))

    return make


def test_an_older_store_is_brought_up_with_all_it_holds(old: Path, later: Callable[..., Kind]) -> None:
    store = MetadataStore(open_sqlite(old, later(ADDS)))
    assert store.runs.get("run_1") == sample.run()
    assert list(store.steps.list(run="run_1")) == [sample.step()]  # the rebuilt table took no steps with it
    store.runs.add(sample.run("run_2"))
    store.close()
    with closing(sqlite3.connect(old)) as plain:
        assert plain.execute("SELECT note FROM runs").fetchall() == [("old",), ("old",)]
        assert plain.execute("SELECT version_num FROM tidemill_version").fetchall() == [(_later(1),)]


def test_a_migration_that_fails_leaves_the_store_as_it_was(old: Path, later: Callable[..., Kind]) -> None:
    with raised(StoreError, str(old)) as caught:
        open_sqlite(old, later(ADDS, FAILS))
    assert "nowhere" in caught.value.message
    with closing(sqlite3.connect(old)) as plain:
        assert plain.execute("SELECT version_num FROM tidemill_version").fetchall() == [(TIDEMILL.head,)]
        assert "note" not in [row[1] for row in plain.execute("PRAGMA table_info(runs)")]
    store = open_metadata(old)
    assert store.settings.get("x") == "whole"
    store.close()


def test_a_migration_may_not_break_references(old: Path, later: Callable[..., Kind]) -> None:
    with raised(Damaged, str(old), hint=False) as caught:
        open_sqlite(old, later(ORPHANS))
    assert " steps " in caught.value.message and " runs" in caught.value.message
    store = open_metadata(old)
    assert store.runs.get("run_1") == sample.run()
    store.close()


@pytest.mark.parametrize(
    ("change", "lost"),
    [("ALTER TABLE events RENAME COLUMN seq TO older", "events.seq"), ("DROP TABLE events", "events")],
)
def test_a_store_with_other_tables_than_its_version_has_is_told_the_way_out(old: Path, change: str, lost: str) -> None:
    """As those that a checkout made while the first migration still changed in place."""
    with closing(sqlite3.connect(old)) as plain:
        plain.execute(change)
    store = open_metadata(old)
    with raised(StoreError, str(old)) as caught:
        store.events.list()
    store.close()
    assert caught.value.message.endswith(f" {lost}")


def test_tables_that_another_process_makes_while_one_looks_are_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the question of the version and the look at whether there is a table, somebody else makes the store."""
    path, look = tmp_path / "one.db", versions.inspect
    made = list[Path]()

    def meanwhile(connection: Connection) -> Any:
        if not made:
            made.append(path)
            open_metadata(path).close()
        return look(connection)

    monkeypatch.setattr(versions, "inspect", meanwhile)
    with closing(open_metadata(path)) as opened:
        assert made and not opened.runs.list()
