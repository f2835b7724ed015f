"""The key index says what a set of the table's keys would say, also after damage."""

from __future__ import annotations

import tempfile
from pathlib import Path
from unittest import mock

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.data.small import verified
from tidemill.data.tables import keys
from tidemill.data.tables.keys import KeyIndex
from tidemill.data.tables.tables import Tables

KEY = ("a", "n")
ROW = st.tuples(st.sampled_from(["x", "y", "z", None]), st.integers(0, 6))


def as_frame(rows: list[tuple[str | None, int]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema={"a": pl.String, "n": pl.Int64}, orient="row")


def grow(tables: Tables, index: KeyIndex, rows: list[tuple[str | None, int]]) -> None:
    version = tables.append("t", as_frame(rows), ingest=f"i{len(tables.versions('t'))}", at=0)
    index.add([as_frame(rows)], version)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.lists(ROW, max_size=5), max_size=12), st.lists(ROW, max_size=8), st.integers(0, 11))
def test_it_knows_exactly_what_is_in_the_table(
    versions: list[list[tuple[str | None, int]]], asked: list[tuple[str | None, int]], reopened: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        tables = Tables(Path(folder))
        index = KeyIndex(tables, "t", KEY)
        index.catch_up(0)
        truth: set[tuple[str | None, int]] = set()
        for i, rows in enumerate(versions):
            if i == reopened:
                index = KeyIndex(tables, "t", KEY)
                index.catch_up(i)
            grow(tables, index, rows)
            truth |= {r for r in rows if r[0] is not None}
        assert index.known(as_frame(asked)).to_list() == [r in truth for r in asked]
        assert verified(index, len(versions))


def made(folder: Path, n: int = 20) -> Tables:
    tables = Tables(folder)
    index = KeyIndex(tables, "t", KEY)
    index.catch_up(0)
    for i in range(n):
        grow(tables, index, [("x", i), ("y", i)])
    return tables


def test_its_segments_are_few_and_none_is_written_again_for_a_small_ingest(tmp_path: Path) -> None:
    tables = Tables(tmp_path)
    index = KeyIndex(tables, "t", KEY)
    index.catch_up(0)
    grow(tables, index, [("x", i) for i in range(1000)])
    (large,) = index.folder.iterdir()
    for i in range(40):
        grow(tables, index, [("y", i), ("z", i)])
    files = list(index.folder.iterdir())
    assert large in files and len(files) <= 8
    index = KeyIndex(tables, "t", KEY)
    index.catch_up(41)
    assert verified(index, 41)
    assert large in index.folder.iterdir()


def test_a_crash_between_a_merge_and_what_it_merged_is_mended(tmp_path: Path) -> None:
    tables = made(tmp_path, 3)
    index = KeyIndex(tables, "t", KEY)
    index.catch_up(3)
    left = {path: path.read_bytes() for path in index.folder.iterdir()}
    grow(tables, index, [("q", i) for i in range(50)])
    for path, data in left.items():
        path.write_bytes(data)
    index = KeyIndex(tables, "t", KEY)
    index.catch_up(4)
    assert verified(index, 4)
    grow(tables, index, [("r", 1)])
    assert left.keys().isdisjoint(index.folder.iterdir())


def test_a_collision_of_hashes_does_not_reject_a_row(tmp_path: Path) -> None:
    tables = Tables(tmp_path)
    with mock.patch.object(keys, "_hashes", lambda series: np.zeros(len(series), np.uint64)):
        index = KeyIndex(tables, "t", KEY)
        index.catch_up(0)
        grow(tables, index, [("x", 1)])
        assert index.known(as_frame([("x", 1), ("x", 2)])).to_list() == [True, False]


def test_damage_is_repaired_from_the_table(tmp_path: Path) -> None:
    tables = made(tmp_path)
    index = KeyIndex(tables, "t", KEY)
    for harm in ("flip", "cut", "remove", "junk"):
        for path in index.folder.glob("*.npy"):
            data = bytearray(path.read_bytes())
            if harm == "flip":
                data[-3] ^= 1
                path.write_bytes(data)
            elif harm == "cut":
                path.write_bytes(data[: len(data) // 2])
            elif harm == "remove":
                path.unlink()
            else:
                path.write_bytes(b"junk")
        index = KeyIndex(tables, "t", KEY)
        index.catch_up(20)
        assert index.known(as_frame([("x", 0), ("y", 19), ("z", 0)])).to_list() == [True, True, False]
        assert verified(index, 20)


def test_a_segment_of_versions_that_never_came_is_thrown_away(tmp_path: Path) -> None:
    """A crash between the table's commit and the index leaves too little; never too much. A copied folder may."""
    tables = made(tmp_path, 4)
    index = KeyIndex(tables, "t", KEY)
    index.catch_up(4)
    index.add([as_frame([("q", 1)])], 5)
    index = KeyIndex(tables, "t", KEY)
    index.catch_up(4)
    assert index.known(as_frame([("q", 1)])).to_list() == [False]
    assert verified(index, 4)


def test_reserved_keys_count_until_their_version_is_added(tmp_path: Path) -> None:
    tables = made(tmp_path, 1)
    index = KeyIndex(tables, "t", KEY)
    index.catch_up(1)
    index.reserve(as_frame([("z", 9)]))
    assert index.known(as_frame([("z", 9), ("x", 0), (None, 9)])).to_list() == [True, True, False]
