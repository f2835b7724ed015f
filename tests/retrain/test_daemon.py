"""The loop as a process: it follows the clock, is killed at any moment, and what it leaves is settled by the next."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tidemill.engine.lease import new_owner
from tidemill.errors import Conflict, DiskFull, LeaseLost, NotAttested, StoreBusy
from tidemill.retrain.daemon import patiently, run
from tidemill.retrain.jobs import Stopped
from tidemill.retrain.loop import state_of, tick, write_state
from tidemill.scope.names import loop_key
from tidemill.scope.project import open_project
from tidemill.store.records import Fence
from tidemill.types import DAY

from .conftest import Shop


@contextmanager
def loop(shop: Shop) -> Iterator[subprocess.Popen[bytes]]:
    """``python -m tidemill.retrain ROOT``, as `tidemill up` starts it."""
    with (shop.project.root / "loop.log").open("ab") as log:
        process = subprocess.Popen([sys.executable, "-m", "tidemill.retrain", str(shop.project.root)], stderr=log)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def wait(shop: Shop, until: Callable[[], Any], process: subprocess.Popen[bytes] | None = None) -> None:
    end = time.monotonic() + 120
    while not until():
        words = (shop.project.root / "loop.log").read_text()[-2000:]
        assert time.monotonic() < end, words
        assert process is None or process.poll() is None, words
        threading.Event().wait(0.01)


def reached(shop: Shop, moment: int) -> bool:
    return int(state_of(shop.project).get("clock", 0)) >= moment


def story(shop: Shop) -> Any:
    store = shop.project.store
    return (
        [(d.id, d.at, d.action, d.reason, d.evidence_digest) for d in store.decisions.list()],
        [w for m in ("drift", "quality") for w in store.windows.list(endpoint="shop", monitor=m)],
        [e for e in store.events.list() if e.data.get("monitor") != "platform"],
        shop.project.live.outcomes.count(),
    )


def retrain_on(shop: Shop, line: str) -> None:
    """Another policy in the file itself: the loop reads it there."""
    path = shop.project.root / "tidemill.toml"
    text = path.read_text()
    assert 'on = ["drift"' in text
    path.write_text("".join(line + "\n" if x.startswith("on = ") else x for x in text.splitlines(keepends=True)))


def test_what_the_loop_loads() -> None:
    """It stays up beside the scorer: what is heavy is the worker's."""
    script = "import sys, tidemill.retrain.daemon; print(*{'polars', 'deltalake', 'scipy', 'optuna', 'lightgbm'} & {*sys.modules})"
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert told.stdout.split() == []


def test_it_follows_the_clock_and_stops_cleanly(shop: Shop) -> None:
    retrain_on(shop, "on = []")
    with loop(shop) as process:
        wait(shop, lambda: state_of(shop.project), process)
        assert state_of(shop.project)["next_due"] == shop.days[0].end, "nothing was due at its start"
        for day in shop.days[:3]:
            shop.play(day)
            wait(shop, lambda day=day: reached(shop, day.end), process)  # type: ignore[misc]
            assert state_of(shop.project) == {"clock": day.end, "idle": True, "next_due": day.end + DAY}
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    assert shop.project.store.leases.look_up("run:loop") is None
    assert len(shop.project.store.windows.list(endpoint="shop", monitor="drift")) == 3


class Pauses:
    """A stop that counts the waits, and makes room (or is set) at the third."""

    def __init__(self, ends: bool) -> None:
        self.waits, self.ends = 0, ends

    def is_set(self) -> bool:
        return self.ends and self.waits >= 3

    def set(self) -> None:
        self.ends = True

    def wait(self, timeout: float) -> bool:
        self.waits += 1
        return self.is_set()


@pytest.mark.parametrize("kind", [DiskFull, StoreBusy])
def test_a_store_that_cannot_be_written_is_waited_for(kind: Any, caplog: pytest.LogCaptureFixture) -> None:
    def take() -> str:
        if stop.waits < 3 or stop.ends:
            raise kind("no room", place="tidemill.db")
        return "taken"

    stop = Pauses(ends=False)
    assert patiently(take, stop) == "taken" and stop.waits == 3
    assert caplog.text.count("the loop waits: tidemill.db: no room") == 1
    stop = Pauses(ends=True)
    with pytest.raises(Stopped):
        patiently(take, stop)
    assert stop.waits == 3


@pytest.mark.parametrize("question", ["data_version", "settings.get"])
def test_a_store_that_is_away_between_two_ticks_ends_no_loop(
    shop: Shop, question: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever it is asked when it goes away: the loop asks again, and says once that it waits."""
    stop, (*of, name) = Pauses(ends=False), question.split(".")
    asked = getattr(shop.project.store, of[0]) if of else shop.project.store
    write_state(shop.project, 0, idle=True)
    answer = getattr(asked, name)

    def away(*what: Any) -> Any:
        if stop.waits < 2:
            raise StoreBusy("the database server is away", place="db")
        return answer(*what)

    def one(*_: Any) -> list[Any]:
        stop.ends, stop.waits = True, 3
        return []

    monkeypatch.setattr("tidemill.retrain.daemon.start", lambda project: None)
    monkeypatch.setattr("tidemill.retrain.daemon.tick", one)
    monkeypatch.setattr(asked, name, away)
    run(shop.project, shop.jobs, stop)  # type: ignore[arg-type]
    assert stop.ends and caplog.text.count("the loop waits: db: the database server is away") == 1


@pytest.mark.parametrize("kind", [StoreBusy, Conflict, NotAttested])
def test_a_tick_that_cannot_be_done_now_is_done_again(
    shop: Shop, kind: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks: list[int] = []

    def one(*_: Any) -> list[Any]:
        ticks.append(stop.waits)
        if stop.waits < 2:
            raise kind("not now", place="keys")
        stop.ends, stop.waits = True, 3
        return []

    stop = Pauses(ends=False)
    monkeypatch.setattr("tidemill.retrain.daemon.tick", one)
    write_state(shop.project, 0, idle=True)
    run(shop.project, shop.jobs, stop)  # type: ignore[arg-type]
    assert ticks == [0, 1, 2] and caplog.text.count("keys: not now") == 2


def test_a_second_loop_stands_by_and_follows_at_once(shop: Shop) -> None:
    """Where the leader stops, and where it is gone: killed, on this machine. Its term is a later one."""
    leases, owner = shop.project.store.leases, new_owner()
    held = leases.take("run:loop", owner, 600)
    assert held is not None
    with loop(shop) as process:
        wait(shop, lambda: "standby, leader is" in (shop.project.root / "loop.log").read_text(), process)
        assert leases.look_up("run:loop") == held and not state_of(shop.project)
        leases.drop("run:loop", owner)
        wait(shop, lambda: state_of(shop.project), process)
        first = leases.look_up("run:loop")
        with loop(shop) as second:
            wait(shop, lambda: (shop.project.root / "loop.log").read_text().count("standby, leader is") == 2, second)
            process.kill()
            wait(
                shop, lambda: (now := leases.look_up("run:loop")) and now.owner.split(":")[1] == str(second.pid), second
            )
            last = leases.look_up("run:loop")
            assert first is not None and last is not None and held.term < first.term < last.term
            wait(shop, lambda: shop.project.store.fence is None and fenced(shop, first.term), second)


def fenced(shop: Shop, term: int) -> bool:
    """Whether what this term had opened is refused."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIDEMILL_FENCE", f"{term} run:loop {shop.project.root}")
        try:
            open_project(shop.project.root).close()
        except LeaseLost:
            return True
    return False


def test_a_leader_that_is_silent_is_followed_and_stands_by(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Here its lease is taken from it: it ends its worker, writes nothing more, and waits to lead again."""
    with loop(shop) as process:
        wait(shop, lambda: state_of(shop.project) and _children(process.pid), process)
        (worker,) = _children(process.pid)
        mine = shop.project.store.leases.look_up("run:loop")
        assert mine is not None
        shop.project.store.leases.drop("run:loop", mine.owner)
        other = shop.project.store.leases.take("run:loop", new_owner(), 600)
        assert other is not None and other.term > mine.term
        shop.project.fence_by(Fence(other.name, other.term))
        wait(shop, lambda: "standby, leader is" in (shop.project.root / "loop.log").read_text(), process)
        assert worker not in _children(process.pid)
        assert shop.project.store.leases.look_up("run:loop") == other


@pytest.mark.parametrize("seed", [pytest.param(0, marks=pytest.mark.nightly), 1])
def test_killed_again_and_again_it_ends_the_same(shop: Shop, seed: int) -> None:
    """kill -9 of the loop's process at random moments of a tick; then of its worker. The story is that of no kill."""
    rng = random.Random(seed)
    retrain_on(shop, "on = []")
    day = shop.days[0]
    with loop(shop) as process:
        wait(shop, lambda: state_of(shop.project), process)
    shop.play(day)
    for _ in range(3):
        with loop(shop) as process:
            end = time.monotonic() + rng.uniform(0.2, 2.5)
            while time.monotonic() < end and not reached(shop, day.end):
                threading.Event().wait(0.01)
            os.kill(process.pid, signal.SIGKILL)
    with loop(shop) as process:
        wait(shop, lambda: reached(shop, day.end), process)
    assert shop.project.store.runs.unfinished() == []
    found = story(shop)
    (decision,) = shop.project.store.decisions.list()
    assert decision.at == day.end
    shop.project.store.settings.set("loop", {**state_of(shop.project), "clock": 0})
    tick(shop.project, shop.jobs)
    assert story(shop)[1:] == found[1:], "done once more, in this process: the same windows, events and joins"


def test_a_worker_that_is_killed_is_replaced(shop: Shop) -> None:
    retrain_on(shop, "on = []")
    with loop(shop) as process:
        wait(shop, lambda: state_of(shop.project), process)
        for day in shop.days[:3]:
            for child in _children(process.pid):
                os.kill(child, signal.SIGKILL)
            shop.play(day)
            wait(shop, lambda day=day: reached(shop, day.end), process)  # type: ignore[misc]
        assert process.poll() is None
    failed = shop.project.store.events.list(kind="failed")
    assert all(e.data["job"] in ("ingest", "watch") for e in failed)
    shop.jobs.run("ingest", {"dataset": "sales"}, 60)
    names = {f.name for f in shop.project.store.files.list(dataset="sales")}
    assert {f"data/sales/{day.start // DAY}.parquet" for day in shop.days[:3] if day.rows.height} <= names


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_each_environment_has_a_loop_of_its_own(shop: Shop) -> None:
    elsewhere = replace(shop.project, environment="production")
    assert (loop_key(shop.project.environment), loop_key(elsewhere.environment)) == ("loop", "loop@production")
