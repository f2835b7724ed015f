"""Which files of a source are still to be ingested, without reading again those that are in.

A file is what its bytes say (`SourceFile.digest`); the metadata store knows the digests that are in. So that an
ingest need not hash every old file, a small cache remembers the digest by name, size, times and inode. A file that
changed within the last two seconds is not remembered: its times could still hide a second change.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from noria.data.sources import FUNCTION, SourceFile, find, hash_file, paths
from noria.errors import SourceError
from noria.kernel.metadata.base import MetadataStore

_RACY_NS = 2_000_000_000
_MANY = 20


def pending(
    store: MetadataStore, root: Path, dataset: str, source: str, cache: Path, *, started: bool
) -> list[SourceFile]:
    """The files that are not in the dataset yet, by name; the same bytes once. Cost grows with the number of names.

    Raises SourceError when the source has no file at all and the dataset is not ``started`` either.
    """
    if source.startswith(FUNCTION):
        return [f for f in find(root, source) if not store.datasets.has_file(dataset, f.digest)]
    try:
        names = paths(root, source)
    except SourceError:
        if started and not any(Path(root).resolve().glob(source)):
            return []  # what was ingested may be cleared away
        raise
    remembered, prefix = _read(cache), len(str(root.resolve())) + 1
    kept: dict[str, Any] = {}
    unknown: list[SourceFile] = []
    for path in names:
        name, mark = str(path)[prefix:], _mark(path)
        if remembered.get(name) == mark:
            kept[name] = mark
        else:
            unknown.append(hash_file(root, path))
    new = _not_in(store, dataset, unknown)
    _remember(cache, kept, [f for f in unknown if f not in new], remembered)
    return list({f.digest: f for f in reversed(new)}.values())[::-1]


def _not_in(store: MetadataStore, dataset: str, files: list[SourceFile]) -> list[SourceFile]:
    if len(files) > _MANY:
        known = {f.digest for f in store.datasets.files(dataset)}
        return [f for f in files if f.digest not in known]
    return [f for f in files if not store.datasets.has_file(dataset, f.digest)]


def _remember(cache: Path, kept: dict[str, Any], ingested: list[SourceFile], before: dict[str, Any]) -> None:
    now = time.time_ns()  # wall time against the file system's; decides nothing but what is hashed again
    for file in ingested:
        mark = _mark(file.path) if file.path else None
        if mark and now - max(mark[1], mark[2]) > _RACY_NS:
            kept[file.name] = mark
    if kept != before:
        part = cache.with_suffix(".part")
        part.write_text(json.dumps(kept), "utf-8")
        part.replace(cache)


def _read(cache: Path) -> dict[str, Any]:
    try:
        found = json.loads(cache.read_text("utf-8"))
    except (OSError, ValueError):
        return {}  # a cache: without it every file is hashed once more
    return found if isinstance(found, dict) else {}


def _mark(path: Path) -> list[int]:
    try:
        stat = path.stat()
    except OSError as exc:
        raise SourceError(f"cannot be read: {exc.strerror}", place=path.name) from exc
    return [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino]
