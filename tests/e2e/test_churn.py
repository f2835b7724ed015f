"""Who leaves a shop, declared in two lines: from sales to a released model, to answers, and to what came of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

import pytest

from tests.cases.projects import Folder, replayed
from tests.labels.worlds import CHURN, START, lay, shop, until, write
from tests.retrain.inline import InlineJobs
from tests.serve.real import scorer
from tidemill.errors import NotFound
from tidemill.model.questions import questions
from tidemill.monitor.quality import of_quality
from tidemill.retrain.loop import tick
from tidemill.retrain.run_all import RunSummary, run_all
from tidemill.scope.project import Project
from tidemill.types import DAY, Micros, parse_time

OPENING, DAYS = 240, 310
SALES = shop(DAYS, customers=300)


def at(day: float) -> Micros:
    return parse_time(str(START)) + int(day * DAY)


@dataclass
class Turned:
    folder: Folder
    project: Project
    made: RunSummary


@pytest.fixture(scope="module")
def turned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Turned]:
    base = tmp_path_factory.mktemp("churn")
    patch = pytest.MonkeyPatch()
    patch.setenv("TIDEMILL_HOME", str(base / "home"))
    folder = lay(base / "shop", CHURN)
    write(folder, "sales", "a", until(SALES, OPENING))
    with replayed(folder, at(OPENING)) as project:
        yield Turned(folder, project, run_all(project))
    patch.undo()


def left(customer: str, moment: Micros) -> bool:
    """The truth: nothing is bought in the four weeks from a moment on."""
    begin = START + timedelta(microseconds=moment - at(0))
    return not any(c == customer and begin <= t < begin + timedelta(days=28) for _, t, c, _ in SALES)  # type: ignore[operator]


def test_it_is_released_and_better_than_its_baseline(turned: Turned) -> None:
    made = turned.made
    verdicts = {v.gate: v for v in turned.project.store.verdicts.list(model=made.model.ref)}
    assert made.release.status == "champion", {g: v.evidence for g, v in verdicts.items() if not v.passed}
    metrics = made.model.metrics
    assert metrics["auc"][1] > 0.65 and metrics["log_loss"][2] < metrics["baselines"]["constant"]["log_loss"][0]
    card = turned.project.artifacts.get(made.model.card or "").decode()
    assert "1 where no row of sales with its customer_id comes within 28 days" in card
    assert made.model.trained_through <= at(OPENING - 28) + 1, "what is not ripe was not learned from"


def test_what_was_answered_is_settled_by_the_same_definition(turned: Turned) -> None:
    project, folder = turned.project, turned.folder
    asked = questions(project.model(), at(OPENING))
    names = {one["subject"] for one in asked}
    since = START + timedelta(days=OPENING - 56)
    assert names == {c for _, t, c, _ in until(SALES, OPENING) if t >= since}  # type: ignore[operator]
    with scorer(project) as server:
        up = {"host": "127.0.0.1", "port": server.port, "token": server.token}
        (project.state / "up.json").write_text(json.dumps(up))
        answers = folder.json("predict", "--active")
        assert {a["subject"] for a in answers} == names and {*answers[0]["probabilities"]} == {"0", "1"}
        alone = folder.json("predict", answers[0]["subject"], "--key", "again")
        assert alone["probabilities"] == answers[0]["probabilities"]
    (project.state / "up.json").unlink()
    jobs, scope = InlineJobs(project), project.endpoint()
    days = (OPENING, *(OPENING + n for n in (1, 28, 29, 31)))
    for before, day in pairwise(days):
        write(folder, "sales", f"d{day}", until(SALES, day, before))
        project.store.settings.set("clock", at(day))
        tick(project, jobs)
        told = project.live.outcomes.count()
        assert day > OPENING + 28 or not told, "no label before its time is over"
    predictions = project.live.predictions.list(**scope.here)
    outcomes = project.live.outcomes.of(p.id for p in predictions)
    said = {p.subject: [o.item for o in outcomes.get(p.id, ())] for p in predictions}
    assert len(predictions) == len(names) + 1
    assert said == {name: ["1" if left(name, predictions[0].at) else "0"] for name in names}
    windows = [w for w in project.store.windows.list(**scope.here, monitor="quality") if w.n]
    assert [w.n for w in windows] == [len(predictions)] and of_quality(windows[0]).figures["auc"][0] > 0.6
    assert tick(project, jobs) == [] and project.live.outcomes.count() == {"id": len(predictions)}


def test_an_entity_that_vanished_is_asked_about_no_more_and_one_that_never_was_is_not_found(turned: Turned) -> None:
    project = turned.project
    with pytest.raises(NotFound):
        questions(project.model(), at(OPENING), ["nobody"])
    gone = next(c for c in sorted({str(c) for _, _, c, _ in SALES}) if left(c, at(150)) and left(c, at(178)))
    assert gone not in {one["subject"] for one in questions(project.model(), at(OPENING))}
    (asked,) = questions(project.model(), at(OPENING), [gone])
    assert asked["inputs"]["month"] == 0.0
