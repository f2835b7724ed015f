"""Totals over tables that may be very large: counted again only so often that counting stays a small part of the time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from tidemill.scope.project import Project

T = TypeVar("T")
SHARE = 40
"""A count that took t is good for so many t: at a million rows that is seconds, in a small project nothing."""


class Counts:
    """The totals of one project's live store."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[float, object]] = {}

    def predictions(self) -> int:
        return self._get("predictions", self._project.live.predictions.count)

    def outcomes(self) -> dict[str, int]:
        """How many by `how` they were joined."""
        return self._get("outcomes", self._project.live.outcomes.count)

    def _get(self, name: str, count: Callable[[], T]) -> T:
        with self._lock:
            until, kept = self._kept.get(name, (0.0, None))
            if time.monotonic() < until:
                return kept  # type: ignore[return-value]  # what this name's count gave
            started = time.monotonic()
            found = count()
            ended = time.monotonic()
            self._kept[name] = (ended + SHARE * (ended - started), found)
            return found
