"""Files that a demo writes: each whole or not at all, and those that it leaves possible before it plays."""

from __future__ import annotations

import os
from pathlib import Path

import polars as pl

from tests.raised import raised
from tidemill.errors import ProjectError
from tidemill.recipes.recommend.summary import Scored
from tidemill.recipes.recommend.written import check_target, drop_file, write_log, write_summary


def test_a_target_that_cannot_be_is_said_before_a_day_is_played(tmp_path):
    check_target(tmp_path / "out.json")
    with raised(ProjectError, str(tmp_path / "gone/out.json")) as caught:
        check_target(tmp_path / "gone/out.json")
    assert f"mkdir -p {tmp_path}/gone" in caught.value.hint
    with raised(ProjectError, str(tmp_path)):
        check_target(tmp_path)
    with raised(ProjectError, "/proc/out.json"):
        check_target(Path("/proc/out.json"))  # for root too
    assert list(tmp_path.iterdir()) == []


def test_files_are_whole_and_leave_nothing_beside_them(tmp_path):
    (tmp_path / "out.json").write_text("of an earlier story")
    write_summary({"days": 3}, tmp_path / "out.json")
    items = {arm: ["a", "b"] for arm in ("loop", "static", "buy_again", "popularity")}
    write_log([Scored("1", 5, "c", "model:shop@1", "p", items, ["b", "c"])], tmp_path / "log.parquet")
    assert (tmp_path / "out.json").read_text() == '{\n  "days": 3\n}\n'
    row = pl.read_parquet(tmp_path / "log.parquet").row(0, named=True)
    assert (row["hits"], row["loop"], row["items"], row["truth"]) == (1, 0.5, ["a", "b"], ["b", "c"])
    assert {p.name for p in tmp_path.iterdir()} == {"out.json", "log.parquet"}


def test_a_file_of_the_source_is_on_disk_before_it_has_its_name_and_written_once(tmp_path, monkeypatch):
    seen = []
    sync = os.fsync
    monkeypatch.setattr(os, "fsync", lambda fd: (seen.append([p.suffix for p in tmp_path.iterdir()]), sync(fd)))
    for n in (1, 2):
        drop_file(pl.DataFrame({"n": [n]}), tmp_path, "2011-01.parquet")
    assert seen == [[".part"], [".parquet"]]
    assert [p.name for p in tmp_path.iterdir()] == ["2011-01.parquet"]
    assert pl.read_parquet(tmp_path / "2011-01.parquet")["n"].to_list() == [1]
