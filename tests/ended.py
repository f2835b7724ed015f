"""Whether a process has ended, by waiting on itself: no poll, no sleep."""

from __future__ import annotations

import os
import select


def gone(pid: int) -> bool:
    """Whether it has ended, or does within a minute (a pidfd becomes readable then)."""
    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([fd], [], [], 60)[0])
    finally:
        os.close(fd)
