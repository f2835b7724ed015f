"""Labels that feedback told complete the rows that wait for them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cases.projects import VISITS, VISITS_TOML, Folder, column, lay, visits
from tidemill.data.pipeline import ingest
from tidemill.data.tables.tables import open_tables
from tidemill.scope.project import Project, open_project
from tidemill.store.records import Outcome
from tidemill.types import DAY, HeldClock, parse_time

NOW = parse_time("2024-09-05")


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    made = lay(tmp_path / "visits", "visits", VISITS, VISITS_TOML)
    made.write("data/visits/a.csv", *column(visits(days=[0], a_day=4), "came_back", ""))
    return made


def tell(project: Project, key: str, label: str, at: int = NOW, endpoint: str = "visits") -> None:
    project.live.append((), [Outcome(key, at, "", label, 1.0, "pred_1", at, endpoint=endpoint)], ())
    project.live.flush()


def labels(project: Project, version: int | None = None) -> dict[str, bool | None]:
    return dict(
        open_tables(project).read("visits", version).select("visit", "came_back").collect().sort("visit").rows()
    )


def test_a_label_that_feedback_told_completes_its_row_once(folder: Folder) -> None:
    clock = HeldClock(NOW)
    with open_project(folder.root, clock=clock) as project:
        ingest(project, "visits")
        for key, label in (("v0", "yes"), ("v1", "false"), ("v2", "perhaps"), ("none", "yes")):
            tell(project, key, label)
        tell(project, "v3", "yes", endpoint="other")
        clock.move(NOW + DAY)
        made = ingest(project, "visits")
        assert made is not None and (made.version, made.rows, made.created) == (2, 4, NOW + DAY)
        assert labels(project) == {"v0": True, "v1": False, "v2": None, "v3": None}
        assert set(labels(project, 1).values()) == {None}
        assert ingest(project, "visits") is None
        tell(project, "v3", "no", NOW + 1)
        made = ingest(project, "visits")
        assert made is not None and labels(project)["v3"] is False and made.version == 3


def test_a_file_s_label_stays_and_a_recommender_s_outcomes_complete_nothing(folder: Folder) -> None:
    with open_project(folder.root, clock=HeldClock(NOW)) as project:
        ingest(project, "visits")
        tell(project, "v0", "yes")
        folder.write("data/visits/b.csv", "visit,came_back", "v0,no")
        ingest(project, "visits")
        assert labels(project)["v0"] is False and ingest(project, "visits") is None
