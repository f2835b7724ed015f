"""Routes that say their scope: one without is refused when the app is built."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from fastapi import APIRouter
from fastapi.routing import APIRoute

from tidemill.errors import ProjectError
from tidemill.serve.http.routes import Route

SCOPE = "x-tidemill-scope"
F = TypeVar("F", bound=Callable[..., Any])


def reads(router: APIRouter, path: str, **more: Any) -> Callable[[F], F]:
    """``GET path`` for whoever has the scope read."""
    return router.get(path, openapi_extra={SCOPE: "read"}, **more)


def operates(router: APIRouter, path: str, **more: Any) -> Callable[[F], F]:
    """``POST path`` for whoever has the scope operate."""
    return router.post(path, openapi_extra={SCOPE: "operate"}, **more)


def table(routers: Iterable[APIRouter]) -> tuple[Route, ...]:
    """Their lines for the server's one table. Raises ProjectError for a route without a scope."""
    found = []
    for route in (route for router in routers for route in router.routes):
        if not isinstance(route, APIRoute):
            raise ProjectError(f"a route without a scope: {getattr(route, 'path', route)}")
        scope = (route.openapi_extra or {}).get(SCOPE)
        if not isinstance(scope, str):
            raise ProjectError(f"a route without a scope: {route.path}")
        found += [Route(method, route.path, scope) for method in sorted(route.methods or ())]
    return tuple(found)
