"""A database that vanished, was replaced or was cut while it was open: noticed at the next look, and nothing is acknowledged to it."""

from __future__ import annotations

import os
import shutil
import sqlite3
import traceback
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.raised import raised
from tidemill.errors import Damaged, StoreError
from tidemill.store.sql import open_live, open_metadata
from tidemill.store.sql.held import HeldFiles
from tidemill.store.sql.store import MetadataStore
from tidemill.testing.records import prediction


def rewritten(path: Path) -> None:
    """As a backup is put back: another file of the same name."""
    other = path.with_name("backup.db")
    shutil.copy(path, other)
    other.replace(path)


def cut(path: Path) -> None:
    os.truncate(path, 4_096)


BREAK: dict[str, Callable[[Path], object]] = {
    "removed": Path.unlink,
    "moved": lambda path: path.rename(path.with_name("away.db")),
    "replaced": rewritten,
    "cut": cut,
    "emptied": lambda path: os.truncate(path, 0),
    "wal removed": lambda path: path.with_name(f"{path.name}-wal").unlink(),
    "shm removed": lambda path: path.with_name(f"{path.name}-shm").unlink(),
}


def settled(path: Path) -> MetadataStore:
    """A store whose file has pages to lose: everything is in it, and nothing in the log beside it."""
    with closing(open_metadata(path)) as store:
        for n in range(200):
            store.settings.set(f"setting {n}", "x" * 200)
    return open_metadata(path)


@pytest.mark.parametrize("how", BREAK)
def test_nothing_is_acknowledged_to_a_file_that_is_not_in_the_folder(tmp_path: Path, how: str) -> None:
    path = tmp_path / "tidemill.db"
    with closing(settled(path)) as store:
        store.settings.set("before", 1)
        BREAK[how](path)
        with raised(Damaged, str(path)):
            store.data_version()
        for _ in range(2):
            with raised(Damaged, str(path)):
                store.settings.set("after", 1)


def test_a_file_that_was_emptied_is_no_new_one_and_keeps_its_log(tmp_path: Path) -> None:
    """SQLite takes it for a new database, and would take away the log with all that is not in the file yet."""
    path = tmp_path / "live.db"
    with closing(open_live(path)) as store:
        store.append([prediction()], [], [])
        store.flush()
        os.truncate(path, 0)
        for _ in range(2):
            with raised(Damaged, str(path)):
                store.data_version()
        assert path.with_name("live.db-wal").stat().st_size


def test_a_file_that_stays_cut_is_told_of_anew_each_time(tmp_path: Path) -> None:
    """One error that is raised twenty times a second would gather the places where it was."""
    path = tmp_path / "tidemill.db"
    with closing(settled(path)) as store:
        cut(path)
        told = []
        for _ in range(3):
            with raised(Damaged, str(path)) as caught:
                store.data_version()
            told.append(len(list(traceback.walk_tb(caught.tb))))
        assert len(set(told)) == 1


def test_a_look_that_fails_once_is_no_damage(tmp_path: Path) -> None:
    path = tmp_path / "tidemill.db"
    path.touch()
    busy = [False]

    def connect() -> sqlite3.Connection:
        if busy[0]:
            raise sqlite3.OperationalError("unable to open database file")
        return sqlite3.connect(path, check_same_thread=False)

    with closing(connect()) as writing:
        writing.executescript("PRAGMA journal_mode=WAL; CREATE TABLE t (x); INSERT INTO t VALUES (randomblob(99999));")
        writing.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        held = HeldFiles(path, connect)
        writing.executescript("DROP TABLE t; VACUUM; PRAGMA wal_checkpoint(TRUNCATE);")
        busy[0] = True
        for _ in range(2):
            with raised(StoreError, str(path), hint=False):
                held.check()
        busy[0] = False
        held.check()
        held.close()


def test_a_file_that_comes_back_is_the_one_that_was_open(tmp_path: Path) -> None:
    path = tmp_path / "tidemill.db"
    with closing(open_metadata(path)) as store:
        path.rename(tmp_path / "away.db")
        with raised(Damaged, str(path)):
            store.settings.set("name", 1)
        (tmp_path / "away.db").rename(path)
        store.settings.set("name", 2)
    with closing(open_metadata(path)) as store:
        assert store.settings.get("name") == 2


def test_a_file_that_somebody_tidied_up_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "tidemill.db"
    with closing(settled(path)) as store:
        size = path.stat().st_size
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("DELETE FROM settings")
            other.execute("VACUUM")
            other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        assert path.stat().st_size < size
        store.data_version()
        store.settings.set("after", 1)


@pytest.mark.parametrize("open_", [open_metadata, open_live])
@pytest.mark.parametrize("there", [True, False])
def test_nothing_empty_takes_the_place_of_a_database_that_was_there(
    tmp_path: Path, open_: Callable[..., object], there: bool
) -> None:
    path = tmp_path / "some.db"
    if there:
        path.touch()
    with raised(Damaged, str(path)):
        open_(path, known=True)
    assert path.exists() == there
