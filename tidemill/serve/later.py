"""Answers that are given later: a question is taken in, on the disk, and answered by whichever scorer comes to it.

Its id is that of the prediction to come, so that it is answered once, whoever tries how often. Who takes it up has it for `LEASE`
and tells so again meanwhile; when he is killed, another one goes on. What failed by the request's fault is told as it would have been
at once; what failed by the server's is tried again until its time is over.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from tidemill.config.network import later
from tidemill.errors import BadRequest, Conflict, Expired, ModelError, NotFound, TidemillError, TooMany
from tidemill.serve import bodies
from tidemill.serve.callbacks import GIVE_UP, Callbacks, wait_of
from tidemill.serve.many import Item, answer_one
from tidemill.serve.outward import outward
from tidemill.serve.predictor import Predictor
from tidemill.serve.service import PredictionService, again, reply
from tidemill.store.records import Deferred, Prediction
from tidemill.tasks.port import Request
from tidemill.types import SECOND, JsonObject, Micros, named_id, new_id, to_iso

LEASE = 30.0  # Seconds that a question is in hand without a word
BEAT = 1.0  # Seconds between two looks at what others took in
AT_ONCE = 4  # Questions in hand at a time, and as many callbacks
MOST_WAITING = 10_000
TRIES = 5
"""So often a question is taken up by a scorer that does not live to answer it: more would end all of them in turn."""
AGAIN: Micros = 5_000_000
"""Until the next try of what failed by the server's fault."""

_log = logging.getLogger("tidemill.serve")
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class State:
    """What is said of a question: HTTP's status, and the body."""

    status: int
    body: bytes
    location: bytes = b""
    """Where to look again, of one that waits."""
    problem: bool = False

    @property
    def waits(self) -> bool:
        return bool(self.location)


class Later:
    """Takes questions in, and answers those that are due. In the event loop's thread."""

    def __init__(self, service: PredictionService) -> None:
        self._service, self._serving = service, service.serving
        self._kept = service.serving.project.live.deferred
        self.name = new_id("answerer")
        self._span = later(self._serving.project.reached.later)
        self.callbacks = Callbacks(self._serving.project)
        self._hand: dict[str, asyncio.Task[None]] = {}
        self._calling = set[str]()  # of those, whose answers are being sent
        self._news, self._taking = asyncio.Event(), asyncio.Lock()
        self._task: asyncio.Task[None] | None = None
        self._said = ""

    # taking in --------------------------------------------------------------------------------------------------------

    async def take_in(
        self, endpoint: str, asked: Sequence[Request | BadRequest], asker: str, position: int = 0, callback: str = ""
    ) -> list[State]:
        """Write these down, in one commit; of each what is said of it. ``asker``: who may look at the answers.

        The same key again is the same question. Raises TooMany, NotThereYet, StoreError, and Forbidden for a callback that is not on
        the list.
        """
        self.callbacks.check(callback)
        await self._serving.reach(position)
        predictor = self._serving.at(endpoint)
        now = await self._ask(self._kept.now)
        waiting = await self._ask(self._kept.waiting, predictor.scope.environment, MOST_WAITING)
        if waiting + len(asked) > MOST_WAITING:
            raise TooMany("too many questions wait for their answers", hint="ask again later; nothing was taken in")
        made = [self._deferred(predictor, one, now, asker, position, callback) for one in asked]
        fresh = [one for one in made if isinstance(one, Deferred)]
        answered = await self._ask(self._serving.project.live.predictions.find, [one.id for one in fresh])
        new = [one for one in fresh if one.id not in answered]
        kept = await self._aside(self._kept.take_in, new) if new else {}
        self._news.set()
        return [self._taken(one, kept, answered) for one in made]

    def _deferred(
        self, predictor: Predictor, one: Request | BadRequest, now: Micros, asker: str, position: int, callback: str
    ) -> Deferred | TidemillError:
        """As it is kept, or why it is not taken."""
        if isinstance(one, BadRequest):
            return one
        try:
            body = one.spelled(predictor.name)
        except TidemillError as exc:
            return exc
        name = new_id("pred") if body.key is None else named_id("pred", *predictor.scope.salt, body.key)
        scope, at, expires = predictor.scope, self._serving.clock.now(), now + self._span
        who = (name, scope.name, scope.environment, at, body.subject or "")
        return Deferred(*who, _encode(body), asker, position, expires, "waiting", now, callback=callback)

    def _taken(
        self, one: Deferred | TidemillError, kept: dict[str, Deferred], answered: dict[str, Prediction]
    ) -> State:
        if isinstance(one, TidemillError):
            return self._wrong(one)
        try:
            if (stored := answered.get(one.id)) is not None:
                body = self._body(one)
                return State(200, again(stored, body, None if body.is_open else _encode(body.kept())))
            before = kept[one.id]
            if before.asker != one.asker or self._asked(before) != self._asked(one):
                key = self._body(one).key
                hint = "use a key for one request"
                raise Conflict(f"the key {key!r} was used for another request", place="$.key", hint=hint)
            return self._said_of(before, None)
        except TidemillError as exc:
            return self._wrong(exc)

    def _wrong(self, exc: TidemillError) -> State:
        shown = outward(exc, self._serving.project.root)
        return State(shown.status, _encode({**shown.problem(), "message": shown.message}), problem=True)

    # looking ----------------------------------------------------------------------------------------------------------

    async def look(self, name: str, asker: str) -> State:
        """What became of a question of this asker's. Raises NotFound, Expired, StoreError."""
        live = self._serving.project.live
        found = await self._ask(self._kept.look_up, name)
        if found is None or found.asker != asker:
            hint = "it is known to who asked, until some time after its answer ([serve] later)"
            raise NotFound(f"no question {name[:80]}", place="id", hint=hint)
        prediction = await self._ask(live.predictions.look_up, name)
        if found.status == "waiting" and prediction is None and await self._ask(self._kept.now) >= found.expires:
            found = replace(found, status="expired")
        return self._said_of(found, prediction)

    def _said_of(self, found: Deferred, prediction: Prediction | None) -> State:
        """Raises Expired."""
        if prediction is not None:
            return State(200, reply(prediction, "group", self._body(found).explain))
        if found.status == "failed":
            problem: JsonObject = msgspec.json.decode(found.problem)
            return State(int(str(problem["status"])), found.problem, problem=True)
        if found.status == "waiting":
            said = {"prediction_id": found.id, "status": "waiting", "endpoint": found.endpoint}
            moments = {"at": to_iso(found.at), "expires": to_iso(found.expires)}
            return State(202, _encode({**said, **moments}), f"/predictions/{found.id}".encode())
        if found.status == "answered":
            raise Expired("the answer is not kept any more", place=found.id, hint="[serve] keep says how long")
        raise _expired(found)

    def _asked(self, found: Deferred) -> tuple[str, JsonObject]:
        body = self._body(found)
        return found.subject, {} if body.is_open else body.kept()

    def _body(self, found: Deferred) -> Any:
        return bodies.predict_body(found.body, self._serving.at(found.endpoint).task.request)

    # answering --------------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """See to what is due from now on."""
        self._task = asyncio.create_task(self._beats())

    async def end(self) -> None:
        """Take nothing up any more; what is in hand is another's, when its time is over."""
        tasks = [*filter(None, (self._task,)), *self._hand.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def rest(self) -> None:
        """Take up what is due now, and wait for all that is in hand."""
        await self._take()
        while self._hand:
            await asyncio.wait([*self._hand.values()])

    async def _beats(self) -> None:
        loop, kept = asyncio.get_running_loop(), 0.0
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(BEAT):  # wait_for of 3.11 may lose a cancellation
                    await self._news.wait()
            self._news.clear()
            try:
                if self._hand and loop.time() - kept > LEASE / 3:
                    kept = loop.time()
                    await self._aside(self._kept.keep, self.name, [*self._hand], LEASE)
                await self._take()
                self._said = ""
            except Exception as exc:  # noqa: BLE001 - whatever it was: it is looked again
                if str(exc) != self._said:
                    self._said = str(exc)
                    _log.error("questions cannot be taken up: %s", exc)

    async def _take(self) -> None:
        async with self._taking:
            await self._take_due()

    async def _take_due(self) -> None:
        if self._serving.damaged or not await self._ask(self._kept.due):
            return
        self._serving.need_lease()
        scopes = [predictor.scope for predictor in self._serving.predictors.values()]
        for environment in dict.fromkeys(scope.environment for scope in scopes):
            names = [scope.name for scope in scopes if scope.environment == environment]
            for calls in (False, True):  # apart: who does not take callbacks holds no question
                free = AT_ONCE - (len(self._calling) if calls else len(self._hand) - len(self._calling))
                if free <= 0:
                    continue
                for one in await self._aside(self._kept.take, self.name, environment, names, free, LEASE, calls):
                    if one.id not in self._hand:
                        self._hand[one.id] = asyncio.create_task(self._see_to(one))
                        self._calling |= {one.id} if calls else set()

    async def _see_to(self, one: Deferred) -> None:
        try:
            settled = await (self._settled(one) if one.status == "waiting" else self._call_back(one))
            if await self._aside(self._kept.settle, self.name, settled) and settled.status != one.status:
                self._serving.metrics.later.labels(settled.status).inc()
        except Exception as exc:  # noqa: BLE001 - the row is due again when its lease ends
            _log.error("%s is tried again: %s", one.id, exc, exc_info=not isinstance(exc, TidemillError))
        finally:
            del self._hand[one.id]
            self._calling.discard(one.id)
            self._news.set()

    async def _settled(self, one: Deferred) -> Deferred:
        """What becomes of the question."""
        now = await self._ask(self._kept.now)
        if now >= one.expires:
            return self._over(one, now, "expired", self._wrong(_expired(one)).body)
        try:
            if one.tries > TRIES:
                hint = f"{TRIES} scorers ended while they tried: see their logs"
                raise ModelError("no scorer lived to answer it", place=one.id, hint=hint)
            await self._answer(one, time.monotonic() + (one.expires - now) / SECOND)
        except TidemillError as exc:
            now = await self._ask(self._kept.now)  # anew: a slow model takes its time
            if exc.status >= 500:
                return replace(one, due=now + AGAIN, tries=one.tries - 1)
            return self._over(one, now, "failed", self._wrong(exc).body)
        return self._over(one, await self._ask(self._kept.now), "answered")

    def _over(self, one: Deferred, now: Micros, status: str, problem: bytes = b"") -> Deferred:
        due = now if one.callback else now + self._span
        return replace(one, status=status, problem=problem, due=due, settled=now, tries=0)

    async def _answer(self, one: Deferred, until: float) -> None:
        """Unless somebody has answered it before. On the disk when this returns. Raises TidemillError."""
        predictor, body = self._serving.at(one.endpoint), self._body(one)
        inputs = None if body.is_open else _encode(body.kept())
        while self._service.flies(one.id):  # who asked with the same key at once
            await self._service.earlier(one.id, body, inputs, "group")
        if await self._ask(self._serving.project.live.predictions.look_up, one.id) is not None:
            return
        await self._serving.reach(one.position)
        item = Item(body, one.id, inputs)
        await answer_one(self._service, predictor, item, self._serving.clock.now(), predictor.history.seq, until)
        if item.made is not None and item.answer is not None:
            met = await self._service.send([item.made], urgent=True)
            if item.id not in met.taken:
                self._service.counted(item.answer, item.made)

    async def _call_back(self, one: Deferred) -> Deferred:
        """Send it what a look would say, until it is taken or its time is over."""
        now = await self._ask(self._kept.now)
        try:
            said = self._said_of(one, await self._ask(self._serving.project.live.predictions.look_up, one.id))
        except Expired as exc:
            said = self._wrong(exc)
        body = b'{"prediction_id":%s,"error":%s}' % (_encode(one.id), said.body) if said.problem else said.body
        if (rests := self.callbacks.rests(one.callback)) and now - one.settled < GIVE_UP:
            return replace(one, due=now + rests, tries=one.tries - 1)
        told = await self.callbacks.tell(one.callback, one.id, body)
        self._serving.metrics.callbacks.labels("yes" if told else "no").inc()
        if told is None and now - one.settled < GIVE_UP:
            return replace(one, due=now + wait_of(one.tries))
        if not told:
            await self._aside(self.callbacks.give_up, one)
        return replace(one, told="yes" if told else "gave up", due=now + self._span)

    async def _ask(self, ask: Any, *about: Any) -> Any:
        """What the store says: of one beside us at once."""
        return await asyncio.to_thread(ask, *about) if self._serving.remote else ask(*about)

    async def _aside(self, write: Any, *about: Any) -> Any:
        """In a thread: it waits for the disk."""
        return await asyncio.to_thread(write, *about)


def _expired(found: Deferred) -> Expired:
    return Expired(
        f"nobody answered it by {to_iso(found.expires)}", place=found.id, hint="ask again; [serve] later says how long"
    )
