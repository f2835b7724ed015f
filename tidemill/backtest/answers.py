"""What was answered in spans of the past and how well, request by request: as a table between steps. polars and numpy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from tidemill.errors import ModelError, NotEnoughData
from tidemill.learning.evaluate import Scored
from tidemill.types import JsonObject, Micros

if TYPE_CHECKING:
    import polars as pl

    from tidemill.backtest.cuts import Span
    from tidemill.learning.trainer import Trainer
    from tidemill.store.artifacts.codecs import Bundle

ARM, SPAN, UNIT, AT, VALUE = "arm", "span", "unit", "at", "value"
"""The columns: who answered, where the span begins, whose request it was, its moment, and what it adds to the metric."""


class Answers:
    """Gathers them. ``missing``: by arm and span why there are none."""

    def __init__(self) -> None:
        self._parts: list[pl.DataFrame] = []
        self.missing: dict[str, dict[str, str]] = {}

    def ask(self, trainer: Trainer, bundle: Bundle | None, span: Span, arm: str = "") -> None:
        """All requests of the span; where it says nothing (nobody came, one label alone, no fit), why."""
        try:
            if bundle is None:
                raise NotEnoughData("there was no row to learn from")
            scored = trainer.report(bundle, *span).of(trainer.settings.metric)
        except (ModelError, NotEnoughData) as exc:
            self.lack(arm, span[0], exc)
        else:
            self.add(arm, span[0], scored)

    def add(self, arm: str, start: Micros, scored: Scored) -> None:
        self._parts.append(_table(arm, start, scored))

    def lack(self, arm: str, start: Micros, why: Exception) -> None:
        self.missing.setdefault(arm, {})[str(start)] = str(why)

    def table(self) -> pl.DataFrame:
        """All of them."""
        import polars as pl

        types = {ARM: pl.String, SPAN: pl.Int64, UNIT: pl.String, AT: pl.Int64, VALUE: pl.Float64}
        return pl.concat([pl.DataFrame(schema=types), *self._parts])

    def both(self) -> tuple[pl.DataFrame, JsonObject]:
        return self.table(), dict(self.missing)


def _table(arm: str, start: Micros, scored: Scored) -> pl.DataFrame:
    import polars as pl

    columns = {UNIT: scored.units.astype(np.str_), AT: scored.at, VALUE: scored.values}
    rows = pl.DataFrame(columns, schema={UNIT: pl.String, AT: pl.Int64, VALUE: pl.Float64})
    return rows.select(pl.lit(arm).alias(ARM), pl.lit(start, pl.Int64).alias(SPAN), UNIT, AT, VALUE)


def scored_in(table: pl.DataFrame, start: Micros, unit: str, arm: str = "") -> Scored | None:
    """How well the arm answered the span, or None where it did not."""
    import polars as pl

    rows = table.filter((pl.col(SPAN) == start) & (pl.col(ARM) == arm))
    if not rows.height:
        return None
    none = np.zeros(rows.height, np.bool_)
    return Scored(rows[VALUE].to_numpy(), rows[UNIT].to_numpy().astype(np.str_), rows[AT].to_numpy(), none, unit=unit)


def together(parts: Sequence[Scored]) -> Scored:
    """Several spans as one."""
    values, units, at, cold = (
        np.concatenate([getattr(one, n) for one in parts]) for n in ("values", "units", "at", "cold")
    )
    return Scored(values, units, at, cold, unit=parts[0].unit)
