"""A recall of a planted bad file names exactly the answers that differ without it: held against a project in which it never came."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rights.recall.shop import WRONG, played
from tidemill.access.caller import Caller
from tidemill.ops import recalls
from tidemill.scope.project import Project
from tidemill.types import HeldClock


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))


def slates(project: Project, digest: str) -> Iterator[tuple[str, ...]]:
    """Every list of items in an artifact that is JSON."""
    try:
        pending = [json.loads(project.artifacts.get(digest))]
    except ValueError:
        return
    while pending:
        one = pending.pop()
        if isinstance(one, dict):
            if isinstance(one.get("items"), list) and all(isinstance(item, str) for item in one["items"]):
                yield tuple(one["items"])
            pending += one.values()
        elif isinstance(one, list):
            pending += one


def test_it_names_exactly_the_answers_that_differ_without_the_file(tmp_path: Path) -> None:
    project, was = played(tmp_path / "shop", HeldClock(0), wrong=True)
    other, without = played(tmp_path / "other", HeldClock(0), wrong=False)
    with project, other:
        found = recalls.look(
            project, Caller.local(), "sales", "file:data/sales/bad.parquet", lambda kind, data: None
        ).report
        kept = {answer for digest in project.artifacts.digests() for answer in slates(project, digest)}
    differ = {id for id in was if json.loads(was[id]) != json.loads(without[id])}
    assert {one.id for one in found.changed} == differ and not found.unknown
    others = {tuple(json.loads(without[id])["items"]) for id in differ} - {
        tuple(json.loads(was[id])["items"]) for id in was
    }
    assert others and not kept & others, "what would have been answered to somebody stays nowhere"
    by = {one.id: one.by for one in found.changed}
    assert {id for id in by if id.startswith("pred_after")} == {f"pred_after_{who}" for who in WRONG}
    assert all(by[f"pred_after_{who}"] == ["history"] for who in WRONG)
    assert set(map(tuple, (by[id] for id in by if id.startswith("pred_trained")))) == {("model",), ("model", "history")}
    assert found.standing.models == ["model:shop@2"] and found.standing.serving == ["release_2"]
