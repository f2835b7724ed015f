"""Which keys a table already holds: a compact index beside the table, so that an ingest need not read the table again.

Sorted 64-bit hashes with the version that brought each, in segments that are merged as they grow (each at least twice
as large as the next): adding n rows to N costs O(n log N) amortised, asking costs O(n log² N), and 12 bytes a row
stay on disk. It is a cache: a segment that is missing or damaged is made again from the table's own files. A hash
that is there is only a hint; the answer is read from the files of the versions it names, so a collision cannot reject
a row.
"""

from __future__ import annotations

import hashlib
import io
import shutil
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tidemill.data.tables.delta import translated
from tidemill.data.tables.tables import Tables
from tidemill.files import write_whole

_ENTRY = np.dtype([("hash", "<u8"), ("version", "<u4")])
_SEPARATOR = "\x1f"


class _Segment(NamedTuple):
    """A file named FIRST-LAST-CRC.npy: the keys of the versions first … last."""

    first: int
    last: int
    path: Path
    entries: NDArray[Any]


class KeyIndex:
    """The keys of one unique set of columns of a dataset. The caller holds the table's lock."""

    def __init__(self, tables: Tables, dataset: str, columns: tuple[str, ...]) -> None:
        self._tables, self._dataset, self._columns = tables, dataset, columns
        label = hashlib.sha256(_SEPARATOR.join(columns).encode()).hexdigest()[:16]
        self.folder = tables.root / f".{dataset}.keys" / label
        self._segments: list[_Segment] = []
        self._reserved: set[str] = set()
        self._held: list[pl.DataFrame] = []

    def catch_up(self, version: int) -> None:
        """Cover every version up to this one, reading from the table what the segments lack."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._segments = self._load(version)
        covered = self._segments[-1].last if self._segments else 0
        if covered < version:
            rows = self._tables.added(self._dataset, range(covered + 1, version + 1), self._columns)
            self._add(_entries(rows, self._columns), covered + 1, version)

    def known(self, rows: pl.DataFrame) -> pl.Series:
        """For each row whether its key is in the table. A key with a null in it never is."""
        keys = _keys(rows, self._columns)
        taken = pl.Series([key in self._reserved for key in keys.to_list()], dtype=pl.Boolean)
        versions = self._suspected(keys)
        if not versions:
            return taken
        there = _keys(self._tables.added(self._dataset, versions, self._columns), self._columns)
        return taken | keys.is_in(there.drop_nulls().unique().implode()).fill_null(False)

    def holds(self, rows: pl.DataFrame, names: Sequence[str]) -> pl.Series:
        """For each row whether the very same row, in these columns, is in the table or reserved under its key."""
        keys = _keys(rows, self._columns)
        versions = self._suspected(keys)
        there = [self._tables.added(self._dataset, versions, names).select(names)] if versions else []
        reserved = [held.select(names) for held in self._held] if self._reserved.intersection(keys.to_list()) else []
        if not there and not reserved:
            return pl.repeat(False, rows.height, dtype=pl.Boolean, eager=True)
        return same(rows.select(names), pl.concat([*there, *reserved])) & keys.is_not_null()

    def unkeyed(self, rows: pl.DataFrame) -> pl.Series:
        """For each row whether a part of its key is null: it has none."""
        return _keys(rows, self._columns).is_null()

    def _suspected(self, keys: pl.Series) -> list[int]:
        """The versions that may hold one of these keys."""
        hashes = _hashes(keys)[keys.is_not_null().to_numpy()]
        versions: set[int] = set()
        for segment in self._segments:
            low = np.searchsorted(segment.entries["hash"], hashes, "left")
            high = np.searchsorted(segment.entries["hash"], hashes, "right")
            for i in np.flatnonzero(high > low).tolist():
                versions.update(segment.entries["version"][low[i] : high[i]].tolist())
        return sorted(versions)

    def reserve(self, rows: pl.DataFrame) -> None:
        """Count these keys as known before their version is there: for the next file of the same ingest."""
        self._reserved.update(_keys(rows, self._columns).drop_nulls().to_list())
        self._held.append(rows)

    def add(self, rows: pl.DataFrame, version: int) -> None:
        """Know the keys of the rows that this version added; what was reserved for it is done with."""
        self._reserved.clear()
        self._held.clear()
        rows = rows.with_columns(pl.lit(version, pl.UInt32).alias("_version"))
        self._add(_entries(rows, self._columns), version, version)

    def verify(self, version: int) -> bool:
        """Whether the index says exactly what the table says. Reads all keys of the table."""
        self.catch_up(version)
        truth = _entries(self._tables.added(self._dataset, range(1, version + 1), self._columns), self._columns)
        mine = np.concatenate([s.entries for s in self._segments]) if self._segments else np.empty(0, _ENTRY)
        return bool(np.array_equal(_sorted(mine), truth))

    def drop(self) -> None:
        """Forget everything; the next `catch_up` makes it again."""
        self._segments = []
        shutil.rmtree(self.folder, ignore_errors=True)

    def _add(self, entries: NDArray[Any], first: int, last: int) -> None:
        replaced = []
        while self._segments and len(self._segments[-1].entries) < 2 * max(len(entries), 1):
            segment = self._segments.pop()
            entries = _sorted(np.concatenate([segment.entries, entries]))
            first = segment.first
            replaced.append(segment.path)
        self._segments.append(_write(self.folder, entries, first, last))
        for path in replaced:
            path.unlink(missing_ok=True)

    def _load(self, version: int) -> list[_Segment]:
        """The longest unbroken chain of whole segments from version 1; anything else is thrown away."""
        here = [s for s in (_read(path) for path in self.folder.glob("*.npy")) if s is not None and s.last <= version]
        chain: list[_Segment] = []
        following = 1
        while candidates := [s for s in here if s.first == following]:
            chain.append(max(candidates, key=lambda s: s.last))
            following = chain[-1].last + 1
        kept = {s.path for s in chain}
        for path in self.folder.iterdir():
            if path not in kept:
                path.unlink(missing_ok=True)
        return chain


def _keys(rows: pl.DataFrame, columns: tuple[str, ...]) -> pl.Series:
    if not rows.width:
        return pl.Series([], dtype=pl.String)
    return rows.select(pl.concat_str([pl.col(c).cast(pl.String) for c in columns], separator=_SEPARATOR)).to_series()


def _hashes(keys: pl.Series) -> NDArray[np.uint64]:
    """64 bits of BLAKE2b: the same in every process and version, and nobody can aim at a collision by chance."""
    raw = b"".join(hashlib.blake2b((k or "").encode(), digest_size=8).digest() for k in keys.to_list())
    return np.frombuffer(raw, "<u8")


def _entries(rows: pl.DataFrame, columns: tuple[str, ...]) -> NDArray[Any]:
    keys = _keys(rows, columns)
    whole = keys.is_not_null()
    out = np.empty(int(whole.sum()), _ENTRY)
    if len(out):
        out["hash"] = _hashes(keys.filter(whole))
        out["version"] = rows["_version"].filter(whole).to_numpy()
    return _sorted(out)


def _sorted(entries: NDArray[Any]) -> NDArray[Any]:
    """By hash; given in order of version, equal hashes stay so."""
    return entries[np.argsort(entries["hash"], kind="stable")]


def _write(folder: Path, entries: NDArray[Any], first: int, last: int) -> _Segment:
    path = folder / f"{first:09}-{last:09}-{zlib.crc32(entries.tobytes()):08x}.npy"
    data = io.BytesIO()  # numpy writing to a file tells of a full disk without saying so
    np.save(data, entries, allow_pickle=False)
    with translated(str(path)):
        write_whole(path, data.getbuffer(), sync=False)
    _verified.add(str(path))
    return _Segment(first, last, path, entries)


_verified: set[str] = set()
"""Segments whose checksum this process has seen to be right (their name holds it), so that it is computed once."""


def _read(path: Path) -> _Segment | None:
    """The segment, or None when it is not what its name says."""
    try:
        first, last, crc = path.stem.split("-")
        entries = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, OSError, EOFError):
        return None
    if entries.dtype != _ENTRY:
        return None
    if str(path) not in _verified:
        if zlib.crc32(entries.tobytes()) != int(crc, 16):
            return None
        _verified.add(str(path))
    return _Segment(int(first), int(last), path, entries)


def same(rows: pl.DataFrame, others: pl.DataFrame) -> pl.Series:
    """For each row whether one of the others is the same, nulls too.

    >>> same(pl.DataFrame({"a": [1, None, 2]}), pl.DataFrame({"a": [None, 1]})).to_list()
    [True, True, False]
    """
    found = rows.with_row_index("?i").join(others, on=rows.columns, how="semi", nulls_equal=True)["?i"]
    return pl.int_range(rows.height, dtype=pl.UInt32, eager=True).is_in(found.implode())
