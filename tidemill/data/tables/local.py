"""Tables in a folder of this machine: files and log entries are on disk (fsynced, with their names) when a call returns.

A table lies in the folder of its name, or in that of its generation (`tidemill.data.tables.generation`), where a file says so.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from tidemill.data.tables.port import TableStore, name_of, taken
from tidemill.errors import Damaged, DiskFull, NotFound, StoreError, no_room
from tidemill.files import fsync_folder, write_whole

_OF = ".generations"
CURRENT = "current"
"""In the folder of a table's generations: the number of the one that is the table."""


class LocalTables(TableStore):
    """On a local file system."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def address(self) -> str:
        return str(self.root)

    def names(self) -> list[str]:
        moved = {current.parent.name[1:].removesuffix(_OF) for current in self.root.glob(f".*{_OF}/{CURRENT}")}
        return sorted(moved | {folder.name for folder in self.root.glob("*") if log_file(folder, 0).is_file()})

    def generations(self, dataset: str) -> Path:
        """The folder of those after the first, whether or not there is one."""
        return self.root / f".{dataset}{_OF}"

    def generation(self, dataset: str) -> int:
        """The number of the one that is the table; of a table that nobody was taken out of 0."""
        try:
            return int((self.generations(dataset) / CURRENT).read_text("ascii"))
        except FileNotFoundError:
            return 0
        except (OSError, ValueError) as exc:
            place = str(self.generations(dataset) / CURRENT)
            raise Damaged("it is not said which generation is the table", place=place, hint="restore it") from exc

    def folder(self, dataset: str) -> Path:
        """Where the table lies now."""
        number = self.generation(dataset)
        return self.generations(dataset) / str(number) if number else self.root / dataset

    def made(self, dataset: str) -> object | None:
        try:
            folder = self.folder(dataset)
            found = log_file(folder, 0).stat()
        except FileNotFoundError:
            return None
        return folder.name, found.st_ino, found.st_mtime_ns

    def log(self, dataset: str, since: int = 0) -> list[bytes]:
        folder, found = self.folder(dataset), list[bytes]()
        with translated(str(folder)):
            while (file := log_file(folder, since + len(found))).is_file():
                found.append(file.read_bytes())
        return found

    def commit(self, dataset: str, version: int, entry: bytes) -> None:
        target = log_file(self.folder(dataset), version)
        with translated(str(target)):
            self._make(target.parent)
            try:
                write_whole(target, entry, over=False)  # two writers never make the same one
            except FileExistsError as exc:
                raise taken(version, str(target)) from exc

    def put(self, dataset: str, data: bytes) -> str:
        target = self.folder(dataset) / name_of(data)
        with translated(str(target)):
            self._make(target.parent)
            write_whole(target, data)
        return target.name

    def _make(self, folder: Path) -> None:
        if not folder.is_dir():
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            for above in (folder.parent, folder.parent.parent):
                fsync_folder(above)

    def paths(self, dataset: str, names: Sequence[str]) -> list[Path]:
        folder = self.folder(dataset)
        return [folder / name for name in names]

    def get(self, dataset: str, name: str) -> bytes:
        self.verify(dataset, name)
        return (self.folder(dataset) / name).read_bytes()

    def verify(self, dataset: str, name: str) -> None:
        path = self.folder(dataset) / name
        if not path.is_file():
            raise NotFound("a data file is missing", place=str(path))
        with translated(str(path)), path.open("rb") as handle:
            found = hashlib.file_digest(handle, "sha256").hexdigest()
        if found != path.stem:
            raise Damaged("a data file was changed", place=str(path), hint="restore it from a backup")

    def checkpoint(self, dataset: str) -> None:
        place, _ = self.table(dataset)
        with translated(place):
            DeltaTable(place).create_checkpoint()

    def lay(self, folder: Path, files: Mapping[str, Sequence[str]]) -> None:
        folder.symlink_to(self.root)

    def table(self, dataset: str) -> tuple[str, dict[str, str]]:
        return str(self.folder(dataset)), {}


def log_file(folder: Path, version: int) -> Path:
    return folder / "_delta_log" / f"{version:020}.json"


@contextmanager
def translated(place: str) -> Iterator[None]:
    """Turns what the disk and delta-rs raise into Tidemill's errors."""
    try:
        yield
    except (OSError, DeltaError) as exc:
        if no_room(exc) or "No space left" in str(exc) or "File too large" in str(exc):
            raise DiskFull("no room on the disk; nothing was committed", place=place, hint="free some room") from exc
        raise StoreError(f"the table cannot be used: {exc}", place=place) from exc
