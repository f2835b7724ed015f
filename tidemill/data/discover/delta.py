"""A folder that is a Delta table, as a source: its rows are what its log says, never its files one by one.

It counts as one file. What it is known by is its newest version, with the bytes that its log has of it: a table that was
made anew in the same folder is another. Rows that a later version has deleted stay in the dataset, as those of any file.
Of tables of other formats, which cannot be read here, the files are not the rows either: they are refused.
"""

from __future__ import annotations

import glob
import os
import re
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from tidemill.errors import SourceError

LOG = "_delta_log"
_OTHERS = {
    ".hoodie": "a Hudi table",
    "metadata/version-hint.text": "an Iceberg table",
    "metadata/*.metadata.json": "an Iceberg table",
}
_ENTRY = re.compile(r"(\d{20})\.(json|checkpoint(\..+)?\.parquet)")


class Newest(NamedTuple):
    """The newest version of a table, and the entry of its log that says so, relative to the table's folder."""

    version: int
    entry: str


def table_of(home: Path, name: str, known: dict[str, bool]) -> str | None:
    """The table that this name is, or lies in: the outermost. ``known``: folders looked at, kept between calls."""
    parts = name.split("/")
    for n in range(1, len(parts) + 1):
        folder = "/".join(parts[:n])
        if folder not in known:
            known[folder] = _is_table(os.path.join(home, folder))
        if known[folder]:
            return folder
    return None


def _is_table(folder: str) -> bool:
    return os.path.isdir(folder) and (os.path.isdir(f"{folder}/{LOG}") or bool(_other(folder)))  # noqa: PTH112 - asked for every file


def _other(folder: str) -> str:
    """Which other table it is; nothing for a folder of files."""
    return next((what for mark, what in _OTHERS.items() if any(glob.iglob(f"{glob.escape(folder)}/{mark}"))), "")  # noqa: PTH207


def newest(folder: Path, name: str) -> Newest:
    """Raises SourceError for a log that has no version, and for a table of another format."""
    if not (folder / LOG).is_dir() and (what := _other(str(folder))):
        hint = 'export its rows as files, or load them by a function: source = "steps:NAME"'
        raise SourceError(f"it is {what}, whose files are not its rows", place=name, hint=hint)
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
    """Bytes of its data files, of all versions. One that is just being cleared away counts nothing."""
    size = 0
    for where, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name != LOG]
        for name in names:
            if name.endswith(".parquet"):
                with suppress(OSError):
                    size += Path(where, name).stat().st_size
    return size
