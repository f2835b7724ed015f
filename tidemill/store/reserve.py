"""Room kept back on the disk, so that a full one still lets a store be opened and a release be taken back."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from tidemill.errors import DiskFull, no_room

T = TypeVar("T")
NAME = "reserve"
SIZE = 1024 * 1024
PART = SIZE // 8
"""How much is given at a time: opening both stores takes half of it, a rollback less than one."""
PLENTY = 8 * SIZE
"""So much must be free before room is kept back again: what was just freed is not for us to take."""


class Reserve:
    """One file of real blocks in a folder. `helped` gives it up part by part, `fill` takes it back."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME

    def helped(self, work: Callable[[], T]) -> T:
        """Do what must be possible on a full disk: each time it finds no room, a part of the reserve is given to it.

        ``work`` may be begun several times: it must leave nothing behind when it raises DiskFull.
        """
        while True:
            try:
                return work()
            except DiskFull:
                if not self._give():
                    raise

    def fill(self) -> bool:
        """Keep room back, where there is plenty and not enough is kept; whether all of it is."""
        try:
            if self._kept() >= SIZE:
                return True
            disk = os.statvfs(self._path.parent)
            if disk.f_bavail * disk.f_frsize < PLENTY:
                return False
            fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                _allocate(fd)
            finally:
                os.close(fd)
        except OSError as exc:  # full after all, or a folder that may only be read: there is no reserve then
            if no_room(exc):
                with suppress(OSError):  # a full disk that takes not even that
                    self._path.unlink()
            return False
        return True

    def _kept(self) -> int:
        """Bytes that are really there: a copy of the project may have made a hole of them."""
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return 0
        return min(found.st_size, found.st_blocks * 512)

    def _give(self) -> bool:
        """Free a part; whether there was one."""
        kept = self._kept()
        if not kept:
            return False
        try:
            os.truncate(self._path, max(0, kept - PART))
        except OSError:  # not ours to change, or another process has just given it all
            return False
        return True


def _allocate(fd: int) -> None:
    """Blocks, not a hole."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(fd, 0, SIZE)
    else:
        os.pwrite(fd, bytes(SIZE), 0)
