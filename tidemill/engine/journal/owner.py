"""Who owns a run: ``host:pid:start:n``, a name that no other process ever has, and whether it still lives."""

from __future__ import annotations

import itertools
import os
from pathlib import Path

_count = itertools.count(1)


def new_owner() -> str:
    """This process, and which of its runs."""
    return f"{os.uname().nodename}:{os.getpid()}:{_start(os.getpid())}:{next(_count)}"


def is_gone(owner: str) -> bool:
    """True when the owner was a process of this host and is not there any more; False when it is, or nobody can say."""
    parts = owner.split(":")
    if len(parts) != 4 or parts[0] != os.uname().nodename or not parts[1].isdigit():
        return False
    pid = int(parts[1])
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return _start(pid) != parts[2] or _is_zombie(pid)


def _stat(pid: int) -> list[str]:
    """Fields of /proc/PID/stat after the name, which may hold anything."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _start(pid: int) -> str:
    """Clock ticks from boot to the process's start; "0" where /proc does not say."""
    fields = _stat(pid)
    return fields[19] if len(fields) > 19 else "0"


def _is_zombie(pid: int) -> bool:
    return _stat(pid)[:1] in (["Z"], ["X"])
