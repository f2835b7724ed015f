"""Which keys a table already holds: a compact index beside the table, so that an ingest need not read the table again.

Sorted 64-bit hashes with the version that brought each: adding n rows to N writes 12 bytes a row anew, asking costs
O(n log N). It is a cache: one that is missing or damaged is made again from the table's own files. A hash that is there is
only a hint; the answer is read from the files of the versions it names, so a collision cannot reject a row.
"""

from __future__ import annotations

import hashlib
import io
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tidemill.data.tables.delta import translated
from tidemill.data.tables.tables import Tables
from tidemill.files import write_whole

_ENTRY = np.dtype([("hash", "<u8"), ("version", "<u4")])
_SEPARATOR = "\x1f"


class KeyIndex:
    """The keys of one unique set of columns of a dataset. The caller holds the table's lock."""

    def __init__(self, tables: Tables, dataset: str, columns: tuple[str, ...]) -> None:
        self._tables, self._dataset, self._columns = tables, dataset, columns
        label = hashlib.sha256(_SEPARATOR.join(columns).encode()).hexdigest()[:16]
        self.folder = tables.root / f".{dataset}.keys" / label
        self._entries = np.empty(0, _ENTRY)
        self._reserved: list[pl.DataFrame] = []
        self._reserved_keys: set[str] = set()

    def catch_up(self, version: int) -> None:
        """Cover every version up to this one, reading from the table what the file lacks."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        covered = self._load(version)
        if covered < version:
            self._add(self._tables.added(self._dataset, range(covered + 1, version + 1), self._columns), version)

    def known(self, rows: pl.DataFrame) -> pl.Series:
        """For each row whether its key is in the table or reserved. A key with a null in it never is."""
        keys = self.keys(rows)
        near = self._near(keys, self._columns)
        if near is None:
            return _none(rows)
        return keys.is_in(self.keys(near).drop_nulls().implode()).fill_null(False)

    def holds(self, rows: pl.DataFrame, names: Sequence[str]) -> pl.Series:
        """For each row whether the very same row, in these columns, is in the table or reserved under its key."""
        keys = self.keys(rows)
        near = self._near(keys, names)
        return _none(rows) if near is None else same(rows.select(names), near) & keys.is_not_null()

    def keys(self, rows: pl.DataFrame) -> pl.Series:
        """Each row's key as text; null where a part of it is."""
        parts = [pl.col(c).cast(pl.String) for c in self._columns]
        return rows.select(pl.concat_str(parts, separator=_SEPARATOR)).to_series()

    def _near(self, keys: pl.Series, names: Sequence[str]) -> pl.DataFrame | None:
        """The rows that may have one of these keys: all of the versions that may hold one, and what is reserved."""
        there = keys.drop_nulls()
        versions = self._suspected(there)
        parts = [self._tables.added(self._dataset, versions, names)] if versions else []
        parts += [] if self._reserved_keys.isdisjoint(there.to_list()) else self._reserved
        return pl.concat([part.select(names) for part in parts]) if parts else None

    def _suspected(self, keys: pl.Series) -> list[int]:
        """The versions that may hold one of these keys."""
        hashes = _hashes(keys)
        low, high = (np.searchsorted(self._entries["hash"], hashes, side) for side in ("left", "right"))
        spans = zip(low[high > low].tolist(), high[high > low].tolist())
        return sorted({v for a, b in spans for v in self._entries["version"][a:b].tolist()})

    def reserve(self, rows: pl.DataFrame) -> None:
        """Count these keys as known before their version is there: for the next file of the same ingest."""
        self._reserved.append(rows)
        self._reserved_keys.update(self.keys(rows).drop_nulls().to_list())

    def add(self, rows: pl.DataFrame, version: int) -> None:
        """Know the keys of the rows that this version added; what was reserved for it is done with."""
        self._reserved.clear()
        self._reserved_keys.clear()
        self._add(rows.with_columns(pl.lit(version, pl.UInt32).alias("_version")), version)

    def _add(self, rows: pl.DataFrame, version: int) -> None:
        """Keep what is known up to this version as a file named VERSION-CRC.npy, and no other."""
        new = self.entries(rows)
        places = np.searchsorted(self._entries["hash"], new["hash"], "right")
        self._entries = np.insert(self._entries, places, new)
        path = self.folder / f"{version:09}-{zlib.crc32(self._entries.tobytes()):08x}.npy"
        data = io.BytesIO()  # numpy writing to a file tells of a full disk without saying so
        np.save(data, self._entries, allow_pickle=False)
        with translated(str(path)):
            write_whole(path, data.getbuffer(), sync=False)
        for other in set(self.folder.iterdir()) - {path}:
            other.unlink(missing_ok=True)

    def entries(self, rows: pl.DataFrame) -> NDArray[Any]:
        """The hash of each whole key, sorted, and the version that brought it; equal ones as they are given."""
        if not rows.width:  # no version had any
            return np.empty(0, _ENTRY)
        found = rows.select(pl.col("_version"), self.keys(rows).alias("key")).drop_nulls()
        out = np.empty(found.height, _ENTRY)
        out["hash"], out["version"] = _hashes(found["key"]), found["_version"].to_numpy()
        return out[np.argsort(out["hash"], kind="stable")]

    def _load(self, version: int) -> int:
        """Know what the newest whole file says of versions up to this one; the version that it covers."""
        for path in sorted(self.folder.glob("*.npy"), reverse=True):
            covered, _, crc = path.stem.partition("-")
            try:
                entries = np.load(path, allow_pickle=False)
                whole = entries.dtype == _ENTRY and zlib.crc32(entries.tobytes()) == int(crc, 16)
            except (ValueError, OSError, EOFError):
                continue
            if whole and int(covered) <= version:
                self._entries = entries
                return int(covered)
        self._entries = np.empty(0, _ENTRY)
        return 0


def _none(rows: pl.DataFrame) -> pl.Series:
    return pl.Series(np.zeros(rows.height, np.bool_))


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
