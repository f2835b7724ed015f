"""The loop as a process: one of them leads, by the project's lease, and ticks when something is due; the others stand by. It stops at SIGTERM."""

from __future__ import annotations

import gc
import logging
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from tidemill.engine.lease import RunLease, host_of, is_held, new_owner
from tidemill.errors import DiskFull, LeaseLost, NotAttested, StoreBusy, StoreError
from tidemill.process.stop import Stop, Stopping, on_signals
from tidemill.retrain.jobs import Jobs, Stopped, WorkerJobs
from tidemill.retrain.loop import next_due, state_of, tick, write_state
from tidemill.scope.names import loop_key
from tidemill.scope.project import Project, open_project
from tidemill.store.records import Fence
from tidemill.types import SECOND, JsonObject, Micros

LEASE_SECONDS = 15.0
REPLAY_POLL = 0.008  # seconds between looks at a replay's clock
LIVE_POLL = 1.0
STANDBY_POLL = 1.0
ROOM_POLL = 1.0  # seconds between looks at a store that cannot be written
_MOST_PATIENT: Micros = 3_600 * SECOND

T = TypeVar("T")
_log = logging.getLogger("tidemill.loop")


def main(root: Path) -> None:
    """Lead the loop of this project, or stand by, until SIGTERM or SIGINT."""
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(name)s %(message)s")
    with on_signals() as stop, suppress(Stopped):
        while not stop.is_set():
            # anew for each term: what was opened for one writes by that one
            with patiently(lambda: open_project(root), stop) as project:
                _lead(project, stop)


def _lead(project: Project, stop: Stop) -> None:
    """Wait for the lease, and run the loop until ``stop``, or until another has it."""
    lease = RunLease(project.store, loop_key(project.environment), new_owner(), LEASE_SECONDS)
    if not stand_by(project, lease, stop):
        return
    fence = Fence(lease.name, lease.term)
    jobs = WorkerJobs(project.root, fence, stop=stop, lost=lease.lost)
    try:
        patiently(lambda: project.fence_by(fence), stop)
        jobs.warm()
        gc.collect()
        gc.freeze()  # what is loaded stays, and need not be looked through for garbage
        run(project, jobs, stop, lease.lost)
    except LeaseLost as exc:
        jobs.abort()  # what it does is refused; it is not to go on with it
        _log.warning("leads no more: %s", exc)
    finally:
        jobs.close()
        lease.drop()


def stand_by(project: Project, lease: RunLease, stop: Stopping) -> bool:
    """Wait until no other loop leads, and take the lease; whether it was taken before ``stop``.

    A leader that is gone from this machine is followed within a second, one that is silent when its lease has run out.
    """
    told = ""
    while not stop.is_set():
        try:
            held = project.store.leases.look_up(lease.name)
            if not is_held(project.store, held) and lease.try_take():
                return True
            said = f"standby, leader is {host_of(held.owner)}" if held else "standby"
        except StoreError as exc:
            said = f"the loop waits: {exc}"
        if said != told:
            told = said
            _log.info("%s", said)
        stop.wait(STANDBY_POLL)
    return False


def patiently(work: Callable[[], T], stop: Stopping) -> T:
    """What it gives, as soon as the store is there and can be written. Raises Stopped when ``stop`` comes before."""
    told = ""
    while not stop.is_set():
        try:
            return work()
        except (DiskFull, StoreBusy) as exc:
            if str(exc) != told:
                told = str(exc)
                _log.error("the loop waits: %s", exc)
            stop.wait(ROOM_POLL)
    raise Stopped("the loop was asked to stop while it waited for the store")


def run(project: Project, jobs: Jobs, stop: Stopping, lost: threading.Event | None = None) -> None:
    """Tick whenever something is due, until ``stop``. Raises LeaseLost when ``lost`` is set."""
    with suppress(Stopped):
        patiently(lambda: start(project), stop)
        _turns(project, jobs, stop, lost)


def _turns(project: Project, jobs: Jobs, stop: Stopping, lost: threading.Event | None) -> None:
    replay = patiently(lambda: project.replay, stop)
    poll = REPLAY_POLL if replay else LIVE_POLL
    seen, patience, not_before = -1, SECOND, 0
    while not stop.is_set():
        if lost is not None and lost.is_set():
            raise LeaseLost("another loop leads now", place=str(project.root))
        version = patiently(project.store.data_version, stop)
        if replay and version == seen:  # the clock stands in the store: nothing was committed, nothing moved
            stop.wait(poll)
            continue
        now, state = patiently(lambda: (project.clock.now(), state_of(project)), stop)
        went_back = not replay and now < state.get("clock", now)  # nothing would be due until it is there again
        if now >= max(int(state["next_due"]), not_before) or went_back:
            try:
                for event in tick(project, jobs):
                    _log.info("%s %s %s", event.kind, event.subject, event.data.get("reason", ""))
                patience = SECOND
            except (StoreError, NotAttested) as exc:
                # a busy or full disk, no keys: the same tick again, a little later
                _log.error("tick at %d failed: %s", now, exc)
                patience = min(2 * patience, _MOST_PATIENT)
                not_before = now + (0 if replay else patience)
                stop.wait(1.0)
            continue
        seen = version
        stop.wait(poll)


def start(project: Project) -> None:
    """At a process's start: settle what a dead one left, and say from when on something is due.

    A tick that was due and not finished is due again.
    """
    from tidemill.engine.lease import settle_orphans

    now = project.clock.now()
    settle_orphans(project.store, now)
    state = state_of(project)
    if not state or state["next_due"] > next_due(project, now):
        here: JsonObject = {name: state[name] for name in ("boot", "up") if name in state}
        write_state(project, state.get("clock", now), idle=True, here=here)
