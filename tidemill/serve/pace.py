"""How quick a model answers: a quick one is asked in the event loop, a slow one beside it, and no longer than there is time."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from tidemill.errors import TooLate

QUICK = 0.02
"""Seconds: what took no longer the last time is done at once; what did, beside the other answers. Less would be mistaken for it: an
answer that the writer's thread cuts in upon waits 5 ms for its turn."""
AT_ONCE = 8
"""Answers of a slow model that are made at a time."""
KNOWN = 16
"""Bundles whose pace is remembered."""
T = TypeVar("T")


class _Model:
    """How long its last two answers took: one of them may have met a busy machine; and threads of its own, so that one that hangs
    keeps no other from answering."""

    __slots__ = ("before", "last", "late", "threads")

    def __init__(self) -> None:
        self.before = self.last = math.inf
        self.late = 0  # answers that nobody waits for any more, and that hold a thread all the same
        self.threads = ThreadPoolExecutor(AT_ONCE, "answer")

    def over(self, done: asyncio.Future[tuple[T, float]]) -> None:
        self.late -= 1
        if not done.cancelled():
            done.exception()  # nobody else looks


class Pace:
    """That of an endpoint's models, by bundle. Used by the event loop's thread."""

    def __init__(self) -> None:
        self._models: dict[str, _Model] = {}

    def quick(self, bundle: str) -> bool:
        found = self._models.get(bundle)
        return found is not None and (found.last < QUICK or found.before < QUICK)

    def now(self, bundle: str, ask: Callable[[], T]) -> T:
        """What ``ask`` gives, here."""
        began = time.monotonic()
        try:
            return ask()
        finally:
            _took(self._of(bundle), time.monotonic() - began)

    async def ask(self, bundle: str, ask: Callable[[], T], until: float) -> T:
        """What ``ask`` gives: here where that is quick, else in a thread. Raises TooLate where it does not by then (of
        `time.monotonic`), and at once where its late answers hold all its threads."""
        if self.quick(bundle):
            return self.now(bundle, ask)
        model = self._of(bundle)
        if model.late >= AT_ONCE or time.monotonic() >= until:
            raise late()
        asked = model.threads.submit(_timed, ask)
        done = asyncio.wrap_future(asked)
        await asyncio.wait([done], timeout=max(0.0, until - time.monotonic()))
        if done.done():
            found, seconds = done.result()
            _took(model, seconds)
            return found
        model.before = model.last = math.inf
        if not asked.cancel():
            model.late += 1
            done.add_done_callback(model.over)
        raise late()

    def _of(self, bundle: str) -> _Model:
        found = self._models.get(bundle)
        if found is None:
            if len(self._models) >= KNOWN:
                self._models.clear()  # their threads end when the last answer is made
            found = self._models[bundle] = _Model()
        return found


def _took(model: _Model, seconds: float) -> None:
    model.before, model.last = model.last, seconds


def _timed(ask: Callable[[], T]) -> tuple[T, float]:
    """With the seconds that it took by itself, without its wait for a thread."""
    began = time.monotonic()
    return ask(), time.monotonic() - began


def late() -> TooLate:
    """What is said of an answer that nobody waits for any more."""
    return TooLate("the answer was not there in time", place="deadline", hint="give it longer, or ask again later")
