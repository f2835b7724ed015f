"""When a row was known: an as-of join asks it beside when the row happened. numpy; polars only to read a dataset.

A row counts as known when it happened, as long as it came with the first ingest that reached its moment: the opening of a dataset
holds years, and what a day's file brings at its end was told live during the day. A row that an earlier ingest should have
held (it is older than the latest row of that one) came **late**: it is known from its own ingest on. An ingest reaches no
further than its own moment, so that one row of the year 2099 makes nothing late.

A value that came late (`tidemill.data.tables.fill`) is known from the ingest that brought it on: of each such column a column
of its own says when (`known_of`). The row is known as before; it is an example to learn from when all of it is.

Requests of before the first ingest were asked of nobody: they see by the time of the event alone.

    >>> late = TransactionTime.of(np.array([10, 40, 20, 50]), came=np.array([45, 45, 60, 60]))
    >>> late.known.tolist(), late.seen(50).tolist(), late.seen(61).tolist()
    ([10, 40, 60, 50], [True, True, False, False], [True, True, True, True])
    >>> TransactionTime.of(np.array([10, 40, 20, 50]), came=np.array([60, 60, 60, 60])) is None
    True
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tidemill.types import Micros

if TYPE_CHECKING:
    import polars as pl

    from tidemill.data.tables.tables import TableCommit

I8 = NDArray[np.int64]
KNOWN, BEGAN = "_known", "_began"
"""Of a row: when it was known, a moment in µs or a place in the order of `OnlineEvent.seq`; and the moment of the first ingest."""
COMPLETED = "_completed"
"""Of a row: which values of it came late, and with which ingest (`tidemill.data.tables.fill`)."""
RIPE = "_ripe"
"""Of a row with a label: when that is settled, a moment in µs; before it nobody learns from it (`tidemill.labels`). With the
name of a column behind it: of what that column says, for features of earlier labels."""
ALWAYS, NEVER = -(2**63), 2**63 - 1


@dataclass(frozen=True)
class TransactionTime:
    """When each row was known, and the moment of the first ingest."""

    known: I8
    began: Micros

    @staticmethod
    def of(at: I8, came: I8) -> TransactionTime | None:
        """From each row's moment (`ALWAYS`: it has none) and that of its ingest. None: no row came late."""
        moments, turn = np.unique(came, return_inverse=True)
        if len(moments) < 2:
            return None
        latest = np.full(len(moments), ALWAYS)
        np.maximum.at(latest, turn, at)
        reached = np.maximum.accumulate(np.minimum(latest, moments))
        late = (at < np.concatenate([[ALWAYS], reached[:-1]])[turn]) & (at != ALWAYS)
        return TransactionTime(np.where(late, np.maximum(came, at), at), int(moments[0])) if late.any() else None

    def seen(self, moment: Micros) -> NDArray[np.bool_]:
        """The rows that a request at this moment sees, as far as transaction_time goes: that they had happened is asked beside it."""
        return np.ones(len(self.known), np.bool_) if moment <= self.began else self.known < moment

    def take(self, index: Any) -> TransactionTime:
        return replace(self, known=self.known[index])

    def columns(self) -> dict[str, Any]:
        """As columns of a table, for `read`."""
        return {KNOWN: self.known, BEGAN: np.full(len(self.known), self.began)}

    @staticmethod
    def read(rows: pl.DataFrame) -> TransactionTime | None:
        """Back from a table; None where it has no such columns."""
        if BEGAN not in rows.columns or not rows.height:
            return None
        return TransactionTime(rows[KNOWN].to_numpy(), int(rows[BEGAN][0]))


def known_of(columns: Iterable[str], there: Iterable[str]) -> pl.Expr:
    """When a row was known as far as these columns of it go; ``there``: the columns of the table, `KNOWN` among them."""
    import polars as pl

    names = {*there}
    return pl.max_horizontal(KNOWN, *(f"{KNOWN} {c}" for c in columns if f"{KNOWN} {c}" in names)).alias(KNOWN)


def with_knowledge(rows: pl.LazyFrame, time: str | None, commits: Iterable[TableCommit]) -> pl.LazyFrame:
    """A dataset's rows with when they were known, where any or a value of any came late; these rows as they are where none did.

    ``commits``: those that brought rows, up to the version that is read.
    """
    import polars as pl

    came = {commit.ingest: int(commit.meta["tidemill.at"]) for commit in commits}
    if time is None or len(set(came.values())) < 2:
        return rows
    at = pl.col(time).cast(pl.Datetime("us")).dt.epoch("us").fill_null(ALWAYS)
    ingest = pl.col("_ingest").replace_strict(came, return_dtype=pl.Int64)
    late = [pl.col(COMPLETED)] if COMPLETED in rows.collect_schema().names() else []
    found = rows.select(at.alias("at"), ingest.alias("came"), *late).collect()
    moments = found["at"].to_numpy()
    transaction_time = TransactionTime.of(moments, found["came"].to_numpy())
    values = _completed(found, came)
    if transaction_time is None and values:
        transaction_time = TransactionTime(moments, min(came.values()))
    if transaction_time is None:
        return rows
    return rows.with_columns(pl.Series(k, v) for k, v in {**transaction_time.columns(), **values}.items())


def as_known_at(rows: pl.DataFrame, time: str | None, moment: Micros) -> pl.DataFrame:
    """A dataset's rows as they were known before a moment: those that had happened and were known, without the values that were not.

    Rows are those of `with_knowledge`. Without a time nothing is known of when: all of them.
    """
    import polars as pl

    if time is None:
        return rows
    rows = rows.filter(pl.col(time).cast(pl.Datetime("us")).dt.epoch("us") < moment)
    if BEGAN not in rows.columns or not rows.height or moment <= int(rows[BEGAN][0]):
        return rows
    late = [c for c in rows.columns if c.startswith(f"{KNOWN} ")]
    values = (name.removeprefix(f"{KNOWN} ") for name in late)
    return rows.filter(pl.col(KNOWN) < moment).with_columns(
        pl.when(pl.col(known) < moment).then(pl.col(name)).alias(name) for name, known in zip(values, late, strict=True)
    )


def _completed(rows: pl.DataFrame, came: dict[str, Micros]) -> dict[str, I8]:
    """Of each column that a value came late in: when each row's did; `ALWAYS` where it came with the row."""
    if COMPLETED not in rows.columns:
        return {}
    import polars as pl

    marks = rows.with_row_index("?i").select("?i", pl.col(COMPLETED)).explode(COMPLETED).drop_nulls()
    parts = marks.select(
        "?i", pl.col(COMPLETED).str.splitn(" ", 2).struct.rename_fields(["ingest", "column"]).alias("of")
    )
    found: dict[str, I8] = {}
    for row, ingest, column in parts.unnest("of").iter_rows():
        found.setdefault(f"{KNOWN} {column}", np.full(rows.height, ALWAYS))[row] = came[ingest]
    return found
