"""The server as one bare ASGI application: admits, routes, answers; everything it does not know is refused.

Order of checks: the Host is one of the server's names and the request came a way that it may, the Origin of an unsafe
request is ours, the token is known, the route is in the table, the token is good for it; only then a body is read, up to its
limit and within its time.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, TypeVar

import msgspec

from tidemill.access.acknowledged import acknowledged
from tidemill.access.callers import holder
from tidemill.access.policy import policy_of
from tidemill.config.network import deadline
from tidemill.errors import BadRequest, NoRoute, ProjectError, ServeError, TidemillError, TooLate, WrongMethod
from tidemill.scope.project import Project
from tidemill.serve import bodies
from tidemill.serve.http import later, v2, welcome
from tidemill.serve.http.admission import Admission
from tidemill.serve.http.admit import JSON, PROBLEM, Call, Gone, Headers, Reading, Reply, RequestGuard, too_large
from tidemill.serve.http.deadlines import Deadlines, Overdue
from tidemill.serve.http.door import Door
from tidemill.serve.http.login import LogIns
from tidemill.serve.http.routes import OPEN, Receive, Route, Scope, Send, Table
from tidemill.serve.items import set_items
from tidemill.serve.later import Later
from tidemill.serve.many import answer_many
from tidemill.serve.metrics import CONTENT_TYPE
from tidemill.serve.outward import outward
from tidemill.serve.replay import ReplayClock
from tidemill.serve.service import PredictionService, ack_mode
from tidemill.serve.serving import Serving, prepare
from tidemill.types import Json, new_id

if TYPE_CHECKING:
    from tidemill.serve.http.oidc import Desk

_log = logging.getLogger("tidemill.serve")
_encode = msgspec.json.Encoder().encode
T = TypeVar("T")
Handler = Callable[["App", Call], Awaitable[Reply]]
FaceHandler = Callable[[Call, bytes], Awaitable[Reply]]
"""Answers an admitted request, given its head and its body."""
MakeFace = Callable[[Serving], Mapping[Route, FaceHandler]]
"""Supplied by the entry point group ``tidemill.faces``: the routes that go into the server's one table, and their handlers."""

FACE_SECONDS = 30.0
FOR_MODELS = 0.8
"""The part of a request's time for which its model is waited for."""
CLOSED = Door()
"""This machine alone."""

PREDICT, FEEDBACK = Route("POST", "/predict/{endpoint}", "predict"), Route("POST", "/feedback", "feedback")
ITEMS = Route("POST", "/items/{dataset}", "items.set")
HEALTH, READY = Route("GET", "/healthz", OPEN), Route("GET", "/readyz", OPEN)
METRICS = Route("GET", "/metrics", "metrics.read")
LOGIN, LOG_IN = Route("GET", "/login", OPEN), Route("POST", "/login", OPEN)
LOGOUT = Route("POST", "/logout", "session.own")
OIDC_LOGIN, OIDC_CALLBACK = Route("GET", "/login/oidc", OPEN), Route("GET", "/login/oidc/callback", OPEN)
REFRESH = Route("POST", "/control/refresh", "server.refresh")
CLOCK, REPLAY = Route("POST", "/replay/clock", "replay.clock"), Route("GET", "/replay/state", "replay.clock")


NUMBERED = "the server's log tells more under this number"


class Internal(ServeError):
    """What nobody expected: 500."""

    code = "internal"


class TookTooLong(ServeError):
    """What was not done in time: 503."""

    code, status = "timeout", 503


def installed() -> list[MakeFace]:
    """The faces that the installed packages bring, the control API and the page, in order of name."""
    return [point.load() for point in sorted(entry_points(group="tidemill.faces"), key=lambda p: p.name)]


_MORE: dict[int, Headers] = {
    429: [(b"retry-after", b"1")],
    401: [(b"www-authenticate", b"Bearer")],
    503: [(b"retry-after", b"1")],
}
"""What an error of this status says in its head."""


def problem(exc: TidemillError) -> Reply:
    """The one shape of every error (RFC 9457), with the words of the error: code, message, hint."""
    body = {**exc.problem(), "message": exc.message}
    extra = _MORE.get(exc.status, [])
    return exc.status, [*PROBLEM, *extra], _encode(body)


def as_json(value: Json, status: int = 200) -> Reply:
    return status, JSON, _encode(value)


class App:
    """The ASGI application of one `Serving`."""

    def __init__(
        self, serving: Serving, makers: Callable[[], Sequence[MakeFace]] = installed, door: Door = CLOSED
    ) -> None:
        self.serving, self.door, self.draining = serving, door, False
        self.cookie = f"tidemill_{serving.project.id[-8:]}"
        self.logins = LogIns(serving, self.cookie, door)
        own = self.logins
        self.gate = RequestGuard(serving.tokens, self.cookie, door, own.bound, own.elsewhere, own.used)
        self.reading, self.deadlines = Reading(), Deadlines()
        reached = serving.project.reached
        self.building, self.patience = Admission(reached.at_once), deadline(reached.deadline)
        serving.on_beat += [self.reading.expire, self.deadlines.expire, self._count]
        self.answers = PredictionService(serving)
        self.later = Later(self.answers)
        serving.beside.append(self.later)
        self.faces: dict[Route, FaceHandler] | None = None  # loaded when first asked for
        self._makers, self._loading = makers, asyncio.Lock()
        self.oidc = _desk(serving, self.cookie, self.logins)
        self.handlers: dict[Route, Handler] = _handlers(serving, self.oidc)
        self.table = Table(self.handlers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise RuntimeError(f"no {scope['type']} here")  # websockets are off in the server; lifespan is not used
        started = time.perf_counter()
        told = _Told(send)
        name, caller = "refused", ""
        try:
            call = Call(scope, receive)
            told.last = self.draining
            try:
                route = await self._admit(call)
                name = route.path
                if call.token is not None:
                    self.building.enter(call.token.id)
                    caller = call.token.id
                if self.faces is not None and route not in self.handlers:
                    await self._to_face(self.faces[route], call, told)
                else:
                    reply = await self.handlers[route](self, call)
                    if route.scope != OPEN:
                        self.serving.need_lease()  # it may have stood still since
                    await told.reply(reply)
            except TidemillError:
                await self.reading.hear_out(call)
                raise
        except Gone:
            return
        except TidemillError as exc:
            form = _looks(scope) and exc.status == 401 and await self.logins.accounts()
            await told.reply(self._refusal(exc, scope, form))
        except asyncio.CancelledError:
            raise
        except Exception as exc:  # noqa: BLE001 - the last border: the client gets an answer, the log the whole story
            await told.reply(_form(_unexpected(exc), scope))
        finally:
            if caller:
                self.building.leave(caller)
            self.serving.metrics.answered(name, told.status, time.perf_counter() - started)

    def _count(self) -> None:
        self.serving.metrics.inside.set(self.building.inside)

    def until(self, began: float, asked: int | None) -> tuple[float, float]:
        """By when a request is answered, and up to when a model is waited for: then what is usual can still be written down.

        ``asked``: milliseconds, where the request says them. All of `time.monotonic`.
        """
        seconds = self.patience if asked is None else asked / 1_000
        return began + seconds, began + FOR_MODELS * seconds

    async def in_time(self, work: Awaitable[T], until: float) -> T:
        """Raises TooLate where it is not done by then: nothing is answered after its deadline."""
        try:
            return await self.deadlines.within(work, until)
        except Overdue:
            raise TooLate("it was not done in time", place="Deadline", hint="ask again, with the same key") from None

    def _refusal(self, exc: TidemillError, scope: Scope, form: bool) -> Reply:
        """The error as a page or as JSON. No name of the caller holds it: in a circle with its own traceback it would keep the
        request, and so the client's connection, until memory is tidied up; in a server that is being stopped, for ever."""
        shown = outward(exc, self.serving.project.root)
        return welcome.page(shown, form, self.logins.provider) if _looks(scope) else _form(shown, scope)

    async def _admit(self, call: Call) -> Route:
        """The route that this call may use. Raises Forbidden, Unauthorized, NoRoute, WrongMethod."""
        self.gate.check_place(call)
        missing: NoRoute | WrongMethod | None = None
        route: Route | None = None
        try:
            route, call.params = self.table.find(call.method, call.path)
            if route.scope == OPEN:
                return route
        except (NoRoute, WrongMethod) as exc:
            missing = exc
        self.serving.need_lease()
        token = await self.gate.authenticate(call)
        if self.oidc is not None and await self.oidc.still(call, token):
            token = await self.gate.authenticate(call)  # with the roles of now
        if route is None and self.faces is None and not self.serving.candidate:
            await self.load_faces()
            route, call.params = self.table.find(call.method, call.path)
        if route is None:
            raise missing or NoRoute("nothing answers here")
        call.caller = holder(token, call.whose, lambda: policy_of(self.serving.project), "api", call.accounts)
        call.caller.need(route.permission)
        return route

    async def load_faces(self) -> None:
        """Off the event loop, and once. Raises ProjectError when one brings a route that needs no token."""
        async with self._loading:
            if self.faces is None:
                self.faces = await asyncio.to_thread(self._make_faces)
                self.table = Table([*self.handlers, *self.faces])

    def _make_faces(self) -> dict[Route, FaceHandler]:
        found = {route: handler for make in self._makers() for route, handler in make(self.serving).items()}
        if bare := next((route for route in found if route.scope == OPEN), None):
            raise ProjectError(f"{bare.method} {bare.path} would need no token")
        return found

    async def _to_face(self, handler: FaceHandler, call: Call, told: _Told) -> None:
        """Hand an admitted request on, with its body read in bounds."""
        body = await self.reading.body(call)
        async with asyncio.timeout(FACE_SECONDS):
            reply = await handler(call, body)
            self.serving.need_lease()
            await told.reply(reply)


class _Told:
    """What was sent to the client: the status for the metrics, and that an answer is begun only once."""

    __slots__ = ("_send", "last", "status")

    def __init__(self, send: Send) -> None:
        self._send, self.status = send, 0
        self.last = False  # the server is about to stop: the next request shall come on another connection

    async def reply(self, reply: Reply) -> None:
        if self.status:
            return  # the answer had begun and then failed: the connection ends here
        self.status, headers, body = reply
        if self.last:
            headers = [*headers, (b"connection", b"close")]
        if isinstance(body, bytes):
            headers = [*headers, (b"content-length", b"%d" % len(body))]
        await self._send({"type": "http.response.start", "status": self.status, "headers": headers})
        if isinstance(body, bytes):
            await self._send({"type": "http.response.body", "body": body})
            return
        async for piece in body:
            await self._send({"type": "http.response.body", "body": piece, "more_body": True})
        await self._send({"type": "http.response.body", "body": b""})


def _looks(scope: Scope) -> bool:
    """Whether a person's browser asks for a page, rather than a program for an answer."""
    return scope["method"] == "GET" and _reads_pages(scope)


def _reads_pages(scope: Scope) -> bool:
    return any(n == b"accept" and b"text/html" in v for n, v in scope["headers"])


def _form(exc: TidemillError, scope: Scope) -> Reply:
    """As `problem`, or as the protocol says it that was spoken."""
    if not v2.is_here(scope["path"]):
        return problem(exc)
    return exc.status, [*JSON, *_MORE.get(exc.status, [])], v2.error(exc)


def _unexpected(exc: Exception) -> TidemillError:
    number = new_id("error")
    _log.error("%s: unexpected", number, exc_info=exc)
    if isinstance(exc, TimeoutError):
        return TookTooLong("this took too long", place=number, hint=NUMBERED)
    return Internal("something went wrong here", place=number, hint=NUMBERED)


def build(project: Project, makers: Callable[[], Sequence[MakeFace]] = installed, door: Door = CLOSED) -> App:
    """The application for an open project. Its ``serving`` must `begin` in the event loop before the first request."""
    return App(prepare(project), makers, door)


# the handlers ---------------------------------------------------------------------------------------------------------


def _desk(serving: Serving, cookie: str, logins: LogIns) -> Desk | None:
    """Where people log in by way of the project's identity provider; a server without one loads none of it."""
    section = serving.project.access.oidc
    if section is None or serving.candidate:
        return None
    from tidemill.serve.http.oidc import Desk

    return Desk(serving, section, cookie, logins)


def _handlers(serving: Serving, oidc: Desk | None) -> dict[Route, Handler]:
    """The table's own part. The replay's routes exist in a replay only, and a candidate under test only predicts."""
    if serving.candidate:
        return {PREDICT: _probe, HEALTH: _health}
    handlers: dict[Route, Handler] = {
        PREDICT: _predict,
        later.LOOK: _look,
        FEEDBACK: _feedback,
        ITEMS: _items,
        HEALTH: _health,
        READY: _ready,
        METRICS: _metrics,
        LOGIN: lambda app, call: app.logins.by_code(call),
        LOG_IN: lambda app, call: app.logins.by_password(call, app.reading),
        LOGOUT: _logout,
        REFRESH: _refresh,
        **v2.HANDLERS,
    }
    if oidc is not None:
        handlers |= {
            OIDC_LOGIN: lambda app, call: oidc.login(call),
            OIDC_CALLBACK: lambda app, call: oidc.callback(call),
        }
    if serving.replay:
        handlers |= {CLOCK: partial(_clock, serving.replay), REPLAY: partial(_replay_state, serving.replay)}
    return handlers


def _ack(call: Call) -> str:
    return ack_mode(call.header(b"ack") or call.query("ack"))


async def _predict(app: App, call: Call) -> Reply:
    began, ack = time.monotonic(), _ack(call)
    position = bodies.position(call.header(b"position") or call.query("position"))
    endpoint = call.params["endpoint"]
    kind = app.serving.at(endpoint).task.request
    asked = bodies.milliseconds(call.header(b"deadline") or call.query("timeout"))
    data = await app.reading.body(call, bodies.MAX_LIST)
    several = bodies.requests_of(data, kind)
    if later.is_asked(app.serving.at(endpoint).scope, call):
        if ack == "none":
            raise BadRequest("what is answered later is always written down", place="ack", hint="leave it out")
        return await later.take_in(app.later, call, endpoint, position, data, kind, several)
    if several is not None:
        until, model = app.until(began, asked or bodies.least_timeout(several))
        made = answer_many(app.answers, endpoint, several, ack, position, model)
        return 200, JSON, await app.in_time(made, until)
    if len(data) > bodies.MAX_BODY:
        raise too_large(bodies.MAX_BODY)
    body = bodies.predict_body(data, kind)
    until, model = app.until(began, asked or body.timeout)
    said, repeated = await app.in_time(app.answers.predict(endpoint, body, ack, position, model), until)
    return 200, [*JSON, (b"repeated", b"1")] if repeated else JSON, said


async def _look(app: App, call: Call) -> Reply:
    return await later.look(app.later, call)


async def _probe(app: App, call: Call) -> Reply:
    body = bodies.candidate_body(await app.reading.body(call), app.serving.at(call.params["endpoint"]).task.request)
    said, took = app.answers.probe(call.params["endpoint"], body)
    return 200, [*JSON, (b"handle-us", b"%d" % took)], said


async def _feedback(app: App, call: Call) -> Reply:
    ack = _ack(call)
    body = await app.reading.body(call)
    endpoint = await app.answers.meant(call.query("endpoint"), body)
    predictor = app.serving.at(endpoint)
    dataset = predictor.scope.model.dataset
    taken = bodies.outcomes_of(body, app.serving.clock.now(), predictor.task.outcome, dataset)
    alone = not body.lstrip().startswith(b"[")
    return 200, JSON, await app.answers.feedback(endpoint, taken, ack, alone=alone)


async def _items(app: App, call: Call) -> Reply:
    by, body = call.caller.name, await app.reading.body(call)
    return as_json(await set_items(app.serving, call.params["dataset"], body, by))


async def _health(app: App, call: Call) -> Reply:
    """The whole is ``ok`` where every endpoint is, ``no_model`` where none answers, else ``degraded``."""
    endpoints = app.serving.health()
    said = set(endpoints.values())
    return as_json({"status": said.pop() if len(said) == 1 else "degraded", "endpoints": endpoints})


async def _ready(app: App, call: Call) -> Reply:
    """Whether clients may be sent here: 503 while an endpoint has nothing to answer with, or cannot write, and once a stop has begun."""
    waits = {name: said for name, said in app.serving.health().items() if said not in ("ok", "degraded", "fallback")}
    if app.draining:
        return as_json({"status": "stopping"}, 503)
    return as_json({"status": "not_ready", "endpoints": waits}, 503) if waits else as_json({"status": "ready"})


async def _metrics(app: App, call: Call) -> Reply:
    together, type_ = app.serving.together, [(b"content-type", CONTENT_TYPE.encode()), *JSON[1:]]
    if together is None:
        return 200, type_, app.serving.metrics.render()
    with suppress(OSError):  # a full disk: then as of a moment ago
        together.write()
    return 200, type_, together.render()


async def _logout(app: App, call: Call) -> Reply:
    """Answered when no scorer lets the session in any more."""
    store = app.serving.project.store
    away = await app.oidc.end(call, call.token) if app.oidc is not None and call.token is not None else ""
    if call.token is not None:
        await asyncio.to_thread(store.tokens.delete, call.token.id)
    app.serving.tokens.evict()
    if app.serving.several:
        await asyncio.to_thread(acknowledged, store)
    gone = f"{app.cookie}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0"
    if away and _reads_pages(call.scope):
        return welcome.onward("You are logged out here", away, [(b"set-cookie", gone.encode())])
    said = {"logged_out": True, **({"provider": away} if away else {})}
    return 200, [*JSON, (b"set-cookie", gone.encode())], _encode(said)


async def _refresh(app: App, call: Call) -> Reply:
    await app.serving.refresh()
    return as_json(app.serving.status())


async def _clock(clock: ReplayClock, app: App, call: Call) -> Reply:
    to = bodies.moment(bodies.clock_body(await app.reading.body(call)).to, "$.to")
    async with app.serving.clock_lock:
        written = clock.advance(to)
        state = clock.state()
        if written is not None and state["behind"]:
            await asyncio.wrap_future(written)
    return as_json(state)


async def _replay_state(clock: ReplayClock, app: App, call: Call) -> Reply:
    await clock.settled(bodies.seconds(call.query("wait"), "wait"))
    await (
        app.serving.catch_up()
    )  # what the loop has just taken in is known to the next answer, whatever the heartbeat does
    return as_json(clock.state())
