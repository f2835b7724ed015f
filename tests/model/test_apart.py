"""Trials of a search made apart: what is built is what the same search builds in one process."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cases.projects import Folder, replayed
from tests.model.test_start import NOW, lay
from tidemill.engine import pipeline
from tidemill.engine.context import RunEvent
from tidemill.engine.runner.port import InlineRunner, Job
from tidemill.engine.runner.schedule import Places
from tidemill.features import joined
from tidemill.model import prepare
from tidemill.model.apart import limits
from tidemill.model.pipeline import build_candidate, features
from tidemill.store.artifacts.codecs import load


def built(folder: Path, trials: int, more: str = "") -> Any:
    """The search's record, the model's bundles and its figures; rows are of subjects, whose names are text."""
    project = lay(folder, 200, more)
    project.change("tidemill.toml", "trials = 1", f'trials = {trials}, budget = "1 day"')
    subject = "customProperties: [{ property: tidemill.role, value: subject }]"
    project.change(
        "contracts/notes.yaml", "{ name: id, logicalType: string, ", f"{{ name: id, logicalType: string, {subject}, "
    )
    project.ingest("notes")
    with replayed(project, NOW) as opened:
        made = build_candidate(opened)
        (search,) = [one for one in opened.store.steps.list(run=made.run) if one.name == "search"]
        found = load(opened.artifacts, search.outputs["result"]["digest"], "json")
        return found, made.bundle, made.evaluation_bundle, made.metrics


def test_trials_that_a_runner_makes_are_the_same_search(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here, asked, lock = built(tmp_path / "here", 2), dict[str, None](), threading.Lock()

    class Telling(InlineRunner):
        def run(self, job: Job, *around: Any) -> Any:
            with lock:
                asked[job.name] = None
            return super().run(job, *around)

    made: Callable[[Any], Places] = lambda section: Places(Telling, 2)  # noqa: E731
    monkeypatch.setattr("tidemill.scope.places.places", made)
    assert built(tmp_path / "apart", 2) == here
    assert {name for name in asked if "trial[" in name} >= {"search/trial[0]", "search/trial[1]"}


@pytest.mark.nightly
def test_workers_of_this_machine_make_the_same_search(tmp_path: Path) -> None:
    assert built(tmp_path / "two", 6, "[engine]\nworkers = 2\n") == built(tmp_path / "one", 6)


WALKS = """\
inputs = { views = ["walked"] }
[data.walks]
source = "walks/*.csv"
contract = "contracts/walks.yaml"
[features.walked]
from = "walks"
entity = "x"
far = { op = "sum", column = "stars", window = "9 days" }
latest = { op = "mean", column = "z" }
"""


@pipeline
def rows_of(name: str, data: list[str]) -> Any:
    return features(name, data)  # type: ignore[call-arg]


def walked(folder: Path) -> Folder:
    """Notes by whom, and a larger dataset of the same, which is joined."""
    made = lay(folder, 150, WALKS)
    notes = (folder / "data/a.csv").read_text().splitlines()
    few = [line.split(",") for line in notes[1:]]
    kept, more = (
        [",".join([row[0], row[1], str(first + n % 7), *row[3:]]) for n, row in enumerate(few)] for first in (0, 5)
    )
    made.write("data/a.csv", notes[0], *kept)
    contract = (
        (folder / "contracts/notes.yaml")
        .read_text()
        .replace("name: x, logicalType: number", "name: x, logicalType: string")
    )
    made.write("contracts/notes.yaml", contract)
    made.write("contracts/walks.yaml", contract.replace("notes", "walks").replace("[id]", "[id, x]"))
    made.write("walks/a.csv", notes[0], *kept, *more)
    for name in ("notes", "walks"):
        made.ingest(name)
    return made


@pytest.mark.parametrize("trials", [1, 2])
def test_a_join_whose_parts_a_runner_does_is_the_same_join(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trials: int
) -> None:
    events = list[RunEvent]()

    class Known(InlineRunner):
        """A runner of this process, where the project is open."""

    with replayed(walked(tmp_path), NOW) as opened:
        (model,) = opened.models.values()
        asked = {"name": model.name, "data": prepare.refs_of(model)}
        whole = prepare.rows(model, asked["data"])
        monkeypatch.setattr(joined, "ROWS", 60)
        monkeypatch.setattr("tidemill.scope.places.places", lambda section: Places(Known, trials))
        engine = opened.engine(apart=limits(model, ["features"]))
        ran = engine.run(rows_of, asked, on_event=events.append)
        assert ran.outputs["result"].equals(whole) and whole["far"].n_unique() > 9
        told = [event.data for event in events if event.kind == "progress"]
        assert [(one["done"], one["total"]) for one in told] == [(n, 5) for n in range(1, 6)]
        assert [one.name for one in opened.store.steps.list(run=ran.run.id)] == ["features"]
