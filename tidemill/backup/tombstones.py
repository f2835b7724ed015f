"""Who was forgotten, and when, where a restore looks for it: by the mark of the person, which says no name.

They are beside the project's keys on this machine, so that they outlast the project's folder, and in each repository of backups.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from tidemill.backup.objects import said_by_us
from tidemill.files import write_whole
from tidemill.types import Micros

NAME = "forgotten"


def keep(folder: Path, marks: Mapping[str, Micros]) -> None:
    """From now on the folder remembers them; of two moments of one person the later one."""
    with said_by_us(folder):
        if marks:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        known = read([folder])
        for mark, at in marks.items():
            if known.get(mark, -1) < at:
                write_whole(folder / mark, str(at).encode())


def read(folders: Iterable[Path]) -> dict[str, Micros]:
    """By mark the last time that the person was forgotten. Raises StoreError."""
    found: dict[str, Micros] = {}
    for folder in folders:
        with said_by_us(folder):
            for file in sorted(folder.glob("*")) if folder.is_dir() else ():
                if not file.name.startswith("."):
                    found[file.name] = max(found.get(file.name, 0), int(file.read_text("ascii") or 0))
    return found
