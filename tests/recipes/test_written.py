"""The two files that a demo leaves: possible before it plays, whole when it has."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from noria.errors import ProjectError
from noria.recipes.recommend.summary import Scored
from noria.recipes.recommend.written import check_target, write_log, write_summary


def test_a_target_that_cannot_be_is_said_before_a_day_is_played(tmp_path):
    check_target(tmp_path / "out.json")
    with pytest.raises(ProjectError, match=r"there is no folder .*gone/ - make it: mkdir -p .*gone"):
        check_target(tmp_path / "gone/out.json")
    with pytest.raises(ProjectError, match="this is a folder, no file"):
        check_target(tmp_path)
    with pytest.raises(ProjectError, match="nothing can be written into /proc/"):
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
