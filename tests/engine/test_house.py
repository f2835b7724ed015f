"""The engine's surroundings: what importing it costs, leases, the state of the code, fault points."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.engine.conftest import Place
from tests.raised import raised
from tidemill.engine import Context, faults, pipeline, step
from tidemill.engine import lease as owner
from tidemill.engine.lease import RunLease
from tidemill.errors import Conflict, LeaseLost, StoreBusy

HEAVY = ("polars", "numpy", "scipy", "sqlalchemy", "subprocess", "deltalake", "msgspec")


@pytest.mark.parametrize("module", ["", ".runner.engine", ".lease", ".explain"])
def test_importing_the_engine_loads_nothing_heavy(module: str) -> None:
    script = f"import json, sys, tidemill.engine{module};print(json.dumps([m for m in {HEAVY!r} if m in sys.modules]))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []


@step
def one() -> int:
    return 1


@step(impure="waits for the test")
def waits(ctx: Context) -> int:
    ctx.resource("started").set()
    ctx.resource("lost").wait(30)
    return 1


@pipeline
def simple() -> int:
    return one()


@pipeline
def waiting() -> int:
    return waits()  # type: ignore[call-arg]


def test_a_run_whose_lease_is_lost_stops_and_writes_nothing(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    lost, started = threading.Event(), threading.Event()
    resources = {"lost": lost, "started": started}
    real = RunLease._beat

    def beat(self: Any) -> None:
        real(self)
        lost.set()

    monkeypatch.setattr(RunLease, "_beat", beat)
    monkeypatch.setattr(type(place.store.leases), "renew", lambda *args: not started.wait(30))
    with pytest.raises(LeaseLost):
        place.run(waiting, resources=resources, lease=0.03)
    (run,) = place.store.runs.page()
    assert run.status == "running" and place.status(run.id) == {"waits": "running"}
    monkeypatch.undo()
    lease = place.store.leases.look_up(f"run:{run.key}")
    assert lease is not None, "it is left to run out: it may be another's by now"
    place.store.leases.drop(lease.name, lease.owner)
    again = place.run(waiting, resources=resources)
    assert again.run.id == run.id and again.run.status == "done"


def test_a_busy_store_does_not_cost_the_lease(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    lost, beats = threading.Event(), [0]
    real = type(place.store.leases).renew

    def renew(self: Any, *args: Any) -> bool:
        beats[0] += 1
        if beats[0] == 1:
            raise StoreBusy("busy")
        lost.set()
        return real(self, *args)

    monkeypatch.setattr(type(place.store.leases), "renew", renew)
    assert place.run(waiting, resources={"lost": lost, "started": threading.Event()}, lease=1.0).run.status == "done"
    assert beats[0] >= 2


def test_a_lease_of_another_host_is_respected_until_it_runs_out(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tidemill.engine.lease._PATIENCE", 0.0)
    run = place.run(simple).run
    place.store.leases.take(f"run:{run.key}", "elsewhere:1:1:1", 60)
    with raised(Conflict, "") as caught:
        place.run(simple)
    assert "elsewhere:1:1:1" in str(caught.value)
    place.store.leases.drop(f"run:{run.key}", "elsewhere:1:1:1")
    place.store.leases.take(f"run:{run.key}", "elsewhere:1:1:1", -1)
    assert place.run(simple).run.status == "done"


def test_owners_are_told_apart() -> None:
    mine = owner.new_owner()
    assert mine != owner.new_owner()
    assert not owner.is_gone(mine)
    host, pid, start, system, _ = mine.split(":")
    assert owner.is_gone(f"{host}:{pid}:{int(start) + 1}:{system}:1"), "a process that has the number of a dead one"
    assert not owner.is_gone(f"elsewhere:{pid}:{start}:{system}:1")
    assert not owner.is_gone(f"{host}:{pid}:{int(start) + 1}:other-boot:1"), (
        "another machine, or container, of this name"
    )
    assert not owner.is_gone("nonsense")
    assert owner.is_process(mine, int(pid)) and not owner.is_process(mine, int(pid) + 1)
    assert not owner.is_process(f"{host}:{pid}:{start}:other-boot:1", int(pid))
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    assert owner.is_gone(f"{host}:{dead.pid}:1:{system}:1")


def test_a_run_records_the_commit_and_the_diff(place: Place) -> None:
    identity = {f"GIT_{w}_{k}": "x@y" for w in ("AUTHOR", "COMMITTER") for k in ("NAME", "EMAIL")}

    def git(*args: str) -> str:
        env = {**os.environ, **identity, "GIT_CONFIG_GLOBAL": os.devnull}
        done = subprocess.run(["git", *args], cwd=place.root, env=env, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    root: Path = place.root
    git("init", "-q")
    (root / ".gitignore").write_text("tidemill.db*\nartifacts/\n")
    (root / "steps.py").write_text("a = 1\n")
    git("add", ".")
    git("commit", "-q", "-m", "first")
    commit = git("rev-parse", "HEAD")
    assert place.run(simple).run.code == {"commit": commit, "dirty": False}
    (root / "steps.py").write_text("a = 2\n")
    (root / "new.py").write_text("b = 1\n")
    code = place.run(simple).run.code
    assert code["commit"] == commit and code["dirty"] and set(code["changed"]) == {"steps.py", "new.py"}
    assert b"+a = 2" in place.artifacts.get(code["diff"])
    assert place.store.artifacts.get(code["diff"]).codec == "bytes"
    (root / ".git/HEAD").write_text("nothing that git knows")
    assert set(place.run(simple).run.code) == {"unknown"}, "no project without a repository"


def test_fault_points_are_numbered_and_known() -> None:
    assert len(set(faults.POINTS)) == len(faults.POINTS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIDEMILL_FAULT", f"{len(faults.POINTS)}")
        for name in faults.POINTS:
            faults.point(name)
        with pytest.raises(KeyError):
            faults.point("nowhere")
