"""Runs and leases whose process is gone: settled at every start, so that no record says "running" for ever."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from tidemill.engine.journal.lease import is_held
from tidemill.store.records import Run
from tidemill.types import Micros

if TYPE_CHECKING:
    from tidemill.store.records import Tx
    from tidemill.store.sql.store import MetadataStore

ORPHAN = "orphan: "


def settle_orphans(store: MetadataStore, now: Micros | None = None, keep: str = "") -> list[str]:
    """Mark runs as failed whose owner is gone or has let its lease run out; their ids. ``keep``: a key to leave alone.

    Leases that nobody holds any more go too. The same command goes on with such a run under its id. ``now``: event time
    of the end (default: the run's start).
    """
    settled = [
        r.id for r in store.runs.unfinished() if r.key != keep and _is_orphan(store, r) and _settle(store, r, now)
    ]
    for lease in store.leases.list():
        if not is_held(lease):
            store.leases.drop(lease.name, lease.owner)
    return settled


def resumable(store: MetadataStore, key: str, tx: Tx = None) -> Run | None:
    """The run that the same command goes on with: unfinished, or the newest of this key, settled as orphan."""
    unfinished = store.runs.unfinished(key, tx)
    if unfinished:
        return unfinished[0]
    latest = store.runs.latest(key, tx)
    return latest if latest and latest.status == "failed" and (latest.error or "").startswith(ORPHAN) else None


def _is_orphan(store: MetadataStore, run: Run, tx: Tx = None) -> bool:
    """A run and its lease begin and end together: no lease, no owner."""
    return not is_held(store.leases.look_up(f"run:{run.key}", tx=tx))


def _settle(store: MetadataStore, run: Run, now: Micros | None) -> bool:
    """Whether it was still an orphan."""
    steps = [s for s in store.steps.list(run=run.id) if s.status in ("running", "pending")]
    why = f"{ORPHAN}its process ({run.owner}) is gone; the same command goes on with this run"

    def work(tx: Tx) -> bool:
        if not _is_orphan(store, run, tx) or run not in store.runs.unfinished(run.key, tx):
            return False
        for step in steps:
            status = "failed" if step.status == "running" else "skipped"
            error = "its process is gone" if step.status == "running" else "not reached"
            store.steps.put(dataclasses.replace(step, status=status, error=error), tx)
        store.runs.update(run.id, tx, status="failed", ended=now if now is not None else run.started, error=why)
        return True

    return store.transact(work)
