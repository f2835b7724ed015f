"""What a table's model answers by, as a notebook shows it: what its values are worth, and how the answer goes with them."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from tidemill.evaluation.sentences import of_curve, of_importance
from tidemill.ops.replayed import NOTHING, sentences
from tidemill.ops.shown import Shown
from tidemill.ops.sketches import curve, intervals
from tidemill.types import JsonObject

if TYPE_CHECKING:
    import polars as pl

SHOWN = 15


class OpenImportance(Shown[JsonObject | None]):
    """How much worse the model is without each value of a request. Empty of one that has none, or was made by hand."""

    def frame(self) -> pl.DataFrame:
        """``[value, mean, low, high, weight]``, the most first; values that say the same together, too. ``weight``: its share of contributions."""
        import polars as pl

        found = self.record or {}
        rows = [(one["name"], *one["lost"], one.get("weight")) for one in found.get("values", ())]
        rows += [(" + ".join(one["names"]), *one["lost"], None) for one in found.get("groups", ())]
        types: dict[str, pl.DataType] = {
            "value": pl.String(),
            **dict.fromkeys(("mean", "low", "high", "weight"), pl.Float64()),
        }
        return pl.DataFrame(rows, schema=types, orient="row")

    def _repr_html_(self) -> str:
        found = self.record
        if not found or "error" in found:
            return f"<p>not measured: {escape(found['error'])}</p>" if found else NOTHING
        rows = [
            (name, (mean, low if low is not None else mean, high if high is not None else mean))
            for name, mean, low, high, _ in self.frame().rows()[:SHOWN]
        ]
        return intervals(f"{found['metric']} worse by", rows, 0.0) + sentences([of_importance(found)])


class OpenDependence(Shown[JsonObject | None]):
    """How the answer goes with the inputs that move it most, and how many rows lie where."""

    def frame(self) -> pl.DataFrame:
        """``[input, at, answer, low, high]``; a category's ``at`` is its text."""
        import polars as pl

        rows = [
            (one["input"], str(point["at"]), point["answer"], point.get("low"), point.get("high"))
            for one in (self.record or {}).get("inputs", ())
            for point in one.get("points") or one["levels"]
        ]
        types: dict[str, pl.DataType] = {"input": pl.String(), "at": pl.String(), "answer": pl.Float64()}
        return pl.DataFrame(rows, schema={**types, "low": pl.Float64(), "high": pl.Float64()}, orient="row")

    def _repr_html_(self) -> str:
        found = self.record
        if not found or "error" in found:
            return f"<p>not measured: {escape(found['error'])}</p>" if found else NOTHING
        return "".join(_drawn(one, found) for one in found["inputs"])


def _drawn(one: JsonObject, found: JsonObject) -> str:
    said = sentences([of_curve(one, found["of"]), one["method"]])
    if "levels" in one:
        rows = [(level["at"], (level["answer"], level["low"], level["high"])) for level in one["levels"]]
        return intervals(f"{found['of']} by {one['input']}", rows, found["mean"]) + said
    return curve(f"{found['of']} by {one['input']}", one["points"], one["density"], one["empty"]) + said
