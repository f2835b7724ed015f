"""Sources: files of the project folder (of the kinds in `READERS`, by name or glob), folders that are Delta tables, and
the project's own Python functions.

A source never leaves the project folder. A file is known by the SHA-256 of its bytes: the same bytes are the same file,
whatever they are called; the metadata store knows the digests that are in. So that an ingest need not hash every old
file, a small cache remembers the digest by name, size, times and inode. A file that changed within the last two seconds
is not remembered: its times could still hide a second change.
"""

from __future__ import annotations

import fnmatch
import glob
import hashlib
import io
import itertools
import json
import os
import re
import stat
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

import polars as pl

from tidemill.data.discover.delta import newest, size_of, table_of
from tidemill.data.discover.foreign import delta_pieces, parquet_pieces, read_delta
from tidemill.data.discover.readers import PIECED, READERS, endings
from tidemill.data.discover.rows import EMPTY, POLARS, Rows, numbered, said
from tidemill.errors import SourceBusy, SourceError
from tidemill.files import write_whole
from tidemill.scope.steps import load_steps
from tidemill.types import did_you_mean, digest

if TYPE_CHECKING:
    from tidemill.store.sql.store import MetadataStore

FUNCTION = "steps:"
_RACY_NS = 2_000_000_000
PIECE = 16 << 20
"""Bytes of a file that are read at once."""
ROWS = 8 * PIECE  # bytes of rows that packed files are read as, at once: lines of text take twenty times theirs
_KEPT = 256 << 20  # bytes of new files that are held between digest and reading
INSIDE = (
    "copy the data under the project: data/…, or make a hard link there; other links may lead within the project only"
)
_EITHER = re.compile(r"\{([^{}]*,[^{}]*)\}")


@dataclass(frozen=True)
class SourceFile:
    """Bytes to be ingested: a file, or what a function gave."""

    digest: str
    name: str  # relative to the project, or steps:NAME
    size: int
    path: Path | None = None
    version: int | None = None  # of a folder that is a Delta table
    frame: pl.DataFrame | None = None
    data: bytes | None = None  # what was read for the digest, where it was to be kept
    error: SourceError | None = None  # why it cannot be read; its name and that are then its digest


def find(root: Path, source: str) -> list[SourceFile]:
    """The files of a source, oldest name first. Raises SourceError when there are none, or the path leaves the project.

    A file is read once for its digest; `read` reads it again only if it is to be ingested.
    """
    if source.startswith(FUNCTION):
        return [_call(root, source.removeprefix(FUNCTION))]
    found = there(root, source)
    if not found:
        raise no_such_file(root, source)
    return _hashed(root, found, room=0)


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


def there(root: Path, source: str) -> dict[str, os.stat_result | SourceError]:
    """What a file source names, relative to the project and sorted: files, and folders that are Delta tables, whose parts
    are no files of their own. The states are others when they change; one that cannot be had, or leads out of the project,
    has why. Raises SourceError for what can be no source.
    """
    home = root.resolve()
    found: dict[str, os.stat_result | SourceError] = {}
    plain: dict[str, bool] = {}  # folders looked at: whether no link is on their way
    tables: dict[str, bool] = {}
    for name in sorted(_names(home, source, tables)):
        if (spoken := _spoken(name)) != name:
            hint = "rename it, in letters that every program reads"
            found[spoken] = SourceError("its name is not UTF-8", place=spoken, hint=hint)
            continue
        try:
            entry = f"{name}/{newest(home / name, name).entry}" if table_of(home, name, tables) else name
            state = _look(home, entry, plain)
        except SourceError as exc:
            found[name] = exc
        else:
            found |= {name: state} if state is not None else {}
    return found


def _spoken(name: str) -> str:
    """The name as text: bytes of it that are none, which no record could hold, are written out."""
    return name.encode("utf-8", "backslashreplace").decode()


def _names(home: Path, source: str, tables: dict[str, bool]) -> set[str]:
    """What its globs find, each Delta table once. Raises SourceError for a glob of what cannot be read, or of elsewhere."""
    found: set[str] = set()
    for pattern, readable in _patterns(source).items():
        names = glob.glob(pattern, root_dir=home, recursive=True)  # noqa: PTH207 - five times pathlib's speed
        own = {table_of(home, name, tables) for name in names} or {None}
        if not readable and None in own:
            hint = f"files end in {endings()}; or name the folder of a Delta table"
            raise SourceError("cannot be read by its name", place=source, hint=hint)
        found |= {table_of(home, name, tables) or name for name in names}
    return found


def _patterns(source: str) -> dict[str, bool]:
    """Its globs, and whether names that end so can be read: in small letters or in capitals. Raises SourceError for one
    that leaves the project.

    >>> _patterns("data/{*.csv,sales}")
    {'data/*.[cC][sS][vV]': True, 'data/sales': False}
    """
    paths = [PurePath(one) for one in spelled_out(source)]
    if any(p.is_absolute() or ".." in p.parts for p in paths) or "\x00" in source:
        raise SourceError("a source is inside the project folder", place=source, hint=INSIDE)
    readable = {path: path.suffix.lower() in READERS for path in paths}
    return {_any_case(path) if known else str(path): known for path, known in readable.items()}


def _any_case(path: PurePath) -> str:
    ending = "".join(f"[{c.lower()}{c.upper()}]" if c.isalpha() else c for c in path.suffix)
    return str(path.with_name(f"{path.stem}{ending}"))


def beside(root: Path, source: str, others: Iterable[str] = ()) -> list[str]:
    """The files in the folders of a file source that neither it nor one of the ``others`` reads, and folders that it seems to name.

    Of the project's own folder only those that could be read.
    """
    home, found = root.resolve(), there(root, source)
    folders = {PurePath(name).parent for name in found} | {_base(PurePath(one)) for one in spelled_out(source)}
    sources, left = [source, *(o for o in others if not o.startswith(FUNCTION))], list[str]()
    for folder in sorted(folders):
        if not (home / folder).is_dir() or table_of(home, str(folder), {}):
            continue
        for entry in (home / folder).iterdir():
            name = _spoken(str(folder / entry.name))
            named = any(covers(s, name) for s in sources)
            kind = PurePath(name).suffix.lower() in READERS
            unread = named and name not in found if entry.is_dir() else not named and (kind or folder.parts)
            if unread and not entry.name.startswith((".", "_")):
                left.append(name)
    return sorted(left)


def _base(pattern: PurePath) -> PurePath:
    """The folder that a glob begins in."""
    parts = pattern.parent.parts
    return PurePath(*itertools.takewhile(lambda part: not glob.has_magic(part), parts))


def covers(source: str, name: str) -> bool:
    """Whether the file source would name this file, were it there.

    >>> covers("data/**/*.csv", "data/2011/01/a.csv"), covers("data/*.csv", "data/2011/a.csv")
    (True, False)
    """
    return any(_covers(PurePath(one).parts, PurePath(name).parts) for one in _patterns(source))


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
    except (OSError, RuntimeError) as exc:  # of links that lead in a circle
        why = exc.strerror if isinstance(exc, OSError) else exc
        raise SourceError(f"cannot be read: {why}", place=name) from exc
    return state if stat.S_ISREG(state.st_mode) else None


def read(file: SourceFile) -> Rows:
    """Every row of the file; of one without rows that is said. Raises SourceError when it is empty or not what its name says."""
    if file.error is not None:
        raise file.error
    rows = numbered(file.frame, file.name) if file.frame is not None else _read_rows(file)
    return rows if rows.frame.height or rows.broken else rows._replace(notes=(*rows.notes, "it has no rows"))


def in_pieces(file: SourceFile) -> bool:
    """Whether it is too large to be read whole (`pieces`)."""
    return file.frame is None and file.error is None and file.size > PIECE


def pieces(file: SourceFile) -> Iterator[Rows]:
    """The same rows, where the file is large about `PIECE` bytes of it at a time; what is to be said of the file is said once.

    That it was changed while it was read is said after the last one. Raises SourceError.
    """
    if not in_pieces(file):
        yield read(file)
        return
    assert file.path is not None
    found = hashlib.sha256()
    with lasting():
        if file.version is not None:
            yield from delta_pieces(file.path, file.version, file.size, file.name, ROWS)
            return
        if way := PIECED.get(file.path.suffix.lower()):
            yield from way(_chunks(file.path, found), file.name)
        else:
            yield from parquet_pieces(file.path, file.size, file.name, ROWS)
    if not way:
        unchanged(file)
    elif f"sha256:{found.hexdigest()}" != file.digest:
        raise _changed(file)


def unchanged(file: SourceFile) -> None:
    """Raises SourceError where a file's bytes are not those any more that it is known by."""
    if file.path is not None and file.version is None and hash_file(file.path, file.name).digest != file.digest:
        raise _changed(file)


def _chunks(path: Path, told: hashlib._Hash) -> Iterator[bytes]:
    with path.open("rb") as handle:
        while data := handle.read(PIECE):
            told.update(data)
            yield data


@contextmanager
def lasting() -> Iterator[None]:
    """What is wrong with a file's bytes is wrong as long as they stand."""
    try:
        yield
    except OSError as exc:
        raise SourceError(f"cannot be read: {exc.strerror}") from exc
    except SourceBusy:
        raise
    except SourceError as exc:
        exc.lasting = True
        raise


def _read_rows(file: SourceFile) -> Rows:
    assert file.path is not None
    data = b"" if file.version is not None else _unchanged(file, file.path) if file.data is None else file.data
    with lasting():
        if file.version is not None:
            return read_delta(file.path, file.version, file.size, file.name)
        if not data:
            raise SourceError("the file is empty", place=file.name, hint=EMPTY)
        return READERS[file.path.suffix.lower()](data, file.name)


def _unchanged(file: SourceFile, path: Path) -> bytes:
    """Its bytes, read again. Raises SourceError when they are others than those that were found."""
    again = hash_file(path, file.name, keep=sys.maxsize)
    if again.data is None or again.digest != file.digest:
        raise _changed(file)
    return again.data


def _changed(file: SourceFile) -> SourceError:
    hint = "write files whole, then rename them"
    return SourceError("it was changed while it was read", place=file.name, hint=hint)


def source_file(root: Path, name: str, keep: int = 0) -> SourceFile:
    """The file or Delta table of this name in this folder: see `hash_file`. Raises SourceError."""
    path = root / name
    if not path.is_dir():
        return hash_file(path, name, keep)
    version, entry = newest(path, name)
    known = hash_file(path / entry, name).digest
    return SourceFile(digest(f"delta {version} {known}".encode()), name, size_of(path), path=path, version=version)


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
    files = [p.name for p in folder.iterdir() if p.suffix.lower() in READERS]
    others = ", ".join(sorted(p.name for p in folder.iterdir() if not p.name.startswith("."))[:5])
    nothing = f"nothing in {pattern.parent}/ can be read{f' ({others})' if others else ''}: put {wanted}"
    return did_you_mean(pattern.name, files) if files else nothing


def _call(root: Path, name: str) -> SourceFile:
    """The frame that the project's function gives, known by the digest of its content."""
    place = f"{FUNCTION}{name}"
    try:
        module = load_steps(root, place)
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

    ``again`` gets the names whose bytes are in, or come in, under another name, and that name; each about once. And those that
    hold what they held before other bytes came in by them, with their own.
    Raises SourceError when the source has no file, unless files came in by it: those may be cleared away.
    """
    if source.startswith(FUNCTION):
        made = find(root, source)
        known = _known(store, dataset, made)
        again |= _went_back(store, dataset, [f for f in made if known.get(f.digest) == f.name])
        return [f for f in made if f.digest not in known]
    found = there(root, source)
    if not found and not any(covers(source, n) for n in _came_in(store, dataset)):
        raise no_such_file(root, source)
    remembered = _read(cache)
    marks = {name: _mark(state) for name, state in found.items()}
    unseen = {name: found[name] for name, mark in marks.items() if not mark or remembered.get(name) != mark}
    waited = {name: f for name in unseen if (f := _waited(root, name, marks[name], remembered.get(name)))}
    opened = _hashed(root, {name: state for name, state in unseen.items() if name not in waited}, room=_KEPT)
    unknown = sorted((*waited.values(), *opened), key=lambda f: f.name)
    known = _known(store, dataset, unknown)
    new = [f for f in unknown if f.digest not in known]
    first = {f.digest: f.name for f in reversed(new)} | known
    again |= {f.name: first[f.digest] for f in unknown if first[f.digest] != f.name}
    again |= _went_back(store, dataset, [f for f in unknown if known.get(f.digest) == f.name])
    waits = {f.name: [f.digest] if f.version is None and f.error is None else None for f in new}
    seen: dict[str, list[int | str]] = {}
    for name, mark in marks.items():
        if mark and (more := waits.get(name, [])) is not None:
            seen[name] = [*mark, *more]
    _remember(cache, seen, remembered)
    return list({f.digest: f for f in reversed(new)}.values())[::-1]


def _mark(state: os.stat_result | SourceError) -> list[int]:
    """What is another when the file is; nothing for one that cannot be had."""
    if isinstance(state, SourceError):
        return []
    return [state.st_size, state.st_mtime_ns, state.st_ctime_ns, state.st_ino]


def _waited(root: Path, name: str, mark: list[int], kept: Any) -> SourceFile | None:
    """A file that stands as it did, and has waited since: what it is known by need not be made again."""
    if not mark or not isinstance(kept, list) or kept[:-1] != mark:
        return None
    return SourceFile(str(kept[-1]), name, mark[0], path=root / name)


def _came_in(store: MetadataStore, dataset: str) -> Iterator[str]:
    """The names that files came in by, and for those that were Delta tables the name of a part."""
    for file in store.files.list(dataset=dataset):
        yield from (file.name, f"{file.name}/part.parquet")


def _hashed(root: Path, found: Mapping[str, object], room: int) -> list[SourceFile]:
    """The files, each opened once: up to ``room`` bytes of all of them are kept for the reading."""
    files = list[SourceFile]()
    for name, state in found.items():
        try:
            if isinstance(state, SourceError):
                raise state
            files.append(source_file(root, name, keep=min(room, PIECE)))
        except SourceError as exc:
            files.append(SourceFile(digest(f"{name} {exc.message}".encode()), name, 0, error=exc))
        room -= len(files[-1].data or b"")
    return files


def _known(store: MetadataStore, dataset: str, files: list[SourceFile]) -> dict[str, str]:
    """Of these files the digests that are in the dataset, and the names that they came in by."""
    return {f.digest: f.name for f in store.files.among(dataset, (file.digest for file in files))}


def _went_back(store: MetadataStore, dataset: str, files: list[SourceFile]) -> dict[str, str]:
    """Of these files, which are in, those whose names brought other bytes since."""
    last = {f.name: f for f in sorted(store.files.list(dataset=dataset), key=lambda f: f.version)} if files else {}
    return {f.name: f.name for f in files if last[f.name].digest != f.digest}


def _remember(cache: Path, marks: dict[str, list[int | str]], before: dict[str, Any]) -> None:
    now = time.time_ns()  # wall time against the file system's; decides nothing but what is hashed again
    kept = {name: mark for name, mark in marks.items() if now - max(int(mark[1]), int(mark[2])) > _RACY_NS}
    if kept != before:
        write_whole(cache, json.dumps(kept).encode(), sync=False)


def _read(cache: Path) -> dict[str, Any]:
    try:
        found = json.loads(cache.read_text("utf-8"))
    except (OSError, ValueError):
        return {}  # a cache: without it every file is hashed once more
    return found if isinstance(found, dict) else {}
