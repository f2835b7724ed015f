"""Every state that a tidemill has left behind is opened by this one, brought up to date, and read back as it was told."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.cases.projects import Folder, column, replayed, visits
from tests.raised import raised
from tests.store.sql.conftest import Server
from tests.store.sql.conftest import server as server
from tests.store.states import told
from tests.store.states.make import KEPT, NAME
from tidemill.errors import ProjectError
from tidemill.store.sql import open_live, open_metadata
from tidemill.store.sql.sqlite import open_sqlite
from tidemill.store.sql.versions import LIVE, TIDEMILL, Kind
from tidemill.testing import records as sample
from tidemill.testing.metadata_ledger import is_true
from tidemill.types import parse_time

STATES = sorted(KEPT.iterdir())
LATER = parse_time("2024-10-12")
each = pytest.mark.parametrize("kept", STATES, ids=lambda kept: kept.name)


def laid(sql: Path, database: Path) -> Path:
    """The database that this text makes."""
    with closing(sqlite3.connect(database)) as plain:
        plain.executescript(sql.read_text())
    database.chmod(0o600)
    return database


def read(path: Path) -> Any:
    return json.loads(path.read_text())


def lacking(then: Any, now: Any) -> list[str]:
    """What of the records of then is not among those of now: a later tidemill may say more of one, and nothing else."""
    return [
        f"{noun}: {one}"
        for noun, records in then.items()
        for one in records
        if not any(says(found, one) for found in now[noun])
    ]


def says(now: Any, then: Any) -> bool:
    """Whether it says all of this, at any depth: a payload may have grown fields, too."""
    if isinstance(then, dict):
        return isinstance(now, dict) and all(name in now and says(now[name], value) for name, value in then.items())
    if isinstance(then, list | tuple):
        return isinstance(now, list | tuple) and len(now) == len(then) and all(map(says, now, then))
    return bool(now == then)


def test_the_present_state_is_kept() -> None:
    assert KEPT / NAME in STATES, "a migration was added: python -m tests.store.states.make"


@pytest.mark.parametrize("kind", [TIDEMILL, LIVE], ids=lambda kind: kind.name)
def test_a_schema_that_was_kept_is_not_changed_in_place(kind: Kind, tmp_path: Path) -> None:
    """A change is a migration of its own (and a state of its own), however small: stores of this version are out there."""
    open_sqlite(tmp_path / "now.db", kind).close()
    then = laid(KEPT / NAME / f"{kind.name}.sql", tmp_path / "then.db")
    assert _made(then) == _made(tmp_path / "now.db")


def _made(database: Path) -> list[str]:
    with closing(sqlite3.connect(database)) as plain:
        found = plain.execute("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'")
        return sorted(sql for (sql,) in found)


@each
def test_every_record_of_sqlite_is_read_back(kept: Path, tmp_path: Path) -> None:
    store = open_metadata(laid(kept / "tidemill.sql", tmp_path / "tidemill.db"), known=True)
    live = open_live(laid(kept / "live.sql", tmp_path / "live.db"), known=True)
    assert lacking(read(kept / "records.json"), told.nouns(store, live)) == []
    assert store.settings.get("mode") == "live"
    store.events.add(sample.event("event_later"))
    assert is_true(store.ledger.list())
    store.close()
    live.close()


@each
@pytest.mark.postgres
def test_every_record_of_postgresql_is_read_back(kept: Path, server: Server) -> None:
    psql = ["psql", "-q", "-v", "ON_ERROR_STOP=1", "-o", "/dev/null", server.plain()]
    for part in (["-c", "DROP SCHEMA IF EXISTS tidemill_kept CASCADE"], ["-f", str(kept / "postgres.sql")]):
        subprocess.run([*psql, *part], check=True, capture_output=True, timeout=60)
    store, live = (make(server.url(), schema="tidemill_kept", known=True) for make in (open_metadata, open_live))
    assert lacking(read(kept / "records.json"), told.nouns(store, live)) == []  # type: ignore[arg-type]
    store.events.add(sample.event("event_later"))  # type: ignore[union-attr]
    assert is_true(store.ledger.list())  # type: ignore[union-attr]
    store.close()
    live.close()


@pytest.fixture(params=STATES, ids=lambda kept: kept.name)
def project(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Folder]:
    """What was kept, and the project laid out again from it."""
    kept: Path = request.param
    root = Path(shutil.copytree(kept / "project", tmp_path / "visits"))
    shutil.copytree(kept / "home", tmp_path / "home")
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    (root / ".tidemill").chmod(0o700)
    for name in ("tidemill", "live"):
        laid(kept / f"project-{name}.sql", root / ".tidemill" / f"{name}.db")
    return kept, Folder(root)


def test_a_project_is_opened_traced_verified_and_goes_on(project: tuple[Path, Folder]) -> None:
    kept, folder = project
    then = read(kept / "project.json")
    with replayed(folder, LATER) as now:
        assert lacking(then["records"], told.nouns(now.store, now.live)) == []
        assert told.tables(now) == then["tables"]
        for before, after in zip(then["traces"], told.traces(now), strict=True):
            assert json.loads(json.dumps(after["training"])) == before["training"]
            assert after["verified"]["same_items"] and after["verified"]["largest_difference"] < 1e-6
    folder.write("data/visits/c.csv", *column(visits(first=9_000, days=[40]), "site", "C"))
    folder.ingest("visits")
    assert folder.json("data", "show", "visits")["version"]["version"] == len(then["tables"]["visits"])


@pytest.mark.parametrize("kind", [TIDEMILL, LIVE], ids=lambda kind: kind.name)
def test_a_store_of_a_newer_tidemill_is_refused_with_the_steps(kind: Kind, tmp_path: Path) -> None:
    database = laid(KEPT / NAME / f"{kind.name}.sql", tmp_path / "newer.db")
    with closing(sqlite3.connect(database)) as plain:
        plain.execute(f"UPDATE {kind.version_table} SET version_num = '0999'")
        plain.commit()
        before = [*plain.iterdump()]
    make: Callable[..., Any] = open_metadata if kind is TIDEMILL else open_live
    with raised(ProjectError, str(database)) as caught:
        make(database, known=True)
    assert "pip install" in str(caught.value.hint) and "backup" in str(caught.value.hint)
    with closing(sqlite3.connect(database)) as plain:
        assert [*plain.iterdump()] == before
