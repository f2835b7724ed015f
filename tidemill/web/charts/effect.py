"""How the answer goes with a number: the curve, how far single rows differ, the rows that lie beneath, and where none lies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from markupsafe import Markup

from tidemill.types import JsonObject
from tidemill.web import format as words
from tidemill.web.charts.plots import Place
from tidemill.web.charts.svg import (
    BOTTOM,
    TICK,
    TOP,
    WIDTH,
    Frame,
    axes,
    caption,
    el,
    empty,
    path,
    picture,
    ticks,
    wide,
)

HEIGHT, UNDER = 300.0, 56.0
"""The whole picture, and of it the part in which the rows are drawn beneath the curve."""
Span = tuple[float, float]


def effect(title: str, said: str, found: JsonObject, *, x: str, y: str) -> Markup:
    """``found``: one input of `tidemill.evaluation.inputs.dependence`: ``points``, ``density``, ``empty``. No line crosses a stretch without rows."""
    points, gaps = found["points"], [(float(low), float(high)) for low, high in found["empty"]]
    if len(points) < 2:
        return empty(title, "one value in all rows")
    span = points[0]["at"], points[-1]["at"]
    values = [v for p in points for v in (p["answer"], p.get("low", p["answer"]), p.get("high", p["answer"]))]
    steps = ticks(min(values), max(values))
    frame = Frame(WIDTH, HEIGHT, span, (steps[0], steps[-1]))
    curve = Frame(WIDTH, HEIGHT - UNDER, span, (steps[0], steps[-1]))
    names = [(at, words.number(at)) for at in ticks(*span, 3) if span[0] <= at <= span[1]]
    frame.y = curve.y
    line = el("path", d=path(_broken(points, gaps), curve.x, curve.y), class_="stroke")
    drawn = [
        axes(frame, steps, names, words.number, (x, y)),
        *(_nothing(curve, gap) for gap in gaps),
        el("g", *_bands(curve, points, gaps), line, class_="series s1"),
        *_rows(frame, found["density"]),
        *_hits(curve, points),
    ]
    return picture(WIDTH, HEIGHT, title, said, *drawn, class_="lines", marks=True)


def _broken(points: Sequence[JsonObject], gaps: Sequence[Span]) -> Iterator[tuple[float, float | None]]:
    """The points of the line, and a gap wherever no row lies between two."""
    for before, point in zip([None, *points], points):
        if before is not None and _crosses(before["at"], point["at"], gaps):
            yield point["at"], None
        yield point["at"], point["answer"]


def _crosses(low: float, high: float, gaps: Sequence[Span]) -> bool:
    return any(a < high and b > low for a, b in gaps)


def _bands(frame: Frame, points: Sequence[JsonObject], gaps: Sequence[Span]) -> Iterator[Markup]:
    """How far single rows differ, between each two points that rows lie between."""
    for one, two in pairwise(points):
        if "low" in one and not _crosses(one["at"], two["at"], gaps):
            corners = [
                (one["at"], one["high"]),
                (two["at"], two["high"]),
                (two["at"], two["low"]),
                (one["at"], one["low"]),
            ]
            yield el(
                "polygon", points=" ".join(f"{frame.x(a):.1f},{frame.y(b):.1f}" for a, b in corners), class_="band"
            )


def _nothing(frame: Frame, gap: Span) -> Markup:
    """A stretch of which nothing is known, and that it is so."""
    left, right = frame.x(gap[0]), frame.x(gap[1])
    said = f"no row between {words.number(gap[0])} and {words.number(gap[1])}: nothing is known of its answers there"
    box = el("rect", x=left, y=TOP, width=right - left, height=frame.height - BOTTOM - TOP, class_="level-none")
    named = wide("no rows", TICK) < right - left
    text = caption("no rows", (left + right) / 2, (TOP + frame.height - BOTTOM) / 2, "tick") if named else Markup("")
    return el("g", el("title", said), box, text)


def _rows(frame: Frame, density: Sequence[JsonObject]) -> Iterator[Markup]:
    """The rows beneath the curve, as bars that grow from the axis."""
    most = max((one["rows"] for one in density), default=0) or 1
    floor = frame.height - BOTTOM
    for one in density:
        tall = one["rows"] / most * (UNDER - 12)
        left, right = frame.x(one["from"]), frame.x(one["to"])
        text = f"{one['rows']:,} rows between {words.number(one['from'])} and {words.number(one['to'])}"
        box = {"x": left, "y": floor - tall, "width": max(right - left - 1, 1.0), "height": tall}
        if one["rows"]:
            yield el("rect", el("title", text), **box, class_="fill idle")


def _hits(frame: Frame, points: Sequence[JsonObject]) -> Iterator[Markup]:
    for one in points:
        around = f", of single rows {words.number(one['low'])} … {words.number(one['high'])}" if "low" in one else ""
        place = Place(one["at"], one["answer"], f"{words.number(one['at'])}: {words.number(one['answer'])}{around}")
        yield el("circle", el("title", place.text), cx=frame.x(place.x), cy=frame.y(place.y), r=7, class_="hit")
