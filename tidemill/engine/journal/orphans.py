"""Runs and leases whose process is gone: settled at every start, so that no record says "running" for ever."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from tidemill.engine.journal.lease import is_held, try_take
from tidemill.engine.journal.owner import new_owner
from tidemill.store.records import Run
from tidemill.types import Micros

if TYPE_CHECKING:
    from tidemill.store.ports import MetadataStore, Tx

ORPHAN = "orphan: "
_SECONDS = 10.0


def settle_orphans(store: MetadataStore, now: Micros | None = None, keep: str = "") -> list[str]:
    """Mark runs as failed whose owner is gone or has let its lease run out; their ids. ``keep``: a key to leave alone.

    Leases that nobody holds any more go, too: a process may have died between its run's end and its lease's.
    The same command goes on with such a run under its id. ``now``: event time of the end (default: the run's start).
    """
    settled = []
    for run in store.runs.unfinished():
        if run.key != keep and _is_orphan(store, run) and _settle(store, run, now):
            settled.append(run.id)
    for lease in store.leases.list():
        if not is_held(lease):
            store.leases.drop(lease.name, lease.owner)
    return settled


def resumable(store: MetadataStore, key: str) -> Run | None:
    """The run that the same command goes on with: unfinished, or the newest of this key, settled as orphan."""
    unfinished = store.runs.unfinished(key)
    if unfinished:
        return unfinished[0]
    latest = store.runs.latest(key)
    return latest if latest and latest.status == "failed" and (latest.error or "").startswith(ORPHAN) else None


def _is_orphan(store: MetadataStore, run: Run) -> bool:
    """A lease is taken before the run's record is made and dropped after its end: no lease, no owner."""
    return not is_held(store.leases.get(f"run:{run.key}"))


def _settle(store: MetadataStore, run: Run, now: Micros | None) -> bool:
    name, me = f"run:{run.key}", new_owner()
    if not try_take(store, name, me, _SECONDS):
        return False
    try:
        steps = [s for s in store.runs.steps(run.id) if s.status in ("running", "pending")]
        why = f"{ORPHAN}its process ({run.owner}) is gone; the same command goes on with this run"

        def work(tx: Tx) -> bool:
            if store.runs.owner(run.id, tx) != run.owner or store.runs.get(run.id).status != "running":
                return False
            for step in steps:
                status = "failed" if step.status == "running" else "skipped"
                error = "its process is gone" if step.status == "running" else "not reached"
                store.runs.put_step(dataclasses.replace(step, status=status, error=error), tx)
            store.runs.update(run.id, tx, status="failed", ended=now if now is not None else run.started, error=why)
            return True

        return store.transact(work)
    finally:
        store.leases.drop(name, me)
