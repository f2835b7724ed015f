"""How a table's model answers its test, as a notebook shows it: the curves beside those of other models, and tables of their points."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from tidemill.evaluation.curves.curves import Curves, Point, read, said
from tidemill.ops.replayed import NOTHING, sentences
from tidemill.ops.shown import Shown
from tidemill.ops.sketches import square
from tidemill.types import JsonObject

if TYPE_CHECKING:
    import polars as pl


class OpenCurves(Shown[JsonObject | None]):
    """ROC, precision and recall, gain and calibration of labels; residuals of values. Empty of a recommender."""

    @property
    def found(self) -> Curves | None:
        return read(self.record)

    def frame(self) -> pl.DataFrame:
        """``[curve, model, x, y, low, high]``: every point of every curve, with its band."""
        import polars as pl

        rows = [
            (curve, model, *point)
            for curve, models in _lines(self.found).items()
            for model, points in models.items()
            for point in points
        ]
        types: dict[str, pl.DataType] = {"curve": pl.String(), "model": pl.String()}
        return pl.DataFrame(rows, {**types, **dict.fromkeys(("x", "y", "low", "high"), pl.Float64())}, orient="row")

    def _repr_html_(self) -> str:
        if self.found is None:
            return f"<p>not measured: {escape(str(self.record['error']))}</p>" if self.record else NOTHING
        drawn = "".join(square(curve, models) for curve, models in _lines(self.found).items())
        return sentences(said(self.found)) + f'<div style="display:flex;flex-wrap:wrap">{drawn}</div>'


def _lines(found: Curves | None) -> dict[str, dict[str, list[Point]]]:
    """By curve and model its points."""
    if found is None:
        return {}
    if found.values:
        name = "predicted less true, by what was predicted"
        return {name: {model: [bin_.at for bin_ in one.by_predicted] for model, one in found.values.models.items()}}
    models = found.labels.models if found.labels else {}
    return {
        "ROC": {model: one.roc for model, one in models.items()},
        "precision by recall": {model: one.precision for model, one in models.items()},
        "gain": {model: one.gain for model, one in models.items()},
        "calibration": {model: [bin_.at for bin_ in one.calibration] for model, one in models.items()},
    }
