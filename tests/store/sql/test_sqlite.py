"""What is SQLite's own: the file, its locks, a full disk."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from tests.raised import raised
from tests.small_disk import mounted
from tidemill.errors import Damaged, DiskFull, ProjectError, StoreBusy, StoreError
from tidemill.store.sql import open_live, open_metadata, sqlite
from tidemill.store.sql.database import Database
from tidemill.store.sql.live import LiveStore
from tidemill.testing import records as sample
from tidemill.testing.live import written


def database(store: object) -> Database:
    found = vars(store)["_db"]
    assert isinstance(found, Database)
    return found


def test_the_file_is_its_owners_alone_and_set_to_be_safe(tmp_path: Path) -> None:
    store = open_metadata(tmp_path / "tidemill.db")

    def pragmas(tx: object) -> dict[str, object]:
        names = ("journal_mode", "synchronous", "foreign_keys", "secure_delete", "query_only")
        return {name: tx.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names}  # type: ignore[attr-defined]

    assert store.transact(pragmas) == {
        "journal_mode": "wal",
        "synchronous": 2,  # FULL
        "foreign_keys": 1,
        "secure_delete": 1,
        "query_only": 0,
    }
    for path in tmp_path.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    with closing(sqlite3.connect(tmp_path / "tidemill.db")) as plain:
        loose = plain.execute("SELECT name FROM pragma_table_list WHERE schema = 'main' AND NOT strict").fetchall()
    assert {name for (name,) in loose} <= {"sqlite_schema", "sqlite_temp_schema", "tidemill_version"}
    store.close()


def test_readers_cannot_write(tmp_path: Path) -> None:
    store = open_metadata(tmp_path / "tidemill.db")
    with database(store).engine.connect() as reader, pytest.raises(OperationalError) as caught:
        reader.exec_driver_sql("DELETE FROM settings")
    assert isinstance(caught.value.orig, sqlite3.OperationalError)
    assert caught.value.orig.sqlite_errorname == "SQLITE_READONLY"
    store.close()


def test_a_lock_that_is_held_is_a_bounded_wait(tmp_path: Path) -> None:
    path = tmp_path / "tidemill.db"
    store = open_metadata(path, wait=0.05)
    store.settings.set("x", 1)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with raised(StoreBusy, str(path)):
            store.settings.set("x", 2)
        assert store.settings.get("x") == 1  # readers do not wait
        other.execute("ROLLBACK")
    store.settings.set("x", 3)
    assert store.settings.get("x") == 3
    store.close()


def test_what_is_no_database_is_damaged(tmp_path: Path) -> None:
    (tmp_path / "tidemill.db").write_bytes(b"not a database at all" * 300)
    with raised(Damaged, str(tmp_path / "tidemill.db")):
        open_metadata(tmp_path / "tidemill.db")


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with raised(StoreError, str(tmp_path / "no/tidemill.db")) as caught:
        open_metadata(tmp_path / "no" / "tidemill.db")
    assert caught.value.message.endswith(f" {tmp_path}/no")


def test_what_a_newer_tidemill_wrote_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "tidemill.db"
    open_metadata(path).close()
    with closing(sqlite3.connect(path)) as plain, plain:
        plain.execute("UPDATE tidemill_version SET version_num = '9999'")
    with raised(ProjectError, str(path)) as caught:
        open_metadata(path)
    assert "9999" in caught.value.message


def test_an_attempt_that_failed_leaves_no_connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "tidemill.db"

    def no_room(connection: Any) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(sqlite, "_begin", no_room)
    with pytest.raises(StoreError) as kept:  # which keeps the frames, as a log or a retry may do
        open_metadata(path)
    assert kept.value and not [fd for fd in _descriptors() if fd.startswith(str(path))]


def _descriptors() -> Iterator[str]:
    for fd in os.listdir("/proc/self/fd"):
        try:
            yield os.readlink(f"/proc/self/fd/{fd}")
        except OSError:  # the listing's own
            continue


def test_an_existing_store_is_opened_without_alembic(tmp_path: Path) -> None:
    open_metadata(tmp_path / "tidemill.db").close()
    open_live(tmp_path / "live.db").close()
    look = (
        "import sys; from tidemill.store.sql import open_live, open_metadata;"
        "open_metadata(sys.argv[1]).runs.page(); open_live(sys.argv[2]).predictions.count();"
        "print([m for m in ('alembic', 'psycopg', 'numpy', 'polars') if m in sys.modules])"
    )
    command = [sys.executable, "-c", look, str(tmp_path / "tidemill.db"), str(tmp_path / "live.db")]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "[]\n"


def test_what_is_queued_at_the_end_of_a_program_is_written(tmp_path: Path) -> None:
    script = (
        "import sys; from tidemill.store.sql import open_live; from tidemill.testing import records;"
        "live = open_live(sys.argv[1]);"
        "[live.append([records.prediction(f'p{n}')], [], []) for n in range(100)]"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path / "live.db")], check=True)
    with closing(sqlite3.connect(tmp_path / "live.db")) as plain:
        assert plain.execute("SELECT count(*) FROM predictions").fetchone() == (100,)


@pytest.fixture(params=["pages", "disk"])
def small(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder in which a database soon finds no room: by SQLite's own limit, and on a real full file system."""
    if request.param == "pages":
        connect: Callable[[Path, float], sqlite3.Connection] = sqlite._connect

        def limited(path: Path, wait: float) -> sqlite3.Connection:
            connection = connect(path, wait)
            connection.execute("PRAGMA max_page_count=200")
            return connection

        monkeypatch.setattr(sqlite, "_connect", limited)
        yield tmp_path
        return
    with mounted(tmp_path, "1500k"):
        yield tmp_path


def _fill(live: LiveStore, name: str) -> tuple[set[str], list[BaseException]]:
    """Appends until there is no room; the keys acknowledged, and the errors of the others."""
    kept: set[str] = set()
    errors: list[BaseException] = []
    for n in range(4_000):
        key = f"{name}-{n}"
        came = threading.Event()

        def done(error: BaseException | None, seqs: object, key: str = key, came: threading.Event = came) -> None:
            if error is None:
                kept.add(key)
            else:
                errors.append(error)
            came.set()

        made = sample.prediction(key, output=b"x" * 700)
        live.append([made], [sample.outcome(key)], [sample.online(key)], done)
        if n % 5 == 4:
            assert came.wait(60)
        if errors:
            break
    assert came.wait(60)
    return kept, errors


def test_a_full_disk_is_said_and_nothing_is_half_written(small: Path) -> None:
    live = open_live(small / "live.db")
    kept, errors = _fill(live, "a")
    assert errors and all(isinstance(error, DiskFull) for error in errors)
    assert live.predictions.count() >= len(kept) > 0  # it can still be read
    more, errors = _fill(live, "b")
    assert all(isinstance(error, DiskFull) for error in errors)
    live.close()
    with closing(sqlite3.connect(small / "live.db")) as plain:
        assert plain.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        tables = (("predictions", "id"), ("outcomes", "key"), ("online", "key"))
        there = [{row[0] for row in plain.execute(f"SELECT {key} FROM {table}")} for table, key in tables]
    assert there[0] == there[1] == there[2] == kept | more


def test_a_full_disk_fails_the_caller_who_waits(small: Path) -> None:
    store = open_metadata(small / "tidemill.db")
    with raised(DiskFull, str(small / "tidemill.db")):
        for n in range(4_000):
            store.settings.set(f"x{n}", "y" * 4_000)
    assert store.settings.get("x0") == "y" * 4_000
    written = [store.settings.get(f"x{m}") for m in range(n)]
    assert written == ["y" * 4_000] * n
    assert store.settings.get(f"x{n}") is None
    store.close()


def test_the_log_of_what_was_committed_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However often somebody begins to read before the last one ends; it grows only while one goes on with an older state."""
    monkeypatch.setattr(sqlite, "MOST_WAL", 400_000)
    monkeypatch.setattr(sqlite, "LEAST_WAL", 100_000)
    monkeypatch.setattr(sqlite, "AGAIN_WAL", 0.0)
    monkeypatch.setattr(sqlite, "WAIT_WAL", 0.001)
    live, wal = open_live(tmp_path / "live.db"), tmp_path / "live.db-wal"

    def write(n: int) -> None:
        written(live, [sample.prediction(f"pred_{n}_{i}", output=b"x" * 2_000) for i in range(50)])

    with closing(sqlite3.connect(tmp_path / "live.db", isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM predictions").fetchone()
        for n in range(8):
            write(n)
        assert wal.stat().st_size > 800_000  # it may still ask for what was there when it began
        reader.execute("COMMIT")
        for n in range(8, 40):
            reader.execute("BEGIN")  # always somebody reads, each of the state of its own beginning
            reader.execute("SELECT count(*) FROM predictions").fetchone()
            reader.execute("COMMIT")
            write(n)
            live.flush()
            assert wal.stat().st_size < 800_000
    live.close()


def test_terms_and_revisions_are_above_those_that_a_backup_knows_nothing_of(tmp_path: Path) -> None:
    path, backup = tmp_path / "tidemill.db", tmp_path / "backup.db"

    def next_ones() -> tuple[int, int]:
        with closing(open_metadata(path)) as store:
            taken = store.leases.take("loop", "me", 600)
            assert taken is not None
            store.leases.drop("loop", "me")
            store.tokens.add(sample.token())
            store.tokens.delete("token_1")
            return taken.term, store.tokens.revision()

    next_ones()
    backup.write_bytes(path.read_bytes())  # of a closed store nothing is in a -wal
    term, revision = next_ones()
    path.write_bytes(backup.read_bytes())
    later, newer = next_ones()
    assert later > term and newer > revision


def test_a_statement_is_compiled_once_for_all_files_and_each_file_answers_for_itself(tmp_path: Path) -> None:
    with closing(open_metadata(tmp_path / "one.db")) as one:
        one.settings.set("whose", "one")
        assert one.settings.get("whose") == "one"
        known = len(sqlite._COMPILED)
        with closing(open_metadata(tmp_path / "other.db")) as other:
            assert other.settings.get("whose") is None
            other.settings.set("whose", "other")
            assert (one.settings.get("whose"), other.settings.get("whose")) == ("one", "other")
        assert len(sqlite._COMPILED) == known > 0
