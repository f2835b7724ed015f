"""The loop as a process: it holds the project's lease, ticks when something is due, and stops at SIGTERM."""

from __future__ import annotations

import gc
import logging
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from tidemill.engine.lease import RunLease, new_owner
from tidemill.errors import DiskFull, LeaseLost, NotAttested, StoreBusy, StoreError
from tidemill.process.stop import Stopping, on_signals
from tidemill.retrain.jobs import Jobs, Stopped, WorkerJobs
from tidemill.retrain.loop import next_due, state_of, tick, write_state
from tidemill.scope.names import loop_key
from tidemill.scope.project import Project, open_project
from tidemill.types import SECOND, Micros

LEASE_SECONDS = 15.0
REPLAY_POLL = 0.008  # seconds between looks at a replay's clock
LIVE_POLL = 1.0
ROOM_POLL = 1.0  # seconds between looks at a store that cannot be written
_MOST_PATIENT: Micros = 3_600 * SECOND

_log = logging.getLogger("tidemill.loop")


def main(root: Path) -> None:
    """Run the loop of this project until SIGTERM or SIGINT. Raises Conflict when another loop holds it."""
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(name)s %(message)s")
    owner = new_owner()
    with on_signals() as stop, open_project(root) as project:
        lease = RunLease(project.store, loop_key(project.environment), owner, LEASE_SECONDS)
        if not when_there_is_room(lease.take, stop):
            return
        jobs = WorkerJobs(root, owner, stop=stop)
        try:
            jobs.warm()
            gc.collect()
            gc.freeze()  # what is loaded stays, and need not be looked through for garbage
            run(project, jobs, stop, lease.lost)
        finally:
            if lease.lost.is_set():
                jobs.abort()
            jobs.close()
            lease.drop()


def when_there_is_room(work: Callable[[], None], stop: Stopping) -> bool:
    """Do it as soon as the store can be written; whether it was done before ``stop``."""
    told = ""
    while not stop.is_set():
        try:
            work()
        except (DiskFull, StoreBusy) as exc:
            if str(exc) != told:
                told = str(exc)
                _log.error("the loop waits: %s", exc)
            stop.wait(ROOM_POLL)
        else:
            return True
    return False


def run(project: Project, jobs: Jobs, stop: Stopping, lost: threading.Event | None = None) -> None:
    """Tick whenever something is due, until ``stop``. Raises LeaseLost when ``lost`` is set."""
    if not when_there_is_room(lambda: start(project), stop):
        return
    poll = REPLAY_POLL if project.replay else LIVE_POLL
    seen, patience, not_before = -1, SECOND, 0
    while not stop.is_set():
        if lost is not None and lost.is_set():
            raise LeaseLost("another loop owns this project now", place=str(project.root))
        version = project.store.data_version()
        if project.replay and version == seen:  # the clock stands in the store: nothing was committed, nothing moved
            stop.wait(poll)
            continue
        now = project.clock.now()
        if now >= max(int(state_of(project)["next_due"]), not_before):
            try:
                for event in tick(project, jobs):
                    _log.info("%s %s %s", event.kind, event.subject, event.data.get("reason", ""))
                patience = SECOND
            except Stopped:
                return
            except (StoreError, NotAttested) as exc:
                # a busy or full disk, no keys: the same tick again, a little later
                _log.error("tick at %d failed: %s", now, exc)
                patience = min(2 * patience, _MOST_PATIENT)
                not_before = now + (0 if project.replay else patience)
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
        write_state(project, state.get("clock", now), idle=True)
