"""Artifacts in a folder: bytes named by their SHA-256, one read-only file a digest, checked at every read.

What `put` has returned survives kill -9 and power loss (tmp, fsync, rename, directory fsync); `get` returns exactly those
bytes or raises `Damaged` (a wrong byte) or `NotFound`. Nothing is ever changed in place. A full disk is `DiskFull` and
leaves no part.

root/sha256/ab/cdef…   the bytes
root/tmp/…             what is being written; what is an hour old was left by a writer that was killed: swept
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tidemill.errors import DiskFull, NotFound, StoreError, no_room
from tidemill.files import fsync_folder, write_whole
from tidemill.store.artifacts.port import DIGEST, Artifacts, Stat, check, check_bytes, name_of

_CHUNK = 1 << 20
_ABANDONED = 3600.0  # seconds: no writer takes as long over one file


class LocalArtifacts(Artifacts):
    """On a local file system. Not for network ones: it trusts rename and fsync.

    >>> import tempfile; store = LocalArtifacts(tempfile.mkdtemp())
    >>> store.get(store.put(b"water"))
    b'water'
    """

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root).absolute()
        self._base = self.root / "sha256"
        self._tmp = self.root / "tmp"
        self._firm: set[str] = set()  # folders of sha256/ whose entries there, and all above, are known to be on disk
        with _translated(self.root):
            self._base.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._tmp.mkdir(exist_ok=True, mode=0o700)
            self.sweep()

    @property
    def address(self) -> str:
        return str(self.root)

    def put(self, data: bytes) -> str:
        name = hashlib.sha256(data).hexdigest()
        target = self._base / name[:2] / name[2:]
        with _translated(target):
            with self._deleting(fcntl.LOCK_SH):
                if _holds(target, data):
                    _touch(target)
                    fsync_folder(target.parent)  # another writer may have made the file a moment ago
                else:
                    target.parent.mkdir(exist_ok=True, mode=0o700)
                    write_whole(target, data, 0o400, by_way_of=self._tmp)
            self._make_firm(target.parent.name)
        return f"sha256:{name}"

    def get(self, digest: str) -> bytes:
        target = self.file(digest)
        with _translated(target, digest):
            data = target.read_bytes()
        check_bytes(data, digest, str(target))
        return data

    def path(self, digest: str) -> Path:
        self.verify(digest)
        return self.file(digest)

    def has(self, digest: str) -> bool:
        return self.file(digest).is_file()

    def verify(self, digest: str) -> None:
        target = self.file(digest)
        found = hashlib.sha256()
        with _translated(target, digest), self._deleting(fcntl.LOCK_SH), target.open("rb") as file:
            _touch(target)
            while chunk := file.read(_CHUNK):
                found.update(chunk)
        check(found.hexdigest(), digest, str(target))

    def stat(self, digest: str) -> Stat:
        target = self.file(digest)
        with _translated(target, digest):
            found = target.stat()
        return Stat(found.st_size, time.time() - found.st_mtime)

    def delete(self, digest: str, idle: float = 0.0) -> int | None:
        """As `Artifacts` says; whoever puts or verifies them at the same moment either still has them afterwards, or sees that
        they are gone."""
        target = self.file(digest)
        with _translated(target), self._deleting(fcntl.LOCK_EX):
            if not target.is_file() or (found := self.stat(digest)).idle < idle:
                return None
            target.unlink()
            fsync_folder(target.parent)
        return found.size

    def digests(self) -> Iterator[str]:
        with _translated(self._base):
            for folder in sorted(f for f in self._base.iterdir() if len(f.name) == 2 and f.is_dir()):
                names = (f"sha256:{folder.name}{file.name}" for file in sorted(folder.iterdir()))
                yield from filter(DIGEST.fullmatch, names)  # what else somebody put there is no artifact

    def sweep(self) -> int:
        before, swept = time.time() - _ABANDONED, 0
        for file in list(self._tmp.iterdir()):
            if (
                file.is_file() and not file.is_symlink() and _changed(file) < before
            ):  # a folder or a link is none of ours
                file.unlink(missing_ok=True)
                swept += 1
        return swept

    @contextmanager
    def _deleting(self, how: int) -> Iterator[None]:
        """Who deletes is alone: nobody takes a file for kept that goes a moment later. (A descriptor each: threads, too.)"""
        fd = os.open(self._base, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(fd, how)
            yield
        finally:
            os.close(fd)

    def file(self, digest: str) -> Path:
        name = name_of(digest)
        return self._base / name[:2] / name[2:]

    def _make_firm(self, name: str) -> None:
        """The entries of the folders above a file's own survive power loss, too.

        Each is fsynced once: whoever made them may not have done so yet. The state folder that holds the store, and the
        entry of that one, are made elsewhere and count too.
        """
        if name in self._firm:
            return
        there = os.listdir(self._base)
        fsync_folder(self._base)
        if not self._firm:
            for above in (self.root, *self.root.parents[:2]):
                if os.access(above, os.R_OK):  # a folder that we may not open was there before us
                    fsync_folder(above)
        self._firm.update(there)


def _holds(target: Path, data: bytes) -> bool:
    """Whether the file is there with just these bytes; a damaged one is written anew."""
    try:
        return target.stat().st_size == len(data) and target.read_bytes() == data
    except FileNotFoundError:
        return False


def _touch(target: Path) -> None:
    with suppress(PermissionError):  # another user's file: the owner's grace period is the owner's
        os.utime(target)


def _changed(file: Path) -> float:
    """When it was written to last; now, when it has just gone."""
    try:
        return file.stat().st_mtime
    except FileNotFoundError:
        return time.time()


@contextmanager
def _translated(place: Path, digest: str = "") -> Iterator[None]:
    """What the file system says, said by us."""
    try:
        yield
    except OSError as exc:
        if isinstance(exc, FileNotFoundError) and digest:
            raise NotFound(f"no artifact {digest[:19]}…", place=str(place)) from exc
        if no_room(exc):
            hint = "free some room, try again"
            raise DiskFull("the disk is full; nothing was written", place=str(place), hint=hint) from exc
        raise StoreError(f"the artifact store cannot be used: {exc.strerror or exc}", place=str(place)) from exc
