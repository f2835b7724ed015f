"""Copies of what object storage holds, on this machine: they save the way, and the least recently used go where they are too many.

A copy counts as used when it is fetched or handed out; one that was within `IN_USE` is never taken away, for who was handed its
path may not have opened it yet. So the bound holds but for what is read just now.
"""

from __future__ import annotations

import os
import re
import time
from contextlib import suppress
from pathlib import Path

NONE = -1
"""For one that carries all of it elsewhere."""
IN_USE = 3600.0
"""Seconds."""
_NAME = re.compile(r"[0-9a-f]{62}|[0-9a-f]{64}\.parquet|\..*\.part")
"""Copies, and parts of such as a process that was killed left."""
_LOOK = 0.01
"""How much of the bound may come before the folder is looked through again."""


class Copies:
    """The copies in a folder, of artifacts and of tables, all together at most ``most`` bytes (0: any number; `NONE`: none are kept)."""

    def __init__(self, folder: Path, most: int = 0) -> None:
        self.folder, self.most = folder, most
        self._came = most  # a process looks once when it begins
        self.kept = most != NONE

    def used(self, path: Path) -> Path:
        """It was handed out just now."""
        with suppress(OSError):
            os.utime(path)
        return path

    def came(self, size: int) -> None:
        """So many bytes are new."""
        self._came += size
        if self.most > 0 and self._came >= self.most * _LOOK:
            self._came = 0
            self.trim()

    def trim(self) -> int:
        """Take away what is too much; how many bytes."""
        found, before = list[tuple[float, int, Path]](), time.time() - IN_USE
        for path in self.folder.rglob("*"):
            with suppress(FileNotFoundError):
                if _NAME.fullmatch(path.name) and path.is_file():
                    found.append((path.stat().st_mtime, path.stat().st_size, path))
        excess = sum(size for _, size, _ in found) - self.most
        gone = 0
        for used, size, path in sorted(found):
            if gone >= excess or used > before:
                break
            with suppress(FileNotFoundError):
                if path.stat().st_mtime == used:  # nobody was handed it while the folder was looked through
                    path.unlink()
                    gone += size
        return gone


def parted(address: str) -> tuple[str, Path, int]:
    """``s3://…#FOLDER?most=BYTES``: the address of the prefix, the folder of all copies, and their bound.

    >>> parted("s3://models/shop?region=x#/shop/.tidemill/copies?most=20")
    ('s3://models/shop?region=x', PosixPath('/shop/.tidemill/copies'), 20)
    """
    plain, _, rest = address.partition("#")
    found = re.fullmatch(r"(.*?)(?:\?most=(-?\d+))?", rest, re.DOTALL)
    assert found is not None
    return plain, Path(found[1]), int(found[2] or 0)
