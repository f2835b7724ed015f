"""What a table's model answers by: what its values are worth, and how the answer goes with them."""

from __future__ import annotations

from typing import NamedTuple

from markupsafe import Markup

from tidemill.evaluation.sentences import of_curve, of_importance
from tidemill.types import JsonObject
from tidemill.web.charts import bars
from tidemill.web.charts.effect import effect

SHOWN = 15


class Explained(NamedTuple):
    """``error``: why it could not be made."""

    said: str = ""
    picture: Markup | None = None
    notes: tuple[str, ...] = ()
    curves: tuple[tuple[str, str, Markup], ...] = ()
    error: str = ""


def worth(found: JsonObject | None) -> Explained | None:
    """Importance, as an examination found it; None where none was made."""
    if found is None or "error" in found:
        return None if found is None else Explained(error=found["error"])
    rows = [_interval(one["name"], one["lost"], weight=one.get("weight")) for one in found["values"][:SHOWN]]
    rows += [_interval(" + ".join(one["names"]), one["lost"], "s3") for one in found["groups"]]
    title = f"{found['metric']} worse by, without each value"
    picture = bars.intervals(title, rows, x=f"{found['metric']} worse by", reference=0.0)
    notes = [f"{one['name']} is the same in every row of the test" for one in found["values"] if one.get("constant")]
    left = len(found["values"]) - SHOWN
    notes += [f"{left} more values, each worth less"] if left > 0 else []
    return Explained(of_importance(found), picture, tuple(notes))


def _interval(name: str, lost: list[float | None], tone: str = "s1", weight: float | None = None) -> bars.Interval:
    mean, low, high = lost
    assert mean is not None
    note = "" if weight is None else f"{weight:.0%} of what contributes to its answers"
    sure = low is not None and high is not None
    return bars.Interval(
        name, mean, low if low is not None else mean, high if high is not None else mean, tone if sure else "s0", note
    )


def curves(found: JsonObject | None) -> Explained | None:
    """Dependence, as an examination found it; None where none was made."""
    if found is None or "error" in found:
        return None if found is None else Explained(error=found["error"])
    said = f"of {found['answer']}, over {found['rows']:,} rows that it learned from; {found['mean']:.4g} on average"
    return Explained(said, curves=tuple(_curve(one, found) for one in found["inputs"]))


def _curve(one: JsonObject, found: JsonObject) -> tuple[str, str, Markup]:
    said, title = of_curve(one, found["answer"]), f"{found['answer']} by {one['input']}"
    other = one.get("goes_with")
    method = one["method"] + (f": it goes with {other['input']} ({other['association']:.2f})" if other else "")
    if "levels" in one:
        rows = [
            bars.Interval(level["at"], level["answer"], level["low"], level["high"], note=f"{level['rows']:,} rows")
            for level in one["levels"]
        ]
        return one["input"], method, bars.intervals(title, rows, x=found["answer"], reference=found["mean"])
    return one["input"], method, effect(title, said, one, x=one["input"], y=found["answer"])
