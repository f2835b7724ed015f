"""The profile of a dataset version: what each column holds; small, mergeable, comparable, whatever the number of rows.

Per column: count, nulls, distinct (HyperLogLog, 2.3 % error), least, greatest, mean, quantiles (right to 1 %, see
`quantiles`), most frequent values (counts are lower bounds once there are more than 300 different ones). A
version's profile is the one before it merged with that of its new rows: its cost is that of the new rows.
"""

from __future__ import annotations

import base64
import sys
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec
import numpy as np
import polars as pl
from datasketches import hll_sketch, hll_union, tgt_hll_type
from numpy.typing import NDArray

from tidemill.data.profile.quantiles import Quantiles
from tidemill.types import JsonObject

_LG_K = 11
LARGEST = sys.float_info.max
KEPT = 300
"""How many different values a column counts one by one."""
SHOWN = 20
QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)


@dataclass
class ColumnProfile:
    """What one column holds. Times are microseconds; text has no quantiles; numbers have no most frequent values."""

    kind: str  # number | time | text
    count: int = 0
    nulls: int = 0
    least: int | float | None = None
    greatest: int | float | None = None
    total: float = 0.0
    quantiles: Quantiles = field(default_factory=Quantiles)
    frequent: dict[str, int] = field(default_factory=dict)
    changed: dict[str, int] = field(default_factory=dict)  # read otherwise than written: what of `WORDS`, how many
    cut: bool = False  # some values were let go: counts in `frequent` are lower bounds
    distinct: hll_sketch = field(default_factory=lambda: hll_sketch(_LG_K, tgt_hll_type.HLL_8))

    @property
    def mean(self) -> float | None:
        known = self.count - self.nulls
        return self.total / known if known and abs(self.total) < LARGEST else None

    def merge(self, other: ColumnProfile) -> ColumnProfile:
        """The profile of both together."""
        union = hll_union(_LG_K)
        union.update(self.distinct)
        union.update(other.distinct)
        counts = Counter(self.frequent) + Counter(other.frequent)
        return ColumnProfile(
            kind=self.kind,
            count=self.count + other.count,
            nulls=self.nulls + other.nulls,
            least=min((v for v in (self.least, other.least) if v is not None), default=None),
            greatest=max((v for v in (self.greatest, other.greatest) if v is not None), default=None),
            total=_within(self.total + other.total),
            quantiles=self.quantiles.merge(other.quantiles),
            frequent=_most(counts),
            changed=dict(Counter(self.changed) + Counter(other.changed)),
            cut=self.cut or other.cut or len(counts) > KEPT,
            distinct=union.get_result(tgt_hll_type.HLL_8),
        )

    def to_json(self) -> JsonObject:
        """What a person reads, and under ``sketches`` the profile itself, for who merges and compares."""
        shown: JsonObject = {"kind": self.kind, "count": self.count, "nulls": self.nulls}
        estimate = round(self.distinct.get_estimate())
        shown |= {"distinct": min(estimate, self.count - self.nulls), "min": self.least, "max": self.greatest}
        if self.kind == "number":
            values = self.quantiles.quantiles(list(QUANTILES)) if self.quantiles.n else []
            shown |= {"mean": self.mean, "quantiles": dict(zip(map(str, QUANTILES), values))}
        if self.changed:
            shown["changed"] = dict(self.changed)
        if self.kind == "text":
            shown["top"] = [[v, n] for v, n in _ranked(self.frequent)[:SHOWN]]
        return shown | {"sketches": msgspec.to_builtins(self, str_keys=True, enc_hook=_written)}


def _written(sketch: Any) -> bytes:
    data: bytes = sketch.serialize_compact()
    return data


def _read(kind: type, data: Any) -> Any:
    return hll_sketch.deserialize(base64.b64decode(data))


@dataclass
class Profile:
    """The columns' profiles."""

    rows: int
    columns: dict[str, ColumnProfile]

    def merge(self, other: Profile) -> Profile:
        """The profile of both tables together. A column that only one has keeps its own."""
        columns = dict(self.columns)
        for name, theirs in other.columns.items():
            columns[name] = columns[name].merge(theirs) if name in columns else theirs
        return Profile(self.rows + other.rows, columns)

    def renewed(self, other: Profile) -> Profile:
        """With other profiles of these columns: some of their values came late."""
        new = {
            n: replace(c, changed=self.columns[n].changed if n in self.columns else {})
            for n, c in other.columns.items()
        }
        return Profile(self.rows, {**self.columns, **new})

    def told(self, changed: Mapping[str, Mapping[str, int]]) -> Profile:
        """With what was read otherwise than written, by column."""
        columns = {
            name: replace(c, changed=dict(Counter(c.changed) + Counter(changed.get(name, {}))))
            for name, c in self.columns.items()
        }
        return Profile(self.rows, columns)

    def to_json(self) -> JsonObject:
        return {"rows": self.rows, "columns": {n: c.to_json() for n, c in self.columns.items()}}

    @staticmethod
    def from_json(data: JsonObject) -> Profile:
        kept = {name: column["sketches"] for name, column in data["columns"].items()}
        columns = msgspec.convert(kept, dict[str, ColumnProfile], str_keys=True, dec_hook=_read)
        return Profile(data["rows"], columns)


def profile(frame: pl.DataFrame, private: Collection[str] = ()) -> Profile:
    """The profile of these rows (Tidemill's own columns, ``_…``, left out). Of a private column no value is kept.

    >>> profile(pl.DataFrame({"n": [1, 2, None]})).columns["n"].mean
    1.5
    """
    names = [n for n in frame.columns if not n.startswith("_")]
    return Profile(frame.height, {n: _column(frame[n], n in private) for n in names})


def _column(values: pl.Series, private: bool) -> ColumnProfile:
    kind = "text" if private else _kind(values.dtype)
    out = ColumnProfile(kind, len(values), values.null_count())
    if kind == "text":
        counts = _counted(values)
        for value in sorted(counts):
            out.distinct.update(value)
        if not private:
            out.frequent, out.cut = _most(counts), len(counts) > KEPT
        return out
    numbers = _numbers(values)
    if len(numbers):
        out.least, out.greatest = numbers.min().item(), numbers.max().item()
        for number in np.unique(numbers).tolist():  # in an order that is not the rows'
            out.distinct.update(number)
        if kind == "number":
            with np.errstate(over="ignore", invalid="ignore"):
                out.total = _within(float(numbers.sum()))
            out.quantiles = Quantiles.of(numbers)
    return out


def _within(total: float) -> float:
    """A sum that no float holds is the largest one, and has no mean."""
    return max(-LARGEST, min(total, LARGEST)) if total == total else LARGEST


def _counted(values: pl.Series) -> Counter[str]:
    return Counter(value for value in values.cast(pl.String).to_list() if value is not None)


def _numbers(values: pl.Series) -> NDArray[Any]:
    if values.dtype.is_temporal():
        return values.drop_nulls().cast(pl.Datetime("us")).to_physical().to_numpy()
    numbers = values.cast(pl.Float64).to_numpy()
    return np.extract(np.isfinite(numbers), numbers)


def _kind(dtype: pl.DataType) -> str:
    if dtype.is_temporal():
        return "time"
    return "number" if dtype.is_numeric() else "text"


def _most(counts: dict[str, int]) -> dict[str, int]:
    """The most frequent ones; ties by name, so that the same rows always keep the same."""
    return dict(_ranked(counts)[:KEPT])


def _ranked(counts: dict[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))
