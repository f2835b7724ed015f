"""A child that does one thing after the other for this process, each within limits of memory and time.

What it works on is foreign: bytes that somebody sent, code of a project, a model's file. The child sets its own limits of memory
and CPU (`tidemill.process.memory`) by what it was asked; whoever waits has a limit of wall time, at which the child is killed. A child that
dies of its work is told apart from one that had gone idle, which is begun again.
"""

from __future__ import annotations

import atexit
import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import IO, Literal, TypeVar

from tidemill.process.channel import Channel, ChannelError
from tidemill.process.child import Child, ending
from tidemill.types import JsonObject

T = TypeVar("T")
_IDLE = 60.0  # seconds without work after which a child ends
_ENDING = 10.0  # seconds until one that has let go of its channel has ended: its threads wait for a machine that has other work


class Died(Exception):
    """The child ended of what it was asked. ``why``: memory, time or killed, where that is known; ``ended``: in words."""

    def __init__(self, why: Literal["memory", "time", "killed", ""], ended: str) -> None:
        super().__init__(ended)
        self.why, self.ended = why, ended


class Limited:
    """This process's child ``python -m module``, started when it is first asked. One thing at a time is asked of it."""

    def __init__(self, module: str) -> None:
        self._module = module
        self._lock = threading.RLock()
        self._child: Child | None = None
        self._words: IO[bytes] | None = None  # what it writes on its way out
        self._said = 0  # bytes of that before what it does now
        atexit.register(self.close)

    def ask(
        self,
        message: JsonObject,
        data: bytes,
        seconds: float,
        heard: Callable[[Channel, float], T],
        *,
        again: bool = True,
    ) -> T:
        """What ``heard`` makes of the answer: it is given the channel, and the moment until which it may listen.

        ``again``: whether a child that ended by itself may have gone idle just then. What ends a second one is what it does.

        Raises TimeoutError (the child is killed), Died, OSError where none can be started, and what ``heard`` raises: EOFError
        there means that the child has ended.
        """
        until = time.monotonic() + seconds
        with self._lock:
            try:
                return heard(self._asked(message, data), until)
            except (EOFError, BrokenPipeError, ChannelError):
                if again and self._was_idle():
                    return self.ask(message, data, seconds, heard, again=False)
                raise self._died() from None
            # late, or broken off, such as by Ctrl-C in the middle of an answer, which nobody is to take for the next one
            except (OSError, KeyboardInterrupt, SystemExit):
                self.close()
                raise

    def _asked(self, message: JsonObject, data: bytes) -> Channel:
        """The child's channel, once it has the message: a child that has just gone idle is begun again."""
        if self._child is not None and self._child.code is not None:
            self.close()
        if self._child is None:
            with suppress(OSError):  # where no folder for it has room, what the child says on its way out is not known
                self._words = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the child lives
            self._child = Child(self._module, log=self._words or subprocess.DEVNULL)
        self._said = os.fstat(self._words.fileno()).st_size if self._words is not None else 0
        self._child.channel.send(message, data)
        return self._child.channel

    def _was_idle(self) -> bool:
        """Whether it ended by itself, just as it was asked."""
        try:
            return self._child is not None and self._child.wait(_ENDING) == 0
        except TimeoutError:
            return False

    def _died(self) -> Died:
        assert self._child is not None
        try:
            code, ended = self._child.wait(_ENDING), ""
        except TimeoutError:
            code, ended = 0, "does not answer any more"
        words = os.pread(self._words.fileno(), 1 << 16, self._said) if self._words is not None else b""
        self.close()
        ended = ended or ending(code)
        if b"memory allocation" in words or b"MemoryError" in words or b"bad_alloc" in words:
            return Died("memory", ended)
        if code == -signal.SIGXCPU:
            return Died("time", ended)
        return Died("killed" if code == -signal.SIGKILL else "", ended)  # as systems do that have no memory left

    def close(self) -> None:
        """End it; what is asked next begins another."""
        if self._child is not None:
            self._child.close()
            self._child = None
        if self._words is not None:
            self._words.close()
            self._words = None


def next_of(channel: Channel) -> JsonObject | None:
    """The child's side: what is asked next; None where it is to end, for nobody has asked for long."""
    try:
        return channel.receive(time.monotonic() + _IDLE)
    except TimeoutError:
        return None
