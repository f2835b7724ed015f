"""The page as a face of the server: its routes and their handlers.

The server has admitted whoever asks (session or token with the scope of the route, Host, Origin) before a request comes here. Pages are made
in a thread, so that a slow list never holds an answer of the model.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import replace
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote

import msgspec

from tidemill.access.caller import Caller
from tidemill.access.needs import needed_by
from tidemill.errors import BadRequest, Damaged, Forbidden, NotFound, TidemillError
from tidemill.ops.me import me
from tidemill.ops.status import health_of
from tidemill.serve.http.admit import Call, Headers, Reply
from tidemill.serve.http.app import FaceHandler
from tidemill.serve.http.routes import Route
from tidemill.serve.outward import outward
from tidemill.types import Json, digest
from tidemill.web import actions, export, render
from tidemill.web import format as words
from tidemill.web.forms import FORMS, Form
from tidemill.web.pages import (
    alarms,
    backtests,
    card,
    data,
    decisions,
    experiments,
    inbox,
    ledger,
    live,
    models,
    overview,
    people,
    releases,
    roles,
    runs,
    subjects,
    trace,
)
from tidemill.web.site import Ask, Page

if TYPE_CHECKING:
    from tidemill.serve.serving import Serving

PULSE = b"x-tidemill-pulse"
"""A page asked for with this header answers only with what has changed since the stamp in it."""
FRESH = 30  # Seconds after which "3 min ago" is written anew even if nothing happened
STATIC_TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}

PAGES: tuple[Page, ...] = tuple(
    page
    for part in (
        overview,
        inbox,
        roles,
        data,
        runs,
        models,
        card,
        backtests,
        releases,
        experiments,
        live,
        alarms,
        decisions,
        trace,
        subjects,
        people,
        ledger,
    )
    for page in part.PAGES
)
SECTIONS = {page.section: page.permission for page in reversed(PAGES) if "{" not in page.path}
SECTIONS = {page.section: SECTIONS[page.section] for page in PAGES}
"""Each with what its first page needs."""
ASSET = Route("GET", "/static/{name}", "session.own")
EXPORT = Route("GET", "/export/{table}", "project.read")


def _headers(named: Mapping[str, str]) -> Headers:
    return [(name.encode(), value.encode()) for name, value in named.items()]


HEADERS = _headers(render.HEADERS)


class Web:
    """The page of one served project: `handlers` for the server's table."""

    def __init__(self, serving: Serving) -> None:
        self.serving, self.project = serving, serving.project
        self._static = _read_static()
        self._stamps = {name: digest(body)[7:19] for name, body in self._static.items()}

    @property
    def handlers(self) -> dict[Route, FaceHandler]:
        found: dict[Route, FaceHandler] = {ASSET: self._asset}
        found |= {Route("GET", page.path, page.permission): self._page_of(page) for page in PAGES}
        for table, permission in export.TABLES.items():
            for path in (f"/export/{table}", f"/export/{table}/{{of}}"):
                found[Route("GET", path, permission)] = self._export_of(table)
        found[EXPORT] = self._export_of("")
        for (noun, action), verb in actions.ACTIONS.items():
            found[Route("POST", f"/{noun}s/{{{noun}}}/{action}", needed_by(verb))] = self._act_of(noun, action)
        for form in FORMS:
            found[Route("POST", form.path, form.permission)] = self._form_of(form)
        return {route: self._guarded(handler) for route, handler in found.items()}

    def _guarded(self, handler: FaceHandler) -> FaceHandler:
        """What goes wrong is a page, too."""

        async def handle(call: Call, body: bytes) -> Reply:
            try:
                return await handler(call, body)
            except TidemillError as exc:
                return await asyncio.to_thread(self._problem, call, outward(exc, self.project.root))

        return handle

    def _page_of(self, page: Page) -> FaceHandler:
        async def handle(call: Call, body: bytes) -> Reply:
            pulse = call.header(PULSE)
            stamp = await asyncio.to_thread(self._stamp)
            if pulse == stamp:
                return 204, HEADERS, b""
            return await asyncio.to_thread(self._render, call, page, stamp, pulse is not None)

        return handle

    def _stamp(self) -> str:
        """Changes when a record was written anywhere, and every now and then."""
        try:
            store, live_ = self.project.store.data_version(), self.project.live.data_version()
        except Damaged:  # the page itself says so, as long as what is open can be read
            return f"damaged.{time.monotonic() // FRESH:.0f}"
        return f"{store}.{live_}.{time.monotonic() // FRESH:.0f}"

    def _render(self, call: Call, page: Page, stamp: str, only_live: bool) -> Reply:
        now = self.project.clock.now()
        health: Mapping[str, str] = health_of(self.project) if self.serving.several else self.serving.health()
        shown = page.build(Ask(self.project, now, call.params, call.queries(), self._caller(call), health))
        values = {**self._frame(call, page.section, stamp), "title": shown.title, "note": shown.note, **shown.values}
        template = shown.template or page.template
        if only_live:
            return _json({"stamp": stamp, "fragments": render.fragments(template, values)})
        return _html(render.page(template, values))

    def _caller(self, call: Call) -> Caller:
        return replace(call.caller, face="page")

    def _frame(self, call: Call, section: str, stamp: str) -> dict[str, Any]:
        """What every page needs: navigation, the clock, who is asking, the session's mark."""
        caller = self._caller(call)
        return {
            "section": section,
            "sections": [name for name, permission in SECTIONS.items() if caller.may_do(permission)],
            "me": me(self.project, caller),
            "project": self.project,
            "goal": self.project.goal,
            "replay": self.project.replay,
            "now": self.project.clock.now(),
            "held": len(self.project.store.releases.list(status="held", environment=self.project.environment)),
            "stamp": stamp,
            "csrf": actions.csrf(call.token) if call.token else "",
            "static": lambda name: f"/static/{name}?v={self._stamps[name]}",
            "done": call.query("done") or "",
            "endpoints": list(self.project.endpoints),
            "endpoint": call.query("endpoint"),
            "note": "",
        }

    def _act_of(self, noun: str, action: str) -> FaceHandler:
        async def handle(call: Call, body: bytes) -> Reply:
            if call.token is None:
                raise Forbidden("nobody is logged in")
            form, id = _form(body), call.params[noun]
            actions.check_csrf(call.token, form)
            await asyncio.to_thread(actions.act, self.project, noun, action, id, self._caller(call), form)
            if noun == "release":
                await self.serving.refresh()
            target = f"/{noun}s/{quote(id, safe='')}?done={action}"
            return 303, [*HEADERS, (b"location", target.encode())], b""

        return handle

    def _form_of(self, form: Form) -> FaceHandler:
        async def handle(call: Call, body: bytes) -> Reply:
            if call.token is None:
                raise Forbidden("nobody is logged in")
            given = _form(body)
            actions.check_csrf(call.token, given)
            target = await asyncio.to_thread(form.do, self.project, self._caller(call), call.params, given)
            if form.switches:
                await self.serving.refresh()
            return 303, [*HEADERS, (b"location", target.encode())], b""

        return handle

    async def _asset(self, call: Call, body: bytes) -> Reply:
        name = call.params["name"]
        if name not in self._static:
            raise NotFound(f"no file {name!r}")
        kind = STATIC_TYPES[name.rpartition(".")[2]]
        headers = _headers(
            {**render.HEADERS, "cache-control": "private, max-age=31536000, immutable", "content-type": kind}
        )
        return 200, headers, self._static[name]

    def _export_of(self, known: str) -> FaceHandler:
        async def handle(call: Call, body: bytes) -> Reply:
            table, of = known or call.params["table"], call.params.get("of")
            found = await asyncio.to_thread(export.taken, self.project, self._caller(call), table, of)
            name = "-".join(filter(None, (self.project.name, of, table)))
            attached = f"attachment; filename*=UTF-8''{quote(name)}.csv"
            kind = (b"content-type", b"text/csv; charset=utf-8")
            return 200, [*HEADERS, kind, (b"content-disposition", attached.encode())], _threaded(found)

        return handle

    def _problem(self, call: Call, exc: TidemillError) -> Reply:
        if call.header(PULSE) is not None:
            return _json(exc.problem(), exc.status)
        section = call.path.strip("/").partition("/")[0]
        frame = self._frame(call, section if section in SECTIONS else "overview", "")
        values = {**frame, "title": words.label(exc.code).capitalize(), "problem": exc}
        return _html(render.page("error.html", values), exc.status)


def _form(body: bytes) -> dict[str, str]:
    try:
        return dict(parse_qsl(body.decode("utf-8", "replace"), max_num_fields=20))
    except ValueError as exc:
        raise BadRequest(f"the form cannot be read: {exc}") from exc


def _html(text: str, status: int = 200) -> Reply:
    return status, [*HEADERS, (b"content-type", b"text/html; charset=utf-8")], text.encode()


def _json(value: Json, status: int = 200) -> Reply:
    return status, [*HEADERS, (b"content-type", b"application/json")], msgspec.json.encode(value)


async def _threaded(pieces: Iterator[str]) -> AsyncIterator[bytes]:
    while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
        yield piece.encode()


def _read_static() -> dict[str, bytes]:
    folder = files("tidemill.web") / "static"
    return {f.name: f.read_bytes() for f in folder.iterdir() if f.name.rpartition(".")[2] in STATIC_TYPES}


def face(serving: Serving) -> dict[Route, FaceHandler]:
    """The entry point ``tidemill.faces``: the page of the project that is being served."""
    return Web(serving).handlers
