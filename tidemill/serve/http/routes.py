"""The one route table: method, path, permission. What is not in it is refused."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tidemill.access.permissions import PERMISSIONS, scope_of
from tidemill.errors import NoRoute, ProjectError, WrongMethod

OPEN = "open"  # Of the few routes that need no token, in place of a permission: is it alive, and the log-in

Scope = Mapping[str, Any]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_VALUE = r"[A-Za-z0-9][A-Za-z0-9_.:@~+-]{0,199}"
_PARAMETER = re.compile(r"\{([a-z_]+)\}")


@dataclass(frozen=True, slots=True)
class Route:
    """One line of the table. ``path`` may have parameters, ``/predict/{endpoint}``: one segment of plain characters."""

    method: str
    path: str
    permission: str

    def __post_init__(self) -> None:
        if self.permission != OPEN and self.permission not in PERMISSIONS:
            raise ProjectError(f"{self.method} {self.path} has no known permission: {self.permission!r}")

    @property
    def scope(self) -> str:
        """What a token has to be good for."""
        return scope_of(self.permission)

    @property
    def pattern(self) -> re.Pattern[str]:
        parts = _PARAMETER.split(self.path)
        return re.compile("".join(f"(?P<{p}>{_VALUE})" if i % 2 else re.escape(p) for i, p in enumerate(parts)))


class Table:
    """Finds the route of a request.

    >>> Table([Route("POST", "/predict/{endpoint}", "predict")]).find("POST", "/predict/shop")[1]
    {'endpoint': 'shop'}
    """

    def __init__(self, routes: Iterable[Route]) -> None:
        self.routes = tuple(routes)
        self._fixed: dict[str, dict[str, Route]] = {}
        self._open: list[tuple[re.Pattern[str], Route]] = []
        for route in self.routes:
            if "{" in route.path:
                self._open.append((route.pattern, route))
            else:
                self._fixed.setdefault(route.path, {}).setdefault(route.method, route)

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]]:
        """The route and its parameters. Raises NoRoute, WrongMethod."""
        fixed = self._fixed.get(path, {})
        if method in fixed:
            return fixed[method], {}
        allowed = set(fixed)
        for pattern, route in self._open:
            found = pattern.fullmatch(path)
            if found and route.method == method:
                return route, found.groupdict()
            if found:
                allowed.add(route.method)
        if allowed:
            raise WrongMethod(f"{path} does not answer {method}", hint=f"it answers {', '.join(sorted(allowed))}")
        raise NoRoute(f"nothing answers at {path[:200]}", hint="the routes are listed at /api/openapi.json")
