"""A run's lease: who does it, kept by heartbeats, taken over when its owner is gone."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING

from tidemill.engine.journal.owner import is_gone
from tidemill.errors import Conflict, DiskFull, StoreBusy, StoreError

if TYPE_CHECKING:
    from tidemill.store.ports import MetadataStore
    from tidemill.store.records import Lease

_log = logging.getLogger("tidemill.engine")
_PATIENCE = 2.0  # seconds: somebody may be settling the run of a dead owner just now


class RunLease:
    """The lease on one run's key. Take it, keep it by a thread that renews it, drop it."""

    def __init__(self, store: MetadataStore, key: str, owner: str, seconds: float) -> None:
        self._store, self._owner, self._seconds = store, owner, seconds
        self._name = f"run:{key}"
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.lost = threading.Event()

    def take(self) -> None:
        """Raises Conflict when a live process has it, DiskFull, StoreBusy."""
        until = time.monotonic() + _PATIENCE
        while not try_take(self._store, self._name, self._owner, self._seconds):
            if time.monotonic() > until:
                held = self._store.leases.get(self._name)
                raise Conflict(
                    f"this run is being done by {held.owner if held else 'another process'}",
                    hint="wait for it, or stop that process",
                )
            self._stop.wait(0.05)
        self._thread = threading.Thread(target=self._beat, name=f"tidemill-{self._name[:16]}", daemon=True)
        self._thread.start()

    def drop(self) -> None:
        """Stop beating and let others take it."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        if self.lost.is_set():
            return
        try:
            self._store.leases.drop(self._name, self._owner)
        except (DiskFull, StoreBusy) as exc:  # what it guarded is done; others see that its owner has gone
            _log.warning("the lease %s runs out by itself: %s", self._name, exc)

    def _beat(self) -> None:
        renewed = time.monotonic()
        while not self._stop.wait(self._seconds / 3):
            try:
                held = self._store.leases.renew(self._name, self._owner, self._seconds)
            except StoreError:  # a busy or full disk: try again until the lease has run out
                held = time.monotonic() - renewed < self._seconds
            else:
                renewed = time.monotonic()
            if not held:
                self.lost.set()
                return


def try_take(store: MetadataStore, name: str, owner: str, seconds: float) -> bool:
    """Take a lease that is free, has run out, or belongs to a process that is gone."""
    if store.leases.take(name, owner, seconds) is not None:
        return True
    held = store.leases.get(name)
    if held is not None and is_gone(held.owner):
        store.leases.drop(name, held.owner)
    elif held is not None:
        return False
    return store.leases.take(name, owner, seconds) is not None


def is_held(lease: Lease | None) -> bool:
    """Whether its owner may still be at work."""
    return lease is not None and lease.expires > time.time_ns() // 1000 and not is_gone(lease.owner)
