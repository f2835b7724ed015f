"""Foreign bytes: Parquet is read in a child within limits; what ends the child is a refused file, and the next one is read."""

from __future__ import annotations

import errno
import io
import os
import resource
import signal
from contextlib import suppress
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from tests.raised import raised
from tidemill.data.discover import foreign, foreign_main, limits
from tidemill.data.discover.foreign import read_delta, read_parquet
from tidemill.errors import SourceBusy, SourceError
from tidemill.process import limited
from tidemill.process.limited import Limited

SMALL = pl.DataFrame({"x": range(100)})


def parquet(frame: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    return buffer.getvalue()


def child() -> int:
    """The process that reads for this one."""
    read_parquet(parquet(SMALL), "small.parquet")
    assert foreign._READER._child is not None
    return foreign._READER._child.pid


def test_what_a_child_reads_is_what_the_file_holds() -> None:
    at = datetime(2024, 1, 2, 3, 4, 5, 678)
    frame = pl.DataFrame(
        {
            "i8": pl.Series([1, None, -3], dtype=pl.Int8),
            "u64": pl.Series([2**64 - 1, None, 0], dtype=pl.UInt64),
            "f32": pl.Series([1.5, float("nan"), None], dtype=pl.Float32),
            "text": ["a", "a very long text that no view holds by itself", None],
            "bytes": [b"\x00\xff", None, b""],
            "yes": [True, None, False],
            "day": [date(2024, 1, 2), None, date(1, 1, 1)],
            "at": pl.Series([at, None, at], dtype=pl.Datetime("ns")),
            "zoned": pl.Series([at, None, at], dtype=pl.Datetime("us")).dt.replace_time_zone("Europe/Paris"),
            "span": [timedelta(1), None, timedelta(0)],
            "exact": pl.Series([Decimal("1.50"), None, Decimal("2.00")], dtype=pl.Decimal(38, 2)),
            "kind": pl.Series(["a", None, "b"], dtype=pl.Categorical),
            "list": [[1, 2], None, []],
            "struct": [{"a": 1, "b": "x"}, None, {"a": None, "b": None}],
            "nothing": pl.Series([None, None, None], dtype=pl.Null),
        }
    )
    rows = read_parquet(parquet(frame), "a.parquet")
    assert_frame_equal(rows.frame.drop("_row"), pl.read_parquet(parquet(frame)), categorical_as_str=True)
    assert rows.frame["_row"].to_list() == [0, 1, 2]


def test_a_long_answer_comes_in_pieces() -> None:
    frame = pl.DataFrame({"n": range(3_000_000), "text": ["a text of some length, again and again"] * 3_000_000})
    assert_frame_equal(read_parquet(parquet(frame), "a.parquet").frame.drop("_row"), frame)


def test_a_table_without_rows_has_its_columns() -> None:
    rows = read_parquet(parquet(SMALL.clear()), "a.parquet")
    assert rows.frame.height == 0 and rows.frame.schema["x"] == pl.Int64()


def test_one_child_reads_all_files() -> None:
    assert child() == child()


@pytest.mark.parametrize(
    "bomb",
    [
        pl.select(n=pl.repeat(7, 40_000_000, dtype=pl.Int8)),  # many rows of one value
        pl.select(
            pl.repeat(1, 200_000, dtype=pl.Int8).cast(pl.Int64).alias(str(n)) for n in range(200)
        ),  # many columns
    ],
    ids=["rows", "columns"],
)
def test_a_bomb_is_refused_before_it_goes_off(bomb: pl.DataFrame) -> None:
    data, before = parquet(bomb), child()
    assert len(data) < 5_000_000
    with raised(SourceError, "bomb.parquet"):
        read_parquet(data, "bomb.parquet")
    assert child() == before  # it was looked at, and not read


@pytest.mark.parametrize("deep", [pl.List, lambda inner: pl.Struct({"a": inner})], ids=["lists", "structs"])
def test_a_column_nested_too_deeply_is_refused(deep) -> None:  # type: ignore[no-untyped-def]
    kind: pl.DataType = pl.Int8()
    for _ in range(limits.DEEPEST):
        kind = deep(kind)
    with raised(SourceError, "deep.parquet"):
        read_parquet(parquet(pl.DataFrame(schema={"x": kind})), "deep.parquet")


def test_a_file_that_ends_its_reader_is_refused_and_the_next_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    before = child()
    os.kill(before, signal.SIGSTOP)  # dies in the middle of the next file
    asked = Limited._asked

    def killed(reader: Limited, message: dict[str, object], data: bytes) -> object:
        channel = asked(reader, message, data)
        os.kill(before, signal.SIGSEGV)
        os.kill(before, signal.SIGCONT)
        return channel

    with monkeypatch.context() as patch:
        patch.setattr(Limited, "_asked", killed)
        with raised(SourceError, "a.parquet"):
            read_parquet(parquet(SMALL), "a.parquet")
    assert child() != before


def test_what_its_reader_said_of_an_earlier_file_is_not_said_of_this_one(monkeypatch: pytest.MonkeyPatch) -> None:
    before, asked = child(), Limited._asked
    assert foreign._READER._words is not None
    os.write(foreign._READER._words.fileno(), b"MemoryError, which was caught\n")

    def killed(reader: Limited, message: dict[str, object], data: bytes) -> object:
        os.kill(before, signal.SIGSTOP)
        channel = asked(reader, message, data)
        os.kill(before, signal.SIGSEGV)
        os.kill(before, signal.SIGCONT)
        return channel

    with monkeypatch.context() as patch:
        patch.setattr(Limited, "_asked", killed)
        with raised(SourceError, "a.parquet") as caught:
            read_parquet(parquet(SMALL), "a.parquet")
    assert caught.value.hint != foreign._SPLIT


def test_a_file_that_takes_too_long_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    before = child()
    os.kill(before, signal.SIGSTOP)
    with monkeypatch.context() as patch:
        patch.setattr(foreign, "_PATIENCE", 0.0)
        with raised(SourceError, "a.parquet"):
            read_parquet(parquet(SMALL), "a.parquet")
    assert child() != before


def test_memory_is_limited_by_what_the_file_says() -> None:
    """A list of one value again and again is one row: nothing that the file says of itself shows its size."""
    frame = pl.DataFrame({"x": [pl.repeat(7, 300_000_000, dtype=pl.Int8, eager=True)]})
    data = parquet(frame)
    assert len(data) < 1_000_000
    with raised(SourceError, "list.parquet"):
        read_parquet(data, "list.parquet")


def test_texts_that_are_one_text_again_and_again_count_each() -> None:
    frame = pl.select(text=pl.repeat("x" * 1_000, 300_000))
    with raised(SourceError, ""):
        foreign_main._bounded(frame, 1_000)
    assert foreign_main._bounded(frame, 2_000_000) is frame


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_damaged_bytes_are_rows_or_a_refused_file(data: st.DataObject) -> None:
    whole = bytearray(parquet(pl.DataFrame({"x": range(50), "t": [str(n) for n in range(50)]})))
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(4, len(whole) - 1))] = data.draw(st.integers(0, 255))
    with suppress(SourceError):
        read_parquet(bytes(whole), "a.parquet")


def test_an_idle_child_ends_and_another_begins() -> None:
    before = child()
    os.kill(before, signal.SIGTERM)  # as its own end after a while: it is gone when the next file comes
    assert foreign._READER._child is not None
    foreign._READER._child.wait(60)
    assert child() != before


def test_what_reads_delta_tables_takes_none_of_the_memory_of_the_first_table(tmp_path: Path) -> None:
    """Its threads and its caches are there before the table's limit is drawn, in each fresh child."""
    SMALL.write_delta(str(tmp_path))
    for _ in range(3):
        foreign._READER.close()
        assert_frame_equal(read_delta(tmp_path, 0, 1_000, "lake").frame.drop("_row"), SMALL)


def test_without_room_for_a_process_the_file_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    foreign._READER.close()

    def full(*args: object, **more: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("tempfile.TemporaryFile", full)
        assert child(), "what it says on its way out is all that is missing"
        foreign._READER.close()
        patch.setattr(limited, "Child", full)
        with raised(SourceBusy, "a.parquet", hint=False):
            read_parquet(parquet(SMALL), "a.parquet")
    assert child()


def test_what_starts_a_reader_is_no_part_of_what_its_file_may_take(monkeypatch: pytest.MonkeyPatch) -> None:
    """The columns of a Delta table are known only once what reads it was started, which may take more than the rows."""
    taken, let = [0], list[tuple[int, int]]()

    class Lazy:
        def collect_schema(self) -> pl.Schema:
            taken[0] = 1 << 40
            return SMALL.schema

        def collect(self) -> pl.DataFrame:
            return SMALL

    monkeypatch.setattr(foreign_main, "_warm_delta", lambda: None)
    monkeypatch.setattr(foreign_main, "_delta", lambda folder, version: (Lazy(), SMALL.height, 1_000))
    monkeypatch.setattr(foreign_main, "held", lambda: taken[0])
    monkeypatch.setattr(foreign_main, "let", lambda what, most: let.append((what, most)))
    frame, _ = foreign_main._read({"read": "delta", "folder": "lake", "version": 0, "size": 1_000}, bytearray())
    assert frame is SMALL and let[-1][0] == resource.RLIMIT_DATA and let[-1][1] > 1 << 40
