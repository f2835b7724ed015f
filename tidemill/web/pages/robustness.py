"""What a version loses where an input fails: a heat map of columns by changes, and sentences; and what its answers tell of its rows."""

from __future__ import annotations

from typing import NamedTuple

from markupsafe import Markup

from tidemill.evaluation.robustness.fallen import by_cell, cells, named, percent, read, sentences, worst_first
from tidemill.evaluation.robustness.falls import LEAST, Fall, Robustness
from tidemill.learning.measures import measure
from tidemill.types import JsonObject
from tidemill.web.charts import bars
from tidemill.web.charts.heat import Cell, heat

ROWS = 20
"""Columns that are drawn, the worst first."""
DARKEST = 0.5
"""The loss from which a cell is as dark as can be: a scale of its own per version would hide that one loses nothing."""


class Shown(NamedTuple):
    """``few``: why nothing is drawn; ``more``: so many columns are not."""

    found: Robustness
    reached: str
    picture: Markup
    said: list[str]
    few: str
    more: int


def robustness(told: JsonObject) -> Shown:
    """What the examination found, drawn."""
    found = read(told)
    reached = measure(found.metric).text(found.figure)
    few = "" if found.enough else f"Not enough data: {found.units} {found.unit} are fewer than {LEAST}."
    names = worst_first(found)
    return Shown(found, reached, _drawn(found, names[:ROWS]), sentences(found), few, max(len(names) - ROWS, 0))


def _drawn(found: Robustness, names: list[str]) -> Markup:
    heads, by = cells(found), by_cell(found)
    rows = [[_cell(by.get((name, *head)), name, named(*head)) for head in heads] for name in names]
    title, said = (
        f"{found.metric} lost by column",
        f"In shares of what it reaches; the darkest lose {DARKEST:.0%} and more.",
    )
    return heat(title, said, names, [named(*head) for head in heads], rows, x="what is done to it", y="column")


def _cell(one: Fall | None, name: str, change: str) -> Cell:
    if one is None:
        return Cell("", f"{name}, {change}: cannot be")
    if one.fall is None:
        return Cell("fails", f"{name}, {change}: {percent(one)}", 1.0)
    figure = f"{one.fall:+.1%}" if abs(one.fall) < 1 else f"{one.fall:+,.0%}"
    return Cell(figure, f"{name}, {change}: {percent(one)}", max(one.fall, 0.0) / DARKEST)


class Attacked(NamedTuple):
    picture: Markup
    said: str


def membership(told: JsonObject) -> Attacked:
    """The attacks, and what they say."""
    rows = []
    for one in told["attacks"]:
        (mean, low, high), note = one["auc"], f"{one['members']:,} learned from, {one['others']:,} not"
        rows.append(bars.Interval(one["name"], mean, low, high, "s1", note))
    picture = bars.intervals("Told apart by its answers", rows, x="AUC; 0.5 tells nothing", reference=0.5)
    return Attacked(picture, told["said"])
