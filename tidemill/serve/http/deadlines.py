"""By when something has to be done: whoever waits longer is woken, and told so."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from typing import Any, TypeVar

T = TypeVar("T")
EXACT = 1.0
"""Seconds below which a deadline has a timer of its own: else the heartbeat's look is exact enough, and costs nothing."""


class Overdue(Exception):
    """It was not done in time."""


class Deadlines:
    """Of the tasks of one event loop. `expire` is called by the heartbeat: a timer of the event loop for each would cost as much as
    many an answer."""

    def __init__(self) -> None:
        self._until: dict[asyncio.Task[Any], float] = {}
        self._late: set[asyncio.Task[Any]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def within(self, work: Awaitable[T], until: float) -> T:
        """What it gives, or Overdue at this moment (of `time.monotonic`). One at a time of a task."""
        if (left := until - time.monotonic()) < EXACT:
            return await _exactly(work, left)
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
        task = asyncio.current_task(self._loop)  # of a loop that is told: to look for it asks the system each time
        if task is None:
            raise RuntimeError("what has a deadline is done in a task")
        self._until[task] = until
        try:
            return await work
        except asyncio.CancelledError:
            if task not in self._late:
                raise
            task.uncancel()
            raise Overdue from None
        finally:
            self._late.discard(task)
            del self._until[task]

    def hurry(self, until: float) -> None:
        """Nobody has longer than this."""
        for task, own in self._until.items():
            self._until[task] = min(own, until)

    def expire(self) -> None:
        """Wake those whose time is over."""
        now = time.monotonic()
        for task in [task for task, until in self._until.items() if until <= now]:
            if task not in self._late:
                self._late.add(task)
                task.cancel()


async def _exactly(work: Awaitable[T], seconds: float) -> T:
    limit = asyncio.timeout(seconds)
    try:
        async with limit:
            return await work
    except TimeoutError:
        if not limit.expired():
            raise
        raise Overdue from None
