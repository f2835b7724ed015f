"""How quick a model answers: a quick one is asked in the event loop, a slow one beside it, and no longer than there is time."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from tidemill.errors import TooLate

QUICK = 0.005
"""Seconds: what took no longer the last time is done at once; what did, beside the other answers."""
AT_ONCE = 8
"""Answers of slow models that are made at a time."""
BESIDE = ThreadPoolExecutor(AT_ONCE, "answer")

KNOWN = 16
"""Bundles whose pace is remembered."""
_UNKNOWN = math.inf, math.inf
T = TypeVar("T")


class Pace:
    """By bundle, how long its last two answers took: one of them may have met a busy machine. Used by the event loop's thread."""

    def __init__(self) -> None:
        self._took: dict[str, tuple[float, float]] = {}
        self._late = 0  # answers that nobody waits for any more, and that hold a thread all the same

    def quick(self, bundle: str) -> bool:
        before, last = self._took.get(bundle, _UNKNOWN)
        return last < QUICK or before < QUICK

    def took(self, bundle: str, seconds: float) -> None:
        if bundle not in self._took and len(self._took) > KNOWN:
            self._took.clear()
        self._took[bundle] = self._took.get(bundle, _UNKNOWN)[1], seconds

    async def beside(self, bundle: str, ask: Callable[[], T], until: float) -> T:
        """What ``ask`` gives, in a thread. Raises TooLate where it does not by then (of `time.monotonic`), and at once where
        late ones hold all threads."""
        if self._late >= AT_ONCE:
            raise late()
        asked = BESIDE.submit(_timed, ask)
        done = asyncio.wrap_future(asked)
        await asyncio.wait([done], timeout=max(0.0, until - time.monotonic()))
        if done.done():
            found, seconds = done.result()
            self.took(bundle, seconds)
            return found
        self._took[bundle] = _UNKNOWN
        if not asked.cancel():
            self._late += 1
            done.add_done_callback(self._over)
        raise late()

    def _over(self, done: asyncio.Future[tuple[T, float]]) -> None:
        self._late -= 1
        if not done.cancelled():
            done.exception()  # nobody else looks


def _timed(ask: Callable[[], T]) -> tuple[T, float]:
    """With the seconds that it took by itself, without its wait for a thread."""
    began = time.monotonic()
    return ask(), time.monotonic() - began


def late() -> TooLate:
    """What is said of an answer that nobody waits for any more."""
    return TooLate("the answer was not there in time", place="deadline", hint="give it longer, or ask again later")
