"""Tables: versions that stay, one commit an ingest, and a log that others read too."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import polars as pl
import pytest
from deltalake import DeltaTable

from tests.raised import raised
from tidemill.data.tables.delta import append
from tidemill.data.tables.schema import UTC_TIME
from tidemill.data.tables.tables import Tables
from tidemill.errors import Conflict, ContractError, Damaged, DiskFull, NotFound, StoreBusy


@pytest.fixture
def tables(tmp_path: Path) -> Tables:
    return Tables(tmp_path / "tables")


def some(start: int, n: int = 3) -> pl.DataFrame:
    at = pl.Series(range(start, start + n)).cast(UTC_TIME)
    words = [["a", "b"]] * n
    return pl.DataFrame({"n": range(start, start + n), "at": at, "x": [0.5] * n, "w": words, "t": [f"t{start}"] * n})


def test_every_version_stays_readable(tables: Tables, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tidemill.data.tables.delta.CHECKPOINT", 10)
    for i in range(25):  # over two checkpoints
        assert tables.append("t", some(3 * i), ingest=f"i{i}", at=i * 1000) == i + 1
    assert len(list((tables.folder("t") / "_delta_log").glob("*.checkpoint.parquet"))) == 2
    assert tables.read("t").collect().height == 75
    for version in (0, 1, 9, 10, 11, 25):
        rows = tables.read("t", version).collect()
        assert sorted(rows["n"].to_list()) == list(range(3 * version))
        theirs = pl.scan_delta(DeltaTable(str(tables.folder("t")), version=version)).collect()
        assert rows.equals(theirs), "the same rows in the same order as others read them"
    assert Tables(tables.root).version("t") == 25
    assert [c.ingest for c in tables.versions("t")] == [f"i{i}" for i in range(25)]


def test_the_same_ingest_again_changes_nothing(tables: Tables) -> None:
    assert tables.append("t", some(0), ingest="a", at=0) == 1
    assert tables.append("t", some(3), ingest="b", at=0) == 2
    before = tables.digest("t")
    for again in (tables, Tables(tables.root)):
        assert again.append("t", some(0), ingest="a", at=5) == 1
        assert again.digest("t") == before


def test_delta_rs_reads_what_was_written(tables: Tables) -> None:
    for i in range(12):
        tables.append("t", some(3 * i), ingest=f"i{i}", at=7000, meta={"tidemill.note": "x"})
    other = DeltaTable(str(tables.folder("t")))
    assert other.version() == 12
    assert other.transaction_version("i11") == 1
    history = other.history(1)[0]
    assert (history["tidemill.ingest"], history["tidemill.note"], history["engineInfo"]) == ("i11", "x", "tidemill")
    files = pl.DataFrame(other.get_add_actions(flatten=True)).sort("min.n")
    assert files["num_records"].to_list() == [3] * 12
    assert files["max.n"].to_list() == [3 * i + 2 for i in range(12)]
    assert files["max.at"].dt.epoch("us").to_list() == [3 * i + 2 for i in range(12)]
    assert files["min.t"].null_count() == 12, "text in statistics could name a person"


def test_statistics_let_a_reader_skip_files(tables: Tables) -> None:
    for i in range(3):
        tables.append("t", some(3 * i), ingest=f"i{i}", at=0)
    found = tables.read("t").filter(pl.col("at") >= pl.lit(7).cast(UTC_TIME)).select("n").collect()
    assert found["n"].to_list() == [7, 8]


def test_files_that_cannot_hold_a_row_are_not_opened(tables: Tables) -> None:
    for i in range(4):
        tables.append("t", some(3 * i), ingest=f"i{i}", at=0)
    nothing = some(0).with_columns(pl.lit(None, UTC_TIME).alias("at"))
    tables.append("t", nothing, ingest="no times", at=0)
    for start, end, files in ((3, 6, [1]), (5, 7, [1, 2]), (6, 6, []), (-9, 0, []), (11, 99, [3]), (0, 1, [0])):
        rows = tables.read("t", within=("at", start, end)).collect()
        # of rows without a time nothing is known
        wanted = [n for i in reversed(files) for n in range(3 * i, 3 * i + 3)]
        assert rows["n"].to_list() == ([0, 1, 2] if start < end else []) + wanted
        assert rows.schema == some(0).schema
        earlier = tables.read("t", 2, within=("at", start, end)).collect()
        assert earlier["n"].to_list() == [n for n in wanted if n < 6]
    (tables.folder("t") / tables.files("t", 1)[0]).unlink()
    assert tables.read("t", 4, within=("at", 3, 12)).collect().height == 9
    assert tables.read("t", 4, within=("n", 0, 1)).select("n").head(1).collect().height == 1, "no time, no statistics"


def test_a_version_without_rows(tables: Tables) -> None:
    tables.append("t", some(0), ingest="a", at=0)
    assert tables.append("t", some(0).clear(), ingest="b", at=0) == 2
    assert tables.read("t").collect().height == 3
    assert tables.digest("t", 1) == tables.digest("t", 2)


def test_a_table_keeps_its_columns_and_may_gain_some(tables: Tables) -> None:
    tables.append("t", some(0), ingest="a", at=0)
    for changed, told, hint in (
        (some(0).drop("x"), ["'x'"], True),
        (some(0).with_columns(pl.col("n").cast(pl.String)), ["'n'", "integer", "string"], True),
        (some(0).with_columns(pl.lit(1, pl.UInt8).alias("z")), ["'z'", "UInt8"], False),
    ):
        with raised(ContractError, "t", hint=hint) as caught:
            tables.append("t", changed, ingest="b", at=0)
        assert all(fact in caught.value.message for fact in told)
    assert tables.version("t") == 1
    tables.append("t", some(0).with_columns(pl.lit(1, pl.Int64).alias("y")), ingest="b", at=0)
    assert Tables(tables.root).read("t", 2).collect()["y"].null_count() == some(0).height
    assert tables.read("t", 1).collect()["y"].null_count() == tables.read("t", 1).collect().height


def test_equal_rows_of_two_ingests_are_twice_there(tables: Tables) -> None:
    for ingest in "ab":
        tables.append("t", some(0), ingest=ingest, at=0)
    assert tables.read("t").collect().height == 6


def test_what_is_not_there(tables: Tables) -> None:
    with raised(NotFound, "") as caught:
        tables.read("t")
    assert "'t'" in caught.value.message and "tidemill run" in caught.value.hint
    tables.append("trees", some(0), ingest="a", at=0)
    with raised(NotFound, "") as caught:
        tables.version("tree")
    assert "'tree'" in caught.value.message and "'trees'" in caught.value.hint
    with raised(NotFound, "") as caught:
        tables.read("trees", 2)
    assert " 2 " in caught.value.message and "'trees'" in caught.value.message and caught.value.hint.endswith(" 1")


def test_a_changed_or_missing_file_is_found(tables: Tables) -> None:
    tables.append("t", some(0), ingest="a", at=0)
    tables.append("t", some(3), ingest="b", at=0)
    assert tables.verify("t") == 2
    path = tables.folder("t") / tables.files("t", 1)[0]
    good = path.read_bytes()
    for i in (0, len(good) // 2, len(good) - 1):
        path.write_bytes(good[:i] + bytes([good[i] ^ 1]) + good[i + 1 :])
        with raised(Damaged, str(path)):
            tables.verify("t")
    path.unlink()
    with raised(Damaged, str(path), hint=False):
        tables.verify("t")


def test_one_version_is_made_once(tables: Tables) -> None:
    tables.append("t", some(0), ingest="a", at=0)
    with pytest.raises(Conflict):
        append(tables.store, "t", [some(3)], 1, app_id="b", at=0, meta={})
    assert tables.read("t").collect().height == 3
    assert not list((tables.folder("t") / "_delta_log").glob("*.part"))


def test_the_same_rows_make_the_same_digest(tables: Tables, tmp_path: Path) -> None:
    other = Tables(tmp_path / "other")
    for t in (tables, other):
        t.append("t", some(0), ingest="a", at=0)
    assert tables.digest("t") == other.digest("t")


def test_a_table_in_the_place_of_another_is_read_anew(tables: Tables) -> None:
    import shutil

    tables.append("t", some(0), ingest="a", at=0)
    shutil.rmtree(tables.folder("t"))
    tables.append("t", some(3), ingest="b", at=0)
    assert [c.ingest for c in tables.versions("t")] == ["b"]


def test_one_writer_at_a_time(tables: Tables) -> None:
    with tables.lock("t"), pytest.raises(StoreBusy), tables.store.lock("t", wait=0):
        pass
    with tables.store.lock("t", wait=0):
        pass


def test_the_log_is_lines_of_json(tables: Tables) -> None:
    tables.append("t", some(0), ingest="a", at=3_000_000)
    lines = (tables.folder("t") / "_delta_log" / f"{1:020}.json").read_text().splitlines()
    assert [next(iter(json.loads(line))) for line in lines] == ["commitInfo", "txn", "add"]
    assert json.loads(lines[0])["commitInfo"]["timestamp"] == 3000


def test_a_full_disk_commits_nothing(tables: Tables, monkeypatch: pytest.MonkeyPatch) -> None:
    tables.append("t", some(0), ingest="a", at=0)

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    for step in (0, 1, 2, 3):  # data file, its folder, log entry, its folder
        real, left = os.fsync, [step]

        def at_step(handle: int) -> None:
            left[0] -= 1
            (real if left[0] >= 0 else full)(handle)

        with monkeypatch.context() as patch, pytest.raises(DiskFull):
            patch.setattr(os, "fsync", at_step)
            tables.append("t", some(3), ingest="b", at=0)
        assert not list(tables.folder("t").glob("**/*.part"))
        if step < 3:
            assert tables.version("t") == 1
    assert tables.append("t", some(3), ingest="b", at=0) == 2
    assert tables.read("t").collect().height == 6
