"""A small table project: machines that tell their load, and how warm they get; what warms them may change one day."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import polars as pl
import pytest

from tests.retrain.inline import InlineJobs
from tidemill.retrain.loop import tick
from tidemill.retrain.run_all import run_all
from tidemill.scope.project import Project, open_project
from tidemill.store.artifacts.codecs import get_bundle
from tidemill.store.records import Event, Outcome, Prediction
from tidemill.tasks.table import load
from tidemill.types import DAY, Micros, named_id, parse_time

OPENING = parse_time("2020-03-01")
BEFORE = 24  # days of rows that the first model learns from
MACHINES = 24
HOURS = 4  # rows of a machine and day
KINDS = ("old", "new", "loud")

CONTRACT = """\
apiVersion: v3.0.2
kind: DataContract
id: readings
version: 1.0.0
schema:
  - name: readings
    customProperties: [{{ property: tidemill.key, value: [machine, ts] }}]
    properties:
      - {{ name: machine, logicalType: string, required: true, customProperties: [{{ property: tidemill.role, value: subject }}] }}
      - {{ name: ts, logicalType: timestamp, required: true, customProperties: [{{ property: tidemill.role, value: time }}] }}
      - {{ name: kind, logicalType: string }}
      - {{ name: load, logicalType: number }}
      - {{ name: {target}, logicalType: {type}, customProperties: [{{ property: tidemill.role, value: target }}] }}
"""
TOML = """\
[project]
name = "machines"

[data.readings]
source = "data/*.parquet"
contract = "contracts/readings.yaml"

[features.calendar]
from = "readings"
trend = {{ op = "trend" }}

[model]
task = "{task}"
metric = "{metric}"
train = "12 days"
split = {{ by = "time", test = "1 day" }}
search = {{ trials = 1, budget = "60 s" }}

[gates]
refit = {{ not_inferior_to = "champion", margin = "5 %" }}
baseline = {{ superior_to = "constant" }}
latency = {{ p99 = "1 s" }}

[environment.production]
rollout = {rollout}
rollback_on = {{ errors = "1 %", quality_drop = "30 %" }}

[monitor]
window = "1 day"

[retrain]
on = ["decay"]
cooldown = "2 days"
"""


def truth(task: str, kind: str, load: float, noise: float, changed: bool) -> float | str:
    """How warm: by kind, and by how far the load is from the middle (no straight line). Once it has changed, the new ones are the
    warm ones and the old ones are not.
    """
    extra = {"old": 0.0, "new": 14.0, "loud": 4.0} if changed else {"old": 12.0, "new": 0.0, "loud": 4.0}
    warm = 20.0 + 10.0 * abs(2.0 * load - 1.0) + extra[kind] + noise
    return warm if task == "regress" else ("hot" if warm > 30 else "fine")


@dataclass
class Machines:
    """The project and its days."""

    project: Project
    task: str
    day: int = 0
    broken: set[str] = field(default_factory=set)  # releases that answer nonsense
    scorers: dict[str, Any] = field(default_factory=dict)  # by bundle

    @property
    def start(self) -> Micros:
        """Of today."""
        return OPENING + self.day * DAY

    def rows(self, day: int, changed: bool) -> list[dict[str, Any]]:
        rng = np.random.default_rng(1_000 + day)
        found = []
        for machine in range(MACHINES):
            for hour in range(HOURS):
                ts = OPENING + day * DAY + (hour * 24 // HOURS) * DAY // 24 + machine
                kind, load_ = KINDS[machine % 3], float(rng.random())
                value = truth(self.task, kind, load_, float(rng.normal(0, 1.5)), changed)
                found.append({"machine": f"m{machine}", "ts": ts, "kind": kind, "load": load_, "truth": value})
        return found

    def drop(self, name: str, rows: list[dict[str, Any]]) -> None:
        """The rows as a file of the source."""
        target = "heat" if self.task == "regress" else "state"
        moments = [datetime.fromtimestamp(row["ts"] / 1e6, UTC).replace(tzinfo=None) for row in rows]
        frame = pl.DataFrame({
            "machine": [r["machine"] for r in rows], "ts": pl.Series(moments, dtype=pl.Datetime("us")),
            "kind": [r["kind"] for r in rows], "load": [r["load"] for r in rows], target: [r["truth"] for r in rows],
        })  # fmt: skip
        frame.write_parquet(self.project.root / f"data/{name}.parquet")

    def at(self, moment: Micros) -> None:
        self.project.store.settings.set("clock", moment)

    def play(self, *, changed: bool = False) -> list[Event]:
        """Today: every row is asked, an hour later it is known what was true; at midnight the loop ticks."""
        rows = self.rows(self.day, changed)
        asked = [self.ask(row) for row in rows]
        told = [self.tell(row, p, number) for number, (row, p) in enumerate(zip(rows, asked, strict=True))]
        self.project.live.append(asked, told, [])
        self.project.live.flush()
        self.drop(f"{self.day:04}", rows)
        self.day += 1
        self.at(self.start)
        return tick(self.project, InlineJobs(self.project))

    def ask(self, row: dict[str, Any]) -> Prediction:
        from tidemill.release.variants import choose

        store = self.project.store
        champion, canary = (
            store.releases.champion("machines"),
            next(iter(store.releases.list(endpoint="machines", status="canary")), None),
        )
        chosen = choose([("canary", canary)] if canary else [], row["machine"])
        release = canary if chosen == "canary" else champion
        assert release is not None
        bundle = store.models.get(release.model).bundle
        if bundle not in self.scorers:
            self.scorers[bundle] = load(get_bundle(self.project.artifacts, bundle))
        scorer = self.scorers[bundle]
        inputs = {"kind": row["kind"], "load": row["load"], "ts": row["ts"]}
        answer = scorer.predict({**inputs, "load": -9.0, "kind": "none"} if release.id in self.broken else inputs)
        return Prediction(
            id=named_id("pred", "machines", f"{row['machine']}/{row['ts']}"),
            endpoint="machines",
            at=row["ts"],
            subject=row["machine"],
            model=release.model,
            release=release.id,
            arm=chosen,
            output=json.dumps(answer).encode(),
            inputs=json.dumps({"inputs": inputs}).encode(),
            watermark=0,
            latency_us=900,
        )

    def tell(self, row: dict[str, Any], prediction: Prediction, number: int) -> Outcome:
        """By the prediction's id, or by the machine alone."""
        at, named = row["ts"] + DAY // 24, prediction.id if number % 2 else None
        value = row["truth"] if self.task == "regress" else 1.0
        item = "" if self.task == "regress" else row["truth"]
        return Outcome(
            f"o/{row['machine']}/{row['ts']}", at, row["machine"], item, value, named, at, endpoint="machines"
        )


def opened(root: Path, task: str, metric: str, rollout: str = '[{ share = "100 %" }]') -> Iterator[Machines]:
    """A project whose first model is released at the opening: a copy of one that is made once."""
    made = _made(task, metric, rollout)
    shutil.copytree(made / "machines", root)
    shutil.copytree(made / "home", os.environ["TIDEMILL_HOME"], dirs_exist_ok=True)
    with open_project(root) as project:
        yield Machines(project, task)


_folders: list[TemporaryDirectory[str]] = []
"""Of this process; they go with it."""


@cache
def _made(task: str, metric: str, rollout: str) -> Path:
    """The project, and beside it the home that its keys are in."""
    _folders.append(TemporaryDirectory(prefix="machines-"))
    base = Path(_folders[-1].name)
    root = base / "machines"
    (root / "data").mkdir(parents=True)
    (root / "contracts").mkdir()
    (root / "tidemill.toml").write_text(TOML.format(task=task, metric=metric, rollout=rollout))
    target, kind = ("heat", "number") if task == "regress" else ("state", "string")
    (root / "contracts/readings.yaml").write_text(CONTRACT.format(target=target, type=kind))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIDEMILL_HOME", str(base / "home"))
        _released(root, task)
    return base


def _released(root: Path, task: str) -> None:
    with open_project(root) as first:
        first.store.settings.set("mode", "replay")
        first.store.settings.set("clock", OPENING)
    with open_project(root) as project:
        Machines(project, task).drop(
            "before", [row for day in range(-BEFORE, 0) for row in Machines(project, task).rows(day, False)]
        )
        turned = run_all(project)
        said = {v.gate: v.evidence["said"] for v in project.store.verdicts.list(model=turned.model.ref)}
        assert turned.release.status == "champion", said
