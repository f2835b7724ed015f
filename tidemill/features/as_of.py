"""The as-of join, the one definition of what a request knew: rows of its entity with ``at`` strictly before its own.

Within a window w, not older than w; of a lag ``ago`` both are counted from so long before its moment. Where rows say when they
were known (`tidemill.features.transaction_time`), a request sees only those that it knew. `Histories` are the decayed counts by
item that recommenders train on, and that parity compares with serving's (`tidemill.features.online`); `table` makes one number a
request and feature for rows of a table.
Both take their arithmetic from `tidemill.features.transforms`.

Cost of `table`: one sort of the rows, then one entry for each pair of a request and a row it sees; pairs are made in
pieces, so memory stays below about 200 MB.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tidemill.features.times import Times
from tidemill.features.transaction_time import BEGAN, KNOWN, NEVER, RIPE, TransactionTime, known_of
from tidemill.features.transforms import EMBED, POSITIVE_ONLY, calendar, decay, grouped
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
        items, moments = self._seen(subject, at, knows)
        counts = np.bincount(_ranks(items), decay(at - moments, half_life))
        return items[_firsts(items)], np.asarray(counts, np.float64)

    def times(self, subject: str, at: Micros, knows: int | None = None) -> Times:
        """How often, first and last, in the order of `of`: what that counts, not faded."""
        items, moments = self._seen(subject, at, knows)
        return Times.of(_ranks(items), moments, int(_firsts(items).sum()))

    def _seen(self, subject: str, at: Micros, knows: int | None) -> tuple[I8, I8]:
        """Item and moment of each event that a request sees, by item, then time."""
        code = self._code.get(subject)
        if code is None:
            return np.empty(0, np.int64), np.empty(0, np.int64)
        own = slice(self._start[code], self._start[code + 1])
        seen = self._at[own] < at
        if self._known is not None:
            seen &= self._known.take(own).seen(at if knows is None else knows)
        return self._item[own][seen], self._at[own][seen]


def _firsts(items: I8) -> NDArray[np.bool_]:
    """Of sorted items, which is the first of its kind."""
    first = np.ones(len(items), np.bool_)
    np.not_equal(items[1:], items[:-1], out=first[1:])
    return first


def _ranks(items: I8) -> I8:
    """Of sorted items, the how-many-th kind each is."""
    return np.cumsum(_firsts(items)) - 1


def table(view: View, rows: pl.DataFrame, requests: pl.DataFrame) -> pl.DataFrame:
    """Every feature without ``by``: ``[request, FEATURE…]``, one row a request, in the requests' order.

    ``requests``: their ``request``, ``at`` (a time, or µs) and ``entity``, which a view without one needs not.
    """
    import polars as pl

    at = requests["at"] if requests["at"].dtype.is_integer() else requests["at"].cast(pl.Datetime("us")).dt.epoch("us")
    entity = requests["entity"].cast(pl.String) if "entity" in requests.columns else pl.lit("").alias("entity")
    asked = pl.DataFrame({"at": at.cast(pl.Int64)}).with_columns(entity)
    columns = {
        feature.name: np.asarray(calendar(feature.op, asked["at"].to_numpy()), np.float64)
        if feature.calendar
        else _numbers(view, rows, feature, asked)
        for feature in view.features
        if feature.by is None and feature.op != EMBED
    }
    return pl.DataFrame({"request": requests["request"], **columns})


def _numbers(view: View, rows: pl.DataFrame, feature: Feature, asked: pl.DataFrame) -> F8:
    """One feature of every request."""
    import polars as pl

    history = _history(view, rows, feature)
    spans = history.with_row_index("row").group_by("entity").agg(pl.col("row").min().alias("first"), pl.len())
    found = asked.join(spans, on="entity", how="left", maintain_order="left").fill_null(0)
    first = found["first"].cast(pl.Int64).to_numpy()
    last = first + found["len"].cast(pl.Int64).to_numpy()
    at, moments, values = asked["at"].to_numpy(), history["at"].to_numpy(), history["value"].to_numpy()
    lagged = at - feature.ago
    stop = before(moments, first, last, lagged)
    start = first if feature.window is None else before(moments, first, last, lagged - feature.window)
    known, began = (
        (history[KNOWN].to_numpy(), rows[BEGAN][0]) if history.height and KNOWN in rows.columns else (moments, NEVER)
    )
    ripe = (
        history[RIPE].to_numpy() if RIPE in history.columns else moments
    )  # whoever asks when, a label is open so long
    out = np.empty(len(at))
    for low, high in _pieces(stop - start):
        request, row = _pairs(start[low:high], stop[low:high])
        asking = at[low:high][request]
        seen = ((asking <= began) | (known[row] < asking)) & (ripe[row] < asking)
        request, row, age = request[seen], row[seen], asking[seen] - feature.ago - moments[row[seen]]
        out[low:high] = grouped(feature.op, request, high - low, values[row], age, feature.half_life)
    return out


def _history(view: View, rows: pl.DataFrame, feature: Feature) -> pl.DataFrame:
    """The rows as one feature needs them, sorted by (entity, at, value)."""
    import polars as pl

    counts = feature.op in POSITIVE_ONLY
    value_of = view.value if counts else feature.column
    used = [column for column in (view.entity, view.time, value_of) if column]
    found = rows.lazy().select(
        (pl.col(view.entity).cast(pl.String) if view.entity else pl.lit("")).alias("entity"),
        pl.col(view.time).cast(pl.Datetime("us")).dt.epoch("us").alias("at"),
        (pl.col(value_of).cast(pl.Float64) if value_of else pl.lit(1.0)).alias("value"),
        *([known_of(used, rows.columns)] if KNOWN in rows.columns else []),
        *([pl.col(f"{RIPE} {value_of}").alias(RIPE)] if f"{RIPE} {value_of}" in rows.columns else []),
    )
    found = found.drop_nulls().filter((pl.col("value") > 0) | (not counts))
    return found.sort("entity", "at", "value").collect()


def before(moments: I8, first: I8, last: I8, at: I8) -> I8:
    """For each request the first row of its entity (first … last) that is not before ``at``: a binary search."""
    low, high = first.copy(), last.copy()
    while (open_ := low < high).any():
        middle = (low + high) // 2
        before = open_ & (moments[np.minimum(middle, len(moments) - 1)] < at)
        low = np.where(before, middle + 1, low)
        high = np.where(open_ & ~before, middle, high)
    return low


def _pieces(counts: I8) -> Iterator[tuple[int, int]]:
    """The requests low … high that have at most `PAIRS` pairs together, or are one."""
    reached = np.concatenate([[0], np.cumsum(counts)])
    low = 0
    while low < len(counts):
        high = int(max(np.searchsorted(reached, reached[low] + PAIRS, "right") - 1, low + 1))
        yield low, high
        low = high


def _pairs(start: I8, stop: I8) -> tuple[I8, I8]:
    """Which request sees which row: requests 0, 1, … in order, each one's rows start … stop."""
    n = stop - start
    request = np.repeat(np.arange(len(n)), n)
    return request, np.arange(len(request)) + np.repeat(start - np.cumsum(n) + n, n)
