"""The as-of join, the one definition of what a request knew: rows of its entity with ``at`` strictly before its own.

Within a window w, not older than w. Where rows say when they were known (`tidemill.features.transaction_time`), a request
sees only those that it knew. `Histories` are the decayed counts by item that recommenders train on, and that parity
compares with serving's (`tidemill.features.online`); `table` makes one number a request and feature for rows of a table.
Both take their arithmetic from `tidemill.features.transforms`.

Cost of `table`: one sort of the rows, then one entry for each pair of a request and a row it sees; pairs are made in
pieces, so memory stays below about 200 MB.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tidemill.features.transaction_time import ALWAYS, AS_KNOWN_AT, KNOWN, NEVER, TransactionTime
from tidemill.features.transforms import POSITIVE_ONLY, calendar, decay, grouped
from tidemill.types import Micros

if TYPE_CHECKING:
    import polars as pl

    from tidemill.features.views import Feature, View

F8 = NDArray[np.float64]
I8 = NDArray[np.int64]
PAIRS = 2_000_000
"""Pairs of request and row that are held at once."""


class Histories:
    """Decayed counts of each subject's events by item, as of any moment. Returns (values of 0 and below) do not count.

    >>> one = Histories(["u"], ["a", "b"], np.array([0, 0]), np.array([1, 0]), np.array([0, 10]), np.ones(2))
    >>> codes, counts = one.of("u", at=20, half_life=10); codes.tolist(), counts.tolist()
    ([0, 1], [0.5, 0.25])
    """

    def __init__(
        self,
        subjects: Sequence[str],
        items: Sequence[str],
        subject: I8,
        item: I8,
        at: I8,
        value: F8,
        transaction_time: TransactionTime | None = None,
    ) -> None:
        self.items = items
        counted = np.flatnonzero(value > 0)
        order = counted[np.lexsort((at[counted], item[counted], subject[counted]))]
        self._item, self._at = item[order], at[order]
        self._known = transaction_time and transaction_time.take(order)
        self._start = np.searchsorted(subject[order], np.arange(len(subjects) + 1))
        self._code = {name: code for code, name in enumerate(subjects)}

    def of(self, subject: str, at: Micros, half_life: Micros, knows: int | None = None) -> tuple[I8, F8]:
        """(item codes ascending, decayed counts) of the events before ``at``; empty for a stranger.

        Of events that came late, those known before ``knows`` (nothing said: before ``at``).
        """
        code = self._code.get(subject)
        if code is None:
            return np.empty(0, np.int64), np.empty(0)
        own = slice(self._start[code], self._start[code + 1])
        seen = self._at[own] < at
        if self._known is not None:
            seen &= self._known.take(own).seen(at if knows is None else knows)
        items, age = self._item[own][seen], at - self._at[own][seen]
        first = np.ones(len(items), np.bool_)  # of its item
        np.not_equal(items[1:], items[:-1], out=first[1:])
        counts = np.bincount(np.cumsum(first) - 1, decay(age, half_life))
        return items[first], np.asarray(counts, np.float64)


def table(view: View, rows: pl.LazyFrame | pl.DataFrame, requests: pl.DataFrame) -> pl.DataFrame:
    """Every feature without ``by``: ``[request, FEATURE…]``, one row a request, in the requests' order."""
    import polars as pl

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
        import polars as pl

        self.entities = frame["entity"]
        self.at = frame["at"].to_numpy()
        self.value = frame["value"].to_numpy()
        self.known = frame[KNOWN].to_numpy() if KNOWN in frame.columns else None
        starts = frame.with_row_index("row").group_by("entity", maintain_order=True)
        self.spans = starts.agg(pl.col("row").first().alias("first"), pl.len().alias("n"))

    @staticmethod
    def of(view: View, rows: pl.LazyFrame | pl.DataFrame, feature: Feature) -> _History:
        import polars as pl

        value_of = view.value if feature.op in POSITIVE_ONLY else feature.column
        value = pl.col(value_of).cast(pl.Float64) if value_of else pl.lit(1.0)
        lazy = rows.lazy()
        known = [pl.col(KNOWN).fill_null(ALWAYS)] if KNOWN in lazy.collect_schema().names() else []
        lazy = lazy.select(
            (pl.col(view.entity).cast(pl.String) if view.entity else pl.lit("")).alias("entity"),
            pl.col(view.time).cast(pl.Datetime("us")).dt.epoch("us").alias("at"),
            value.alias("value"),
            *known,
        )
        lazy = lazy.drop_nulls()
        if feature.op in POSITIVE_ONLY:
            lazy = lazy.filter(pl.col("value") > 0)
        return _History(lazy.sort("entity", "at", "value").collect())

    def pairs(self, wanted: pl.DataFrame, feature: Feature) -> Iterator[tuple[int, int, _Pairs]]:
        """Pieces of the pairs: the requests low … high of each, and their pairs."""
        import polars as pl

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


def _requests(requests: pl.DataFrame) -> pl.DataFrame:
    """Requests with the entity as text ("" without entities), ``at`` in µs and what they know."""
    import polars as pl

    entity = pl.col("entity").cast(pl.String) if "entity" in requests.columns else pl.lit("").alias("entity")
    at = requests["at"]
    micros = at if at.dtype.is_integer() else at.cast(pl.Datetime("us")).dt.epoch("us")
    knows = (
        pl.col(AS_KNOWN_AT).fill_null(NEVER) if AS_KNOWN_AT in requests.columns else pl.lit(NEVER).alias(AS_KNOWN_AT)
    )
    return requests.select(entity, micros.cast(pl.Int64).alias("at"), knows)
