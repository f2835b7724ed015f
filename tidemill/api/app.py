"""The control API as a face of the server: FastAPI, mounted by the scorer when the first request for it comes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, FastAPI, Request

from tidemill import __version__
from tidemill.api import data, decisions, events, models, predictions, problems, releases, runs, status, windows
from tidemill.api.openapi import document
from tidemill.api.scoped import reads, table
from tidemill.serve.http.routes import Asgi, Route
from tidemill.serve.serving import Serving

NOUNS = (status, data, runs, models, releases, decisions, events, windows, predictions)


class Api:
    """Implements `serve.routes.Face`."""

    def __init__(self, serving: Serving) -> None:
        app = FastAPI(title="Tidemill", version=__version__, openapi_url=None, docs_url=None, redoc_url=None)
        app.state.serving = serving
        problems.install(app)
        routers = [*(noun.router for noun in NOUNS), _about()]
        for router in routers:
            app.include_router(router)
        self.app: Asgi = app  # type: ignore[assignment]  # FastAPI is an ASGI application
        self.routes: Sequence[Route] = table(routers)


def _about() -> APIRouter:
    router = APIRouter(tags=["about"])

    @reads(router, "/api/openapi.json", include_in_schema=False)
    def openapi(request: Request) -> dict[str, Any]:
        return document(request.app)

    return router


def face(serving: Serving) -> Api:
    """The entry point ``tidemill.faces``."""
    return Api(serving)
