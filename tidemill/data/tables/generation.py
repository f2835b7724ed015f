"""A table's next generation: every version under its number, less exactly the rows that somebody asks to be taken out.

A Delta table is never edited in place: its log, its statistics and its former files would go on telling what was taken out. So all of
it is built anew in a folder of its own: files without such a row are linked as they are, the others written without it, and the log says the
same commits of the files as they are now. Then one small file says that this folder is the table, and the former one is deleted. The
caller holds the table's lock throughout. Whoever is stopped anywhere does it again: what is not the table is removed first.

A version is known by its number and its generation together: its digest is another one, and `Generation.digests` says which.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from deltalake import DeltaTable

from tidemill.data.tables.delta import CHECKPOINT, REPLACED, statistics
from tidemill.data.tables.local import CURRENT, LocalTables, log_file, translated
from tidemill.data.tables.port import name_of
from tidemill.data.tables.tables import Tables
from tidemill.errors import NotAvailableYet
from tidemill.files import fsync_folder, write_whole
from tidemill.types import JsonObject, digest

Others = Callable[[pl.DataFrame], pl.Series]
"""Of each of these rows whether it stays."""
OnStep = Callable[[str], None]
TOLD = "digests.json"


@dataclass(frozen=True)
class Generation:
    """``digests``: of each version that changed, the former digest and the present one."""

    dataset: str
    number: int
    rewritten: int  # files
    linked: int
    removed: int  # rows, each once, in however many files it was
    digests: Mapping[int, tuple[str, str]]


def without(tables: Tables, dataset: str, others: Others, on_step: OnStep = lambda step: None) -> Generation | None:
    """Take out every row that is not of the others, of every version; None where no version has one.

    Raises NotAvailableYet for tables in object storage, before anything is done; DiskFull, and the table is as it was.
    """
    store = local(tables)
    sweep(store, dataset)
    on_step("swept")
    if not tables.exists(dataset):
        return None
    return _Making(tables, store, dataset, others, on_step).make()


def last(tables: Tables, dataset: str) -> Generation | None:
    """The generation that the table is, as it was told when it was made; None for the first one."""
    store = local(tables)
    number = store.generation(dataset)
    if not number:
        return None
    told = json.loads((store.folder(dataset) / TOLD).read_text("utf-8"))
    digests = {int(version): (old, new) for version, (old, new) in told.pop("digests").items()}
    return Generation(**told, digests=digests)


def local(tables: Tables) -> LocalTables:
    """Raises NotAvailableYet."""
    if not isinstance(tables.store, LocalTables):
        raise NotAvailableYet(
            "rows are taken out of tables in a folder of this machine alone",
            place=tables.store.address,
            hint="move the tables to this machine first: tidemill move",
        )
    return tables.store


def sweep(store: LocalTables, dataset: str) -> None:
    """Remove every folder of the table but the one that is it, and what is remembered of its keys."""
    now, above = store.folder(dataset), store.generations(dataset)
    former = [folder for folder in above.glob("*") if folder.is_dir() and folder != now]
    if now.parent == above:
        former += [store.root / dataset, *store.root.glob(f".{dataset}.keys")]
    for folder in former:
        if folder.exists():
            with translated(str(folder)):
                shutil.rmtree(folder)
                fsync_folder(folder.parent)


class _Making:
    def __init__(self, tables: Tables, store: LocalTables, dataset: str, others: Others, on_step: OnStep) -> None:
        self._tables, self._store, self._dataset, self._others, self._on_step = tables, store, dataset, others, on_step
        self._number = store.generation(dataset) + 1
        self._from, self._into = store.folder(dataset), store.generations(dataset) / str(self._number)
        self._id = str(uuid.uuid4())
        self._removed: dict[str, int] = {}
        self._adds: dict[str, JsonObject] = {}
        """Of each former file that has such a row: what the log says of the one in its place."""

    def make(self) -> Generation | None:
        entries = [
            [json.loads(line) for line in entry.splitlines() if line] for entry in self._store.log(self._dataset)
        ]
        named = {action["add"]["path"]: action["add"] for entry in entries for action in entry if "add" in action}
        if not any(self._leaves(name) for name in named):
            return None
        with translated(str(self._into)):
            (self._into / "_delta_log").mkdir(parents=True, mode=0o700)
            self._files(named)
            self._on_step("files are written")
            for version, entry in enumerate(entries):
                lines = "".join(json.dumps(self._action(action)) + "\n" for action in entry)
                write_whole(log_file(self._into, version), lines.encode())
            made = self._told(entries)
            self._kept(made)
            if len(entries) > CHECKPOINT:
                DeltaTable(str(self._into)).create_checkpoint()
            self._on_step("the log is written")
            write_whole(self._store.generations(self._dataset) / CURRENT, str(self._number).encode())
        self._tables.look_again(self._dataset)  # the caller's lock says that nobody else writes, and we have
        self._on_step("it is the table")
        sweep(self._store, self._dataset)
        self._on_step("the former one is deleted")
        return made

    def _leaves(self, name: str) -> int:
        """How many rows of a file go."""
        if name not in self._removed:
            rows = self._read(name)
            self._removed[name] = rows.height - int(self._others(rows).sum())
        return self._removed[name]

    def _read(self, name: str) -> pl.DataFrame:
        return pl.read_parquet(self._from / name, glob=False)

    def _files(self, named: Mapping[str, JsonObject]) -> None:
        for n, (name, add) in enumerate(named.items()):
            if not self._leaves(name):
                _link(self._from / name, self._into / name)
                continue
            rows = self._read(name)
            staying = rows.filter(self._others(rows))
            of = pl.read_parquet_metadata(self._from / name).get("tidemill.transaction", "")
            buffer = io.BytesIO()
            # which file of which generation: what is left of two of them may be the same rows, and they are two names all the same
            said = {"tidemill.transaction": of, "tidemill.generation": f"{self._number}/{n}"}
            staying.write_parquet(buffer, compression="zstd", compression_level=3, metadata=said)
            data = buffer.getvalue()
            write_whole(self._into / name_of(data), data)
            now = {"path": name_of(data), "size": len(data), "stats": json.dumps(statistics(staying))}
            self._adds[name] = {**add, **now}

    def _action(self, action: Mapping[str, Any]) -> JsonObject:
        """As the log says it of the files as they are now."""
        ((kind, said),) = action.items()
        if kind == "add":
            return {"add": self._adds.get(said["path"], said)}
        if kind == "remove":
            return {"remove": {**said, "path": self._now(said["path"])}}
        if kind == "metaData":
            return {"metaData": {**said, "id": self._id}}
        if kind == "commitInfo" and REPLACED in said:
            moved = {self._now(old): self._now(new) for old, new in said[REPLACED].items()}
            return {"commitInfo": {**said, REPLACED: moved}}
        return {kind: said}

    def _now(self, name: str) -> str:
        return str(self._adds[name]["path"]) if name in self._adds else name

    def _told(self, entries: list[list[JsonObject]]) -> Generation:
        """A row that was completed is in two files: it is counted where it stands in the last version."""
        digests: dict[int, tuple[str, str]] = {}
        for version in range(len(entries)):
            names = self._tables.files(self._dataset, version)
            was, now = _digest(names), _digest([self._now(name) for name in names])
            if was != now:
                digests[version] = was, now
        removed = sum(self._removed[name] for name in self._tables.files(self._dataset))
        linked = len(self._removed) - len(self._adds)
        return Generation(self._dataset, self._number, len(self._adds), linked, removed, digests)

    def _kept(self, made: Generation) -> None:
        told = {name: getattr(made, name) for name in ("dataset", "number", "rewritten", "linked", "removed")}
        told["digests"] = {str(version): both for version, both in made.digests.items()}
        write_whole(self._into / TOLD, json.dumps(told).encode())
        for folder in (self._into / "_delta_log", self._into, self._into.parent, self._store.root):
            fsync_folder(folder)


def _link(old: Path, new: Path) -> None:
    try:
        os.link(old, new)
    except OSError:  # another file system, or one without links
        with old.open("rb") as data:
            write_whole(new, iter(lambda: data.read(1 << 20), b""))


def _digest(names: list[str]) -> str:
    return digest("\n".join(sorted(names)).encode())
