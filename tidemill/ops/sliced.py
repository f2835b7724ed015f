"""For whom a model errs, as a notebook shows it: the slices with their intervals, heat maps, and the worst one found in words."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from tidemill.evaluation.slices.slices import CANDIDATE, Slices, ordered, read
from tidemill.learning.measures import measure
from tidemill.ops.replayed import NOTHING, sentences
from tidemill.ops.shown import Shown, cell, table
from tidemill.ops.sketches import intervals
from tidemill.types import JsonObject

if TYPE_CHECKING:
    import polars as pl


class OpenSlices(Shown[JsonObject | None]):
    """A test by the values of its columns. Empty of a version whose run kept none."""

    @property
    def found(self) -> Slices | None:
        return read(self.record or {})

    def frame(self) -> pl.DataFrame:
        """``[column, value, model, requests, units, mean, low, high]``."""
        import polars as pl

        rows = [
            (one.column, one.value, model, one.n, one.units, *(at or (None, None, None)))
            for one in (self.found.slices if self.found else ())
            for model, at in one.reached.items()
        ]
        types: dict[str, pl.DataType] = dict.fromkeys(("column", "value", "model"), pl.String())
        types |= {"requests": pl.Int64(), "units": pl.Int64()}
        return pl.DataFrame(rows, {**types, **dict.fromkeys(("mean", "low", "high"), pl.Float64())}, orient="row")

    def _repr_html_(self) -> str:
        found = self.found
        if found is None:
            return f"<p>not measured: {escape(str(self.record['error']))}</p>" if self.record else NOTHING
        rows = [(one.name, at) for one in found.slices if (at := one.reached[CANDIDATE])]
        whole = found.whole[CANDIDATE]
        picture = intervals(f"{found.metric} by slice", rows, whole[0] if whole else None)
        return sentences(found.said) + picture + _heat(found)


def _heat(found: Slices) -> str:
    """Slices by models: the darker, the worse."""
    kind, models = measure(found.metric), ordered(found.whole)
    rows = [("all", found.whole), *((one.name, one.reached) for one in found.slices)]
    known = [kind.sign * at[0] for _, reached in rows for at in reached.values() if at]
    best, span = max(known, default=0.0), (max(known, default=0.0) - min(known, default=0.0)) or 1.0
    body = []
    for name, reached in rows:
        cells = [cell("", name)]
        for model in models:
            at = reached[model]
            shade = 0.0 if at is None else (best - kind.sign * at[0]) / span
            text = "" if at is None else kind.text(at[0])
            cells.append(f'<span style="background:rgba(238,102,119,{shade:.2f});padding:0 .5em">{escape(text)}</span>')
        body.append(cells)
    return table(("slice", *models), body, f"{found.metric}, {found.better} is better; the darker, the worse")
