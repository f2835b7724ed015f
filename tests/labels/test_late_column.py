"""A label that is a column of the row and comes late: by a file, by feedback, or never."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from tests.cases.projects import VISITS, VISITS_TOML, Folder, column, lay, visits
from tidemill.data.pipeline import ingest
from tidemill.data.tables.tables import open_tables
from tidemill.features.as_of import table
from tidemill.features.transaction_time import BEGAN, KNOWN, RIPE
from tidemill.features.views import Feature, View
from tidemill.labels.definition import LabelDefinition
from tidemill.labels.settled import Completeness, with_horizon
from tidemill.learning.rows import Rows
from tidemill.model.prepare import refs_of, rows
from tidemill.scope.project import Project, open_project
from tidemill.store.records import Outcome, Prediction
from tidemill.tasks.tabular.tables import TARGET
from tidemill.types import DAY, HeldClock, Micros, named_id, parse_time

BEGIN = parse_time("2024-09-01")
LABEL = 'label = { column = "came_back" }\n'
NEVER, LATEST = 0.03, 60


def day(n: float) -> Micros:
    return BEGIN + int(n * DAY)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    contract = VISITS.replace(
        "logicalType: boolean, customProperties: [{ property: tidemill.role, value: target }]", "logicalType: boolean"
    )
    assert contract != VISITS
    return lay(tmp_path / "visits", "visits", contract, VISITS_TOML.replace("[gates]", LABEL + "[gates]"))


def tell(project: Project, key: str, label: str, at: Micros, prediction: str | None = None) -> None:
    said = Outcome(key, at, "", label, 1.0, prediction, at, endpoint="visits")
    project.live.append((), [replace(said, joined=prediction, how="id" if prediction else "")], ())
    project.live.flush()


def test_feedback_0_to_60_days_late_trains_and_no_cut_learns_what_was_not_told_by_then(folder: Folder) -> None:
    """40 days of visits; what became of each is told by its key up to 60 days later, of 3 % never."""
    dice = random.Random(0)
    lines = visits(days=range(40), a_day=6)
    blank = column(lines, "came_back", "")
    truth = {line.split(",")[0]: line.split(",")[2] for line in lines[1:]}
    at = {line.split(",")[0]: parse_time(line.split(",")[1]) for line in lines[1:]}
    told = {key: at[key] + int(dice.uniform(0, LATEST) * DAY) for key in truth if dice.random() > NEVER}
    clock = HeldClock(day(0))
    with open_project(folder.root, clock=clock) as project:
        for now in range(5, 110, 5):
            came = [line for line in blank[1:] if day(now - 5) <= at[line.split(",")[0]] < day(now)]
            if came:
                folder.write(f"data/visits/{now}.csv", blank[0], *came)
            for key, moment in told.items():
                if day(now - 5) <= moment < day(now):
                    tell(project, key, truth[key], moment)
            clock.move(day(now))
            ingest(project, "visits")
        model = project.model()
        found = rows(model, refs_of(model))
        assert found.height == len(told) < len(truth)
        table = Rows(found)
        moments = {moment: key for key, moment in at.items()}
        for end in (day(n) for n in range(6, 40, 3)):  # after the opening: what is in then was learned by nobody before
            for place in table.known_between(None, end).tolist():
                key = moments[int(table.at[place])]
                assert told[key] < end, "not told yet"
                assert found[TARGET][place] is (truth[key] == "yes")
        last = table.known_between(None, day(41))
        assert len(last) == len(told), "all that came back is learned from at last"


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("key", ["a word of one's own", "v2"])
def test_what_is_told_of_an_answer_is_of_the_row_that_it_was_asked_about(folder: Folder, key: str, first: bool) -> None:
    """Whatever the outcome itself is called: also as another row is. ``first``: whether it is there at the first look."""
    folder.write("data/visits/a.csv", *column(visits(days=[0], a_day=3), "came_back", ""))
    with open_project(folder.root, clock=HeldClock(day(2))) as project:
        ingest(project, "visits")
        if not first:
            tell(project, "v9", "yes", day(2))
            assert ingest(project, "visits") is None
        asked = Prediction(
            *(named_id("pred", "visits", "v1"), "visits", day(1), "", "model:visits@1", "rel_1", "champion"),
            *(b"{}", b"{}", 0, 1, False, "v1"),
        )
        project.live.append([asked], (), ())
        tell(project, key, "yes", day(2), asked.id)
        made = ingest(project, "visits")
        assert made is not None
        said = open_tables(project).read("visits").select("visit", "came_back").collect()
        assert dict(said.rows()) == {"v0": None, "v1": True, "v2": None}


def test_with_a_horizon_a_row_is_settled_when_it_is_over_and_not_before() -> None:
    label = LabelDefinition("paid", "boolean", "[model.m] label", 10, False)
    rows_ = pl.DataFrame({"at": [0, 5, 20], "paid": [None, True, True]}).with_columns(
        pl.col("at").cast(pl.Datetime("us"))
    )
    found = with_horizon(label, rows_, "at", Completeness(16))
    assert found["paid"].to_list() == [False, True, None] and found[RIPE].to_list() == [10, 15, 30]


@pytest.mark.parametrize("late", [False, True])
def test_features_of_earlier_labels_see_those_that_were_ripe(late: bool) -> None:
    """Also of the years before the first ingest, where some row came late."""
    label = LabelDefinition("paid", "integer", "[model.m] label", 10, 0)
    loans = pl.DataFrame({"at": [0, 5, 16], "paid": [1, 1, 1]}).with_columns(pl.col("at").cast(pl.Datetime("us")))
    if late:
        loans = loans.with_columns(pl.col("at").dt.epoch("us").alias(KNOWN), pl.lit(1_000).alias(BEGAN))
    found = with_horizon(label, loans, "at", Completeness(500))
    view = View("v", None, "at", None, (Feature("n", "sum", column="paid"), Feature("all", "count")))
    asked = pl.DataFrame({"request": range(4), "at": [10, 11, 16, 30]})
    assert table(view, found, asked).select("n", "all").rows() == [(0, 2), (1, 2), (2, 2), (3, 3)]
