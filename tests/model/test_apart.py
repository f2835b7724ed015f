"""Trials of a search made apart: what is built is what the same search builds in one process."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cases.projects import replayed
from tests.model.test_start import NOW, lay
from tidemill.engine.runner.port import InlineRunner, Job
from tidemill.engine.runner.schedule import Places
from tidemill.model.pipeline import build_candidate
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
