"""Everything that a running server holds, put together: one object that the app and the faces share."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from tidemill.access.tokens import TokenCache, cache
from tidemill.config.network import history_bytes
from tidemill.errors import Damaged, NoRoute, TidemillError
from tidemill.scope.names import one_of
from tidemill.scope.project import Project
from tidemill.serve.histories import Histories
from tidemill.serve.log import Log
from tidemill.serve.metrics import Metrics
from tidemill.serve.predictor import Predictor
from tidemill.serve.replay import ReplayClock
from tidemill.store.records import OnlineEvent
from tidemill.types import Clock, JsonObject, did_you_mean

HEARTBEAT = 0.05  # Seconds between two looks at what other processes have written

_log = logging.getLogger("tidemill.serve")


@dataclass
class Serving:
    """A project being served. Built before the event loop runs (`prepare`), alive within it (`begin` … `end`)."""

    project: Project
    metrics: Metrics
    predictors: Mapping[str, Predictor]  # by endpoint
    histories: Histories
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
    _said: str = ""  # the last trouble that was logged: it is looked at twenty times a second
    _damaged: bool = False  # a database is not the one in the folder any more

    def begin(self) -> None:
        """Start the log and the heartbeat, in the running event loop."""
        self.log = Log(self.project.live, self._learn, self.metrics.lost.inc)
        self._beat = asyncio.create_task(self._heartbeat())

    def at(self, endpoint: str | None) -> Predictor:
        """What answers at this endpoint; without a name, at the only one. Raises NoRoute, NotFound."""
        if endpoint is None:
            return one_of("endpoint", self.predictors, None)
        if (found := self.predictors.get(endpoint)) is None:
            raise NoRoute(f"no endpoint {endpoint!r}", hint=did_you_mean(endpoint, self.predictors))
        return found

    def follow(self) -> None:
        """Know what any process has written to the histories since."""
        if self.histories.follow():
            self.metrics.history.set(self.histories.seq)

    def _learn(self, events: Sequence[OnlineEvent], seqs: Sequence[int]) -> None:
        self.histories.learn(events, seqs)
        self.metrics.history.set(self.histories.seq)

    def look(self, again: bool = False) -> None:
        """Look at the releases of every endpoint, and write down what failed to answer. May run in any thread."""
        for predictor in self.predictors.values():
            predictor.refresh(again)
        self.tell_failures()

    def tell_failures(self) -> None:
        for predictor in self.predictors.values():
            predictor.tell_failures()

    def status(self) -> JsonObject:
        """What is served, by endpoint."""
        return {"endpoints": {name: predictor.status() for name, predictor in self.predictors.items()}}

    async def refresh(self) -> None:
        """See what other processes wrote, now: releases (also those refused before), histories, tokens."""
        self.tokens.evict()
        self.follow()
        async with self._refreshing:
            await asyncio.to_thread(self.look, again=True)

    def health(self) -> dict[str, str]:
        """By endpoint whether it answers: ok | no_model | degraded (the champion is refused) | not_writing (an answer cannot
        be written down, and is refused) | damaged (a database is not the one in the folder)."""
        trouble = self._trouble()
        found = {name: predictor.served.health for name, predictor in self.predictors.items()}
        return {name: said if said == "no_model" else trouble or said for name, said in found.items()}

    def _trouble(self) -> str:
        log: Log | None = getattr(self, "log", None)  # there is none before `begin`
        refuses = log.trouble if log is not None else None
        if self._damaged or isinstance(refuses, Damaged):
            return "damaged"
        return "not_writing" if refuses is not None else ""

    async def end(self) -> None:
        """Wait for what is still on its way to the disk, then stop."""
        if self._beat is not None:
            self._beat.cancel()
            await asyncio.gather(self._beat, return_exceptions=True)
        await self.log.drain()
        await asyncio.to_thread(self.tell_failures)

    async def _heartbeat(self) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT)
            for do in (self.log.expire, *self.on_beat):
                do()
            self.metrics.waiting.set(self.log.waiting)
            try:
                self.log.try_again()
                await self._look()
            except TidemillError as exc:  # a busy store, a full disk: what is in memory serves on
                self._damaged = isinstance(exc, Damaged)
                self._say(exc)
            except Exception:  # noqa: BLE001 - whatever it was: without its heartbeat a server goes blind
                _log.exception("the stores cannot be followed")
            else:
                self._damaged, self._said = False, ""

    def _say(self, exc: TidemillError) -> None:
        """Once, however often it is seen again: a log that fills the disk mends nothing."""
        if str(exc) != self._said:
            self._said = str(exc)
            _log.error("the stores cannot be followed: %s", exc)

    def _live_version(self) -> int:
        try:
            return self.project.live.data_version()
        except Damaged as exc:  # not one more answer with ack=async is promised to it
            self.log.trouble = exc
            raise

    async def _look(self) -> None:
        store, live = self.project.store.data_version(), self._live_version()
        if live != self._seen[1] and not self.candidate:
            self.follow()
        if store != self._seen[0]:
            self.tokens.evict()
        if not self.candidate and (store != self._seen[0] or any(p.overdue() for p in self.predictors.values())):
            async with self._refreshing:
                await asyncio.to_thread(self.look)
        self._seen = (store, live)
        if any(predictor.untold for predictor in self.predictors.values()):
            await asyncio.to_thread(self.tell_failures)


def prepare(project: Project) -> Serving:
    """Load what is released. What does not verify is not served, and said."""
    metrics = Metrics()
    histories = Histories(project.live, history_bytes(project.reached.history))
    predictors = {name: Predictor(scope, metrics, histories) for name, scope in project.endpoints.items()}
    clock = ReplayClock(project) if project.replay else None
    serving = Serving(project, metrics, predictors, histories, cache(project.store), clock or project.clock, clock)
    serving.look()
    return serving
