"""A server's clock, without a question at each look: how far it is from this machine's time since boot is measured now and then."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from tidemill.errors import StoreError
from tidemill.types import SECOND, Micros

EVERY: Micros = 30 * SECOND

_log = logging.getLogger("tidemill.metadata")


class ServerClock:
    """Never goes back, and never waits for the server: it is asked beside the callers, who go by the last measurement meanwhile.

    ``ask``: what time it is there. What this machine's own clock says, and that somebody sets it, changes nothing.
    """

    def __init__(self, ask: Callable[[], Micros], uptime: Callable[[], Micros] | None = None) -> None:
        self._ask, self._uptime = ask, uptime or _uptime
        self._asking = threading.Lock()
        self._distance, self._latest, self._due = 0, 0, 0
        self._measure(first=True)

    def now(self) -> Micros:
        since = self._uptime()
        if since >= self._due and self._asking.acquire(blocking=False):
            self._due = since + EVERY
            try:
                threading.Thread(target=self._again, name="tidemill-clock", daemon=True).start()
            except RuntimeError:  # no thread left: later
                self._asking.release()
        self._latest = max(self._latest, since + self._distance)
        return self._latest

    def _again(self) -> None:
        try:
            self._measure()
        except StoreError as exc:
            _log.info("the server was not asked what time it is: %s", exc)
        finally:
            self._asking.release()

    def _measure(self, first: bool = False) -> None:
        """The answer was true at some moment between question and answer: what agrees with that stays as it is."""
        before = self._uptime()
        at = self._ask()
        after = self._uptime()
        least, most = at - after, at - before
        distance = (least + most) // 2 if first else min(max(self._distance, least), most)
        back = 0 if first else self._distance - distance
        if back > SECOND:
            _log.warning("the server's clock was set back by %d s; for so long the time stands still", back // SECOND)
        self._distance, self._due = distance, after + EVERY


def _uptime() -> Micros:
    """Since boot, the time that the machine slept included where the system can say it; nobody can set it."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return (time.monotonic_ns() if clock is None else time.clock_gettime_ns(clock)) // 1_000
