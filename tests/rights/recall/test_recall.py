"""A recall of a planted bad file names exactly the answers that differ without it: held against a project in which it never came."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.rights.recall.shop import WRONG, played
from tidemill.access.caller import Caller
from tidemill.ops import recalls
from tidemill.types import HeldClock


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))


def test_it_names_exactly_the_answers_that_differ_without_the_file(tmp_path: Path) -> None:
    project, was = played(tmp_path / "shop", HeldClock(0), wrong=True)
    other, without = played(tmp_path / "other", HeldClock(0), wrong=False)
    with project, other:
        found = recalls.look(
            project, Caller.local(), "sales", "file:data/sales/bad.parquet", lambda kind, data: None
        ).report
    differ = {id for id in was if json.loads(was[id]) != json.loads(without[id])}
    assert {one.id for one in found.changed} == differ and not found.unknown
    by = {one.id: one.by for one in found.changed}
    assert {id for id in by if id.startswith("pred_after")} == {f"pred_after_{who}" for who in WRONG}
    assert all(by[f"pred_after_{who}"] == ["history"] for who in WRONG)
    assert set(map(tuple, (by[id] for id in by if id.startswith("pred_trained")))) == {("model",), ("model", "history")}
    assert found.standing.models == ["model:shop@2"] and found.standing.serving == ["release_2"]
