"""How a column of rows is cut into bins: numbers at deciles, texts and truth values by value, free texts by length.

A column that had one value, or none at all, is a category as any other: what was never there falls into "others".
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
import polars as pl
from numpy.typing import NDArray
from polars import selectors

from tidemill.monitor.drift import Column, Counts

Places = NDArray[np.int64]
Rows = pl.DataFrame | pl.LazyFrame
"""Of a lazy frame one column after the other is read, so that never all of it is in memory."""
MANY = 200
"""A text column with more values than this is not watched by value, but by how long its texts are."""
BINS = 10
MISSING, OTHERS = "missing", "others"
_FEW = 12  # integers with so few values are counted value by value
_TYPES: tuple[tuple[object, str], ...] = ((pl.Boolean, "boolean"), (pl.String, "string"))


def values_of(rows: Rows, name: str) -> pl.Series:
    """A column's values, under a name of ours: a name of the user's may be `count`, or a pattern, to polars."""
    frame = rows if isinstance(rows, pl.DataFrame) else rows.select(selectors.by_name(name)).collect()
    return frame.get_column(name).rename("value")


def names_of(rows: Rows) -> list[str]:
    return rows.collect_schema().names()


def height_of(rows: Rows) -> int:
    return rows.height if isinstance(rows, pl.DataFrame) else int(rows.select(pl.len()).collect().item())


def column_of(name: str, series: pl.Series) -> Column | str:
    """The column to be watched, or why it is not."""
    type_ = type_of(series.dtype)
    if type_ is None:
        return f"a column of {series.dtype}"
    there = _there(series).drop_nulls()
    many = there.n_unique()
    if (type_ == "number" and many > 1) or (type_ == "integer" and many > _FEW):
        return numeric_column(name, cuts(there), type_)
    if many > MANY:
        return text_column(name, there)
    counts = sorted(counted(there), key=lambda pair: (-pair[1], pair[0]))
    return category_column(name, [value for value, _ in counts], type_)


def type_of(dtype: pl.DataType) -> str | None:
    """What values of such a column are, where it can be watched."""
    if dtype.is_numeric():
        return "integer" if dtype.is_integer() else "number"
    return next((name for kind, name in _TYPES if dtype == kind), "string" if dtype == pl.Null else None)


def numeric_column(name: str, cuts: Sequence[float], type_: str = "number") -> Column:
    """A column of numbers cut at these edges (an edge is in the bin above it); one more bin for what is missing."""
    return Column(name, "numeric", _ranges(cuts), cuts=tuple(cuts), type=type_)


def category_column(name: str, values: Sequence[str], type_: str = "string") -> Column:
    """A column of values; one more bin for others, one for what is missing."""
    return Column(name, "category", (*values, OTHERS, MISSING), cuts=tuple(values), type=type_)


def text_column(name: str, texts: pl.Series) -> Column:
    """A column of texts of which nearly every row has another: by their length, and where all are equally long by a hash."""
    lengths = texts.str.len_chars()
    if len(set(_deciles(lengths))) > 2:
        edges = cuts(lengths)
        labels = (*(f"of length {label}" for label in _ranges(edges)[:-1]), MISSING)
        return Column(name, "length", labels, cuts=tuple(edges), type="string")
    return Column(name, "hash", (*(f"texts of bucket {i + 1}/{BINS}" for i in range(BINS)), MISSING), type="string")


def places(column: Column, series: pl.Series) -> Places:
    """The bin of each value: the last is for what is missing, in categories the one before it for others."""
    missing, series = len(column.labels) - 1, _there(series)
    if column.kind in ("numeric", "length"):
        numbers = series.cast(pl.String).str.len_chars() if column.kind == "length" else series
        values = numbers.cast(float).to_numpy()
        return np.where(np.isnan(values), missing, np.searchsorted(column.cuts, values, side="right"))
    texts = series.cast(pl.String)
    if column.kind == "hash":
        found = {text: bucket(text) for text in texts.drop_nulls().unique().to_list()}
        codes = texts.replace_strict(found, default=None, return_dtype=pl.Int64)
    else:
        codes = texts.cast(pl.Enum(column.cuts), strict=False).to_physical().cast(pl.Int64).fill_null(missing - 1)
    return np.where(texts.is_null().to_numpy(), missing, codes.fill_null(missing).to_numpy())


def _there(series: pl.Series) -> pl.Series:
    """What is no number is missing."""
    return series.fill_nan(None) if series.dtype.is_float() else series


def bucket(text: str) -> int:
    """Which of `BINS` buckets a text falls into, for ever the same.

    >>> bucket("a1"), bucket("a2")
    (5, 5)
    """
    return zlib.crc32(text.encode(errors="surrogatepass")) % BINS


def counted(series: pl.Series) -> list[tuple[str, int]]:
    """Each different value as text and how often it is there."""
    counts = series.rename("value").cast(pl.String).value_counts(name="n")
    return list(zip(counts["value"].to_list(), counts["n"].to_list(), strict=True))


def tally(found: Iterable[tuple[int, int]], bins: int) -> Counts:
    """How many fell into each bin, of pairs (bin, how many)."""
    counts = np.zeros(bins)
    for place, n in found:
        counts[place] += n
    return counts


def popularity(items: pl.Series) -> dict[str, int]:
    """The bin of each item: in order of how often they are bought, cut into bins that hold the same share of rows each."""
    counts = sorted(counted(items.drop_nulls()), key=lambda pair: (-pair[1], pair[0]))
    before = np.cumsum([0, *(n for _, n in counts)])
    place = np.minimum(before[:-1] * BINS // max(int(before[-1]), 1), BINS - 1)
    return dict(zip((value for value, _ in counts), place.tolist(), strict=True))


def _ranges(cuts: Sequence[float]) -> tuple[str, ...]:
    edges = [f"{c:.4g}" for c in cuts]
    inner = [a if a == b else f"{a} to {b}" for a, b in pairwise(edges)]
    return (f"below {edges[0]}", *inner, f"from {edges[-1]}", MISSING) if edges else ("all", MISSING)


def _deciles(series: pl.Series) -> list[float]:
    values = series.cast(float).drop_nulls().drop_nans().to_numpy()
    found: list[float] = np.quantile(values, np.arange(1, BINS) / BINS).tolist() if len(values) else []
    return found


def cuts(series: pl.Series) -> list[float]:
    """The deciles. A value that is three of them or more has a bin of its own: else what moves away from it stays beside it."""
    deciles = Counter(_deciles(series))
    return sorted({*deciles, *(float(np.nextafter(v, np.inf)) for v, times in deciles.items() if times > 2)})
