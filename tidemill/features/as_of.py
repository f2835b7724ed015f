"""Training's side of the features: for each request what was known then, from the dataset's rows (the as-of join).

A request ``(request, entity, at)`` sees rows of its entity with ``at`` strictly before its own; within a window w,
not older than w. Where rows say when they were known (`tidemill.features.transaction_time`), it sees only those that it knew. Rows
without an entity column are everybody's. The numbers are made by `tidemill.features.transforms`, as in serving.

Cost: one sort of the rows, then one entry for each pair of a request and a row it sees; pairs are made in pieces, so
memory stays below about 200 MB.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tidemill.features.transaction_time import ALWAYS, AS_KNOWN_AT, KNOWN, NEVER
from tidemill.features.transforms import POSITIVE_ONLY, calendar, grouped
from tidemill.features.views import Feature, View

PAIRS = 2_000_000
"""Pairs of request and row that are held at once."""

REQUEST_COLUMNS = ("request", "entity", "at")


def as_of(
    view: View, rows: pl.LazyFrame | pl.DataFrame, requests: pl.DataFrame, feature: Feature | None = None
) -> pl.DataFrame:
    """A feature by item: ``[request, item, value]``, one row for each item in sight, sorted by request and item.

    ``rows``: the dataset (the view's columns, and `KNOWN` where transaction_time counts; null: always). ``requests``:
    ``[request, entity, at]``, ``at`` in µs or as a time, and `AS_KNOWN_AT` (null or left out: everything); its order and the
    type of ``request`` are kept. ``feature``: the view's first one with ``by`` if not said.
    """
    feature = feature or view.items
    history = _History.of(view, rows, feature)
    wanted = _requests(requests)
    parts = list(_by_item(history, feature, wanted))
    empty = pl.DataFrame(schema={"index": pl.Int64, "item": pl.String, "value": pl.Float64})
    found = pl.concat([empty, *parts])
    ids = requests["request"]
    return found.select(ids.gather(found["index"]).alias("request"), "item", "value")


def table(view: View, rows: pl.LazyFrame | pl.DataFrame, requests: pl.DataFrame) -> pl.DataFrame:
    """Every feature without ``by``: ``[request, FEATURE…]``, one row a request, in the requests' order."""
    wanted = _requests(requests)
    columns: dict[str, NDArray[np.float64]] = {}
    for feature in view.features:
        if feature.by is not None:
            continue
        if feature.calendar:
            columns[feature.name] = np.asarray(calendar(feature.op, wanted["at"].to_numpy()), np.float64)
            continue
        history = _History.of(view, rows, feature)
        out = np.empty(len(wanted))
        for low, high, pairs in history.pairs(wanted, feature):
            n = high - low
            out[low:high] = grouped(
                feature.op, pairs.request - low, n, history.value[pairs.row], pairs.age, feature.half_life
            )
        columns[feature.name] = out
    return pl.DataFrame({"request": requests["request"], **columns})


class _Pairs:
    """Which request sees which row, requests in order, each one's rows by (at, value)."""

    __slots__ = ("age", "request", "row")

    def __init__(self, request: NDArray[np.int64], row: NDArray[np.int64], age: NDArray[np.int64]) -> None:
        self.request, self.row, self.age = request, row, age


class _History:
    """A dataset's rows as one feature needs them, sorted by (entity, at, value)."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self.entities = frame["entity"]
        self.at = frame["at"].to_numpy()
        self.value = frame["value"].to_numpy()
        self.known = frame[KNOWN].to_numpy() if KNOWN in frame.columns else None
        self.items = frame["item"]
        self.codes = frame["item"].rank("dense").fill_null(0).cast(pl.Int64).to_numpy() - 1
        self.names = frame["item"].unique().sort()
        starts = frame.with_row_index("row").group_by("entity", maintain_order=True)
        self.spans = starts.agg(pl.col("row").first().alias("first"), pl.len().alias("n"))

    @staticmethod
    def of(view: View, rows: pl.LazyFrame | pl.DataFrame, feature: Feature) -> _History:
        value_of = view.value if feature.op in POSITIVE_ONLY else feature.column
        value = pl.col(value_of).cast(pl.Float64) if value_of else pl.lit(1.0)
        lazy = rows.lazy()
        known = [pl.col(KNOWN).fill_null(ALWAYS)] if KNOWN in lazy.collect_schema().names() else []
        lazy = lazy.select(
            (pl.col(view.entity).cast(pl.String) if view.entity else pl.lit("")).alias("entity"),
            (pl.col(feature.by).cast(pl.String) if feature.by else pl.lit("")).alias("item"),
            pl.col(view.time).cast(pl.Datetime("us")).dt.epoch("us").alias("at"),
            value.alias("value"),
            *known,
        )
        lazy = lazy.drop_nulls()
        if feature.op in POSITIVE_ONLY:
            lazy = lazy.filter(pl.col("value") > 0)
        return _History(lazy.sort("entity", "at", "value").collect())

    def pairs(self, wanted: pl.DataFrame, feature: Feature) -> Iterator[tuple[int, int, _Pairs]]:
        """WriteOps of the pairs: the requests low … high of each, and their pairs."""
        spans = wanted.join(self.spans, on="entity", how="left", maintain_order="left")
        first = spans["first"].fill_null(0).cast(pl.Int64).to_numpy()
        last = first + spans["n"].fill_null(0).cast(pl.Int64).to_numpy()
        at, knows = wanted["at"].to_numpy(), wanted[AS_KNOWN_AT].to_numpy()
        stop = self._before(first, last, at)
        start = self._before(first, last, at - feature.window) if feature.window is not None else first
        counts = np.maximum(stop - start, 0)
        reached = np.concatenate([[0], np.cumsum(counts)])
        low = 0
        while low < len(counts):
            high = int(max(np.searchsorted(reached, reached[low] + PAIRS, "right") - 1, low + 1))
            n = counts[low:high]
            request = np.repeat(np.arange(low, high), n)
            offset = np.arange(int(n.sum())) - np.repeat(reached[low:high] - reached[low], n)
            row = np.repeat(start[low:high], n) + offset
            if self.known is not None:
                learned = self.known[row] < knows[request]
                request, row = request[learned], row[learned]
            yield low, high, _Pairs(request, row, at[request] - self.at[row])
            low = high

    def _before(self, first: NDArray[np.int64], last: NDArray[np.int64], at: NDArray[np.int64]) -> NDArray[np.int64]:
        """For each request the first row of its entity (first … last) that is not before ``at``: a binary search."""
        low, high = first.copy(), last.copy()
        while (open_ := low < high).any():
            middle = (low + high) // 2
            before = open_ & (self.at[np.minimum(middle, len(self.at) - 1)] < at)
            low = np.where(before, middle + 1, low)
            high = np.where(open_ & ~before, middle, high)
        return low


def _by_item(history: _History, feature: Feature, wanted: pl.DataFrame) -> Iterator[pl.DataFrame]:
    width = max(len(history.names), 1)
    for _, _, pairs in history.pairs(wanted, feature):
        cells, group = np.unique(pairs.request * width + history.codes[pairs.row], return_inverse=True)
        value = grouped(feature.op, group, len(cells), history.value[pairs.row], pairs.age, feature.half_life)
        yield pl.DataFrame(
            {"index": cells // width, "item": history.names.gather(cells % width), "value": value},
            schema={"index": pl.Int64, "item": pl.String, "value": pl.Float64},
        )


def _requests(requests: pl.DataFrame) -> pl.DataFrame:
    """Requests with the entity as text ("" without entities), ``at`` in µs and what they know."""
    entity = pl.col("entity").cast(pl.String) if "entity" in requests.columns else pl.lit("").alias("entity")
    at = requests["at"]
    micros = at if at.dtype.is_integer() else at.cast(pl.Datetime("us")).dt.epoch("us")
    knows = (
        pl.col(AS_KNOWN_AT).fill_null(NEVER) if AS_KNOWN_AT in requests.columns else pl.lit(NEVER).alias(AS_KNOWN_AT)
    )
    return requests.select(entity, micros.cast(pl.Int64).alias("at"), knows)
