"""Groups as a notebook shows them: a version's test by group, with what is judged of it; and production over time."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING

from tidemill.evaluation.fairness.fairness import said, said_of_price
from tidemill.ops.records import WindowShown
from tidemill.ops.replayed import NOTHING, sentences
from tidemill.ops.shown import Records, Shown
from tidemill.ops.sketches import courses, intervals
from tidemill.ops.text import Interval
from tidemill.types import JsonObject, Micros

if TYPE_CHECKING:
    import polars as pl


class OpenFairness(Shown[JsonObject | None]):
    """A test by group. Empty of a version of which nobody asked."""

    def frame(self) -> pl.DataFrame:
        """``[by, group, answers, measure, mean, low, high]``; no figure of a group that is too small."""
        found = self.record or {}
        groups = found.get("groups", {})
        return _frame((by, group, told) for by, own in groups.items() for group, told in own.items())

    def _repr_html_(self) -> str:
        found = self.record
        if not found or "error" in found:
            return f"<p>not measured: {escape(str(found['error']))}</p>" if found else NOTHING
        pictures = ""
        for measure in dict.fromkeys(one["measure"] for one in found["gaps"]):
            for by, own in found["groups"].items():
                rows = [(group, tuple(told[measure])) for group, told in own.items() if told[measure]]
                pictures += intervals(f"{measure.replace('_', ' ')} by {by}", rows)
        return sentences(filter(None, [said(found), said_of_price(found)])) + pictures


class OpenGroups(Records[WindowShown]):
    """Windows of an endpoint whose answers were counted by group, the latest first."""

    def __init__(self, found: Iterable[WindowShown]) -> None:
        super().__init__(found)

    def frame(self) -> pl.DataFrame:
        """``[from, by, group, answers, measure, mean, low, high]``, oldest first."""
        import polars as pl

        parts = [
            _frame((by, group, told) for by, own in one.data["groups"].items() for group, told in own.items())
            .with_columns(pl.lit(one.start, pl.Int64).alias("from"))
            .select("from", pl.exclude("from"))
            for one in reversed(self)
        ]
        return pl.concat(parts).with_columns(pl.from_epoch("from", "us")) if parts else _frame(())

    def _repr_html_(self) -> str:
        lines: dict[tuple[str, str], dict[str, list[tuple[Micros, Interval | None]]]] = {}
        for one in reversed(self):
            for by, own in one.data["groups"].items():
                for group, told in own.items():
                    for measure in told.keys() - {"n"}:
                        course = lines.setdefault((by, measure), {}).setdefault(group, [])
                        course.append((one.start, (told[measure][0], told[measure][1], told[measure][2])))
        pictures = "".join(courses(f"{name[1].replace('_', ' ')} by {name[0]}", own) for name, own in lines.items())
        alarms = [name for one in self if one.alarm for name in one.data["which"]]
        return pictures + sentences(alarms or [f"{len(self):,} windows, no gap opened"])


def _frame(told: Iterable[tuple[str, str, JsonObject]]) -> pl.DataFrame:
    import polars as pl

    rows = [
        (by, group, own["n"], measure, *(figures or (None, None, None)))
        for by, group, own in told
        for measure, figures in own.items()
        if measure != "n"
    ]
    types: dict[str, pl.DataType] = {"by": pl.String(), "group": pl.String(), "answers": pl.Int64()}
    types |= {"measure": pl.String()}
    return pl.DataFrame(rows, {**types, **dict.fromkeys(("mean", "low", "high"), pl.Float64())}, orient="row")
