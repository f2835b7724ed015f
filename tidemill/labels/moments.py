"""Rows of a model that are entities at moments: everybody who was active, every so often.

Moments are whole multiples of ``every`` since 1970 in UTC, as windows are: they stay where they are as data grows. An entity
is active at a moment when a row of it happened within ``active`` before, and was known by then (without its own word as long
as the label's ``within``). One that vanishes is asked about until ``active`` has passed, and then no more.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tidemill.config.amounts import some_time
from tidemill.config.labels import horizon
from tidemill.data.check.column import Column
from tidemill.errors import ConfigError, DataError
from tidemill.features.transaction_time import BEGAN, KNOWN
from tidemill.features.views import column_of
from tidemill.types import Micros

if TYPE_CHECKING:
    import polars as pl

    from tidemill.config.sections import ModelSection
    from tidemill.data.contract.contract import Contract

I8 = NDArray[np.int64]
MOST = 20_000_000
"""Rows that a declaration may make: beyond it nobody waits for the answer."""


@dataclass(frozen=True, slots=True)
class Moments:
    """``entity`` and ``time`` are columns of the dataset, and of the rows that are made."""

    entity: str
    time: str
    every: Micros
    active: Micros
    place: str

    @staticmethod
    def of(model: ModelSection, contract: Contract) -> Moments | None:
        """As ``rows`` declares them; None where each row is a moment. Raises ConfigError."""
        rows, place = model.rows, f"[model.{model.name}] rows"
        if rows is None or not rows.entity:
            return None
        column_of(rows.entity, contract, place)
        if contract.time is None:
            hint = f"give a column the role 'time' in {contract.place}"
            raise ConfigError(f"the rows of {rows.from_} have no time", place=place, hint=hint)
        active = some_time(rows.active) if rows.active else horizon(model)
        return Moments(rows.entity, contract.time, some_time(rows.every), active, place)

    def contract_of(self, contract: Contract) -> Contract:
        """Of the rows that are made: whose, and when."""
        entity = column_of(self.entity, contract, self.place)
        columns = (
            replace(entity, role="subject", required=True, unique=False),
            Column(self.time, "timestamp", required=True, role="time"),
        )
        return replace(contract, columns=columns, key=(self.entity, self.time), unique=())

    def rows(self, events: pl.DataFrame) -> pl.DataFrame:
        """``[entity, time]``: who was active at each moment up to the last event's, in order of both. Raises DataError."""
        import polars as pl

        at = pl.col(self.time).cast(pl.Datetime("us")).dt.epoch("us").alias("at")
        seen = (
            pl.concat(self._spans(events.with_columns(at, pl.col(self.entity).alias("entity"))))
            .drop_nulls()
            # the moments after `before` are the first to see it
            .group_by("entity", (pl.col("since") // self.every).alias("before"))
            .agg((pl.col("until").max() // self.every).alias("until"))
            .sort("entity", "before")
            .with_columns(
                pl.col("until").cum_max().over("entity"),
                pl.col("before").shift(-1).over("entity").alias("next"),  # which says the rest
            )
        )
        last = int(events.select(at.max()).item() or 0) // self.every
        before = seen["before"].to_numpy()
        stop = np.minimum(np.minimum(seen["until"].to_numpy(), seen["next"].fill_null(last).to_numpy()), last)
        turn, moment = _between(before, stop, self)
        found = pl.DataFrame({self.entity: seen["entity"][turn], self.time: pl.Series(moment * self.every)})
        return found.with_columns(pl.col(self.time).cast(pl.Datetime("us"))).sort(self.time, self.entity)

    def _spans(self, events: pl.DataFrame) -> list[pl.DataFrame]:
        """From when on and until when each row makes its entity active. One that came late does from then on, and at the moments
        of before the first ingest, which ask by the time of the event alone (`tidemill.features.transaction_time`)."""
        import polars as pl

        at, until = pl.col("at").alias("since"), (pl.col("at") + self.active).alias("until")
        if KNOWN not in events.columns:
            return [events.select("entity", at, until)]
        known = events.select("entity", pl.max_horizontal("at", KNOWN).alias("since"), until)
        return [known, events.select("entity", at, pl.min_horizontal(until, BEGAN).alias("until"))]

    def active_at(self, events: pl.DataFrame, moment: Micros) -> list[str]:
        """Who is active at a moment of one's own, by name and in order."""
        import polars as pl

        at = pl.col(self.time).cast(pl.Datetime("us")).dt.epoch("us")
        there = events.filter((at < moment) & (at >= moment - self.active))
        return there[self.entity].cast(pl.String).drop_nulls().unique().sort().to_list()


def _between(before: I8, stop: I8, said: Moments) -> tuple[I8, I8]:
    """Every whole number after ``before`` up to ``stop``, each with the place of its pair. Raises DataError for too many."""
    counts = np.maximum(stop - before, 0)
    total = int(counts.sum())
    if total > MOST:
        hint = "a longer every, or a shorter active"
        raise DataError(f"{total:,} moments of {said.entity}: at most {MOST:,}", place=said.place, hint=hint)
    turn = np.repeat(np.arange(len(counts)), counts)
    nth = np.arange(total) - np.repeat(np.cumsum(counts) - counts, counts)
    return turn, before[turn] + 1 + nth
