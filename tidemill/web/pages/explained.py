"""What a table's model answers by: what its values are worth, and how the answer goes with them."""

from __future__ import annotations

from typing import NamedTuple

from markupsafe import Markup

from tidemill.evaluation.sentences import of_curve, of_importance
from tidemill.types import JsonObject
from tidemill.web.charts import bars
from tidemill.web.charts.effect import effect

SHOWN = 15


class Worth(NamedTuple):
    said: str
    picture: Markup
    notes: tuple[str, ...]


class Curve(NamedTuple):
    name: str
    said: str
    method: str
    picture: Markup


class Curves(NamedTuple):
    said: str
    curves: tuple[Curve, ...]


def worth(found: JsonObject) -> Worth:
    """Importance, as an examination found it."""
    rows = [_interval(one["name"], one["lost"], weight=one.get("weight")) for one in found["values"][:SHOWN]]
    rows += [_interval(" + ".join(one["names"]), one["lost"], "s3") for one in found["groups"]]
    title = f"{found['metric']} worse by, without each value"
    picture = bars.intervals(title, rows, x=f"{found['metric']} worse by", reference=0.0)
    notes = [f"{one['name']} is the same in every row of the test" for one in found["values"] if one.get("constant")]
    left = len(found["values"]) - SHOWN
    notes += [f"{left} more values, each worth less"] if left > 0 else []
    return Worth(of_importance(found), picture, tuple(notes))


def _interval(name: str, lost: list[float | None], tone: str = "s1", weight: float | None = None) -> bars.Interval:
    mean, low, high = lost
    assert mean is not None
    note = "" if weight is None else f"{weight:.0%} of what contributes to its answers"
    if low is None or high is None:
        return bars.Interval(name, mean, mean, mean, "s0", note)
    return bars.Interval(name, mean, low, high, tone, note)


def dependence(found: JsonObject) -> Curves:
    """Dependence, as an examination found it."""
    whole = f"{found['rows']:,} rows that it learned from: {found['mean']:.3g} on average"
    said = f"{found['of'].capitalize()}, over {whole}. Bands are the middle 80 % of single rows."
    return Curves(said, tuple(_curve(one, found) for one in found["inputs"]))


def _curve(one: JsonObject, found: JsonObject) -> Curve:
    said, title, of = of_curve(one, found["of"]), f"{found['of']} by {one['input']}", found["of"]
    other = one.get("goes_with")
    method = one["method"] + (f": it goes with {other['input']} ({other['association']:.2f})" if other else "")
    if "levels" in one:
        rows = [
            bars.Interval(level["at"], level["answer"], level["low"], level["high"], note=f"{level['rows']:,} rows")
            for level in one["levels"]
        ]
        return Curve(one["input"], said, method, bars.intervals(title, rows, x=of, reference=found["mean"]))
    return Curve(one["input"], said, method, effect(title, said, one, x=one["input"], y=of))
