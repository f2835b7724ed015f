"""The clock of a project opened for replay: only the replay's driver moves it, and never past what is due."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import Future
from typing import Any

from tidemill.errors import Conflict
from tidemill.scope.names import loop_key
from tidemill.scope.project import Project
from tidemill.types import HeldClock, JsonObject, Micros, to_iso

MODE, CLOCK = "mode", "clock"
"""The names of the settings. That of `loop_key` is written by the loop after each full tick: {"clock", "idle", "next_due"}."""


LONGEST_WAIT = 30.0
_LOOK, _SELDOM = 0.003, 0.02  # seconds between looks at whether the loop is done: at first, and when it takes long


class ReplayClock(HeldClock):
    """The stored clock, kept in memory: this process alone moves it. `advance` promises that the loop is never overrun.

    The loop ticks at moments known in advance. The clock may move up to the next of them; there it waits until the loop
    has done its tick, which shows in the loop's own state.
    """

    def __init__(self, project: Project) -> None:
        super().__init__(project.clock.now())
        self._store, self._key = project.store, loop_key(project.environment)
        self._told: tuple[int, dict[str, Any]] = (-1, {})
        self._written: Future[None] | None = None

    def state(self) -> JsonObject:
        """Where the clock stands, and how far it may go."""
        loop = self._loop()
        return {
            "mode": "replay",
            "clock": self.now(),
            "at": to_iso(self.now()),
            "next_due": loop.get("next_due"),
            "behind": self.behind(),
            "loop": loop or None,
        }

    def behind(self) -> bool:
        """Whether the loop still has to do something at the present moment."""
        loop = self._loop()
        return not loop or not loop["idle"] or self.now() >= loop["next_due"]

    async def settled(self, seconds: float) -> None:
        """Wait until the loop is done with the present moment, at most so long."""
        began = time.monotonic()
        until = began + min(seconds, LONGEST_WAIT)
        while self.behind() and (now := time.monotonic()) < until:
            await asyncio.sleep(min(max(_LOOK, (now - began) / 20), _SELDOM))  # late by a twentieth at most

    def advance(self, to: Micros) -> Future[None] | None:
        """The write of the new time, None when it stands there. Only where something falls due must it be waited for.

        Between due moments this process alone asks for the time, and a replay that is killed plays its day again.
        Raises Conflict: backwards, past the next due moment, or while the loop is behind; StoreError when an earlier
        time could not be written.
        """
        now = self.now()
        if to < now:
            raise Conflict(f"the clock stands at {to_iso(now)} and does not go back to {to_iso(to)}")
        if self.behind():
            raise Conflict(
                f"the loop is not done with {to_iso(now)}", hint="GET /replay/state?wait=30 answers when it is"
            )
        due = self._loop()["next_due"]
        if to > due:
            raise Conflict(f"something is due at {to_iso(due)}", hint=f"move the clock to {to_iso(due)} first")
        if self._written is not None and self._written.done():
            self._written.result()
        if to == now:
            return None
        self._written = self._store.settings.set_soon(CLOCK, to)
        self.move(to)
        return self._written

    def _loop(self) -> dict[str, Any]:
        """What the loop wrote, read again only when something was committed since."""
        version = self._store.data_version()
        if version != self._told[0]:
            found = self._store.settings.get(self._key)
            loop = found if isinstance(found, dict) and {"idle", "next_due"} <= set(found) else {}
            self._told = version, loop
        return self._told[1]
