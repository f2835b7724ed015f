"""Every store of subjects' data: the shared suite on each, and on a project that holds a canary in every format."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tests.data.small import NOW, drop, lay, rows
from tidemill.data.pipeline import ingest
from tidemill.data.tables.holder import TableSubjects
from tidemill.rights.holders import holders, row_holders
from tidemill.scope.project import Project, open_project
from tidemill.store.artifacts.codecs import Report, save
from tidemill.store.artifacts.holder import artifact_subjects, file_subjects
from tidemill.testing import records as sample
from tidemill.testing.holders import CANARY, HolderSuite, Planted, RowHolderSuite, places
from tidemill.testing.live import written
from tidemill.types import HeldClock


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with open_project(lay(tmp_path / "shop"), clock=HeldClock(NOW)) as opened:
        yield opened


def answered(project: Project, subject: str) -> None:
    """A prediction, an outcome and two events of the subject."""
    events = [sample.online(f"{subject}/{n}", subject=subject) for n in range(2)]
    written(
        project.live, [sample.prediction(subject, subject=subject)], [sample.outcome(subject, subject=subject)], events
    )


def recorded(project: Project, subject: str) -> None:
    """A run that was asked for it, a step that failed on it, and an event about it."""
    project.store.runs.add(sample.run(f"run-{len(subject)}", params={"only": [subject]}, code={}))
    step = sample.step(f"run-{len(subject)}", error=f"no history of {subject}.", inputs={}, outputs={})
    project.store.steps.put(step)
    project.store.events.add(sample.event(f"event-{len(subject)}", data={"by": {subject: 1}}))


def sold(project: Project, subject: str) -> None:
    """Two sales in the table, and one in quarantine: its price is below nothing."""
    day = [
        (str(len(subject)), sku, 1, "2011-01-01 10:00:00", price, subject)
        for sku, price in (("mug", 1.5), ("rug", 2.0), ("jug", -9.0))
    ]
    drop(project.root, f"{len(subject)}.csv", rows(*day))
    ingest(project, "sales")


def derived(project: Project, subject: str) -> None:
    """An artifact in each format."""
    for value in (
        pl.DataFrame({"customer": [subject, "someone"], "n": [1.0, 2.0]}),
        pl.DataFrame({"basket": [[subject], ["someone"]]}),
        {"subjects": [subject, "someone"]},
        {"names": np.array([subject, "someone"]), "weights": np.array([0.5, 0.5])},
        Report(f"# Answers\nThe best were to {subject}, says the card.\n"),
        json.dumps({"a": 1}).encode() + b"\n" + json.dumps({"b": subject}).encode(),
    ):
        save(project.artifacts, value)


class TestPredictions(RowHolderSuite):
    number = 0

    @pytest.fixture
    def planted(self, project: Project) -> Planted:
        return Planted(row_holders(project)[self.number], lambda subject: answered(project, subject))


class TestOutcomes(TestPredictions):
    number = 1


class TestHistory(TestPredictions):
    number = 2


class TestRecords(HolderSuite):
    @pytest.fixture
    def planted(self, project: Project) -> Planted:
        return Planted(project.store.named_in(), lambda subject: recorded(project, subject))


class TestTables(HolderSuite):
    @pytest.fixture
    def planted(self, project: Project) -> Planted:
        return Planted(TableSubjects(project), lambda subject: sold(project, subject))


class TestArtifacts(HolderSuite):
    @pytest.fixture
    def planted(self, project: Project) -> Planted:
        return Planted(artifact_subjects(project.artifacts), lambda subject: derived(project, subject))


class TestFiles(HolderSuite):
    @pytest.fixture
    def planted(self, project: Project) -> Planted:
        def plant(subject: str) -> None:
            with (project.state / "replay.jsonl").open("a") as journal:
                journal.write(json.dumps({"subject": subject, "answers": []}) + "\n")

        return Planted(file_subjects(project.state), plant)


def test_every_place_that_holds_a_canary_is_found_by_a_holder(project: Project) -> None:
    """Files are decoded apart from the holders: what one of them overlooks, this sees."""
    for plant in (answered, recorded, sold, derived):
        plant(project, CANARY)
    (project.state / "replay.jsonl").write_text(json.dumps({"subject": CANARY}) + "\n")
    found = [holding for holder in holders(project) for holding in holder.find(CANARY)]
    rows, files = {"predictions", "outcomes", "online", "records"}, {"tables", "quarantine", "artifacts", "files"}
    assert {h.store for h in found} == rows | files
    tables = {h.place for h in found if h.store in rows} ^ {"online", "history", "subjects"}  # a view of these
    assert places(project.state, CANARY) == tables | {"parquet", "npz", "text"}
    there = {digest for digest in project.artifacts.digests() if places(project.artifacts.path(digest), CANARY)}
    assert {h.place for h in found if h.store == "artifacts"} == there and len(there) == 6


def test_what_row_stores_erase_no_format_holds_any_more(project: Project) -> None:
    answered(project, CANARY)
    answered(project, "someone")
    assert places(project.state, CANARY) == {"predictions", "outcomes", "history", "subjects"}
    assert sum(holder.erase(CANARY) for holder in row_holders(project)) == 4
    assert places(project.state, CANARY) == set() and len(places(project.state, "someone")) == 4


def test_an_erased_subject_may_come_again(project: Project) -> None:
    answered(project, CANARY)
    for holder in row_holders(project):
        holder.erase(CANARY)
    answered(project, CANARY)
    assert [h.records for holder in row_holders(project) for h in holder.find(CANARY)] == [1, 1, 2]
    assert replace(sample.prediction(CANARY, subject=CANARY)) == project.live.predictions.get(CANARY)
