"""A child that is kept alive: started, watched, started again when it dies, and what it said last."""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from tidemill.errors import PortBusy, ServeError, TidemillError
from tidemill.process.channel import ChannelError, GivenUp
from tidemill.process.child import Child, ending
from tidemill.types import JsonObject, to_iso

START_SECONDS = 300.0
"""A start takes seconds, on a busy machine minutes; a child that dies ends the wait at once."""
BACKOFF = (0.0, 0.0, 0.2, 1.0, 2.0, 5.0, 10.0, 30.0)  # Seconds before each restart of a child that keeps on crashing
CALM_SECONDS = 60.0  # A child that lived so long starts again at the beginning of `BACKOFF`
GRACE = 20.0  # seconds that a child has to stop when this process is gone
TAIL = 16_384  # Bytes at the end of a child's log among which its last words are looked for
LONGEST_REASON = 500  # letters

_log = logging.getLogger("tidemill.up")


def log_file(logs: Path, name: str) -> IO[bytes]:
    """``NAME.log`` in this folder, to append to, for its owner's eyes alone."""
    logs.mkdir(mode=0o700, exist_ok=True)
    return os.fdopen(os.open(logs / f"{name}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab")


class Supervised:
    """One child and how it has fared. ``tells``: it says when it is ready, with a ``port``, which `ready` then holds.
    ``keeps``: descriptors that it is born with."""

    def __init__(
        self,
        logs: Path,
        name: str,
        module: str,
        arguments: Callable[[], list[str]],
        tells: bool,
        stopping: Callable[[], bool] = lambda: False,
        keeps: Callable[[], Sequence[int]] = tuple,
    ) -> None:
        self._stopping, self._keeps = stopping, keeps
        self.name, self._module, self._arguments, self._tells, self._logs = name, module, arguments, tells, logs
        self.child: Child | None = None
        self.ready: JsonObject = {}
        self.crashes = 0
        self.trouble: JsonObject = {}
        """Why it did not stay up: {"crashes", "since", "reason"}; empty again once it has lived calmly."""
        self._born = self._again = 0.0
        self._logged = 0  # bytes that its log held when it was born

    def start(self) -> None:
        """Start it, and wait until it is ready where it tells so, or all is to stop. Raises PortBusy, ServeError."""
        self._born, keeps = time.monotonic(), self._keeps()
        with log_file(self._logs, self.name) as log:
            self._logged = log.seek(0, os.SEEK_END)
            self.child = Child(self._module, self._arguments(), log=log, grace=GRACE, keeps=keeps)
        if self._tells:
            self.ready = self._heard(self.child)

    def _heard(self, child: Child) -> JsonObject:
        """What it says first; where that does not come in time, or is no port, it did not start."""
        word: JsonObject = {}
        with suppress(TimeoutError, GivenUp, ChannelError):
            word = child.channel.receive(self._born + START_SECONDS, self._stopping) or {}
        if "port" in word:
            return word
        child.close()
        error = word.get("error", {})
        kind = PortBusy if error.get("code") == PortBusy.code else ServeError
        raise kind(
            str(error.get("detail") or f"the {self.name} did not start"),
            place=str(error.get("place") or ""),
            hint=str(error.get("hint") or f"see {self._logs / self.name}.log"),
        )

    def look(self) -> bool:
        """Start it again when it has died and its time has come; whether anything changed."""
        now = time.monotonic()
        calm = now - self._born > CALM_SECONDS
        code = self.child.code if self.child is not None else None
        if self.child is not None and code is None:
            changed, self.trouble = calm and bool(self.trouble), {} if calm else self.trouble
            return changed
        if self.child is not None and code is not None:
            self.child.close()
            self.child = None
            self.crashes = 0 if calm else self.crashes
            wait, reason = self._later(now), self._reason(code)
            self._fell(reason)
            _log.error(
                "the %s %s, again in %g s: %s (all of it: %s)",
                *(self.name, ending(code), wait, reason, self._logs / f"{self.name}.log"),
            )
            if wait:
                return True
        if now < self._again:
            return False
        self._try_again(now)
        return True

    def _try_again(self, now: float) -> None:
        try:
            self.start()
        except (TidemillError, OSError) as exc:  # a port that is taken, no room for its log, no memory for a process
            if self.child is None:
                self._later(now)
            self._fell(str(exc))
            _log.error("the %s does not start: %s", self.name, exc)

    def _later(self, now: float) -> float:
        """One crash more; the seconds until it is started again."""
        wait = BACKOFF[min(self.crashes, len(BACKOFF) - 1)]
        self.crashes += 1
        self._again = now + wait
        return wait

    def _fell(self, reason: str) -> None:
        since = (self.trouble if self.crashes > 1 else {}).get("since") or to_iso(time.time_ns() // 1_000)
        self.trouble = {"crashes": self.crashes, "since": since, "reason": reason}

    def _reason(self, code: int) -> str:
        if code == -signal.SIGKILL:  # whoever is killed so says nothing of it: its last line was about something else
            return f"it {ending(code)}"
        return self._last_words() or f"it {ending(code)}, and said nothing"

    def _last_words(self) -> str:
        """The last line that it wrote into its log in this life."""
        try:
            with open(self._logs / f"{self.name}.log", "rb") as log:
                log.seek(max(self._logged, log.seek(0, os.SEEK_END) - TAIL))
                lines = [line for line in log.read().decode("utf-8", "replace").splitlines() if line.strip()]
        except OSError:  # somebody tidied up
            return ""
        return lines[-1].strip()[:LONGEST_REASON] if lines else ""

    def ask(self) -> None:
        """Ask it to stop, and wait for nothing."""
        if (pid := self.pid) is not None:
            os.kill(pid, signal.SIGTERM)

    def stop(self, seconds: float) -> None:
        """Ask it to stop; kill it when it does not in time."""
        if self.child is not None and not self.child.stop(seconds):
            _log.error("the %s did not stop within %g s: killed", self.name, seconds)

    @property
    def pid(self) -> int | None:
        return self.child.pid if self.child is not None and self.child.code is None else None
