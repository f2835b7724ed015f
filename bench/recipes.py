"""Each recipe from `tidemill new` to a released model: seconds, and its metric on the test beside the best baseline's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tidemill.learning.measures import measure
from tidemill.recipes.new import RECIPES
from tidemill.release.gates.quality import Baseline
from tidemill.scope.project import open_project
from tidemill.tasks.table import metric_of

SECONDS = 120.0


def made(recipe: str, folder: Path) -> dict[str, Any]:
    """The recipe as a new user makes it: wall and CPU seconds of both commands, what was released and what it is worth."""
    began, before = time.perf_counter(), os.times()
    _tidemill("new", str(folder), "--recipe", recipe)
    run = json.loads(_tidemill("run", "--project", str(folder), "--json"))
    after = os.times()
    wall = time.perf_counter() - began
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    with open_project(folder) as project:
        metric, version = metric_of(project.model()), project.store.models.list()[-1]
        verdicts = [one.evidence for one in project.store.verdicts.list(model=version.ref) if one.gate == Baseline.name]
    gains = verdicts[-1]["baselines"] if verdicts else {}
    return {"wall": wall, "cpu": cpu, "status": run["status"], "metric": metric, "model": version, "gains": gains}


def _tidemill(*words: str) -> str:
    done = subprocess.run([sys.executable, "-m", "tidemill", *words], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"tidemill {' '.join(words)} ended with {done.returncode}: {done.stderr[-500:]}")
    return done.stdout


def run() -> list[dict[str, Any]]:
    rows = []
    with tempfile.TemporaryDirectory() as base:
        os.environ["TIDEMILL_HOME"] = f"{base}/home"
        for recipe in RECIPES:
            try:
                rows += told(recipe, made(recipe, Path(base) / recipe))
            except RuntimeError as exc:  # the others are measured all the same
                rows.append({"what": f"{recipe}: nothing released: {exc}", "value": float("nan"), "unit": ""})
    return rows


def told(recipe: str, found: dict[str, Any]) -> list[dict[str, Any]]:
    """Its lines of the table. Raises RuntimeError where nothing was released."""
    if found["status"] not in ("champion", "canary"):
        raise RuntimeError(f"{recipe}: {found['status']}")
    metrics, metric = found["model"].metrics, found["metric"]
    kind = measure(metric)
    baselines = {name: said[metric][0] for name, said in metrics["baselines"].items() if metric in said}
    best = max(baselines, key=lambda name: kind.sign * baselines[name])
    return [
        {"what": f"{recipe}: new and run", "value": found["wall"], "unit": "s", "goal": f"<= {SECONDS:g}"},
        {"what": f"{recipe}: new and run, CPU", "value": found["cpu"], "unit": "s"},
        {
            "what": f"{recipe}: {metric} ({found['model'].recipe['method']})",
            "value": metrics[metric][0],
            "unit": "",
            "floor": baselines[best],
            "floor_is": best,
            "goal": "beats it",
        },
        {
            "what": f"{recipe}: gain over the nearest baseline, in the gate's windows",
            "value": 100 * min(found["gains"].values()),
            "unit": "%",
            "goal": "> 0",
        },
    ]
