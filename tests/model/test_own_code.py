"""A learner of the project's own that raises, hangs, eats memory, dies, answers NaN, or is another model at each fit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.model.test_pipeline import START, TOML, as_sales, lay
from tests.raised import raised
from tests.tasks.ranking.made import shop
from tests.tasks.ranking.test_own import GOOD
from tidemill.data.pipeline import ingest
from tidemill.errors import ModelError, StepFailed, StepTimeout, TidemillError
from tidemill.model.pipeline import build_candidate
from tidemill.release.pipeline import release_candidate
from tidemill.scope.project import Project, open_project
from tidemill.types import DAY, HeldClock

FIT = "bought = train.value > 0"
OWN = TOML.replace('"recommend"', '"steps:my_learner"')
JOBS = '[jobs]\ntrain = "30 s"\nmemory = "3 GB"\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = lay(tmp_path / "shop", OWN + JOBS)
    as_sales(shop().before(150 * DAY)).write_parquet(root / "data/sales/one.parquet")
    return root


@pytest.fixture
def project(folder: Path) -> Iterator[Project]:
    with open_project(folder, clock=HeldClock(START + 150 * DAY)) as opened:
        ingest(opened, "sales")
        yield opened


def write(project: Project, old: str = "", new: str = "") -> None:
    assert old in GOOD
    (project.root / "steps.py").write_text(GOOD.replace(old, new) if old else GOOD)


def line(project: Project, text: str) -> int:
    lines = (project.root / "steps.py").read_text().splitlines()
    return next(number for number, one in enumerate(lines, 1) if text in one)


@pytest.mark.parametrize("does", ["raise KeyError('who')", "np.ones(4 << 30, np.uint8)"], ids=["raises", "eats memory"])
def test_what_it_raises_is_told_with_its_line_and_kept_whole(project: Project, does: str) -> None:
    write(project, FIT, f"{FIT}\n        {does}")
    with pytest.raises(ModelError) as caught:
        build_candidate(project)
    assert caught.value.place == f"steps.py:{line(project, does)}"
    assert ".tidemill/logs/steps.log" in caught.value.hint
    kept = (project.root / ".tidemill/logs/steps.log").read_text()
    assert f'File "steps.py", line {line(project, does)}' in kept and does in kept
    (run,) = project.store.runs.page(pipeline="model")
    assert run.status == "failed" and run.error


@pytest.mark.parametrize(
    ("does", "kind"),
    [("while True: pass", StepTimeout), ("import os; os.abort()", StepFailed), ("raise SystemExit(0)", StepFailed)],
    ids=["hangs", "aborts", "leaves"],
)
def test_one_that_does_not_come_back_ends_the_run_and_nothing_else(
    folder: Path, does: str, kind: type[TidemillError]
) -> None:
    toml = folder / "tidemill.toml"
    toml.write_text(toml.read_text().replace('"30 s"', '"2 s"' if kind is StepTimeout else '"30 s"'))
    with open_project(folder, clock=HeldClock(START + 150 * DAY)) as project:
        ingest(project, "sales")
        write(project, FIT, f"{FIT}\n        {does}")
        with raised(kind, "step search"):
            build_candidate(project)
        (run,) = project.store.runs.page(pipeline="model")
        steps = {step.name: step.status for step in project.store.steps.list(run=run.id)}
        assert (run.status, steps["features"], steps["search"]) == ("failed", "done", "failed")


def test_one_that_is_another_model_at_each_fit_is_told(project: Project) -> None:
    write(project, ".astype(float)}", ".astype(float) * np.random.default_rng().uniform(size=len(train.items)) ** 3}")
    made = build_candidate(project)
    found = made.metrics["twice"]
    assert found["answers"] > 0 and found["differs"] > 0
    assert made.card is not None and "Not reproducible" in project.artifacts.get(made.card).decode()
    release_candidate(project, made.ref)
    (verdict,) = [one for one in project.store.verdicts.list(model=made.ref) if one.gate == "repeats"]
    level = verdict.evidence["least_useful"] * verdict.evidence["level"]
    assert verdict.passed is (found["differs"] <= level) and "Not reproducible" in verdict.evidence["said"]
