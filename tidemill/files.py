"""Files that are there whole or not at all, and that a power failure leaves there."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tidemill.errors import ConfigError


def write_whole(
    path: Path,
    data: bytes | memoryview | Iterable[bytes],
    mode: int = 0o600,
    *,
    over: bool = True,
    by_way_of: Path | None = None,
    sync: bool = True,
) -> None:
    """The file with just these bytes, on disk with its name when this returns; where it fails nothing is left behind.

    Parts of them are written one after the other.

    ``over=False`` leaves a file that is there already: FileExistsError. ``by_way_of``: the folder, of the same file
    system, where it is written first; else beside the file, hidden. ``sync=False``: for a cache that is checked when it
    is read; it may be lost with the power. Raises OSError.

    >>> import tempfile; there = Path(tempfile.mkdtemp()) / "told"
    >>> write_whole(there, b"rain"); write_whole(there, b"sun"); there.read_bytes()
    b'sun'
    """
    mark = os.urandom(8).hex()  # nobody else's: neither a process's nor a thread's
    part = (by_way_of or path.parent) / f".{path.name}.{mark}.part"
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode), "wb") as file:
            file.writelines([data] if isinstance(data, (bytes, memoryview)) else data)
            file.flush()
            if sync:
                os.fsync(file.fileno())
        if over:
            part.replace(path)
        else:
            os.link(part, path)
            part.unlink()
    except BaseException:
        with suppress(OSError):  # what went wrong before says more
            part.unlink()
        raise
    if sync:
        fsync_folder(path.parent)


def secret_of(name: str) -> str | None:
    """What the environment says under this name, or what the file holds that it names under ``NAME_FILE``. Raises ConfigError."""
    if name in os.environ:
        return os.environ[name]
    file = os.environ.get(f"{name}_FILE")
    if not file:
        return None
    try:
        return Path(file).read_text("utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as exc:
        said = getattr(exc, "strerror", None) or "it is no text"
        raise ConfigError(
            f"the secret's file cannot be read: {said}", place=file, hint=f"{name}_FILE names it"
        ) from exc


def fsync_folder(folder: Path) -> None:
    """The names in the folder are on disk when this returns. Raises OSError."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


@contextmanager
def exclusive(lock: Path, wait: float = 0.0) -> Iterator[int]:
    """One holder at a time among all processes of this machine; freed by the system when its holder dies. The lock's descriptor.

    Raises BlockingIOError where another holds it after ``wait`` seconds, OSError where the file cannot be made.
    """
    fd = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        until = time.monotonic() + wait
        while True:
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= until:
                    raise
                time.sleep(0.02)
        yield fd
    finally:
        os.close(fd)
