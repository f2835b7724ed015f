"""Where tables are kept: of each its files, named by the SHA-256 of their bytes, and its log, an entry a version.

Promise: what `put` and `commit` have returned is kept. Of several that commit one version at once one does, wherever they run.
`tidemill.testing.tables` is the suite that each store of tables must pass.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tidemill.errors import Conflict, StoreBusy
from tidemill.files import exclusive


class TableStore(ABC):
    """Bytes only: what they mean is `tidemill.data.tables.delta`'s."""

    root: Path
    """The folder on this machine that holds the tables, or copies; and caches, such as the index of keys."""

    @property
    @abstractmethod
    def address(self) -> str:
        """What `open_tables_at` opens in another process; it holds no secret."""

    def folder(self, dataset: str) -> Path:
        """On this machine: it holds the table, or copies."""
        return self.root / dataset

    @abstractmethod
    def names(self) -> list[str]:
        """The tables that are there, sorted."""

    @abstractmethod
    def made(self, dataset: str) -> object | None:
        """What tells this table from another in its place; None where there is none."""

    @abstractmethod
    def log(self, dataset: str, since: int = 0) -> list[bytes]:
        """The log's entries of the versions from ``since`` on."""

    @abstractmethod
    def commit(self, dataset: str, version: int, entry: bytes) -> None:
        """Raises Conflict where the version is there already, DiskFull (nothing is committed)."""

    @abstractmethod
    def put(self, dataset: str, data: bytes) -> str:
        """Keep a file; its name. Raises DiskFull."""

    @abstractmethod
    def paths(self, dataset: str, names: Sequence[str]) -> list[Path]:
        """Files of this machine with these bytes. Of storage elsewhere: fetched, and checked. Raises Damaged, NotFound."""

    @abstractmethod
    def get(self, dataset: str, name: str) -> bytes:
        """A file, every byte of it, from where it is kept. Raises Damaged, NotFound."""

    def verify(self, dataset: str, name: str) -> None:
        """Raises Damaged, NotFound."""
        self.get(dataset, name)

    @abstractmethod
    def checkpoint(self, dataset: str) -> None:
        """For other readers, who replay the log since the last one."""

    @abstractmethod
    def table(self, dataset: str) -> tuple[str, dict[str, str]]:
        """The table as delta-rs and polars open it: its address and storage options."""

    @abstractmethod
    def lay(self, folder: Path, files: Mapping[str, Sequence[str]]) -> None:
        """A folder of tables with these files and the logs, for one that only reads. Nothing is there yet."""

    @contextmanager
    def lock(self, dataset: str, wait: float = 30.0) -> Iterator[None]:
        """The only writer of a table, on this machine. Raises StoreBusy after ``wait`` seconds."""
        self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = self.root / f".{dataset}.lock"
        with ExitStack() as held:
            try:
                held.enter_context(exclusive(lock, wait))
            except BlockingIOError as exc:
                raise StoreBusy("another process is writing", place=str(lock)) from exc
            yield


def name_of(data: bytes) -> str:
    """The name of a file with these bytes."""
    return f"{hashlib.sha256(data).hexdigest()}.parquet"


def taken(version: int, place: str) -> Conflict:
    return Conflict(f"version {version} is there already", place=place, hint="another writer was first: try again")
