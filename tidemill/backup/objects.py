"""A repository of backups: a folder of sealed objects, each kept once, and of each backup the list of what it has.

repository/tidemill-backups    that it is one, and of which project
repository/objects/ab/…        what backups have, named by a keyed digest of its bytes
repository/backups/ID          the list of one backup, sealed
repository/forgotten/MARK      who was forgotten since, by a mark that only the project can make
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import msgspec

from tidemill.backup.sealed import PART, Sealer
from tidemill.errors import BadRequest, Conflict, Damaged, DiskFull, NotFound, StoreError, no_room
from tidemill.files import exclusive, fsync_folder, write_whole
from tidemill.types import Micros

FORMAT = 1
_HEAD = "tidemill-backups"


class _Head(msgspec.Struct, frozen=True):
    format: int
    project: Annotated[str, msgspec.Meta(pattern="^project_[0-9a-z]{26}$")]


class Entry(msgspec.Struct, frozen=True):
    """A file of a backup: where it goes, the SHA-256 of its bytes, how many."""

    path: str
    digest: str
    size: int


class Table(msgspec.Struct, frozen=True):
    """A table: its generation with what was told of it, the entries of its log in their order, and its files."""

    name: str
    generation: int
    told: Entry | None
    log: list[Entry]
    files: list[Entry]


class Backup(msgspec.Struct, frozen=True):
    """One moment of a project. ``verified``: it was laid into a scratch folder and compared. ``rows``: of both databases.
    ``left_out``: files of the project's own that are too large."""

    id: str
    project: str
    name: str
    taken: Micros
    expires: Micros
    rows: int
    verified: bool
    databases: list[Entry]
    artifacts: list[Entry]
    tables: list[Table]
    files: list[Entry]
    keys: list[Entry]
    left_out: list[str]
    format: int = FORMAT

    def entries(self) -> Iterator[Entry]:
        for part in (self.databases, self.artifacts, self.files, self.keys):
            yield from part
        for table in self.tables:
            yield from table.log
            yield from table.files
            if table.told:
                yield table.told

    @property
    def size(self) -> int:
        return sum(entry.size for entry in self.entries())


class Repository:
    """A folder of backups of one project, opened with their key."""

    def __init__(self, root: Path, key: bytes) -> None:
        """Raises NotFound."""
        self.project = self.project_of(root)
        self.root, self._sealer = root, Sealer(key)

    @staticmethod
    def project_of(root: Path) -> str:
        """The id of the project whose backups are in this folder. Raises NotFound, StoreError."""
        if not (root / _HEAD).is_file():
            raise NotFound("there are no backups here", place=str(root), hint="tidemill backup FOLDER makes the first")
        with said_by_us(root):
            data = (root / _HEAD).read_bytes()
        try:
            head = msgspec.json.decode(data, type=_Head)
        except msgspec.DecodeError as exc:
            raise Damaged("this is no list of backups", place=str(root / _HEAD)) from exc
        if head.format != FORMAT:
            raise StoreError("these backups are of a newer tidemill", place=str(root), hint="restore with that one")
        return head.project

    @staticmethod
    def make(root: Path, project: str, key: bytes) -> Repository:
        """The repository in this folder; in one that is not there or empty a new one. Raises BadRequest, Conflict."""
        if not (root / _HEAD).is_file():
            if root.exists() and (not root.is_dir() or any(root.iterdir())):
                raise BadRequest("something else is there", place=str(root), hint="name a folder that is new or empty")
            with said_by_us(root):
                root.mkdir(parents=True, exist_ok=True, mode=0o700)
                for name in ("objects", "backups", "forgotten"):
                    (root / name).mkdir(exist_ok=True, mode=0o700)
                write_whole(root / _HEAD, msgspec.json.encode(_Head(FORMAT, project)))
        found = Repository(root, key)
        if found.project != project:
            raise Conflict("the backups there are another project's", place=str(root), hint="name another folder")
        return found

    @contextmanager
    def writing(self) -> Iterator[None]:
        """One writer at a time: what is being written is in no list yet, and nobody may take it for left over. Raises Conflict."""
        try:
            with exclusive(self.root / ".lock"):
                yield
        except BlockingIOError as exc:
            raise Conflict("another backup is being made there", place=str(self.root), hint="try again later") from exc

    def put(self, path: str, digest: str, size: int, data: Callable[[], Iterable[bytes]]) -> Entry:
        """Keep these bytes, unless they are kept already; ``digest``: their SHA-256, in hex."""
        name = self._sealer.name(digest)
        target = self.root / "objects" / name[:2] / name
        if not target.exists():
            with said_by_us(target):
                target.parent.mkdir(exist_ok=True, mode=0o700)
                write_whole(target, self._sealer.seal(name, data()), 0o400)
        return Entry(path, digest, size)

    def keep_file(self, path: str, file: Path) -> Entry:
        """A file of this machine, as it is now."""
        with said_by_us(file):
            with file.open("rb") as opened:
                digest = hashlib.file_digest(opened, "sha256").hexdigest()
            return self.put(path, digest, file.stat().st_size, lambda: pieces(file))

    def keep_bytes(self, path: str, data: bytes) -> Entry:
        return self.put(path, hashlib.sha256(data).hexdigest(), len(data), lambda: [data])

    def parts(self, entry: Entry) -> Iterator[bytes]:
        """Its bytes. Raises NotFound, Damaged: also at the end, where they are not those that were kept."""
        name = self._sealer.name(entry.digest)
        target, found = self.root / "objects" / name[:2] / name, hashlib.sha256()
        if not target.is_file():
            raise NotFound(f"{entry.path} is not in the backup any more", place=str(target), hint="take another backup")
        with said_by_us(target), target.open("rb") as source:
            for part in self._sealer.opened(name, source):
                found.update(part)
                yield part
        if found.hexdigest() != entry.digest:
            raise Damaged(f"{entry.path} is not what was kept", place=str(target), hint="take another backup")

    def bytes_of(self, entry: Entry) -> bytes:
        return b"".join(self.parts(entry))

    def write(self, backup: Backup) -> None:
        """From now on it is one of the backups; the same again is written over."""
        target, data = self.root / "backups" / backup.id, msgspec.json.encode(backup)
        with said_by_us(target):
            write_whole(target, self._sealer.seal(backup.id, [data]))

    def ids(self) -> list[str]:
        """Oldest first."""
        with said_by_us(self.root):
            return sorted(file.name for file in (self.root / "backups").iterdir() if not file.name.startswith("."))

    def read(self, id: str) -> Backup:
        """Raises NotFound, Damaged."""
        target = self.root / "backups" / id
        if id not in self.ids():
            hint = f"tidemill backup ls {self.root}"
            raise NotFound(f"no backup {id!r}", place=str(self.root), hint=hint)
        with said_by_us(target), target.open("rb") as source:
            return msgspec.json.decode(b"".join(self._sealer.opened(id, source)), type=Backup)

    def all(self) -> list[Backup]:
        """Oldest first. Raises Damaged."""
        return [self.read(id) for id in self.ids()]

    def drop(self, ids: Iterable[str]) -> int:
        """Delete these backups, and what only they had; how many bytes that freed."""
        for id in ids:
            (self.root / "backups" / id).unlink(missing_ok=True)
        fsync_folder(self.root / "backups")
        needed = {self._sealer.name(entry.digest) for backup in self.all() for entry in backup.entries()}
        freed = 0
        for file in self.root.glob("objects/??/*"):
            if file.name not in needed:
                freed += file.stat().st_size
                file.unlink()
        return freed


def pieces(file: Path) -> Iterator[bytes]:
    with file.open("rb") as opened:
        while piece := opened.read(PART):
            yield piece


@contextmanager
def said_by_us(place: Path) -> Iterator[None]:
    """What the file system says, said by us."""
    try:
        yield
    except OSError as exc:
        if no_room(exc):
            hint = "free some room there; the same command goes on"
            raise DiskFull("the disk of the backups is full", place=str(place), hint=hint) from exc
        raise StoreError(f"the backups cannot be used: {exc.strerror or exc}", place=str(place)) from exc
