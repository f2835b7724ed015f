"""A run's lease: who does it, kept by heartbeats, taken over when its owner is gone.

An owner is ``host:pid:start:n``, a name that no other process ever has.
"""

from __future__ import annotations

import itertools
import logging
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from tidemill.errors import Conflict, StoreError

if TYPE_CHECKING:
    from tidemill.store.records import Lease, Tx
    from tidemill.store.sql.store import MetadataStore

_log = logging.getLogger("tidemill.engine")
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

    @property
    def taken(self) -> bool:
        return self._thread is not None

    def take(self, beside: Callable[[Tx], None] = lambda tx: None) -> None:
        """Take it, and do this in the same transaction. Raises Conflict when a live process has it, StoreError."""

        def work(tx: Tx) -> bool:
            free = try_take(self._store, self.name, self.owner, self._seconds, tx)
            if free:
                beside(tx)
            return free

        until = time.monotonic() + _PATIENCE
        while not self._store.transact(work):
            if time.monotonic() > until:
                self.lost.set()
                held = self._store.leases.look_up(self.name)
                raise Conflict(
                    f"this run is being done by {held.owner if held else 'another process'}",
                    hint="wait for it, or stop that process",
                )
            self._stop.wait(0.05)
        self._thread = threading.Thread(target=self._beat, name=f"tidemill-{self.name[:16]}", daemon=True)
        self._thread.start()

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
        except StoreError as exc:
            _log.warning("the lease %s runs out by itself: %s", self.name, exc)

    def _beat(self) -> None:
        renewed = time.monotonic()
        while not self._stop.wait(self._seconds / 3):
            try:
                held = self._store.leases.renew(self.name, self.owner, self._seconds)
            except StoreError:  # a busy or full disk: try again until the lease has run out
                held = time.monotonic() - renewed < self._seconds
            else:
                renewed = time.monotonic()
            if not held:
                self.lost.set()
                return


def try_take(store: MetadataStore, name: str, owner: str, seconds: float, tx: Tx = None) -> bool:
    """Take a lease that is free, has run out, or belongs to a process that is gone."""
    if store.leases.take(name, owner, seconds, tx) is not None:
        return True
    held = store.leases.look_up(name, tx=tx)
    if held is None or not is_gone(held.owner):
        return False
    store.leases.drop(name, held.owner, tx)
    return store.leases.take(name, owner, seconds, tx) is not None


def is_held(lease: Lease | None) -> bool:
    """Whether its owner may still be at work."""
    return lease is not None and lease.expires > time.time_ns() // 1000 and not is_gone(lease.owner)


def new_owner() -> str:
    """This process, and which of its runs."""
    return f"{os.uname().nodename}:{os.getpid()}:{_start(os.getpid())}:{next(_count)}"


def is_gone(owner: str) -> bool:
    """True when the owner was a process of this host and is not there any more; False when it is, or nobody can say."""
    parts = owner.split(":")
    if len(parts) != 4 or parts[0] != os.uname().nodename or not parts[1].isdigit():
        return False
    pid = int(parts[1])
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return _start(pid) != parts[2] or _stat(pid)[:1] in (["Z"], ["X"])


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
