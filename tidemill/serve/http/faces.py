"""The parts that bring routes of their own, the control API and the page: loaded when first asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

from tidemill.errors import ProjectError
from tidemill.serve.http.admit import Call, Reply
from tidemill.serve.http.routes import OPEN, Route

if TYPE_CHECKING:
    from tidemill.serve.serving import Serving

GROUP = "tidemill.faces"

FaceHandler = Callable[[Call, bytes], Awaitable[Reply]]
"""Answers an admitted request, given its head and its body."""
MakeFace = Callable[["Serving"], Mapping[Route, FaceHandler]]
"""Supplied by the entry point group ``tidemill.faces``: the routes that go into the server's one table, and their handlers."""


def installed() -> list[MakeFace]:
    """What the installed packages bring, in order of name."""
    return [point.load() for point in sorted(entry_points(group=GROUP), key=lambda p: p.name)]


class Faces:
    """Loads the faces once, off the event loop."""

    def __init__(self, serving: Serving, makers: Callable[[], Sequence[MakeFace]] = installed) -> None:
        self._serving, self._makers = serving, makers
        self._lock = asyncio.Lock()
        self.loaded: dict[Route, FaceHandler] | None = None

    async def load(self) -> dict[Route, FaceHandler]:
        """All their handlers. Raises ProjectError when one brings a route that needs no token."""
        async with self._lock:
            if self.loaded is None:
                self.loaded = await asyncio.to_thread(self._make)
        return self.loaded

    def _make(self) -> dict[Route, FaceHandler]:
        found: dict[Route, FaceHandler] = {}
        for make in self._makers():
            found |= make(self._serving)
        for route in found:
            if route.scope == OPEN:
                raise ProjectError(f"{route.method} {route.path} would need no token")
        return found
