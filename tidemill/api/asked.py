"""What every route may use: the project that is served, the server's own state, and who asks."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from tidemill.errors import BadRequest, ConfigError
from tidemill.scope.project import Project
from tidemill.serve.serving import Serving
from tidemill.store.records import Token
from tidemill.types import Micros, parse_time


def serving_of(request: Request) -> Serving:
    found: Serving = request.app.state.serving
    return found


def project_of(request: Request) -> Project:
    return serving_of(request).project


def who_asks(request: Request) -> str:
    """The name of the token, which signs for what is decided."""
    token: Token | None = request.scope["state"].get("token")
    return token.name if token else "nobody"


Served = Annotated[Serving, Depends(serving_of)]
Opened = Annotated[Project, Depends(project_of)]
Who = Annotated[str, Depends(who_asks)]


def moment(text: str | None, name: str) -> Micros | None:
    """A time in a query: ISO 8601, or whole microseconds. Raises BadRequest."""
    if text is None:
        return None
    if text.isdecimal() and len(text) > 8:
        return int(text)
    try:
        return parse_time(text)
    except ConfigError as exc:
        raise BadRequest(exc.message, place=name, hint=exc.hint) from exc
