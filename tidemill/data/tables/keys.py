"""Which keys a table already holds: a compact index beside the table, so that an ingest need not read the table again.

Sorted 64-bit hashes with the version that brought each, in segments that are merged as they grow (each at least twice
as large as the next): adding n rows to N writes O(n log N) bytes amortised, and 12 bytes a row stay on disk. It is a
cache: a segment that is missing or damaged is made again from the table's own files. A hash that is there is only a hint;
the answer is read from the files of the versions it names, so a collision cannot reject a row.
"""

from __future__ import annotations

import hashlib
import io
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tidemill.data.tables.local import translated
from tidemill.data.tables.tables import Tables
from tidemill.files import write_whole

_ENTRY = np.dtype([("hash", "<u8"), ("version", "<u4")])
_SEPARATOR = "\x1f"


class _Segment(NamedTuple):
    """The keys that the versions first … last brought, sorted: a file named FIRST-LAST-CRC.npy."""

    first: int
    last: int
    entries: NDArray[Any]
    path: Path


class KeyIndex:
    """The keys of one unique set of columns of a dataset. The caller holds the table's lock."""

    def __init__(self, tables: Tables, dataset: str, columns: tuple[str, ...]) -> None:
        self._tables, self._dataset, self.columns = tables, dataset, columns
        label = hashlib.sha256(_SEPARATOR.join(columns).encode()).hexdigest()[:16]
        self.folder = tables.root / f".{dataset}.keys" / label
        self._segments: list[_Segment] = []
        self._reserved: list[tuple[pl.DataFrame, pl.Series]] = []  # rows, and hashes of their keys

    def catch_up(self, version: int) -> None:
        """Cover every version up to this one, reading from the table what the segments lack."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        first = self._load(version) + 1
        if first <= version:
            parts = self._tables.parts(self._dataset, range(first, version + 1), self.columns)
            self._add(_together([self.entries(part) for part in parts]), first, version)

    def known(self, rows: pl.DataFrame) -> pl.Series:
        """For each row whether its key is in the table or reserved. A key with a null in it never is."""
        keys = self.keys(rows)
        near = self._near(keys, rows.select(self.columns))
        return keys.is_in(self.keys(near).drop_nulls().implode()).fill_null(False)

    def holds(self, rows: pl.DataFrame, names: Sequence[str]) -> pl.Series:
        """For each row whether the very same row, in these columns, is in the table or reserved under its key."""
        keys, asked = self.keys(rows), rows.select(names)
        return same(asked, self._near(keys, asked)) & keys.is_not_null()

    def rows_of(self, rows: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
        """The rows of the table, and those reserved, that have the key of one of these: in these columns, one a key."""
        keys = self.keys(rows)
        near = self._near(keys, rows.select(names))
        if not near.height:
            return near
        mine = self.keys(near).is_in(keys.drop_nulls().implode()).fill_null(False)
        return near.filter(mine).unique(self.columns, keep="last", maintain_order=True)

    def versions(self, rows: pl.DataFrame) -> list[int]:
        """The versions that may have brought one of these keys."""
        return self._suspected(self.keys(rows).drop_nulls())

    def keys(self, rows: pl.DataFrame) -> pl.Series:
        """Each row's key as text; null where a part of it is."""
        return rows.select(self._text()).to_series()

    def _text(self) -> pl.Expr:
        return _text(self.columns)

    def _near(self, keys: pl.Series, asked: pl.DataFrame) -> pl.DataFrame:
        """The rows that may have one of these keys, in the columns asked: of the versions that may hold one, and what is reserved."""
        there = keys.drop_nulls()
        versions = self._suspected(there)
        mine = self._text().is_in(there.implode())
        parts = (
            [self._tables.added(self._dataset, versions, asked.columns, where=mine)] if versions else [asked.clear()]
        )
        for rows, hashes in self._reserved:
            if there.hash(0).is_in(hashes.implode()).any():
                parts.append(rows)
        return pl.concat(part.select(asked.columns) for part in parts)

    def _suspected(self, keys: pl.Series) -> list[int]:
        """The versions that may hold one of these keys."""
        if not self._segments:
            return []
        hashes = _hashes(keys)
        versions: set[int] = set()
        for segment in self._segments:
            low, high = (np.searchsorted(segment.entries["hash"], hashes, side) for side in ("left", "right"))
            for start, end in zip(low[high > low].tolist(), high[high > low].tolist()):
                versions.update(segment.entries["version"][start:end].tolist())
        return sorted(versions)

    def reserve(self, rows: pl.DataFrame) -> None:
        """Count these keys as known before their version is there: for the next file of the same ingest."""
        self._reserved.append((rows, self.keys(rows).drop_nulls().hash(0)))

    def add(self, parts: Iterable[pl.DataFrame], version: int) -> None:
        """Know the keys of the rows that this version added; what was reserved for it is done with."""
        self.add_hashes((hashes_of(rows, self.columns) for rows in parts), version)

    def add_hashes(self, parts: Iterable[NDArray[np.uint64]], version: int) -> None:
        """The same by the `hashes_of` the rows."""
        self._reserved.clear()
        found = []
        for hashes in parts:
            out = np.empty(len(hashes), _ENTRY)
            out["hash"], out["version"] = hashes, version
            found.append(out)
        self._add(_together(found), version, version)

    def _add(self, entries: NDArray[Any], first: int, last: int) -> None:
        """Keep what these versions brought, in one segment with those before it that are not twice as large."""
        while self._segments and len(self._segments[-1].entries) < 2 * max(len(entries), 1):
            first, _, before, _ = self._segments.pop()
            entries = _sorted(np.concatenate([before, entries]))
        path = self.folder / f"{first:09}-{last:09}-{zlib.crc32(entries.tobytes()):08x}.npy"
        data = io.BytesIO()  # numpy writing to a file tells of a full disk without saying so
        np.save(data, entries, allow_pickle=False)
        with translated(str(path)):
            write_whole(path, data.getbuffer(), sync=False)
        self._segments.append(_Segment(first, last, entries, path))
        for other in set(self.folder.iterdir()) - {segment.path for segment in self._segments}:
            other.unlink(missing_ok=True)

    def entries(self, rows: pl.DataFrame) -> NDArray[Any]:
        """The hash of each whole key, sorted, and the version that brought it; equal ones as they are given."""
        if not rows.width:  # no version had any
            return np.empty(0, _ENTRY)
        found = rows.select(pl.col("_version"), self.keys(rows).alias("key")).drop_nulls()
        out = np.empty(found.height, _ENTRY)
        out["hash"], out["version"] = _hashes(found["key"]), found["_version"].to_numpy()
        return _sorted(out)

    def _load(self, version: int) -> int:
        """Know the longest unbroken chain of whole segments from version 1 on; the last version that it covers."""
        self._segments, covered = [], 0
        here = [s for s in map(_read, self.folder.glob("*.npy")) if s and s.last <= version]
        for segment in sorted(here, key=lambda s: (s.first, -s.last)):
            if segment.first == covered + 1:
                self._segments.append(segment)
                covered = segment.last
        return covered


def hashes_of(rows: pl.DataFrame, columns: Sequence[str]) -> NDArray[np.uint64]:
    """Of each whole key of the rows its hash, sorted."""
    return np.sort(_hashes(rows.select(_text(columns)).to_series().drop_nulls()))


def _text(columns: Sequence[str]) -> pl.Expr:
    return pl.concat_str([pl.col(c).cast(pl.String) for c in columns], separator=_SEPARATOR)


def _read(path: Path) -> _Segment | None:
    """The segment; None when it is not what its name says."""
    try:
        first, last, crc = path.stem.split("-")
        entries = np.load(path, allow_pickle=False)
        whole = entries.dtype == _ENTRY and zlib.crc32(entries.tobytes()) == int(crc, 16)
        return _Segment(int(first), int(last), entries, path) if whole else None
    except (ValueError, OSError, EOFError):
        return None


def _together(parts: list[NDArray[Any]]) -> NDArray[Any]:
    """The entries of parts in their order, each sorted, as those of all."""
    if len(parts) == 1:
        return parts[0]
    return _sorted(np.concatenate(parts)) if parts else np.empty(0, _ENTRY)


def _sorted(entries: NDArray[Any]) -> NDArray[Any]:
    """By hash; given in order of version, equal hashes stay so."""
    return entries[np.argsort(entries["hash"], kind="stable")]


def _hashes(keys: pl.Series) -> NDArray[np.uint64]:
    """64 bits of BLAKE2b: the same in every process and version, and nobody can aim at a collision by chance."""
    raw = b"".join(hashlib.blake2b(key.encode(), digest_size=8).digest() for key in keys.to_list())
    return np.frombuffer(raw, "<u8")


def same(rows: pl.DataFrame, others: pl.DataFrame) -> pl.Series:
    """For each row whether one of the others is the same, nulls too.

    >>> same(pl.DataFrame({"a": [1, None, 2]}), pl.DataFrame({"a": [None, 1]})).to_list()
    [True, True, False]
    """
    found = rows.with_row_index("?i").join(others, on=rows.columns, how="semi", nulls_equal=True)["?i"]
    return pl.int_range(rows.height, dtype=pl.UInt32, eager=True).is_in(found.implode())
