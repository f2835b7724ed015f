"""The parts that bring routes of their own, the control API and the page: loaded when first asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

from tidemill.errors import ProjectError
from tidemill.serve.http.routes import OPEN, Face, Route

if TYPE_CHECKING:
    from tidemill.serve.serving import Serving

GROUP = "tidemill.faces"

MakeFace = Callable[["Serving"], Face]


def installed() -> list[MakeFace]:
    """What the installed packages bring, in order of name."""
    return [point.load() for point in sorted(entry_points(group=GROUP), key=lambda p: p.name)]


class Faces:
    """Loads the faces once, off the event loop, and finds the one that a route belongs to."""

    def __init__(self, serving: Serving, makers: Callable[[], Sequence[MakeFace]] = installed) -> None:
        self._serving, self._makers = serving, makers
        self._lock = asyncio.Lock()
        self.loaded: list[Face] | None = None

    async def load(self) -> list[Face]:
        """All faces. Raises ProjectError when one brings a route that needs no token."""
        async with self._lock:
            if self.loaded is None:
                self.loaded = await asyncio.to_thread(self._make)
        return self.loaded

    def _make(self) -> list[Face]:
        faces = [make(self._serving) for make in self._makers()]
        for route in (route for face in faces for route in face.routes):
            if route.scope == OPEN:
                raise ProjectError(f"{route.method} {route.path} would need no token")
        return faces

    def owner(self, route: Route) -> Face:
        return next(face for face in self.loaded or () if route in face.routes)
