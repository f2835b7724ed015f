"""Everything that a running server holds, put together: one object that the app and the faces share."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from tidemill.access.tokens import TokenCache, cache
from tidemill.errors import TidemillError
from tidemill.scope.project import Project
from tidemill.serve.log import Log
from tidemill.serve.metrics import Metrics
from tidemill.serve.predictor import Predictor
from tidemill.serve.replay import ReplayClock, replay_clock
from tidemill.types import Clock

HEARTBEAT = 0.05
"""Seconds between two looks at what other processes have written."""

_log = logging.getLogger("tidemill.serve")


@dataclass
class Serving:
    """A project being served. Built before the event loop runs (`prepare`), alive within it (`begin` … `end`)."""

    project: Project
    metrics: Metrics
    predictor: Predictor
    tokens: TokenCache
    clock: Clock
    replay: ReplayClock | None
    candidate: bool = False
    log: Log = field(init=False)
    clock_lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    on_beat: list[Callable[[], None]] = field(default_factory=list)
    _refreshing: asyncio.Lock = field(default_factory=asyncio.Lock)
    _beat: asyncio.Task[None] | None = None
    _seen: tuple[int, int] = (-1, -1)

    def begin(self) -> None:
        """Start the log and the heartbeat, in the running event loop."""
        self.log = Log(self.project.live, self.predictor.learn)
        self._beat = asyncio.create_task(self._heartbeat())

    async def refresh(self) -> None:
        """See what other processes wrote, now: releases (also those refused before), histories, tokens."""
        self.tokens.evict()
        self.predictor.follow()
        async with self._refreshing:
            await asyncio.to_thread(self.predictor.refresh, again=True)
            await asyncio.to_thread(self.predictor.tell_failures)

    def health(self) -> str:
        """Whether there is something to answer with: ok | no_model | degraded (the champion itself is refused)."""
        served = self.predictor.served
        if not served.variants:
            return "no_model"
        return "degraded" if served.degraded else "ok"

    async def end(self) -> None:
        """Wait for what is still on its way to the disk, then stop."""
        if self._beat is not None:
            self._beat.cancel()
            await asyncio.gather(self._beat, return_exceptions=True)
        await self.log.drain()
        await asyncio.to_thread(self.predictor.tell_failures)

    async def _heartbeat(self) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT)
            for do in (self.log.expire, *self.on_beat):
                do()
            self.metrics.waiting.set(self.log.waiting)
            try:
                await self._look()
            except TidemillError as exc:  # a busy store, a full disk: what is in memory serves on
                _log.error("the stores cannot be followed: %s", exc)
            except Exception:  # noqa: BLE001 - whatever it was: without its heartbeat a server goes blind
                _log.exception("the stores cannot be followed")

    async def _look(self) -> None:
        store, live = self.project.store.data_version(), self.project.live.data_version()
        if live != self._seen[1] and not self.candidate:
            self.predictor.follow()
        if store != self._seen[0]:
            self.tokens.evict()
        if not self.candidate and (store != self._seen[0] or self.predictor.overdue()):
            async with self._refreshing:
                await asyncio.to_thread(self.predictor.refresh)
        self._seen = (store, live)
        if self.predictor.untold():
            await asyncio.to_thread(self.predictor.tell_failures)


def prepare(project: Project) -> Serving:
    """Read the history and load what is released. What does not verify is not served, and said."""
    metrics = Metrics()
    predictor = Predictor(project, metrics)
    predictor.start()
    clock = replay_clock(project)
    return Serving(project, metrics, predictor, cache(project.store), clock or project.clock, clock)
