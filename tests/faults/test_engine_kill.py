"""kill -9 of a run at every numbered fault point and at random moments: the same command finishes the same run."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.ended import gone
from tidemill.engine.faults import POINTS
from tidemill.engine.lease import settle_orphans
from tidemill.store.artifacts.local import LocalArtifacts
from tidemill.store.sql import open_metadata

SCRIPT = str(Path(__file__).with_name("killed_pipeline.py"))
STEPS = {"start", "scale[0]", "scale[1]", "scale[2]", "add", "apart", "is_even", "say-even"}
OUTPUTS = {"said": "even 13", "added": 12}


@dataclass
class State:
    """What the records say: run id -> status, and the steps that are finished."""

    runs: dict[str, str]
    steps: dict[str, str]

    @property
    def finished(self) -> set[str]:
        return {name for name, status in self.steps.items() if status in ("done", "cached")}


def state(folder: Path) -> State:
    if not (folder / "tidemill.db").exists():
        return State({}, {})
    store = open_metadata(folder / "tidemill.db")
    try:
        runs = store.runs.page()
        return State(
            {r.id: r.status for r in runs}, {s.name: s.status for r in runs for s in store.steps.list(run=r.id)}
        )
    finally:
        store.close()


def command(folder: Path, **environment: str) -> subprocess.Popen[str]:
    env = {**os.environ, **environment}
    return subprocess.Popen([sys.executable, SCRIPT, str(folder)], stdout=subprocess.PIPE, text=True, env=env)


def finish(folder: Path) -> dict[str, Any]:
    """The same command again, to its end; what it says last."""
    process = command(folder)
    said, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    last: dict[str, Any] = json.loads(said.splitlines()[-1])
    return last


def check(folder: Path, killed: State) -> None:
    """Finish, and see that nothing that was finished was done twice and nothing is left over."""
    last = finish(folder)
    after = state(folder)
    if killed.runs:
        assert list(killed.runs) == [last["run"]], "the same command goes on with the same run"
    assert after.runs == {last["run"]: "done"}
    assert {n: s for n, s in after.steps.items() if n != "say-odd"} == dict.fromkeys(STEPS, "done")
    assert after.steps["say-odd"] == "skipped"
    assert last["outputs"] == OUTPUTS
    lines = Counter((folder / "side.txt").read_text().splitlines())
    assert set(lines) == STEPS
    assert all(lines[name] == 1 for name in killed.finished), (killed.finished, lines)
    assert all(count <= 2 for count in lines.values())
    for part in (folder / "artifacts" / "tmp").iterdir():
        os.utime(part, (0, 0))
    LocalArtifacts(folder / "artifacts")  # sweeps what is an hour old
    assert not list((folder / "artifacts" / "tmp").iterdir())


def case(number: int, times: int, *marks: pytest.MarkDecorator) -> Any:
    return pytest.param(number, times, id=f"{number}-{POINTS[number].replace(' ', '_')}-{times}", marks=marks)


FIRST = [case(n, 1) for n in range(len(POINTS))]
FOURTH = [case(n, 4, pytest.mark.nightly) for n in range(1, 8)]
"""Deeper in the run, each after others: each day `test_killed_again_and_again` and the random moments are that."""


@pytest.mark.parametrize(("number", "times"), [*FIRST, *FOURTH])
def test_killed_at_a_numbered_point(tmp_path: Path, number: int, times: int) -> None:
    process = command(tmp_path, TIDEMILL_FAULT=f"{number}:{times}")
    process.communicate(timeout=120)
    assert process.returncode == -signal.SIGKILL
    killed = state(tmp_path)
    ended = [status for status in killed.runs.values() if status == "done"]
    if ended:  # the work was over: the same command is a new run, which finds all of it done
        assert POINTS[number] == "run ended"
        return
    check(tmp_path, killed)


@pytest.mark.parametrize("seed", [*range(3), *(pytest.param(n, marks=pytest.mark.nightly) for n in range(3, 10))])
def test_killed_at_a_random_moment(tmp_path: Path, seed: int) -> None:
    moment = random.Random(seed).randrange(1, 25)  # lines that a run tells before its last step
    process = command(tmp_path)
    assert process.stdout is not None
    for _ in range(moment):
        assert process.stdout.readline()
    process.kill()
    process.communicate(timeout=120)
    killed = state(tmp_path)
    assert "done" not in killed.runs.values()
    check(tmp_path, killed)


def test_killed_again_and_again(tmp_path: Path) -> None:
    """Each time a little further; every kill leaves a run that the next one goes on with."""
    finished: set[str] = set()
    ids: set[str] = set()
    for fault in ("2:1", "7:1", "5:2", "1:2", "2:4"):
        process = command(tmp_path, TIDEMILL_FAULT=fault)
        process.communicate(timeout=120)
        killed = state(tmp_path)
        assert finished <= killed.finished
        finished, ids = killed.finished, ids | set(killed.runs)
    assert len(ids) == 1
    last = finish(tmp_path)
    assert {last["run"]} == ids and last["outputs"] == OUTPUTS


def test_a_settled_orphan_is_gone_on_with_too(tmp_path: Path) -> None:
    """The loop settles at its start what a killed command left; the command still finds its run."""
    command(tmp_path, TIDEMILL_FAULT="7:3").communicate(timeout=120)
    store = open_metadata(tmp_path / "tidemill.db")
    (run,) = store.runs.unfinished()
    assert settle_orphans(store) == [run.id]
    assert settle_orphans(store) == []
    settled = store.runs.get(run.id)
    assert settled.status == "failed" and str(settled.error).startswith("orphan: ")
    assert not {s.status for s in store.steps.list(run=run.id)} & {"running", "pending"}
    assert store.leases.look_up(f"run:{run.key}") is None
    store.close()
    check(tmp_path, state(tmp_path))


@pytest.mark.parametrize(("fault", "live"), [("1:1", 0), ("2:1", 1), ("8", 1), ("9", 0)])
def test_a_run_and_its_lease_begin_and_end_together(tmp_path: Path, fault: str, live: int) -> None:
    """Killed around the first transaction and the last: both are there, or neither."""
    command(tmp_path, TIDEMILL_FAULT=fault).communicate(timeout=120)
    with closing(open_metadata(tmp_path / "tidemill.db")) as store:
        assert [len(store.runs.unfinished()), len(store.leases.list())] == [live, live]
        assert len(settle_orphans(store)) == live
        assert not store.leases.list() and not store.runs.unfinished()


def test_a_live_run_is_not_an_orphan(tmp_path: Path) -> None:
    (tmp_path / "hang").touch()
    process = command(tmp_path)
    try:
        child = wait_for_child(process)
        store = open_metadata(tmp_path / "tidemill.db")
        assert settle_orphans(store) == []
        store.close()
    finally:
        process.kill()
        process.communicate(timeout=60)
    assert gone(child), "the child of a killed run dies with it"
    (tmp_path / "hang").unlink()
    check(tmp_path, state(tmp_path))


def test_a_child_that_holds_the_interpreters_lock_dies_with_its_run(tmp_path: Path) -> None:
    """No thread of the child gets to run, so none can look whether the parent is still there."""
    (tmp_path / "spin").touch()
    process = command(tmp_path)
    child = wait_for_child(process)
    process.kill()
    died = gone(child)
    if not died:
        os.kill(child, signal.SIGKILL)
    process.communicate(timeout=60)
    assert died
    (tmp_path / "spin").unlink()
    check(tmp_path, state(tmp_path))


def test_a_frozen_process_that_wakes_up_writes_nothing_more(tmp_path: Path) -> None:
    """Its lease ran out and another took the run over: what it does after that is refused."""
    (tmp_path / "hang").touch()
    process = command(tmp_path)
    try:
        child = wait_for_child(process)
        os.kill(process.pid, signal.SIGSTOP)
        store = open_metadata(tmp_path / "tidemill.db")
        (run,) = store.runs.unfinished()
        lease = store.leases.look_up(f"run:{run.key}")
        assert lease is not None
        store.leases.drop(lease.name, lease.owner)  # as when it has run out
        store.close()
        (tmp_path / "hang").unlink()
        last = finish(tmp_path)
        assert last["run"] == run.id
        os.kill(process.pid, signal.SIGCONT)
        os.kill(child, signal.SIGKILL)  # its own step ends, and it would write that down
        process.communicate(timeout=60)
        assert process.returncode == 1
    finally:
        process.kill()
    after = state(tmp_path)
    assert after.runs == {run.id: "done"}
    assert set(after.steps.values()) == {"done", "skipped"}


def test_artifacts_of_a_killed_run_are_whole(tmp_path: Path) -> None:
    command(tmp_path, TIDEMILL_FAULT="7:5").communicate(timeout=120)
    store = LocalArtifacts(tmp_path / "artifacts")
    names = list(store.digests())
    assert names
    for name in names:
        store.verify(name)


def wait_for_child(process: subprocess.Popen[str]) -> int:
    """The id of the process in which step `apart` runs: it tells it as its progress."""
    assert process.stdout is not None
    for line in process.stdout:
        kind, step, data = json.loads(line)
        if kind == "progress" and step == "apart":
            return int(data["text"])
    raise AssertionError("no child was started")
