"""A folder that is a Delta table, as a source: its rows are what its log says, never its files one by one.

It counts as one file. What it is known by is its newest version, with the bytes that its log has of it: a table that was
made anew in the same folder is another. Rows that a later version has deleted stay in the dataset, as those of any file.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import NamedTuple

from tidemill.errors import SourceError

LOG = "_delta_log"
_ENTRY = re.compile(r"(\d{20})\.(json|checkpoint(\..+)?\.parquet)")


class Newest(NamedTuple):
    """The newest version of a table, and the entry of its log that says so, relative to the table's folder."""

    version: int
    entry: str


def table_of(home: Path, name: str, known: dict[str, bool]) -> str | None:
    """The Delta table that this name is, or lies in: the outermost. ``known``: folders looked at, kept between calls."""
    parts = name.split("/")
    for n in range(1, len(parts) + 1):
        folder = "/".join(parts[:n])
        if folder not in known:
            known[folder] = os.path.isdir(os.path.join(home, folder, LOG))  # noqa: PTH112 - asked for every file
        if known[folder]:
            return folder
    return None


def newest(folder: Path, name: str) -> Newest:
    """Raises SourceError for a log that has no version."""
    try:
        entries = sorted(filter(_ENTRY.fullmatch, os.listdir(folder / LOG)), key=lambda e: (e[:20], e.endswith("json")))
    except OSError as exc:
        raise SourceError(f"its {LOG} cannot be read: {exc.strerror}", place=name) from exc
    if not entries:
        raise SourceError(
            f"a Delta table without a version: its {LOG} is empty", place=name, hint="copy it again, whole"
        )
    return Newest(int(entries[-1][:20]), f"{LOG}/{entries[-1]}")


def size_of(folder: Path) -> int:
    """Bytes of its data files, of all versions."""
    return sum(path.stat().st_size for path in folder.rglob("*.parquet") if LOG not in path.parts)
