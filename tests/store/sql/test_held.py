"""A database that vanished, was replaced or was cut while it was open: noticed at the next look, and nothing is acknowledged to it."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.raised import raised
from tidemill.errors import Damaged
from tidemill.store.sql import open_live, open_metadata
from tidemill.store.sql.store import MetadataStore


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
