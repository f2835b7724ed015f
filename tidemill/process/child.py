"""A child process, the parent's side; the child's is `guarded`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from tidemill.process.channel import Channel
from tidemill.types import JsonObject


class Child:
    """``python -m module arguments`` in a process group of its own, which ends with this process at the latest.

    ``log``: where its output goes; left out, where this process's goes. ``grace``: seconds between SIGTERM and SIGKILL
    when this process dies first; 0 kills at once. ``without``: names that its environment shall not have. ``keeps``:
    descriptors of this process that it has too. ``python``: of another environment, which has this package itself. As a context
    it is closed at the end.
    """

    def __init__(
        self,
        module: str,
        arguments: Sequence[str] = (),
        *,
        log: IO[bytes] | int | None = None,
        grace: float = 0.0,
        without: Sequence[str] = (),
        keeps: Sequence[int] = (),
        python: str = "",
    ) -> None:
        reading, writing = os.pipe()
        line, env = command("tidemill.process.guarded", [f"{grace:g}", str(writing), module, *arguments], python)
        try:
            self._process = subprocess.Popen(
                line,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                bufsize=0,
                env={name: value for name, value in env.items() if name not in without},
                pass_fds=(writing, *keeps),
                process_group=0,  # not a session: niceness counts within one (autogroups share evenly, see sched(7))
            )
        except BaseException:
            os.close(reading)
            raise
        finally:
            os.close(writing)
        assert self._process.stdin is not None
        with self._process.stdin as writes:
            self.channel = Channel(reading, os.dup(writes.fileno()))
        self._ended = threading.Event()

    def __enter__(self) -> Child:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def code(self) -> int | None:
        """Its exit status, negative for a signal; None while it lives."""
        return self._process.poll()

    def hears(self, message: JsonObject) -> bool:
        """Whether the message went out; a child that is gone hears nothing, and gives no answer either."""
        try:
            self.channel.send(message)
        except BrokenPipeError:
            return False
        return True

    def ask(self, message: JsonObject, seconds: float) -> JsonObject | None:
        """Its answer; None where it died. Raises TimeoutError."""
        self.hears(message)
        return self.channel.receive(time.monotonic() + seconds)

    def wait(self, seconds: float | None = None) -> int:
        """Its exit status, once it has ended by itself. Raises TimeoutError."""
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired as exc:
            raise TimeoutError from exc

    def stop(self, seconds: float) -> bool:
        """Ask it to stop, and end what is left of it; whether it stopped in time by itself."""
        self._process.terminate()
        try:
            self.wait(seconds)
        except TimeoutError:
            return False
        finally:
            self.close()
        return True

    def kill(self) -> None:
        """End it with all that it has started, from any thread; harmless when it has ended."""
        if not self._ended.is_set():
            self._ended.set()
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)  # its guardian keeps the group's number from being another's
        self._process.wait()

    def close(self) -> None:
        """Kill it, and let go of the channel; for whoever listens to it."""
        self.kill()
        self.channel.close()


def command(module: str, arguments: Sequence[str], python: str = "") -> tuple[list[str], dict[str, str]]:
    """The command line of ``python -m module arguments`` and its environment; of another ``python`` with its own packages alone.

    The current folder is not searched for code (-P): a file called json.py in it stays a file.
    """
    if python:
        return [python, "-P", "-m", module, *arguments], {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    here = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join(p for p in (here, os.environ.get("PYTHONPATH", "")) if p)
    return [sys.executable, "-P", "-m", module, *arguments], {**os.environ, "PYTHONPATH": path}


def ending(code: int) -> str:
    """How a process ended.

    >>> ending(-9), ending(1)
    ('was killed by SIGKILL', 'ended with status 1')
    """
    return f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with status {code}"
