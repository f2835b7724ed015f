"""A run's lease: who does it, kept by heartbeats; and what becomes of a run whose owner is gone.

An owner is ``host:pid:start:system:n``, a name that no other process ever has; ``system`` is this boot of this machine, and the
namespace of its process numbers: two containers of one name and one kernel are not taken for each other.
"""

from __future__ import annotations

import dataclasses
import itertools
import logging
import os
import threading
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from tidemill.errors import Conflict, LeaseLost, StoreError
from tidemill.types import Micros

if TYPE_CHECKING:
    from tidemill.store.records import Lease, Run, Tx
    from tidemill.store.sql.store import MetadataStore

_log = logging.getLogger("tidemill.engine")
ORPHAN = "orphan: "  # What stands before the error of a run that the same command goes on with
_PATIENCE = 2.0  # seconds: somebody may be settling the run of a dead owner just now
_count = itertools.count(1)


class RunLease:
    """The lease on one run's key. Take it, keep it by a thread that renews it, drop it. ``lost``: it is another's."""

    def __init__(self, store: MetadataStore, key: str, owner: str, seconds: float) -> None:
        self._store, self.owner, self._seconds = store, owner, seconds
        self.name = f"run:{key}"
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.lost = threading.Event()
        self.term = 0  # once it is taken

    @property
    def taken(self) -> bool:
        return self._thread is not None

    def take(self, beside: Callable[[Tx], None] = lambda tx: None) -> None:
        """Take it, and do this in the same transaction. Raises Conflict when a live process has it, StoreError.

        Who works for a loop that leads waits until a run has run out that the leader before left on a machine which is gone.
        """
        until = time.monotonic() + _PATIENCE + (self._seconds if self._store.fence else 0)
        while not self.try_take(beside):
            if time.monotonic() > until:
                self.lost.set()
                held = self._store.leases.look_up(self.name)
                raise Conflict(
                    f"this run is being done by {held.owner if held else 'another process'}",
                    hint="wait for it, or stop that process",
                )
            self._stop.wait(0.05)

    def try_take(self, beside: Callable[[Tx], None] = lambda tx: None) -> bool:
        """As `take`, without waiting; whether it is ours now. Raises StoreError."""

        def work(tx: Tx) -> Lease | None:
            taken = try_take(self._store, self.name, self.owner, self._seconds, tx)
            if taken is not None:
                beside(tx)
            return taken

        taken = self._store.transact(work)
        if taken is None:
            return False
        self.term = taken.term
        self._thread = threading.Thread(target=self._beat, name=f"tidemill-{self.name[:16]}", daemon=True)
        self._thread.start()
        return True

    def rest(self) -> None:
        """Renew it no more."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def drop(self) -> None:
        """Let others take it; one that cannot be dropped runs out by itself, and its owner is seen to be gone."""
        self.rest()
        if self.lost.is_set():
            return
        try:
            self._store.leases.drop(self.name, self.owner)
        except (StoreError, LeaseLost) as exc:
            _log.warning("the lease %s runs out by itself: %s", self.name, exc)

    def _beat(self) -> None:
        renewed = time.monotonic()
        while not self._stop.wait(self._seconds / 3):
            try:
                held = self._store.leases.renew(self.name, self.owner, self._seconds)
            except LeaseLost:
                held = False
            except StoreError:  # a busy or full disk: try again until the lease has run out
                held = time.monotonic() - renewed < self._seconds
            else:
                renewed = time.monotonic()
            if not held:
                self.lost.set()
                return


def try_take(store: MetadataStore, name: str, owner: str, seconds: float, tx: Tx = None) -> Lease | None:
    """Take a lease that is free, has run out, or belongs to a process that is gone."""
    if (taken := store.leases.take(name, owner, seconds, tx)) is not None:
        return taken
    held = store.leases.look_up(name, tx=tx)
    if held is None or not is_gone(held.owner):
        return None
    store.leases.drop(name, held.owner, tx)
    return store.leases.take(name, owner, seconds, tx)


def is_held(store: MetadataStore, lease: Lease | None) -> bool:
    """Whether its owner may still be at work, by the database's time."""
    return lease is not None and not is_gone(lease.owner) and lease.expires > store.leases.now()


def new_owner() -> str:
    """This process, and which of its runs."""
    return f"{os.uname().nodename}:{os.getpid()}:{_start(os.getpid())}:{_system()}:{next(_count)}"


def host_of(owner: str) -> str:
    """The machine's name, for people.

    >>> host_of("shop-1:4711:88123:5be1-4026531836:1")
    'shop-1'
    """
    return owner.partition(":")[0]


def is_process(owner: str, pid: int) -> bool:
    """Whether the owner is this process of this system."""
    return owner.split(":")[:2] == [os.uname().nodename, str(pid)] and owner.split(":")[3:4] == [_system()]


def is_gone(owner: str) -> bool:
    """True when the owner was a process of this system and is not there any more; False when it is, or nobody can say."""
    parts = owner.split(":")
    if len(parts) != 5 or (parts[0], parts[3]) != (os.uname().nodename, _system()) or not parts[1].isdigit():
        return False
    pid = int(parts[1])
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return _start(pid) != parts[2] or _stat(pid)[:1] in (["Z"], ["X"])


@cache
def _system() -> str:
    """Where a process's number means this process: this boot, and the namespace of numbers; "" where the system does not say."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
        return f"{boot[:13]}-{Path('/proc/self/ns/pid').stat().st_ino}"
    except OSError:  # not Linux: the machine's name will have to do
        return ""


def _stat(pid: int) -> list[str]:
    """Fields of /proc/PID/stat after the name, which may hold anything."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _start(pid: int) -> str:
    """Clock ticks from boot to the process's start; "0" where /proc does not say."""
    fields = _stat(pid)
    return fields[19] if len(fields) > 19 else "0"


def settle_orphans(store: MetadataStore, now: Micros | None = None, keep: str = "") -> list[str]:
    """Mark runs as failed whose owner is gone or has let its lease run out; their ids. ``keep``: a key to leave alone.

    Leases that nobody holds any more go too. The same command goes on with such a run under its id. ``now``: event time
    of the end (default: the run's start).
    """
    settled = [
        r.id for r in store.runs.unfinished() if r.key != keep and is_orphan(store, r) and _settle(store, r, now)
    ]
    for lease in store.leases.list():
        if not is_held(store, lease):
            store.leases.drop(lease.name, lease.owner)
    return settled


def resumable(store: MetadataStore, key: str, tx: Tx = None) -> Run | None:
    """The run that the same command goes on with: unfinished, or the newest of this key, settled as orphan."""
    unfinished = store.runs.unfinished(key, tx)
    if unfinished:
        return unfinished[0]
    latest = store.runs.latest(key, tx)
    return latest if latest and latest.status == "failed" and (latest.error or "").startswith(ORPHAN) else None


def is_orphan(store: MetadataStore, run: Run, tx: Tx = None) -> bool:
    """Whether an unfinished run's process is gone. A run and its lease begin and end together: no lease, no owner."""
    return not is_held(store, store.leases.look_up(f"run:{run.key}", tx=tx))


def _settle(store: MetadataStore, run: Run, now: Micros | None) -> bool:
    """Whether it was still an orphan."""
    steps = [s for s in store.steps.list(run=run.id) if s.status in ("running", "pending")]
    why = f"{ORPHAN}its process ({run.owner}) is gone; the same command goes on with this run"

    def work(tx: Tx) -> bool:
        if not is_orphan(store, run, tx) or run not in store.runs.unfinished(run.key, tx):
            return False
        for step in steps:
            status = "failed" if step.status == "running" else "skipped"
            error = "its process is gone" if step.status == "running" else "not reached"
            store.steps.put(dataclasses.replace(step, status=status, error=error), tx)
        store.runs.update(run.id, tx, status="failed", ended=now if now is not None else run.started, error=why)
        return True

    return store.transact(work)
