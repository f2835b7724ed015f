"""Tables in object storage that speaks S3: files by digest, and a log whose commit is a conditional put.

What is read lies on this machine as in a folder of tables: copies of files, bounded and checked by their digests, and of the log's
entries, which never change. Before a process trusts those, it looks at what the bucket has.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import RLock

from deltalake import DeltaTable

from tidemill.data.tables.local import LocalTables, log_file, translated
from tidemill.data.tables.port import TableStore, name_of, taken
from tidemill.errors import Damaged, DiskFull
from tidemill.files import write_whole
from tidemill.store.bucket import Bucket, Found
from tidemill.store.copies import Copies, parted

AT_ONCE = 8
"""Requests under way at a time."""


class ObjectTables(TableStore):
    """Below ``tables/`` of an address as `tidemill.store.copies.parted` takes it apart."""

    def __init__(self, address: str) -> None:
        self._address = address
        plain, folder, most = parted(address)
        self.bucket = Bucket(plain)
        self._bound = Copies(folder, most)
        self.root = folder / "tables"
        self._copies = LocalTables(self.root)
        self._log: dict[str, list[bytes]] = {}  # as far as it was read
        self._reading = RLock()  # threads share it
        self._right: set[str] = set()  # copies whose bytes were looked at

    @property
    def address(self) -> str:
        return self._address

    def names(self) -> list[str]:
        return [name for name in self.bucket.folders("tables") if self.made(name)]

    def made(self, dataset: str) -> object | None:
        return True if self._entries(dataset) or self.log(dataset) else None

    def log(self, dataset: str, since: int = 0) -> list[bytes]:
        with self._reading:
            known = self._entries(dataset)
            there = self.bucket.below(_log(dataset), after=_entry(dataset, len(known) - 1) if known else "")
            for entry in self._fetched(_unbroken(there, dataset, len(known))):
                self._keep(dataset, len(known), entry)
                known.append(entry)
            return known[since:]

    def _entries(self, dataset: str) -> list[bytes]:
        """What is known of the log; at first the copies of this machine, where they are of what is there."""
        if dataset not in self._log:
            copied = self._copies.log(dataset)
            there = self.bucket.below(_log(dataset)) if copied else []
            sizes = [found.size for found in _unbroken(there, dataset, 0)]
            whole = sizes[: len(copied)] == [len(entry) for entry in copied]
            ends = sorted({0, len(copied) - 1}) if copied and whole else []
            names = [Found(_entry(dataset, n), 0, there[0].changed) for n in ends]
            same = whole and self._fetched(names) == [copied[n] for n in ends]
            if not same:
                self._forget(dataset)
            self._log[dataset] = copied if same else []
        return self._log[dataset]

    def _forget(self, dataset: str) -> None:
        """What this machine kept is of another table: the files are named by their bytes, and may stay."""
        for folder in (self.root / dataset / "_delta_log", self.root / f".{dataset}.keys"):
            shutil.rmtree(folder, ignore_errors=True)

    def _fetched(self, found: Sequence[Found]) -> list[bytes]:
        with ThreadPoolExecutor(AT_ONCE) as many:
            return list(many.map(lambda one: self.bucket.get(one.name), found))

    def _keep(self, dataset: str, version: int, entry: bytes) -> None:
        if not self._bound.kept:
            return
        file = log_file(self.root / dataset, version)
        with suppress(OSError):  # a copy saves the way, no more
            file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_whole(file, entry, sync=False)

    def commit(self, dataset: str, version: int, entry: bytes) -> None:
        name = _entry(dataset, version)
        if not self.bucket.create(name, entry):
            raise taken(version, f"{self.bucket.place}/{name}")
        with self._reading:
            if version == len(known := self._entries(dataset)):
                self._keep(dataset, version, entry)
                known.append(entry)

    def put(self, dataset: str, data: bytes) -> str:
        name = name_of(data)
        self.bucket.put(_file(dataset, name), data)
        if self._bound.kept:
            with suppress(DiskFull):
                self._copy(dataset, data)
        return name

    def _copy(self, dataset: str, data: bytes) -> Path:
        path = self.root / dataset / name_of(data)
        with translated(str(path)):
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_whole(path, data, sync=False)
        self._right.add(f"{dataset}/{path.name}")
        self._bound.came(len(data))
        return path

    def paths(self, dataset: str, names: Sequence[str]) -> list[Path]:
        found = {name: self._copied(dataset, name) for name in names}
        lacking = [name for name, path in found.items() if path is None]
        with ThreadPoolExecutor(AT_ONCE) as many:
            fetched = dict(zip(lacking, many.map(lambda name: self._copy(dataset, self.get(dataset, name)), lacking)))
        return [found[name] or fetched[name] for name in names]

    def _copied(self, dataset: str, name: str) -> Path | None:
        """This machine's copy, where it has one that is right."""
        path = self.root / dataset / name
        try:
            if f"{dataset}/{name}" not in self._right:
                with path.open("rb") as handle:
                    if f"{hashlib.file_digest(handle, 'sha256').hexdigest()}.parquet" != name:
                        return None
                self._right.add(f"{dataset}/{name}")
            return path if self._bound.used(path).is_file() else None  # marked first: then nobody takes it away
        except OSError:
            return None

    def get(self, dataset: str, name: str) -> bytes:
        key = _file(dataset, name)
        data = self.bucket.get(key, "such data file")
        if name_of(data) == name:
            return data
        copy = self._copied(dataset, name)
        way = f"this machine has it as it was: put back {copy}" if copy else "restore it from a copy or a backup"
        raise Damaged("a data file was changed", place=f"{self.bucket.place}/{key}", hint=way)

    def checkpoint(self, dataset: str) -> None:
        place, options = self.table(dataset)
        with translated(place):
            DeltaTable(place, storage_options=options).create_checkpoint()

    def lay(self, folder: Path, files: Mapping[str, Sequence[str]]) -> None:
        for dataset, names in files.items():
            log = folder / dataset / "_delta_log"
            log.mkdir(parents=True, mode=0o700)
            for version, entry in enumerate(self.log(dataset)):
                log_file(folder / dataset, version).write_bytes(entry)
            for path in self.paths(dataset, names):
                try:
                    os.link(path, folder / dataset / path.name)  # it stays also where the copy goes
                except OSError:  # another file system
                    shutil.copyfile(path, folder / dataset / path.name)

    def table(self, dataset: str) -> tuple[str, dict[str, str]]:
        return f"{self.bucket.place}/tables/{dataset}", self.bucket.options


def _file(dataset: str, name: str) -> str:
    return f"tables/{dataset}/{name}"


def _log(dataset: str) -> str:
    return f"tables/{dataset}/_delta_log"


def _entry(dataset: str, version: int) -> str:
    return f"{_log(dataset)}/{version:020}.json"


def _unbroken(found: Sequence[Found], dataset: str, since: int) -> list[Found]:
    """The entries of the versions from ``since`` on, as far as none is lacking (checkpoints lie among them)."""
    by_name, whole = {one.name: one for one in found}, list[Found]()
    while one := by_name.get(_entry(dataset, since + len(whole))):
        whole.append(one)
    return whole
