"""Sources: files of the project folder (of the kinds in `READERS`, by name or glob) and the project's own Python functions.

A source never leaves the project folder. A file is known by the SHA-256 of its bytes: the same bytes are the same file,
whatever they are called; the metadata store knows the digests that are in. So that an ingest need not hash every old
file, a small cache remembers the digest by name, size, times and inode. A file that changed within the last two seconds
is not remembered: its times could still hide a second change.
"""

from __future__ import annotations

import fnmatch
import glob
import hashlib
import importlib.util
import io
import json
import os
import re
import stat
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath
from types import ModuleType
from typing import TYPE_CHECKING, Any

import polars as pl

from tidemill.data.discover.readers import READERS, endings
from tidemill.data.discover.rows import EMPTY, POLARS, Rows, numbered, said
from tidemill.errors import SourceError
from tidemill.files import write_whole
from tidemill.types import did_you_mean, digest

if TYPE_CHECKING:
    from tidemill.store.sql.store import MetadataStore

FUNCTION = "steps:"
_RACY_NS = 2_000_000_000
_KEPT = 256 << 20  # bytes of new files that are held between digest and reading
INSIDE = "copy the data under the project: data/…"
_EITHER = re.compile(r"\{([^{}]*,[^{}]*)\}")


@dataclass(frozen=True)
class SourceFile:
    """Bytes to be ingested: a file, or what a function gave."""

    digest: str
    name: str  # relative to the project, or steps:NAME
    size: int
    path: Path | None = None
    frame: pl.DataFrame | None = None
    data: bytes | None = None  # what was read for the digest, where it was to be kept


def find(root: Path, source: str) -> list[SourceFile]:
    """The files of a source, oldest name first. Raises SourceError when there are none, or the path leaves the project.

    A file is read once for its digest; `read` reads it again only if it is to be ingested.
    """
    if source.startswith(FUNCTION):
        return [_call(root, source.removeprefix(FUNCTION))]
    found = there(root, source)
    if not found:
        raise no_such_file(root, source)
    return [hash_file(root / name, name) for name in found]


def spelled_out(source: str) -> list[str]:
    """The plain globs that a source with ``{a,b}`` stands for.

    >>> spelled_out("data/*.{csv,parquet}")
    ['data/*.csv', 'data/*.parquet']
    """
    found = _EITHER.search(source)
    if found is None:
        return [source]
    parts = [f"{source[: found.start()]}{part.strip()}{source[found.end() :]}" for part in found[1].split(",")]
    return [one for part in parts for one in spelled_out(part)]


def no_such_file(root: Path, source: str) -> SourceError:
    """The error of a file source that names none, with the nearest that is there."""
    first = PurePath(spelled_out(source)[0])
    return SourceError("there is no such file", place=source, hint=_nearest(root.resolve(), first))


def there(root: Path, source: str) -> dict[str, os.stat_result]:
    """The files that a file source names, relative to the project and sorted, with their states. Raises SourceError for what can be no source."""
    patterns = [PurePath(one) for one in spelled_out(source)]
    if any(p.is_absolute() or ".." in p.parts for p in patterns) or "\x00" in source:
        raise SourceError("a source is inside the project folder", place=source, hint=INSIDE)
    if any(p.suffix not in READERS for p in patterns):
        raise SourceError("cannot be read by its name", place=source, hint=f"files end in {endings()}")
    home = root.resolve()
    found: dict[str, os.stat_result] = {}
    plain: dict[str, bool] = {}  # folders looked at: whether no link is on their way
    for name in sorted({n for p in patterns for n in glob.glob(str(p), root_dir=home, recursive=True)}):  # noqa: PTH207 - five times pathlib's speed
        state = _look(home, name, plain)
        if state is not None:
            found[name] = state
    return found


def covers(source: str, name: str) -> bool:
    """Whether the file source would name this file, were it there.

    >>> covers("data/**/*.csv", "data/2011/01/a.csv"), covers("data/*.csv", "data/2011/a.csv")
    (True, False)
    """
    return any(_covers(PurePath(one).parts, PurePath(name).parts) for one in spelled_out(source))


def _covers(pattern: tuple[str, ...], parts: tuple[str, ...]) -> bool:
    if not pattern or not parts:
        return not parts and all(part == "**" for part in pattern)
    if pattern[0] == "**":
        return _covers(pattern[1:], parts) or _covers(pattern, parts[1:])
    return fnmatch.fnmatchcase(parts[0], pattern[0]) and _covers(pattern[1:], parts[1:])


def _look(home: Path, name: str, plain: dict[str, bool]) -> os.stat_result | None:
    """The file's state; None for a folder. Raises SourceError when a link leads out of the project."""
    path, folder = os.path.join(home, name), name.rpartition("/")[0]
    if folder not in plain:
        plain[folder] = os.path.realpath(os.path.join(home, folder)) == os.path.normpath(os.path.join(home, folder))
    try:
        state = os.lstat(path)
        if stat.S_ISLNK(state.st_mode) or not plain[folder]:
            if not Path(path).resolve().is_relative_to(home):
                raise SourceError("leads out of the project folder", place=name, hint=INSIDE)
            state = Path(path).stat()
    except OSError as exc:
        raise SourceError(f"cannot be read: {exc.strerror}", place=name) from exc
    return state if stat.S_ISREG(state.st_mode) else None


def read(file: SourceFile) -> Rows:
    """Every row of the file. Raises SourceError when it is empty or not what its name says."""
    if file.frame is not None:
        return numbered(file.frame, file.name)
    assert file.path is not None
    data = _unchanged(file, file.path) if file.data is None else file.data
    if not data:
        raise SourceError("the file is empty", place=file.name, hint=EMPTY)
    return READERS[file.path.suffix](data, file.name)


def _unchanged(file: SourceFile, path: Path) -> bytes:
    """Its bytes, read again. Raises SourceError when they are others than those that were found."""
    again = hash_file(path, file.name, keep=sys.maxsize)
    if again.data is None or again.digest != file.digest:
        hint = "write files whole, then rename them"
        raise SourceError("it was changed while it was read", place=file.name, hint=hint)
    return again.data


def hash_file(path: Path, name: str, keep: int = 0) -> SourceFile:
    """The file, known by the digest of its bytes; up to ``keep`` bytes are kept for `read`. Raises SourceError."""
    try:
        with path.open("rb") as handle:
            size = os.fstat(handle.fileno()).st_size
            if size > keep:
                return SourceFile(f"sha256:{hashlib.file_digest(handle, 'sha256').hexdigest()}", name, size, path=path)
            data = handle.read()
    except OSError as exc:
        raise SourceError(f"cannot be read: {exc.strerror}", place=name) from exc
    return SourceFile(digest(data), name, len(data), path=path, data=data)


def _nearest(home: Path, pattern: PurePath) -> str:
    folder = home / pattern.parent
    if any(c in str(pattern.parent) for c in "*?["):
        return "check the pattern; it is relative to the project folder"
    wanted = f"files into it that end in {endings()}"
    if not folder.is_dir():
        return f"make the folder {pattern.parent} and put {wanted}, or say in tidemill.toml where they are"
    files = [p.name for p in folder.iterdir() if p.suffix in READERS]
    return did_you_mean(pattern.name, files) if files else f"nothing in {pattern.parent}/ can be read: put {wanted}"


def _call(root: Path, name: str) -> SourceFile:
    """The frame that the project's function gives, known by the digest of its content."""
    place = f"{FUNCTION}{name}"
    try:
        module = steps(root, place)
        found = getattr(module, name, None)
        if not callable(found):
            own = [k for k, v in vars(module).items() if callable(v) and v.__module__ == module.__name__]
            known = [k for k in own if not k.startswith("_")]
            raise SourceError(f"steps.py has no function {name!r}", place="steps.py", hint=did_you_mean(name, known))
        frame = found()
        frame = frame.collect() if isinstance(frame, pl.LazyFrame) else frame
    except SourceError:
        raise
    except (Exception, SystemExit, pl.exceptions.PanicException) as exc:
        # the project's own code may raise anything; it ends here, with its cause
        raise SourceError(f"the function failed: {type(exc).__name__}: {said(exc)}", place=place) from exc
    if not isinstance(frame, pl.DataFrame):
        raise SourceError(f"it gave a {type(frame).__name__}", place=place, hint="return a polars DataFrame")
    buffer = io.BytesIO()
    try:
        frame.write_parquet(buffer, compression="uncompressed")
    except POLARS as exc:
        hint = "give every column a plain type"
        raise SourceError(f"its frame cannot be kept: {said(exc)}", place=place, hint=hint) from exc
    data = buffer.getvalue()
    return SourceFile(digest(data), place, len(data), frame=frame)


def steps(root: Path, place: str) -> ModuleType:
    """The project's steps.py, run anew. Raises SourceError when there is none."""
    path = root / "steps.py"
    if not path.is_file():
        raise SourceError("the project has no steps.py", place=place, hint="write one, or name files")
    spec = importlib.util.spec_from_file_location("steps", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def batches(files: list[SourceFile], limit: int = 256 << 20) -> Iterator[list[SourceFile]]:
    """Files in order, cut so that no batch has more than ``limit`` bytes (a single larger file stands alone)."""
    batch: list[SourceFile] = []
    size = 0
    for file in files:
        if batch and size + file.size > limit:
            yield batch
            batch, size = [], 0
        batch.append(file)
        size += file.size
    if batch:
        yield batch


def pending(
    store: MetadataStore, root: Path, dataset: str, source: str, cache: Path, again: dict[str, str]
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
        found.append(hash_file(root / name, name, keep=room))
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
