"""Which files of a source are still to be ingested, without reading again those that are in.

A file is what its bytes say (`SourceFile.digest`); the metadata store knows the digests that are in. So that an
ingest need not hash every old file, a small cache remembers the digest by name, size, times and inode. A file that
changed within the last two seconds is not remembered: its times could still hide a second change.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tidemill.data.discover.sources import FUNCTION, SourceFile, covers, find, hash_file, no_such_file, there
from tidemill.files import write_whole

if TYPE_CHECKING:
    from tidemill.store.sql.store import MetadataStore

_RACY_NS = 2_000_000_000
_KEPT = 256 << 20  # bytes of new files that are held between digest and reading


def pending(
    store: MetadataStore,
    root: Path,
    dataset: str,
    source: str,
    cache: Path,
    again: dict[str, str],
) -> list[SourceFile]:
    """The files that are not in the dataset yet, by name; the same bytes once. Cost grows with the number of names.

    ``again`` gets the names whose bytes are in, or come in, under another name, and that name; each about once.
    Raises SourceError when the source has no file, unless files came in by it: those may be cleared away.
    """
    if source.startswith(FUNCTION):
        made = find(root, source)
        known = _known(store, dataset, made)
        return [f for f in made if f.digest not in known]
    found = there(root, source)
    if not found and not any(covers(source, f.name) for f in store.files.list(dataset=dataset)):
        raise no_such_file(root, source)
    remembered = _read(cache)
    marks = {name: [s.st_size, s.st_mtime_ns, s.st_ctime_ns, s.st_ino] for name, s in found.items()}
    unknown = _hashed(root, [name for name, mark in marks.items() if remembered.get(name) != mark])
    known = _known(store, dataset, unknown)
    new = [f for f in unknown if f.digest not in known]
    first = {f.digest: f.name for f in reversed(new)} | known
    again |= {f.name: first[f.digest] for f in unknown if first[f.digest] != f.name}
    waiting = {f.name for f in new}
    _remember(cache, {name: mark for name, mark in marks.items() if name not in waiting}, remembered)
    return list({f.digest: f for f in reversed(new)}.values())[::-1]


def _hashed(root: Path, names: list[str]) -> list[SourceFile]:
    """The files, each opened once: their bytes are kept for the reading, as long as they are not many."""
    found, room = [], _KEPT
    for name in names:
        found.append(hash_file(root, name, keep=room))
        room -= len(found[-1].data or b"")
    return found


def _known(store: MetadataStore, dataset: str, files: list[SourceFile]) -> dict[str, str]:
    """Of these files the digests that are in the dataset, and the names that they came in by."""
    return {f.digest: f.name for f in store.files.among(dataset, (file.digest for file in files))}


def _remember(cache: Path, marks: dict[str, list[int]], before: dict[str, Any]) -> None:
    now = time.time_ns()  # wall time against the file system's; decides nothing but what is hashed again
    kept = {name: mark for name, mark in marks.items() if now - max(mark[1], mark[2]) > _RACY_NS}
    if kept != before:
        write_whole(cache, json.dumps(kept).encode(), sync=False)


def _read(cache: Path) -> dict[str, Any]:
    try:
        found = json.loads(cache.read_text("utf-8"))
    except (OSError, ValueError):
        return {}  # a cache: without it every file is hashed once more
    return found if isinstance(found, dict) else {}
