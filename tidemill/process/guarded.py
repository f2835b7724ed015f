"""What every child does first: ``python -m tidemill.process.guarded GRACE WRITING MODULE ARGUMENT…``.

The child's guardian is a process that it forks before it does anything else. It holds the reading end of the channel,
of which the parent holds the other: when that closes, the parent has let go or died. A thread could wait for that too,
but could not act while native code holds the interpreter's lock; the system's own signal for it (PR_SET_PDEATHSIG) is
Linux's alone, and reaches nothing of what the child has started.
"""

from __future__ import annotations

import atexit
import os
import runpy
import select
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import suppress

from tidemill.process.channel import Channel

CHANNEL = "TIDEMILL_CHANNEL"
"""The environment's word for the two descriptors of a child's channel: ``READING,WRITING``."""
_LOOK = 0.05  # seconds between looks whether the child has ended


def parent() -> Channel | None:
    """The child's side of its channel, to be asked for once; None where nobody started this process as a `Child`."""
    fds = os.environ.pop(CHANNEL, "")
    return Channel(*map(int, fds.split(","))) if fds else None


def main(argv: Sequence[str]) -> None:
    """Run a module that knows nothing of guardians."""
    grace, writing, module, *arguments = argv
    reading = os.dup(0)
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)  # the module's input is no message
    os.set_inheritable(int(writing), False)
    _guard(reading, int(writing), float(grace))
    os.environ[CHANNEL] = f"{reading},{writing}"
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _guard(reading: int, writing: int, grace: float) -> None:
    """Fork the guardian."""
    child, guardian = os.getpid(), os.fork()
    if guardian:
        atexit.register(_dismiss, guardian, reading)
        return
    os.close(writing)  # else the parent would wait for an answer of a child that died
    with open(os.devnull, "wb") as nothing:
        os.dup2(nothing.fileno(), 1)
        os.dup2(nothing.fileno(), 2)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    _end_of(reading, None)
    if grace:
        os.killpg(0, signal.SIGTERM)
        until = time.monotonic() + grace
        while os.getppid() == child and time.monotonic() < until:
            time.sleep(_LOOK)
    os.killpg(0, signal.SIGKILL)


def _end_of(reading: int, seconds: float | None) -> bool:
    """Whether the parent has let go of its end within this time; what it has written stays unread."""
    waits = select.poll()
    waits.register(reading, 0)
    return bool(waits.poll(None if seconds is None else seconds * 1_000))


def _dismiss(guardian: int, reading: int) -> None:
    """Take the guardian back when this process ends by itself, so that nobody has to reap it. Once the parent has gone
    it has its work to do: what this process has started may be left."""
    if not _end_of(reading, 0):
        with suppress(ProcessLookupError, ChildProcessError):
            os.kill(guardian, signal.SIGKILL)
            os.waitpid(guardian, 0)


if __name__ == "__main__":
    main(sys.argv[1:])
