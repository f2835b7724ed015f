"""Everything that a running server holds, put together: one object that the app and the faces share."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Protocol

from tidemill.access.tokens import TokenCache, cache
from tidemill.config.network import history_bytes
from tidemill.errors import AlreadyUp, Damaged, NoRoute, NotThereYet, StoreError, TidemillError
from tidemill.features.items import begun
from tidemill.scope.names import one_of
from tidemill.scope.project import Project
from tidemill.serve.histories import Histories
from tidemill.serve.limited import Limits
from tidemill.serve.log import Log
from tidemill.serve.metrics import Metrics
from tidemill.serve.predictor import Predictor
from tidemill.serve.presence import Presence, uptime
from tidemill.serve.replay import ReplayClock
from tidemill.serve.together import SECONDS as COUNT_BEAT
from tidemill.serve.together import Together
from tidemill.store.records import OnlineEvent, Scorer
from tidemill.types import Clock, JsonObject, did_you_mean, new_id

HEARTBEAT = 0.05  # Seconds between two looks at what other processes have written
FAR_BEAT = 0.2  # and at stores on a server
REACH = 1.0  # Seconds that an answer waits for a position
ASIDE = 20
"""Threads for questions to the stores and for pages, on a small machine too: slow pages shall not take all of them from the answers. With
what else asks they are fewer than the connections that a store gives."""
LAG = 1.0  # Seconds without a look from which answers are no longer what was promised

_log = logging.getLogger("tidemill.serve")


class Beside(Protocol):
    """What goes on beside the answers, for as long as they are given."""

    def begin(self) -> None: ...
    async def end(self) -> None: ...


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
    limits: Limits = field(init=False)  # whose data may not be used
    clock_lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    on_beat: list[Callable[[], None]] = field(default_factory=list)
    beside: list[Beside] = field(default_factory=list)
    address: str = ""  # where it listens, of a scorer that others of its stores shall know of
    presence: Presence | None = None
    workers: int = 1  # scorers of this machine, of which this is one
    together: Together | None = None  # what all of them count
    _refreshing: asyncio.Lock = field(default_factory=asyncio.Lock)
    _following: asyncio.Lock = field(default_factory=asyncio.Lock)
    _beats: list[asyncio.Task[None]] = field(default_factory=list)
    _loading: asyncio.Task[None] | None = None
    _seen: tuple[int, int] = (-1, -1)
    _ruled: int = 0  # the revision of the rules that were read; 0: as the project was opened
    _stale: bool = False  # something was committed since the releases were looked at
    _looked: float = field(default_factory=uptime)  # when all that others wrote was last known
    _told: tuple[int, int, int, int, dict[str, str]] = (
        -1,
        -1,
        -1,
        -1,
        {},
    )  # revisions, and health, as the other scorers' hosts may see them
    _about: Scorer | None = None
    _said: str = ""  # the last trouble that was logged: it is looked at twenty times a second
    damaged: bool = False  # a database is not the one in the folder any more

    def __post_init__(self) -> None:
        self.limits = Limits.of(self.project.store)
        for predictor in self.predictors.values():
            predictor.limits = self.limits

    def begin(self) -> None:
        """Start the log and the heartbeat, in the running event loop. Raises StoreError."""
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(ASIDE, "aside"))
        self.log = Log(self.project.live, self._learn, self.metrics.lost.inc)
        if self.address and self.several:
            self._alone_in_replay()
            self._about = about(self.project, self.address)
            self.presence = Presence(self.project.store, self.tokens, self.limits, self._described)
            self.presence.begin()
            self.recede()  # whoever looked for scorers before this one was known of does not wait for it
            self.metrics.known_as(self._about.id, self._about.host)
        self._beats = [asyncio.create_task(self._heartbeat())]
        if self.remote:
            self._beats.append(asyncio.create_task(self._far_beat()))
        if self.together is not None:
            self._beats.append(asyncio.create_task(self._count_beat(self.together)))
        for one in () if self.candidate else self.beside:
            one.begin()

    def _alone_in_replay(self) -> None:
        """Raises AlreadyUp where the clock of a replay is moved by another scorer, which alone knows where it stands."""
        others = self.project.store.scorers.live() if self.replay else ()
        if elsewhere := [one for one in others if (one.host, one.address) != (socket.gethostname(), self.address)]:
            hint = "stop it first, or end the replay"
            raise AlreadyUp("this project is in a replay, and is served already", place=elsewhere[0].address, hint=hint)

    @property
    def remote(self) -> bool:
        """Its stores are on a server: each question waits in a thread, and none holds an answer."""
        return self.project.store.remote

    @property
    def several(self) -> bool:
        """Others may answer beside it: what decides is in the store alone."""
        return self.remote or self.workers > 1

    def need_lease(self) -> None:
        """Raises CutOff where the lease of this scorer has run out."""
        if self.presence is not None:
            self.presence.need()

    def _described(self) -> Scorer:
        if self._about is None:
            raise RuntimeError("no scorer of a team")
        health, position = self.health(own=False), self.histories.seq
        endpoints = {
            name: {"health": health[name], "variants": p.models(), "receded": p.receded}
            for name, p in self.predictors.items()
        }
        return replace(
            self._about,
            releases=self._served,
            tokens=self.tokens.confirmed,
            position=position,
            endpoints=endpoints,
            limits=self.limits.confirmed,
        )

    @property
    def _served(self) -> int:
        """The revision of the releases that every endpoint has looked at."""
        return min(predictor.served.revision for predictor in self.predictors.values())

    def at(self, endpoint: str | None) -> Predictor:
        """What answers at this endpoint; without a name, at the only one. Raises NoRoute, NotFound."""
        if endpoint is None:
            return one_of("endpoint", self.predictors, None)
        if (found := self.predictors.get(endpoint)) is None:
            raise NoRoute(f"no endpoint {endpoint!r}", hint=did_you_mean(endpoint, self.predictors))
        return found

    async def reach(self, position: int) -> None:
        """Until answers can see up to this position. Raises NotThereYet after a moment."""
        if self.histories.seq >= position:
            return
        try:
            async with asyncio.timeout(REACH):
                await self.catch_up(position)
        except (TimeoutError, StoreError) as exc:
            raise _not_there(position) from exc
        if self.histories.seq < position:
            raise _not_there(position)

    async def catch_up(self, position: int | None = None) -> None:
        """Know what any process has written to the histories by now, piece by piece, with answers between; up to ``position`` is enough."""
        async with self._following:
            while position is None or self.histories.seq < position:
                fetch = self.histories.fetch
                if not self.histories.take(await asyncio.to_thread(fetch) if self.remote else fetch()):
                    break
                await asyncio.sleep(0)
        self.metrics.history.set(self.histories.seq)

    def _learn(self, events: Sequence[OnlineEvent], seqs: Sequence[int]) -> None:
        self.histories.learn(events, seqs)
        self.metrics.history.set(self.histories.seq)

    def look(self, again: bool = False) -> None:
        """Look at the releases of every endpoint, and write down what failed to answer. May run in any thread."""
        for predictor in self.predictors.values():
            predictor.refresh(again)
        self.tell_failures()

    def recede(self) -> None:
        """Nobody answers any more who may not; what is to be loaded for it is loaded later."""
        for predictor in self.predictors.values():
            predictor.recede()

    def tell_failures(self) -> None:
        for predictor in self.predictors.values():
            predictor.tell_failures()

    def status(self) -> JsonObject:
        """What is served, by endpoint."""
        return {"endpoints": {name: predictor.status() for name, predictor in self.predictors.items()}}

    async def refresh(self) -> None:
        """See what other processes wrote, now: releases (also those refused before), histories, tokens, limits."""
        self.tokens.evict()
        self.limits.evict()
        await self.limits.know()
        await asyncio.to_thread(self.recede)
        await self.catch_up()
        async with self._refreshing:
            await asyncio.to_thread(self.look, again=True)
            await asyncio.to_thread(self._tell_rules)

    def _tell_rules(self) -> None:
        """Read the rules, and have the other scorers read them, where there are any."""
        before = self._is_ruled
        self._reread_rules()
        if before or self._is_ruled:
            self._ruled = self.project.store.tell_rules()

    @property
    def _is_ruled(self) -> bool:
        """Whether some endpoint has rules."""
        return any(predictor.rules is not None for predictor in self.predictors.values())

    async def _follow_revisions(self, revisions: Mapping[str, int]) -> None:
        self.tokens.seen(revisions["tokens"])
        self.limits.seen(revisions["limits"])
        await self.limits.know()  # now, rather than when somebody waits for an answer
        await self._follow_rules(revisions["rules"])

    async def _follow_rules(self, revision: int) -> None:
        if revision != self._ruled:
            await asyncio.to_thread(self._reread_rules)
            self._ruled = revision

    def _reread_rules(self) -> None:
        """Answer by the rules that the file says now; an endpoint by those of before, where its own cannot be read."""
        for name, predictor in self.predictors.items():
            try:
                now = predictor.scope.reread()
                if now.list_rules != predictor.section:
                    predictor.take_rules(now)
            except TidemillError as exc:
                _log.error("the rules of %s stay as they were: %s", name, exc)

    def health(self, own: bool = True) -> dict[str, str]:
        """By endpoint whether it answers: ok | no_model | degraded (the champion is refused) | fallback (what is usual) |
        lags (what others wrote is not
        known) | not_writing (an answer cannot be written down, and is refused) | cut_off (its lease has run out) |
        damaged (a database is not the one in the folder). ``own``: with its lease."""
        trouble = self._trouble(own)
        found = {name: predictor.health for name, predictor in self.predictors.items()}
        return {name: said if said == "no_model" else trouble or said for name, said in found.items()}

    def _trouble(self, own: bool) -> str:
        log: Log | None = getattr(self, "log", None)  # there is none before `begin`
        refuses = log.trouble if log is not None else None
        if self.damaged or isinstance(refuses, Damaged):
            return "damaged"
        if own and self.presence is not None and not self.presence.alive:
            return "cut_off"
        if refuses is not None:
            return "not_writing"
        return "lags" if self.several and log is not None and uptime() - self._looked > LAG else ""

    async def end(self) -> None:
        """Wait for what is still on its way to the disk, then stop."""
        await asyncio.gather(*(one.end() for one in self.beside))
        beats = [*self._beats, *filter(None, (self._loading,))]
        for beat in beats:
            beat.cancel()
        await asyncio.gather(*beats, return_exceptions=True)
        await self.log.drain()
        await asyncio.to_thread(self.tell_failures)
        if self.presence is not None:
            await self.presence.end()

    async def _heartbeat(self) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT)
            for do in (self.log.expire, *self.on_beat):
                do()
            self.metrics.waiting.set(self.log.waiting)
            if not self.remote:
                await self._follow()

    async def _far_beat(self) -> None:
        """Apart from the heartbeat: a store that does not answer holds nobody who waits to hear so."""
        while True:
            await asyncio.sleep(FAR_BEAT)
            await self._follow()

    async def _count_beat(self, together: Together) -> None:
        while True:
            with suppress(OSError):  # a full disk
                await asyncio.to_thread(together.write)
            await asyncio.sleep(COUNT_BEAT)

    async def _follow(self) -> None:
        try:
            self.log.try_again()
            await (self._far_look() if self.remote else self._look())
        except TidemillError as exc:  # a busy store, a full disk: what is in memory serves on
            self.damaged = isinstance(exc, Damaged)
            self._say(exc)
        except Exception:  # noqa: BLE001 - whatever it was: without its heartbeat a server goes blind
            _log.exception("the stores cannot be followed")
        else:
            self.damaged, self._said, self._looked = False, "", uptime()

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
            await self.catch_up()
        if store != self._seen[0] and not self.candidate:
            revisions = self.project.store.revisions()
            await self._follow_revisions(revisions)
        await self._look_at_releases(store)
        self._seen = (store, live)
        await self._tell_others()

    async def _look_at_releases(self, store: int) -> None:
        """Where something was committed, or it is time to try again. A load holds up no switch, and no heartbeat."""
        if self.candidate:
            return
        if store != self._seen[0]:
            self._stale = True
            await asyncio.to_thread(self.recede)
        if self._stale or any(p.overdue() for p in self.predictors.values()):
            self._begin_loading()

    async def _far_look(self) -> None:
        """As `_look`, at stores on a server: of its revisions, for whatever any project there commits is no news."""
        revisions = await asyncio.to_thread(self.project.store.revisions)
        if not self.candidate:
            await self._follow_revisions(revisions)
            await self.catch_up()
            if any(predictor.receded != revisions["releases"] for predictor in self.predictors.values()):
                await asyncio.to_thread(self.recede)
            if self._served != revisions["releases"] or any(p.overdue() for p in self.predictors.values()):
                self._begin_loading()
        await self._tell_others()

    async def _tell_others(self) -> None:
        """What has changed here: to who reads the leases, and to the rollout's evidence."""
        if self.presence is not None:
            receded = min(predictor.receded for predictor in self.predictors.values())
            before = self._told
            confirmed = self.tokens.confirmed, self.limits.confirmed
            self._told = (self._served, receded, *confirmed, self.health(own=False))
            if self._told != before:
                self.presence.soon()
        if any(predictor.untold for predictor in self.predictors.values()):
            await asyncio.to_thread(self.tell_failures)

    def _begin_loading(self) -> None:
        """Look at the releases apart from the feed: however long a model takes to be fetched, what others tell is known meanwhile."""
        if self._loading is None or self._loading.done():
            self._stale = False
            self._loading = asyncio.create_task(self._load())

    async def _load(self) -> None:
        try:
            async with self._refreshing:
                await asyncio.to_thread(self.look)
        except TidemillError as exc:
            self._stale = True
            self._say(exc)
        except Exception:  # noqa: BLE001 - whatever it was: it is tried again
            self._stale = True
            _log.exception("the releases cannot be followed")


def about(project: Project, address: str) -> Scorer:
    """A scorer that begins."""
    name, host = new_id("scorer"), socket.gethostname()
    return Scorer(name, project.environment, host, address, os.getpid(), 0, 0, 0, -1, 0, 0, {})


def _not_there(position: int) -> NotThereYet:
    return NotThereYet(
        f"answers here do not see position {position} yet", place="Position", hint="ask again in a moment"
    )


def prepare(project: Project) -> Serving:
    """Load what is released. What does not verify is not served, and said. Raises ConfigError for rules that read what there is not."""
    metrics = Metrics()
    most = history_bytes(project.reached.history)
    histories = Histories(project.live, most, missed=metrics.read.inc, items=begun(project))
    predictors = {name: Predictor(scope, metrics, histories) for name, scope in project.endpoints.items()}
    for predictor in predictors.values():
        predictor.take_rules(predictor.scope)
    clock = ReplayClock(project) if project.replay else None
    serving = Serving(project, metrics, predictors, histories, cache(project.store), clock or project.clock, clock)
    serving.look()
    return serving
