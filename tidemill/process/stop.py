"""Being asked to stop: a flag that a signal handler may raise at any moment.

A threading.Event cannot be set by a handler that runs in the very thread that waits for it: its lock is not
reentrant, so the signal that falls into `wait` hangs the process. Here the handler writes one byte to a pipe.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import threading
from collections.abc import Callable, Iterator


class Stop:
    """A flag that is raised once and stays up; safe in signal handlers and between threads.

    >>> stop = Stop()
    >>> stop.wait(0.0)
    False
    >>> stop.set()
    >>> stop.wait(60.0), stop.is_set()
    (True, True)

    What is to be done where somebody asks again:

    >>> stop.again = lambda: print("at once")
    >>> stop.set()
    at once
    """

    def __init__(self) -> None:
        self._up = False
        self.again: Callable[[], None] = lambda: None
        self._reads, self._writes = os.pipe()

    def set(self) -> None:
        if self._up:
            self.again()
        else:
            self._up = True
            os.write(self._writes, b".")

    def is_set(self) -> bool:
        return self._up

    def wait(self, timeout: float) -> bool:
        """Whether it is up, at the latest after ``timeout`` seconds. The byte stays in the pipe: every waiter wakes."""
        if not self._up:
            select.select([self._reads], [], [], timeout)
        return self._up

    def __del__(self) -> None:
        for fd in (self._reads, self._writes):
            with contextlib.suppress(OSError):
                os.close(fd)


Stopping = Stop | threading.Event  # What a long-running loop asks; the latter will do where no signal sets it


@contextlib.contextmanager
def on_signals() -> Iterator[Stop]:
    """A flag that SIGTERM and SIGINT raise, where this is the main thread; the handlers before come back after."""
    stop = Stop()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = {n: signal.signal(n, lambda *_: stop.set()) for n in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
