"""The page as a face of the server: its routes, and the ASGI application behind them.

The server has admitted whoever asks (session or token with the scope of the route, Host, Origin) before a request comes here. Pages are made
in a thread, so that a slow list never holds an answer of the model.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse

from tidemill.errors import BadRequest, Forbidden, NotFound, TidemillError
from tidemill.ops.counts import Counts
from tidemill.serve.http.routes import Asgi, Receive, Route, Scope, Send, Table
from tidemill.store.records import Token
from tidemill.types import digest
from tidemill.web import actions, export, render
from tidemill.web import format as words
from tidemill.web.pages import data, decisions, live, models, overview, releases, runs, trace
from tidemill.web.site import Ask, Page

if TYPE_CHECKING:
    from tidemill.serve.serving import Serving

PULSE = "x-tidemill-pulse"
"""A page asked for with this header answers only with what has changed since the stamp in it."""
FRESH = 30
"""Seconds after which "3 min ago" is written anew even if nothing happened."""
STATIC_TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}

PAGES: tuple[Page, ...] = (
    *overview.PAGES,
    *data.PAGES,
    *runs.PAGES,
    *models.PAGES,
    *releases.PAGES,
    *live.PAGES,
    *decisions.PAGES,
    *trace.PAGES,
)
SECTIONS = ("overview", "data", "runs", "models", "releases", "live", "decisions", "trace")
STATIC, EXPORT = Route("GET", "/static/{name}", "read"), Route("GET", "/export/{table}", "read")
EXPORT_OF = Route("GET", "/export/{table}/{of}", "read")


class Web:
    """The page of one project: `routes` for the server's table, `app` for the requests that it allowed."""

    def __init__(self, serving: Serving) -> None:
        self.serving, self.project = serving, serving.project
        project = serving.project
        self._pages = {Route("GET", p.path, "read"): p for p in PAGES}
        self._actions = {Route("POST", f"/releases/{{release}}/{a}", "operate"): a for a in actions.ACTIONS}
        self.routes = (*self._pages, *self._actions, STATIC, EXPORT, EXPORT_OF)
        self._table = Table(self.routes)
        self._counts = Counts(project)
        self._static = _read_static()
        self._stamps = {name: digest(body)[7:19] for name, body in self._static.items()}

    @property
    def app(self) -> Asgi:
        return self._answer

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(dict(scope), receive)
        try:
            response = await self._route(request)
        except TidemillError as exc:
            response = await asyncio.to_thread(self._problem, request, exc)
        await response(dict(scope), receive, send)  # type: ignore[arg-type]

    async def _route(self, request: Request) -> Response:
        route, params = self._table.find(request.method, request.url.path)
        if route in self._pages:
            return await self._page(request, self._pages[route], params)
        if route in self._actions:
            return await self._act(request, self._actions[route], params["release"])
        if route is STATIC:
            return self._file(params["name"])
        return await self._export(params["table"], params.get("of"))

    async def _page(self, request: Request, page: Page, params: dict[str, str]) -> Response:
        pulse = request.headers.get(PULSE)
        stamp = await asyncio.to_thread(self._stamp)
        if pulse == stamp:
            return Response(status_code=204, headers=render.HEADERS)
        return await asyncio.to_thread(self._render, request, page, params, stamp, pulse is not None)

    def _stamp(self) -> str:
        """Changes when a record was written anywhere, and every now and then."""
        store, live_ = self.project.store.data_version(), self.project.live.data_version()
        return f"{store}.{live_}.{time.monotonic() // FRESH:.0f}"

    def _render(self, request: Request, page: Page, params: dict[str, str], stamp: str, only_live: bool) -> Response:
        ask = self._ask(request, params)
        shown = page.build(ask)
        values = {**self._frame(request, page.section, stamp), "title": shown.title, "note": shown.note, **shown.values}
        if only_live:
            said = {"stamp": stamp, "fragments": render.fragments(page.template, values)}
            return JSONResponse(said, headers=render.HEADERS)
        return _html(render.page(page.template, values))

    def _ask(self, request: Request, params: dict[str, str]) -> Ask:
        try:
            query = dict(parse_qsl(request.url.query, max_num_fields=20))
        except ValueError as exc:
            raise BadRequest(f"the address cannot be read: {exc}") from exc
        token = _token(request)
        may = token is not None and "operate" in token.scopes
        return Ask(
            self.project,
            self._counts,
            self.project.clock.now(),
            request.url.path,
            params,
            query,
            may,
            self.serving.health(),
        )

    def _frame(self, request: Request, section: str, stamp: str) -> dict[str, Any]:
        """What every page needs: navigation, the clock, the session's mark."""
        token = _token(request)
        return {
            "section": section,
            "sections": SECTIONS,
            "project": self.project,
            "goal": self.project.goal,
            "replay": self.project.replay,
            "now": self.project.clock.now(),
            "held": len(self.project.store.releases.list(self.project.endpoint().name, "held")),
            "stamp": stamp,
            "csrf": actions.csrf(token) if token else "",
            "static": lambda name: f"/static/{name}?v={self._stamps[name]}",
            "done": dict(parse_qsl(request.url.query)).get("done", "") if section == "releases" else "",
            "path": request.url.path,
            "note": "",
        }

    async def _act(self, request: Request, action: str, release_id: str) -> Response:
        token = _token(request)
        if token is None:
            raise Forbidden("nobody is logged in")
        form = dict(parse_qsl((await request.body()).decode("utf-8", "replace"), max_num_fields=20))
        actions.check_csrf(token, form)
        await actions.act(self.project, action, release_id, token.name, form)
        await self.serving.refresh()
        target = f"/releases/{quote(release_id, safe='')}?done={action}"
        return RedirectResponse(target, 303, headers=render.HEADERS)

    def _file(self, name: str) -> Response:
        if name not in self._static:
            raise NotFound(f"no file {name!r}")
        kind = STATIC_TYPES[name.rpartition(".")[2]]
        kept = {**render.HEADERS, "cache-control": "private, max-age=31536000, immutable"}
        return Response(self._static[name], headers=kept, media_type=kind)

    async def _export(self, table: str, of: str | None) -> Response:
        found = await asyncio.to_thread(export.pieces, self.project, table, of)
        name = "-".join(filter(None, (self.project.name, of, table)))
        headers = {**render.HEADERS, "content-disposition": f"attachment; filename*=UTF-8''{quote(name)}.csv"}
        return StreamingResponse(_threaded(found), headers=headers, media_type="text/csv; charset=utf-8")

    def _problem(self, request: Request, exc: TidemillError) -> Response:
        if PULSE in request.headers:
            return JSONResponse(exc.problem(), exc.status, headers=render.HEADERS)
        section = request.url.path.strip("/").partition("/")[0]
        frame = self._frame(request, section if section in SECTIONS else "overview", "")
        values = {**frame, "title": words.label(exc.code).capitalize(), "problem": exc}
        return _html(render.page("error.html", values), exc.status)


def _token(request: Request) -> Token | None:
    found = request.scope.get("state", {}).get("token")
    return found if isinstance(found, Token) else None


def _html(text: str, status: int = 200) -> Response:
    return Response(text, status, headers=render.HEADERS, media_type="text/html; charset=utf-8")


async def _threaded(pieces: Iterator[str]) -> AsyncIterator[str]:
    while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
        yield piece


def _read_static() -> dict[str, bytes]:
    folder = files("tidemill.web") / "static"
    return {f.name: f.read_bytes() for f in folder.iterdir() if f.name.rpartition(".")[2] in STATIC_TYPES}


def face(serving: Serving) -> Web:
    """The entry point ``tidemill.faces``: the page of the project that is being served."""
    return Web(serving)
