"""The processor's time left to others: a thread, and all that it starts, that runs where nobody else wants to.

On Linux a thread is nice to all others (`NICENESS`), and idle beyond that where the system lets it come back: an idle one makes way the moment
that another wakes up, where a nice one first ends its turn of some milliseconds. But of a processor that others want all of, an idle one gets
a three-hundredth, a nice one a tenth. So whoever waits for it looks now and then (`Quiet.look`), and where it hardly gets on it is nice alone from
then on. It may come back with root's rights, or with a limit of niceness (``RLIMIT_NICE``) of 10 or more; else it is never idle. On other
systems all this is nothing.
"""

from __future__ import annotations

import os
import platform
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from ctypes import CDLL
from pathlib import Path

NICENESS = 10
LOOK = 0.25
"""Seconds between two looks at whether idle threads get on."""
PATIENCE = 1_000_000_000
"""Nanoseconds that they have run or waited for a processor when it is time to judge."""
ENOUGH = 0.1
"""What they ran of the time in which they wanted to: with less they are idle no more."""
_LINUX = sys.platform.startswith("linux")
_IOPRIO_SET = {"x86_64": 251, "aarch64": 30}
_OF_A_THREAD, _LAST_IN_LINE = 1, 2 << 13 | 7
Spent = Mapping[int, tuple[int, int]]
"""Nanoseconds by thread: run, and waited for a processor."""


class Quiet:
    """One piece of work that leaves the processor to others."""

    def __init__(self) -> None:
        self.idle = False
        self._before: Spent = {}

    def begin(self) -> None:
        """Called in the thread that does it: it is quiet from now on, and the libraries' pools, which are no threads of Python's."""
        if not _LINUX:
            return
        loud = {thread.native_id for thread in threading.enumerate()} - {threading.get_native_id()}
        own = [thread for thread in _threads(os.getpid()) if thread not in loud]
        wanted = min(os.getpriority(os.PRIO_PROCESS, os.getpid()) + NICENESS, 19)
        for thread in own:
            with suppress(ProcessLookupError):  # it ended meanwhile
                if os.getpriority(os.PRIO_PROCESS, thread) < wanted:
                    os.setpriority(os.PRIO_PROCESS, thread, wanted)
        _last_at_the_disk(threading.get_native_id())
        if _may_come_back():
            _schedule(own, os.SCHED_IDLE)
            self._before, self.idle = spent(_idle()), True

    def look(self) -> None:
        """Called now and then by who waits for it: one that hardly gets on is idle no more."""
        if not self.idle:
            return
        now = spent(_idle())
        known = [(now[thread], before) for thread, before in self._before.items() if thread in now]
        ran, waited = (sum(one[place] - before[place] for one, before in known) for place in (0, 1))
        if ran + waited >= PATIENCE or not known:
            self._before = now
            if ran < ENOUGH * (ran + waited):
                self.end()

    def end(self) -> None:
        """Nothing of it is idle any more: the pools serve whoever comes next. What was made nice stays so."""
        self.idle = False
        for _ in range(3):  # what was started meanwhile by one that was idle still
            if not (threads := [*_idle()]):
                return
            _schedule(threads, os.SCHED_OTHER)


def spent(threads: Iterable[int]) -> Spent:
    """What each of these has run and waited; nothing of one that has ended."""
    found = {}
    for thread in threads:
        with suppress(OSError, ValueError):
            ran, waited, _ = Path(f"/proc/{thread}/schedstat").read_text("ascii").split()
            found[thread] = int(ran), int(waited)
    return found


def _may_come_back() -> bool:
    """Whether the system lets an idle thread be an ordinary one again: tried, for a container's root may or may not."""
    found = list[bool]()

    def there_and_back() -> None:
        with suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
            os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
            found.append(True)

    tried = threading.Thread(target=there_and_back, name="tidemill-idle")
    tried.start()
    tried.join()
    return bool(found)


def _schedule(threads: Iterable[int], policy: int) -> None:
    for thread in threads:
        with suppress(ProcessLookupError, PermissionError):
            os.sched_setscheduler(thread, policy, os.sched_param(0))


def _idle() -> Iterator[int]:
    """The idle threads of this process and of what it started."""
    for thread in _descendants(os.getpid()) if _LINUX else ():
        with suppress(ProcessLookupError):
            if os.sched_getscheduler(thread) == os.SCHED_IDLE:
                yield thread


def _descendants(pid: int) -> Iterator[int]:
    for thread in _threads(pid):
        yield thread
        with suppress(OSError):
            for child in Path(f"/proc/{pid}/task/{thread}/children").read_text("ascii").split():
                yield from _descendants(int(child))


def _threads(pid: int) -> list[int]:
    try:
        return [int(name) for name in os.listdir(f"/proc/{pid}/task")]
    except OSError:  # it ended meanwhile
        return []


def _last_at_the_disk(thread: int) -> None:
    """Behind others, where the disk's scheduler knows of that. Not idle there: what it has written others may wait for, in one journal."""
    if (number := _IOPRIO_SET.get(platform.machine())) is not None:
        CDLL(None).syscall(number, _OF_A_THREAD, thread, _LAST_IN_LINE)
