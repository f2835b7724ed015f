"""Labels that feedback told complete the rows that wait for them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cases.projects import VISITS, VISITS_TOML, Folder, column, lay, visits
from tidemill.data.pipeline import ingest
from tidemill.data.tables.tables import Tables, open_tables
from tidemill.scope.project import Project, open_project
from tidemill.store.records import Outcome
from tidemill.types import DAY, HeldClock, parse_time

NOW = parse_time("2024-09-05")


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    made = lay(tmp_path / "visits", "visits", VISITS, VISITS_TOML)
    made.write("data/visits/a.csv", *column(visits(days=[0], a_day=4), "came_back", ""))
    return made


def tell(
    project: Project, key: str, label: str, at: int = NOW, endpoint: str = "visits", environment: str = ""
) -> None:
    told = Outcome(key, at, "", label, 1.0, "pred_1", at, endpoint=endpoint, environment=environment)
    project.live.append((), [told], ())
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
        tell(project, "v3", "no", NOW + DAY)
        made = ingest(project, "visits")
        assert made is not None and labels(project)["v3"] is False and made.version == 3


def test_what_is_told_in_an_environment_that_another_comes_after_is_a_rehearsal(folder: Folder) -> None:
    toml = folder.root / "tidemill.toml"
    two = '[environment.staging]\n[environment.production]\nafter = "staging"\n'
    toml.write_text(toml.read_text().replace("[environment.production]\n", two))
    for environment in ("staging", "production"):  # whichever ingests
        with open_project(folder.root, clock=HeldClock(NOW), environment=environment) as project:
            ingest(project, "visits")
            tell(project, "v0", "yes")
            tell(project, "v1", "no")
            tell(project, "v1", "yes", environment="production")
            ingest(project, "visits")
            assert labels(project) == {"v0": None, "v1": True, "v2": None, "v3": None}


def test_a_file_s_label_stays_and_a_recommender_s_outcomes_complete_nothing(folder: Folder) -> None:
    with open_project(folder.root, clock=HeldClock(NOW)) as project:
        ingest(project, "visits")
        tell(project, "v0", "yes")
        folder.write("data/visits/b.csv", "visit,came_back", "v0,no")
        ingest(project, "visits")
        assert labels(project)["v0"] is False and ingest(project, "visits") is None


def test_what_has_nothing_new_is_not_looked_at(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = HeldClock(NOW)
    with open_project(folder.root, clock=clock) as project:
        ingest(project, "visits")
        tell(project, "v0", "yes")
        tell(project, "none", "yes")
        assert ingest(project, "visits") is not None
        clock.move(NOW + DAY)
        assert ingest(project, "visits") is None
        for name in ("read", "scan"):
            monkeypatch.setattr(Tables, name, None)  # reads no rows
        assert ingest(project, "visits") is None
        tell(project, "none of ours", "yes", NOW + DAY)
        assert ingest(project, "visits") is None  # the index has no such key


def test_a_label_may_come_before_its_row(folder: Folder) -> None:
    with open_project(folder.root, clock=HeldClock(NOW)) as project:
        ingest(project, "visits")
        tell(project, "v4", "yes")
        assert ingest(project, "visits") is None
        folder.write("data/visits/b.csv", *column(visits(first=4, days=[1], a_day=4), "came_back", ""))
        assert ingest(project, "visits") is not None and labels(project)["v4"] is True
        assert ingest(project, "visits") is None


def test_a_clock_that_was_set_back_loses_no_label(folder: Folder) -> None:
    clock = HeldClock(NOW)
    with open_project(folder.root, clock=clock) as project:
        ingest(project, "visits")
        clock.move(NOW + 300 * DAY)
        tell(project, "v0", "yes", NOW + 300 * DAY)
        assert ingest(project, "visits") is not None
        clock.move(NOW)
        tell(project, "v1", "no", NOW)
        assert ingest(project, "visits") is not None and labels(project)["v1"] is False


def test_a_key_of_several_columns_is_found_though_a_part_of_it_has_a_slash(tmp_path: Path) -> None:
    keyed = VISITS.replace("value: [visit]", "value: [site, visit, ts]")
    folder = lay(tmp_path / "visits", "visits", keyed, VISITS_TOML)
    rows = column(column(visits(days=[0], a_day=3), "came_back", ""), "site", "A/B")
    folder.write("data/visits/a.csv", *rows)
    with open_project(folder.root, clock=HeldClock(NOW)) as project:
        ingest(project, "visits")
        assert ingest(project, "visits") is None
        at = rows[2].split(",")[1].replace(" ", "T")
        tell(project, f"A/B/v1/{at}Z", "yes")
        assert ingest(project, "visits") is not None
        assert labels(project) == {"v0": None, "v1": True, "v2": None}


def test_a_key_of_numbers_that_files_write_with_a_comma_is_found(tmp_path: Path) -> None:
    from tests.cases.projects import VISITS

    line = next(line for line in VISITS.splitlines() if "name: visit," in line)
    number = "{ name: visit, logicalType: number, required: true, customProperties: [{ property: tidemill.number, value: comma }] }"
    folder = lay(tmp_path / "visits", "visits", VISITS.replace(line.strip().removeprefix("- "), number), VISITS_TOML)
    rows = column(visits(days=[0], a_day=2), "came_back", "")
    folder.write(
        "data/visits/a.csv", rows[0], *(row.replace(f"v{n},", f'"{n},5",', 1) for n, row in enumerate(rows[1:]))
    )
    with open_project(folder.root, clock=HeldClock(NOW)) as project:
        ingest(project, "visits")
        assert ingest(project, "visits") is None
        tell(project, "1.5", "yes")
        assert ingest(project, "visits") is not None
        assert labels(project) == {0.5: None, 1.5: True}
