"""A scorer of a team's stores is alive by a lease: each second it tells what it serves, and looks at what was taken back.

Once the lease has run out it answers nobody until it has looked again: whoever takes a token back waits for the scorers that are
alive, and for no other. The lease is counted on this machine's own clock from before the store was asked, on one
that runs on while the machine sleeps: so it never ends later here than there.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tidemill.access.acknowledged import LEASE
from tidemill.access.revised import Revised
from tidemill.access.tokens import TokenCache
from tidemill.errors import CutOff, DiskFull, TidemillError
from tidemill.store.records import Scorer

if TYPE_CHECKING:
    from tidemill.store.sql.store import MetadataStore

BEAT = 1.0  # Seconds between two heartbeats

_log = logging.getLogger("tidemill.serve")


def uptime() -> float:
    """Seconds on a clock that nobody sets, and that no sleep of the machine stops."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Presence:
    """The lease of one scorer. ``tokens``, ``limits``: what may be taken back; ``describe`` says what it serves now; ``seconds``: how long a
    lease is."""

    def __init__(
        self,
        store: MetadataStore,
        tokens: TokenCache,
        limits: Revised[Any],
        describe: Callable[[], Scorer],
        seconds: float = LEASE,
    ) -> None:
        self._store, self._describe, self._seconds = store, describe, seconds
        self._tokens, self._limits = tokens, limits
        self._thread = ThreadPoolExecutor(1, "tidemill-presence")  # its own: nobody's slow question holds the lease
        self._until, self._since = 0.0, 0
        self._again = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._said = ""

    @property
    def alive(self) -> bool:
        return uptime() < self._until

    def need(self) -> None:
        """Raises CutOff."""
        if not self.alive:
            raise CutOff("this scorer has not heard from the store, and may not answer", hint="ask again in a moment")

    def begin(self) -> None:
        """Be known before the first answer is given. Raises StoreError. In the event loop, from then on each second."""
        scorer = self._describe()
        self._heard(*self._renew(scorer))
        self._task = asyncio.create_task(self._beats())

    def soon(self) -> None:
        """Something has changed that others wait for."""
        self._again.set()

    async def end(self) -> None:
        """Be known no more."""
        self._until = 0.0
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._thread, self._store.scorers.drop, self._describe().id)
        except TidemillError as exc:  # its lease ends by itself
            _log.warning("this scorer could not say that it stops: %s", exc)
        self._thread.shutdown(wait=False)

    async def _beats(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._again.wait(), min(BEAT, self._seconds / 4))
            self._again.clear()
            scorer = self._describe()
            try:
                self._heard(*await loop.run_in_executor(self._thread, self._renew, scorer))
            except Exception as exc:  # noqa: BLE001 - whatever it was: without its heartbeat a scorer answers nobody
                self._say(str(exc))
            else:
                self._said = ""
                if self._tokens.confirmed > scorer.tokens or self._limits.confirmed > scorer.limits:
                    self._again.set()

    def _renew(self, scorer: Scorer) -> tuple[float, dict[str, int]]:
        """When it was asked for, and the revisions after that: read later than the lease is known.

        Of stores in the folder a full disk takes nobody's answers: what is taken back there is read all the same.
        """
        began = uptime()
        try:
            self._since = self._store.scorers.beat(replace(scorer, since=self._since), self._seconds).since
        except DiskFull:
            if self._store.remote:
                raise
        return began, self._store.revisions()

    def _heard(self, began: float, revisions: dict[str, int]) -> None:
        self._tokens.seen(revisions["tokens"])
        self._limits.seen(revisions["limits"])
        self._until = began + self._seconds

    def _say(self, text: str) -> None:
        if text != self._said:
            self._said = text
            _log.error("the lease of this scorer is not renewed: %s", text)
