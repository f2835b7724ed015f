"""kill -9 before each write of each kind of rollout: one champion, nobody switches arm, and the story ends as if nobody had been killed.

The points are the writes themselves, each statement and each commit, counted by the engine of the database: none can be forgotten.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.faults.killed_rollout import STAGED

REPO = Path(__file__).parents[2]
ENDS = {"bad": "rolled_back", "decay": "rolled_back"}
SOME = {"linear": 13, "votes": 19}
"""Killed at some of its writes, the first story each day; each story at every write in the nightly tier."""


def tellings(folder: Path, story: str, every: int, first: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    line = [sys.executable, "-m", "tests.faults.killed_rollout", str(folder), story, str(every), str(first)]
    env = {**os.environ, "TIDEMILL_HOME": str(folder / "home")}
    done = subprocess.run(line, cwd=REPO, env=env, text=True, capture_output=True, timeout=900)
    assert done.returncode == 0, done.stderr[-3_000:]
    whole, *killed = [json.loads(text) for text in done.stdout.splitlines()]
    return whole, killed


def check(whole: dict[str, Any], killed: list[dict[str, Any]], story: str) -> None:
    undisturbed, path = whole["whole"], whole["path"]
    mine = [row for row in undisturbed["releases"] if row[0] != "release_1"]
    assert [row[2] for row in mine] == [ENDS.get(story, "champion")], undisturbed["releases"]
    grown = [one["arms"] for one in path if "c" in one["arms"]]
    assert all(b == "c" for one, then in pairwise(grown) for a, b in zip(one, then) if a == "c") or story == "paused"
    for one in killed:
        assert one["died"] and one["again"], one["at"]
        assert all(count == 1 for _, count in one["after"]["champions"]), (one["at"], one["after"])
        assert {"": 1}.items() <= dict(one["after"]["champions"]).items()
        assert one["after"] in path, (one["at"], "a state that the story does not have", one["after"]["rows"])
        assert one["end"] == undisturbed, (one["at"], "another end")


@pytest.mark.parametrize("story", ["linear", pytest.param("votes", marks=pytest.mark.nightly)])
def test_killed_at_some_of_its_writes(tmp_path: Path, story: str) -> None:
    whole, killed = tellings(tmp_path, story, every=SOME[story], first=5)
    assert len(killed) >= 2
    check(whole, killed, story)


@pytest.mark.nightly
@pytest.mark.parametrize("story", list(STAGED))
def test_killed_at_every_write(tmp_path: Path, story: str) -> None:
    whole, killed = tellings(tmp_path, story, every=1, first=1)
    print(story, "writes", whole["writes"])
    assert len(killed) == whole["writes"]
    check(whole, killed, story)
