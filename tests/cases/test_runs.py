"""Runs that were killed, and runs that go on: every command says which is which."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

import tidemill
from tests.cases.projects import Folder, sales


@pytest.fixture
def killed(shop: Folder) -> str:
    """A run whose process ended in the middle of it."""
    shop.write("data/sales/a.csv", *sales(20))
    env = {**os.environ, "TIDEMILL_FAULT": "5"}  # before the function of the first step
    line = [sys.executable, "-m", "tidemill", "run"]
    subprocess.run(line, cwd=shop.root, env=env, capture_output=True, timeout=60, check=False)
    with tidemill.open(shop.root) as project:
        (run,) = project.runs()
    return run.id


def test_killed_run_stays_running(shop: Folder, killed: str) -> None:
    """`runs ls` shows a run whose process is gone as interrupted, as soon as its lease is over."""
    (listed,) = [one for one in shop.json("runs", "ls") if one["id"] == killed]
    assert listed["status"] != "running"


def test_a_killed_run_is_shown_as_interrupted_by_status_and_doctor(shop: Folder, killed: str) -> None:
    """And so do the other two, with the command that goes on with it."""
    found = shop.json("status")
    assert (found["interrupted"], found["running"]) == ([killed], [])
    (finding,) = [f for f in shop.json("doctor") if killed in f["what"]]
    assert not finding["well"] and f"runs resume {killed}" in finding["hint"]


STEP_THAT_LOOKS = """\
import subprocess, sys
from pathlib import Path
from tidemill import pipeline, step
@step
def looks() -> str:
    "What doctor says while this very run goes on."
    line = [sys.executable, "-m", "tidemill", "doctor", "--json"]
    said = subprocess.run(line, capture_output=True, text=True).stdout
    Path("said.json").write_text(said)
    return said
@pipeline
def own() -> dict[str, object]:
    "Just that."
    return {"found": looks()}
"""


def test_a_live_run_is_not_broken(shop: Folder) -> None:
    """A run that goes on is well, says doctor."""
    shop.write("steps.py", STEP_THAT_LOOKS)
    made = shop.json("run", "steps:own")
    said = json.loads((shop.root / "said.json").read_text())
    assert made["status"] == "done" and [f for f in said if f["what"] == "python"]
    assert not [f for f in said if made["run"] in f["what"]]
