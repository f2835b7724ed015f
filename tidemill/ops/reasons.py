"""What an answer is made of, as a notebook shows it: contributions with their errors, and the sentence for the person."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from tidemill.ops.replayed import sentences
from tidemill.ops.shown import Shown
from tidemill.ops.sketches import intervals
from tidemill.types import JsonObject

if TYPE_CHECKING:
    import polars as pl

SHOWN = 12


class OpenReasons(Shown[JsonObject]):
    """The explanation of one answer (docs/explain.md)."""

    def frame(self) -> pl.DataFrame:
        """``[answer, what, kind, value, error]``, of each answer the greatest first."""
        import polars as pl

        rows = [
            (one["answer"], part["what"], part["kind"], part["value"], part.get("error", 0.0))
            for one in self.record["answers"]
            for part in one["because"]
        ]
        text, number = pl.String(), pl.Float64()
        types = {"answer": text, "what": text, "kind": text, "value": number, "error": number}
        return pl.DataFrame(rows, schema=types, orient="row")

    def _repr_html_(self) -> str:
        if not self.record["answers"]:
            return f"<p>not explained: {escape(self.record.get('why', ''))}</p>"
        return "".join(_drawn(one, self.record["unit"]) for one in self.record["answers"])


def _drawn(one: JsonObject, unit: str) -> str:
    parts = [(part["what"], part["value"], part.get("error", 0.0)) for part in one["because"][:SHOWN]]
    rows = [(name, (value, value - error, value + error)) for name, value, error in parts]
    said = [f"{one['base']:.4g} is where every answer begins; it is {one['score']:.4g}."]
    return intervals(f"What moved {one['answer']} ({unit})", rows, 0.0) + sentences([*said, one.get("sentence", "")])
