"""The one route table: method, path, scope. What is not in it is refused."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tidemill.access.tokens import SCOPES
from tidemill.errors import NoRoute, ProjectError, WrongMethod

OPEN = "open"  # The scope of the few routes that need no token: is it alive, and the one-use login

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
    scope: str

    def __post_init__(self) -> None:
        if self.scope not in (*SCOPES, OPEN):
            raise ProjectError(f"{self.method} {self.path} has no known scope: {self.scope!r}")

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
