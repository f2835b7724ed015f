"""Who leaves a shop, declared in two lines: from sales to a released model, to answers, and to what came of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import polars as pl
import pytest

from tests.cases.projects import Folder, replayed
from tests.labels.worlds import CHURN, START, lay, shop, until, write
from tests.retrain.inline import InlineJobs
from tests.serve.real import scorer
from tidemill.errors import NotFound
from tidemill.model import prepare
from tidemill.model.entities import is_due
from tidemill.model.questions import questions
from tidemill.monitor.quality import of_quality
from tidemill.retrain.loop import tick
from tidemill.retrain.run_all import RunSummary, run_all
from tidemill.scope.project import Project
from tidemill.store.records import EntityInputs
from tidemill.tasks.table import training_of
from tidemill.types import DAY, Micros, parse_time, to_iso

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


def test_what_is_asked_of_an_entity_at_a_moment_is_what_training_learned_of_it(turned: Turned) -> None:
    """Training = serving: at each moment of the training set the same entities, and of each the very same inputs."""
    model = turned.project.model()
    rows = prepare.rows(model, prepare.refs_of(model))
    trainer = training_of(model.task).open_trainer(rows, prepare.settings(model))
    moments = sorted(set(trainer.at.tolist()))
    assert len(moments) > 20
    for moment in moments[:: len(moments) // 5]:
        learned = {one.body["subject"]: one.body["inputs"] for one in trainer.happened(moment, moment + 1)}
        assert {one["subject"]: one["inputs"] for one in questions(model, moment)} == learned and learned


def test_what_is_held_is_made_anew_where_the_views_were_changed(turned: Turned) -> None:
    scope = turned.project.endpoint()
    assert not is_due(scope, at(OPENING)) and is_due(scope, at(OPENING) + scope.monitor.span)
    assert is_due(replace(scope, model=replace(scope.model, views={})), at(OPENING))


def test_over_http_an_entity_is_asked_about_by_its_name_alone(turned: Turned) -> None:
    project = turned.project
    one, other = questions(project.model(), at(OPENING))[:2]
    with scorer(project) as server:

        def ask(body: object, ack: str = "none") -> tuple[int, Any]:
            return server.ask("POST", "/predict/churn", body, ack=ack)

        status, named = ask({"subject": one["subject"]})
        assert status == 200 and named["as_of"] == to_iso(at(OPENING)), named
        assert named["probabilities"] == ask(one)[1]["probabilities"]
        status, problem = ask({"subject": "nobody"})
        assert (status, problem["code"], problem["place"]) == (404, "not_found", "$.subject")
        status, problem = ask({"subject": one["subject"], "as_of": "2020-01-01"})
        assert (status, problem["code"], problem["place"]) == (400, "bad_request", "$.as_of"), "no other moment is held"
        status, problem = ask({})
        assert (status, problem["code"], problem["place"]) == (400, "bad_request", "$.subject")
        kept = EntityInputs("churn", other["subject"], at(OPENING), b'{"month":99.0}')
        project.live.entities.hold("churn", [kept])
        status, before = ask({"subject": other["subject"], "key": "once"}, "group")
        project.live.entities.hold("churn", [replace(kept, inputs=json.dumps(other["inputs"]).encode())])
        assert ask({"subject": other["subject"], "key": "once"}, "group")[1] == before, "what was answered stays"
    (logged,) = project.live.predictions.list(**project.endpoint().here)
    assert json.loads(logged.inputs) == {"inputs": {"month": 99.0}, "as_of": to_iso(at(OPENING))}


def test_a_batch_asks_about_everybody_and_settles_as_any_answer(turned: Turned) -> None:
    """No server runs; a run with lineage, a table, and answers in the log: `tidemill predict --active`."""
    project, folder = turned.project, turned.folder
    said = {one["subject"]: one["inputs"] for one in questions(project.model(), at(OPENING))}
    answers = folder.json("predict", "--active", "--out", str(folder.root / "all.parquet"))
    assert {one["subject"] for one in answers} == set(said)
    table = pl.read_parquet(folder.root / "all.parquet")
    assert table.columns[:2] == ["subject", "prediction_id"] and table.height == len(answers)
    logged = {p.id: p for p in project.live.predictions.list(**project.endpoint().here)}
    for row in table.iter_rows(named=True):
        kept = logged[row["prediction_id"]]
        assert json.loads(kept.inputs) == {"inputs": said[row["subject"]], "as_of": to_iso(at(OPENING))}
        assert json.loads(kept.output)["probabilities"]["1"] == row["p(1)"]
    (run,) = project.store.runs.list(pipeline="batch")
    for ref in ("dataset:sales@1", "model:churn@1"):
        assert any(run.id in edge.target for edge in project.store.edges.list(source=ref)), ref
    again = folder.json("predict", "--active")
    assert [one["prediction_id"] for one in again] == [one["prediction_id"] for one in answers], "at the same moment"


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
    held = project.live.entities.list(model="churn")
    assert {one.at for one in held} == {at(days[-1])} and held, "the loop holds what is asked as of the newest rows"
    outcomes = project.live.outcomes.of(p.id for p in predictions)
    said = {p.subject: [o.item for o in outcomes.get(p.id, ())] for p in predictions}
    assert len(predictions) == len(names) + 2, "one of the batch each, two that were asked alone"
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
