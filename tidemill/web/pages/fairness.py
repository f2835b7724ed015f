"""What answers do to each group: a version's test by group, with what is judged of it; and the groups in production over time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from markupsafe import Markup

from tidemill.evaluation.fairness.fairness import INTERSECTIONS, said, said_of_price
from tidemill.store.payloads import FairnessWindow
from tidemill.store.records import Window
from tidemill.types import JsonObject
from tidemill.web import format as words
from tidemill.web.charts import bars, lines

WORDS = {
    "beyond": ("bad", "beyond"),
    "within": ("ok", "within"),
    "insufficient data": ("warn", "insufficient data"),
}
GROUPS = 6
"""So many groups of an attribute are drawn over time, those with the most answers."""


class Row(NamedTuple):
    """One group: its name, how many, and each measure with its interval or None."""

    name: str
    n: int
    figures: list[words.Interval | None]


class Shown(NamedTuple):
    """``gaps``: by attribute and measure (by, measure, between, gap, tone, word); ``rows`` of the table, under ``names``."""

    said: str
    price: str
    inputs: list[str]
    tone: str
    word: str
    pictures: list[tuple[str, Markup]]
    gaps: list[tuple[str, str, str, words.Interval, str, str]]
    names: list[str]
    rows: list[Row]


def fairness(found: JsonObject) -> Shown:
    """What the examination found, drawn."""
    groups = found["groups"]
    names = [name for name in next(iter(next(iter(groups.values())).values())) if name != "n"]
    rows = [
        Row(group if by == INTERSECTIONS else f"{by}={group}", told["n"], [_interval(told[name]) for name in names])
        for by, own in groups.items()
        for group, told in own.items()
    ]
    measures = list(dict.fromkeys(one["measure"] for one in found["gaps"]))
    pictures = [(by, _picture(by, own, measure)) for by, own in groups.items() for measure in measures]
    tone, word = WORDS[found["verdict"]]
    price = said_of_price(found)
    return Shown(said(found), price, found["inputs"], tone, word, pictures, _gaps(found), names, rows)


def _interval(told: Sequence[float] | None) -> words.Interval | None:
    return (told[0], told[1], told[2]) if told else None


def _picture(by: str, groups: JsonObject, measure: str) -> Markup:
    known = [(_short(group), told["n"], _interval(told[measure])) for group, told in groups.items()]
    drawn = [bars.Interval(name, *each, "s1", f"{n:,} answers") for name, n, each in known if each]
    title = f"{measure.replace('_', ' ')} by {by}, 95 % intervals"
    return bars.intervals(title, drawn, x=measure.replace("_", " "))


def _short(group: str) -> str:
    """A group's name; of an intersection without those of its attributes.

    >>> _short("sex=female, age_band=under 30"), _short("female")
    ('female, under 30', 'female')
    """
    return ", ".join(part.partition("=")[2] or part for part in group.split(", "))


def _gaps(found: JsonObject) -> list[tuple[str, str, str, words.Interval, str, str]]:
    scale = found["scale"] or 1.0
    return [
        (
            one["by"],
            one["measure"],
            " above ".join(one["between"]),
            (one["gap"][0] / scale, one["gap"][1] / scale, one["gap"][2] / scale),
            *WORDS[one["verdict"]],
        )
        for one in found["gaps"]
    ]


def over_time(windows: Sequence[Window], marks: Sequence[lines.Mark]) -> dict[str, Any] | None:
    """By attribute and measure each group's figure by window, with its interval; None where no group was looked at."""
    found = [(w, w.data) for w in windows if isinstance(w.data, FairnessWindow) and w.data.groups]
    if not found:
        return None
    last = found[-1][1]
    own = [(w, data) for w, data in found if data.measure == last.measure]
    by = {(name, measure): None for _, data in own for name, told in data.groups.items() for measure in _measures(told)}
    alarmed = dict.fromkeys(name for _, data in reversed(own) if data.model == last.model for name in data.which)
    return {
        "pictures": [(name, _course(own, name, measure, marks)) for name, measure in by],
        "max_gap": last.max_gap,
        "alarmed": list(alarmed),
    }


def _measures(groups: JsonObject) -> list[str]:
    return list(dict.fromkeys(name for told in groups.values() for name in told if name != "n"))


def _course(
    found: Sequence[tuple[Window, FairnessWindow]], by: str, measure: str, marks: Sequence[lines.Mark]
) -> Markup:
    counted: dict[str, int] = {}
    for _, data in found:
        for group, told in data.groups.get(by, {}).items():
            counted[group] = counted.get(group, 0) + told["n"]
    series = []
    for group in sorted(counted, key=lambda name: (-counted[name], name))[:GROUPS]:
        known = [
            (float(w.start), of[measure])
            for w, data in found
            if measure in (of := data.groups.get(by, {}).get(group, {}))
        ]
        points = [(at, told[0]) for at, told in known]
        series.append(lines.Series(group, points, [(at, told[1], told[2]) for at, told in known]))
    y = measure.replace("_", " ")
    return lines.lines(f"{y} by {by}, by window", series, y=y, marks=marks)
