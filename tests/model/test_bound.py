"""What a training leaves out, and whether it has room, is said by the records alone: before a row is read, and before a run begins."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.data.small import NOW, lay
from tests.raised import raised
from tidemill.errors import NotEnoughMemory
from tidemill.learning.search import Settings
from tidemill.model import prepare
from tidemill.model.bound import bound
from tidemill.model.pipeline import build_candidate
from tidemill.scope.project import Project, open_project
from tidemill.store.records import DatasetVersion
from tidemill.types import DAY, HeldClock, canonical

GB = 10**9


def of(root: Path, rows: int, items: int, more: str = "") -> Project:
    """A project whose records say that so many rows of so many items are in; there is no row."""
    lay(root)
    (root / "tidemill.toml").write_text((root / "tidemill.toml").read_text() + more)
    project = open_project(root, clock=HeldClock(NOW))
    profile = project.artifacts.put(canonical({"rows": rows, "columns": {"sku": {"distinct": items}}}))
    version = DatasetVersion("sales", 1, 1, "sha256:0", rows, 0, NOW, None, NOW - 1_000 * DAY, NOW, profile, "ing_1")
    project.store.datasets.add_with(version, [])
    return project


def said(project: Project) -> list[str]:
    params = prepare.parameters(project.endpoint(), None, "ann")
    return bound(project.endpoint().model, params["data"], Settings(**params["settings"]))


def test_fifty_million_rows_are_refused_before_anything_is_read(tmp_path: Path) -> None:
    with of(tmp_path / "s", 50_000_000, 100_000, '[jobs]\nmemory = "8 GB"\n') as project:
        with raised(NotEnoughMemory, "[model.shop]"):
            build_candidate(project)
        assert not project.store.runs.list()


@pytest.mark.parametrize(("train", "fits"), [("all", False), ("900 days", False), ("60 days", True)])
def test_what_is_learned_from_the_latest_rows_alone_takes_less(tmp_path: Path, train: str, fits: bool) -> None:
    with of(tmp_path / "s", 50_000_000, 1_000, f'train = "{train}"\n[jobs]\nmemory = "8 GB"\n') as project:
        if fits:
            assert said(project) == []
        else:
            with raised(NotEnoughMemory, "[model.shop]"):
                said(project)


@pytest.mark.parametrize(
    ("items", "learners", "told"), [(1_500, "", 0), (59_732, "", 1), (59_732, 'learners = ["sessions"]\n', 0)]
)
def test_items_without_neighbours_are_told_before_the_first_step(
    tmp_path: Path, items: int, learners: str, told: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[Any] = []
    with of(tmp_path / "s", 1_000_000, items, learners) as project:
        with pytest.raises(Exception) as failed:  # there is no row: the first step says so
            build_candidate(project, on_event=heard.append)
        assert not isinstance(failed.value, NotEnoughMemory)
    kinds = [event.kind for event in heard]
    assert kinds[:told] == ["told"] * told and "told" not in kinds[told:] and "started" in kinds
    assert all("59,732" in event.data["text"] and "1,500" in event.data["text"] for event in heard[:told])
