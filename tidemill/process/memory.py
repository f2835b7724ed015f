"""What this process may use of the machine's memory and time: asked, and limited."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_GROUP = Path("/sys/fs/cgroup/memory.max")


def let(what: int, most: int) -> None:
    """Let this process use so much of it (`resource`) and no more."""
    _, hard = resource.getrlimit(what)
    resource.setrlimit(what, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def machine_memory() -> int:
    """Bytes of memory that this machine has, or lets this container have."""
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        return min(whole, int(_GROUP.read_text("ascii")))
    except (OSError, ValueError):  # no container of this kind, or one without a limit
        return whole


@contextmanager
def memory_within(most: int | None) -> Iterator[None]:
    """This process, and each that it starts, may write to so many bytes meanwhile; None: to as many as there are.

    Beyond them an allocation fails, in Python as MemoryError. Linux keeps it; elsewhere it may stay a word.

    >>> with memory_within(1 << 50):
    ...     resource.getrlimit(resource.RLIMIT_DATA)[0] == 1 << 50
    True
    """
    if most is None:
        yield
        return
    before = resource.getrlimit(resource.RLIMIT_DATA)
    let(resource.RLIMIT_DATA, most)
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, before)


def held() -> int:
    """Bytes of memory that this process may write to now; where the system does not say, none is refused for it.

    The address space would be no measure: each thread reserves much of it that is never used.
    """
    try:
        return int(Path("/proc/self/statm").read_text("ascii").split()[5]) * resource.getpagesize()
    except OSError:
        return 1 << 46


def held_by(pid: int) -> int:
    """Bytes of memory that another process of this machine holds; 0 where the system does not say, or it has ended."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1]) * resource.getpagesize()
    except OSError:
        return 0
