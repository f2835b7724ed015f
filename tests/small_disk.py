"""A small file system of its own, and how it gets full."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

BLOCK = 4096


@contextmanager
def mounted(place: Path, size: str) -> Iterator[Path]:
    """The folder as a file system of this size. Skips the test where none can be made."""
    line = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)]
    if os.geteuid() != 0 or shutil.which("mount") is None or subprocess.run(line, capture_output=True).returncode:
        pytest.skip("a file system of its own needs root and the right to mount")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def fill(disk: Path) -> Path:
    """Take every block that is left, also what others give back meanwhile; the file that holds them."""
    filler = disk / "filler"
    with filler.open("ab", buffering=0) as out:
        while True:
            for size in (1 << 20, BLOCK, 1):
                try:
                    while out.write(b"\0" * size):
                        pass
                except OSError:
                    continue
            if os.statvfs(disk).f_bavail == 0:
                return filler
