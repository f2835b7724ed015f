"""The one shape of every error (RFC 9457): code, message, place, hint."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from tidemill.errors import BadRequest, NoRoute, ServeError, TidemillError, WrongMethod

MEDIA = "application/problem+json"


def problem(exc: TidemillError) -> JSONResponse:
    """The error as an answer."""
    return JSONResponse({**exc.problem(), "message": exc.message}, exc.status, media_type=MEDIA)


def install(app: FastAPI) -> None:
    """Make every error of the app look so."""
    app.add_exception_handler(TidemillError, _known)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)


def _known(request: Request, exc: Exception) -> JSONResponse:
    return problem(exc if isinstance(exc, TidemillError) else ServeError(str(exc)))


def _invalid(request: Request, exc: Exception) -> JSONResponse:
    errors = exc.errors() if isinstance(exc, RequestValidationError) else []
    first = errors[0] if errors else {"msg": str(exc), "loc": ()}
    place = ".".join(str(part) for part in first["loc"])
    return problem(BadRequest(str(first["msg"]), place=place, hint="see /api/openapi.json"))


def _http(request: Request, exc: Exception) -> JSONResponse:
    status = exc.status_code if isinstance(exc, HTTPException) else 500
    kind: type[TidemillError] = {404: NoRoute, 405: WrongMethod}.get(status, BadRequest)
    return problem(kind(f"{request.method} {request.url.path}: {getattr(exc, 'detail', exc)}"))
