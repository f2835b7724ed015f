"""Rows of a dataset in their order, each with its moment and its independent unit: what a task that answers rows learns from.

A row's moment is in µs; without a time it is the place of its key (`tidemill.learning.split.places`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tidemill.features.transaction_time import RIPE, TransactionTime
from tidemill.learning.split import places
from tidemill.types import DAY, Micros

if TYPE_CHECKING:
    import polars as pl

    from tidemill.data.contract.contract import Contract

I8 = NDArray[np.int64]
AT, UNIT, KEY = "_at", "_unit", "_key"
"""The columns of moments, of units and of the rows' names. What a task packs for its trainer has `AT`: the split is cut by it."""
BESIDE = "_beside "
"""Before the name of a column that answers are judged by, whether or not the model sees it."""


class Rows:
    """Rows with `AT`, `UNIT`; where any came late, when each was known; where labels have a time to ripen, when each was ripe."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self.frame, self.at = frame, frame[AT].to_numpy()
        self.units: NDArray[Any] = frame[UNIT].to_numpy()
        self._transaction_time = TransactionTime.read(frame)
        self._ripe: I8 | None = frame[RIPE].to_numpy() if RIPE in frame.columns else None

    def __len__(self) -> int:
        return len(self.at)

    def between(self, start: Micros | None, end: Micros) -> I8:
        """The rows with ``start <= at < end``."""
        return np.flatnonzero((self.at >= (start if start is not None else -(2**62))) & (self.at < end))

    def known_between(self, start: Micros | None, end: Micros) -> I8:
        """Those of them that a model of ``end`` may learn from: known by then, with a label that was ripe. After the last row all are."""
        rows = self.between(start, end)
        if end > int(self.at.max(initial=-1)):
            return rows
        if self._transaction_time is not None:
            rows = rows[self._transaction_time.seen(end)[rows]]
        return rows if self._ripe is None else rows[self._ripe[rows] <= end]


def placed(rows: pl.DataFrame, contract: Contract) -> pl.DataFrame:
    """The rows in their order, with `AT` and `UNIT`: the subject, else the day, without a time the key."""
    import polars as pl

    if contract.time is not None:
        at = pl.col(contract.time).cast(pl.Datetime("us")).dt.epoch("us")
        rows, unit = rows.with_columns(at.alias(AT)), pl.col(AT) // DAY
    else:
        whose = [contract.subject] if contract.subject else list(contract.key or contract.names)
        keys = rows.select(pl.concat_str([pl.col(c).cast(pl.String).fill_null("") for c in whose], separator="\x1f"))
        rows = rows.with_columns(pl.Series(AT, places(keys.to_series().to_list()), dtype=pl.Int64))
        unit = pl.col(AT)
    if contract.subject:
        unit = pl.col(contract.subject).cast(pl.String)
    return rows.drop_nulls(AT).with_columns(unit.alias(UNIT)).sort(AT, *contract.key, maintain_order=True)


def beside(frame: pl.DataFrame) -> dict[str, pl.Series]:
    """The columns that answers are judged by, by name."""
    return {name.removeprefix(BESIDE): frame[name] for name in frame.columns if name.startswith(BESIDE)}


def unit_of(contract: Contract) -> str:
    """What the units of `placed` are."""
    return "subjects" if contract.subject else "days" if contract.time is not None else "rows"


def evenly(n: int, most: int) -> I8:
    """At most so many places from all over n, the first and the last among them.

    >>> evenly(3, 60).tolist(), len(evenly(1000, 60)), int(evenly(1000, 60)[-1]), len(evenly(0, 60))
    ([0, 1, 2], 60, 999, 0)
    """
    if n <= most:
        return np.arange(n)
    return np.unique(np.linspace(0, n - 1, most).astype(np.int64))
