"""A child of `tidemill up`: started, watched, started again when it dies, and what it said last."""

from __future__ import annotations

import json
import logging
import os
import select
import signal
import subprocess
import time
from collections.abc import Callable
from typing import IO

from tidemill.errors import PortBusy, ServeError, TidemillError
from tidemill.scope.project import Project
from tidemill.serve.child import log_file, spawn
from tidemill.types import JsonObject, to_iso

START_SECONDS = 60.0
LISTEN = 0.1
"""Seconds between two looks whether all is to stop, while a child starts."""
BACKOFF = (0.2, 1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds before each restart of a child that keeps on crashing."""
CALM_SECONDS = 60.0
"""A child that lived so long starts again at the beginning of `BACKOFF`."""
TAIL = 16_384
"""Bytes at the end of a child's log among which its last words are looked for."""
LONGEST_REASON = 500  # letters

_log = logging.getLogger("tidemill.up")


class Child:
    """One child process and how it has fared. ``ready`` is what it told when it was ready."""

    def __init__(
        self,
        project: Project,
        name: str,
        module: str,
        arguments: Callable[[], list[str]],
        tells: bool,
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self._stopping = stopping
        self.name, self._module, self._arguments, self._tells, self._project = name, module, arguments, tells, project
        self.process: subprocess.Popen[bytes] | None = None
        self.ready: JsonObject = {}
        self.crashes = 0
        self.trouble: JsonObject = {}
        """Why it did not stay up: {"crashes", "since", "reason"}; empty again once it has lived calmly."""
        self._born = self._again = 0.0
        self._logged = 0  # bytes that its log held when it was born

    def start(self) -> None:
        """Start it, and wait until it is ready where it tells so, or all is to stop. Raises PortBusy, ServeError."""
        self._born = time.monotonic()
        arguments = self._arguments()
        with log_file(self._project, self.name) as log:
            self._logged = log.seek(0, os.SEEK_END)
            if not self._tells:
                self.process = spawn(self._module, arguments, log, stdin=subprocess.DEVNULL)
                return
            ready, tell = os.pipe()
            with os.fdopen(ready, "rb") as pipe:
                arguments = [*arguments, "--ready-fd", str(tell), "--parent", str(os.getpid())]
                try:
                    self.process = spawn(self._module, arguments, log, pass_fds=[tell], stdin=subprocess.DEVNULL)
                finally:
                    os.close(tell)
                self.ready = self._hear(pipe)

    def _hear(self, pipe: IO[bytes]) -> JsonObject:
        word = _word(self._line(pipe))
        if "port" in word:
            return dict(word)
        self.kill()
        error = word.get("error", {})
        kind = PortBusy if error.get("code") == PortBusy.code else ServeError
        raise kind(
            str(error.get("detail") or f"the {self.name} did not start"),
            place=str(error.get("place") or ""),
            hint=str(error.get("hint") or f"see .tidemill/logs/{self.name}.log"),
        )

    def _line(self, pipe: IO[bytes]) -> bytes:
        """What it says first; nothing where that does not come in time, or where all is to stop."""
        for _ in range(round(START_SECONDS / LISTEN)):
            if select.select([pipe], [], [], LISTEN)[0]:
                return pipe.readline()
            if self._stopping():
                break
        return b""

    def look(self) -> bool:
        """Start it again when it has died and its time has come; whether anything changed."""
        now = time.monotonic()
        calm = now - self._born > CALM_SECONDS
        if self.process is not None and self.process.poll() is None:
            changed, self.trouble = calm and bool(self.trouble), {} if calm else self.trouble
            return changed
        if self.process is not None:
            self.crashes = 0 if calm else self.crashes
            wait = self._later(now)
            reason = self._last_words() or ending(self.process.returncode)
            self._fell(reason)
            _log.error(
                "the %s ended with %s, again in %g s: %s (all of it: .tidemill/logs/%s.log)",
                *(self.name, self.process.returncode, wait, reason, self.name),
            )
            self.process = None
            return True
        if now < self._again:
            return False
        try:
            self.start()
        except (TidemillError, OSError) as exc:  # a port that is taken, no room for its log, no memory for a process
            if self.process is None:
                self._later(now)
            self._fell(str(exc))
            _log.error("the %s does not start: %s", self.name, exc)
        return True

    def _later(self, now: float) -> float:
        """One crash more; the seconds until it is started again."""
        wait = BACKOFF[min(self.crashes, len(BACKOFF) - 1)]
        self.crashes += 1
        self._again = now + wait
        return wait

    def _fell(self, reason: str) -> None:
        since = (self.trouble if self.crashes > 1 else {}).get("since") or to_iso(time.time_ns() // 1_000)
        self.trouble = {"crashes": self.crashes, "since": since, "reason": reason}

    def _last_words(self) -> str:
        """The last line that it wrote into its log in this life."""
        try:
            with open(self._project.state / "logs" / f"{self.name}.log", "rb") as log:
                log.seek(max(self._logged, log.seek(0, os.SEEK_END) - TAIL))
                lines = [line for line in log.read().decode("utf-8", "replace").splitlines() if line.strip()]
        except OSError:  # somebody tidied up
            return ""
        return lines[-1].strip()[:LONGEST_REASON] if lines else ""

    def stop(self, seconds: float) -> None:
        """Ask it to stop; kill it when it does not in time."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                _log.error("the %s did not stop within %g s: killed", self.name, seconds)
                self.kill()

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    @property
    def pid(self) -> int | None:
        return self.process.pid if self.process is not None and self.process.poll() is None else None


def _word(line: bytes) -> JsonObject:
    """The object that the line says; an empty one of a line that was cut off."""
    try:
        word = json.loads(line)
    except ValueError:
        return {}
    return word if isinstance(word, dict) else {}


def ending(code: int) -> str:
    """How a process ended, in words.

    >>> ending(-9), ending(1)
    ('killed by SIGKILL', 'ended with status 1, and said nothing')
    """
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"ended with status {code}, and said nothing"
