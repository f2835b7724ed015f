"""What every `DataHolder` must pass, and a search that decodes every format to check it against.

An implementation's tests subclass `HolderSuite` (`RowHolderSuite` where it can erase) and say how a subject is planted::

    class TestMine(RowHolderSuite):
        @pytest.fixture
        def planted(self, tmp_path):
            return Planted(holder, plant)  # plant(subject): a few records of it
"""

from __future__ import annotations

import io
import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from tidemill.store.holder import DataHolder, RowHolder

CANARY, BYSTANDER = "canary-71cf", "canary-71cf-2"
"""A subject to be found, and another whose name begins with the first one's."""


@dataclass(frozen=True)
class Planted:
    holder: DataHolder
    plant: Callable[[str], None]


class HolderSuite:
    """Finds all of a subject, and nothing else."""

    def test_nothing_is_found_of_who_is_not_there(self, planted: Planted) -> None:
        planted.plant(BYSTANDER)
        assert not planted.holder.find(CANARY) and not list(planted.holder.export(CANARY))

    def test_what_is_found_is_exported(self, planted: Planted) -> None:
        planted.plant(CANARY)
        before = planted.holder.find(CANARY)
        planted.plant(BYSTANDER)
        found = planted.holder.find(CANARY)
        assert found == before and found and all(holding.records > 0 for holding in found)
        told = [json.dumps(record) for record in planted.holder.export(CANARY)]
        assert len(told) == sum(holding.records for holding in found)
        assert all(CANARY in one for one in told) and not any(BYSTANDER in one for one in told)


class RowHolderSuite(HolderSuite):
    """And takes it out, and nothing else."""

    def test_what_is_erased_is_gone_and_others_stay(self, planted: Planted) -> None:
        planted.plant(CANARY)
        planted.plant(BYSTANDER)
        holder: RowHolder = planted.holder  # type: ignore[assignment]
        others, expected = holder.find(BYSTANDER), sum(holding.records for holding in holder.find(CANARY))
        assert holder.verify(CANARY) and holder.erase(CANARY) == expected and not holder.verify(CANARY)
        assert not holder.find(CANARY) and not list(holder.export(CANARY)) and holder.erase(CANARY) == 0
        assert holder.find(BYSTANDER) == others


def places(folder: Path, canary: str) -> set[str]:
    """The files of the folder (or the one file) that hold the canary anywhere, each decoded as what it is: the kinds of what holds it.

    ``TABLE`` of a database, ``parquet``, ``npz``, or ``text`` (JSON, JSON lines and everything else that can be read).
    """
    files = [folder] if folder.is_file() else [file for file in sorted(folder.rglob("*")) if file.is_file()]
    return {kind for file in files for kind in _kinds(file, canary)}


def _kinds(file: Path, canary: str) -> Iterator[str]:
    head = file.read_bytes()[:16]
    if head == b"SQLite format 3\x00":
        yield from _tables(file, canary)
    elif head[:4] == b"PAR1":
        import polars as pl

        if canary in json.dumps(pl.read_parquet(file).to_dicts(), default=str):
            yield "parquet"
    elif head[:4] == b"PK\x03\x04":
        import numpy as np

        with np.load(io.BytesIO(file.read_bytes()), allow_pickle=False) as archive:
            if any(canary in str(archive[name].tolist()) for name in archive.files):
                yield "npz"
    elif not file.name.endswith(("-wal", "-shm")) and canary.encode() in file.read_bytes():
        yield "text"


def _tables(file: Path, canary: str) -> Iterator[str]:
    with closing(sqlite3.connect(file)) as plain:
        for (table,) in plain.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall():
            rows = plain.execute(f'SELECT * FROM "{table}"').fetchall()  # noqa: S608 - the file's own name
            if any(canary.encode() in (v if isinstance(v, bytes) else str(v).encode()) for row in rows for v in row):
                yield str(table)
