"""Lines over time, and lines the size of a word."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from tidemill.types import DAY
from tidemill.web import format as words
from tidemill.web.charts.svg import (
    BOTTOM,
    LEFT,
    RIGHT,
    TOP,
    WIDTH,
    Frame,
    axes,
    el,
    empty,
    path,
    picture,
    scale,
    ticks,
    time_ticks,
)

MOST = 120  # so many points of a line can be pointed at: more would lie on one another
Point = tuple[float, float | None]
"""x (a number or microseconds) and y; None is a gap."""


@dataclass(frozen=True, slots=True)
class Series:
    """One line: its points, an optional band (low, high) around it, and from which x on its values are not final yet."""

    name: str
    points: Sequence[Point]
    band: Sequence[tuple[float, float, float]] = ()  # x, low, high
    unripe_from: float = math.inf
    tone: str = ""  # s0 (in the background), s1 … s4; by position if not said


@dataclass(frozen=True, slots=True)
class Mark:
    """A vertical line: something happened here."""

    x: float
    text: str
    tone: str = "note"


def lines(
    title: str,
    series: Sequence[Series],
    *,
    y: str,
    x: str = "time (UTC)",
    marks: Sequence[Mark] = (),
    show: Callable[[float], str] = words.number,
    floor: float | None = None,
    limit: float | None = None,
    height: float = 240,
) -> Markup:
    """Lines over time. A value that is not final yet is drawn dashed; ``limit`` is a threshold; ``floor`` is always in sight.

    ``x`` and ``y`` are the titles of the axes, with their units.
    """
    drawn = [s for s in series if any(value is not None for _, value in s.points)]
    if not drawn:
        return empty(title)
    xs = [at for s in drawn for at, _ in s.points]
    ys = [v for s in drawn for _, v in s.points if v is not None] + [v for s in drawn for _, *b in s.band for v in b]
    ys += [v for v in (floor, limit) if v is not None]
    steps, span = ticks(min(ys), max(ys)), (min(xs), max(xs))
    frame = Frame(WIDTH, height, span, (steps[0], steps[-1]))
    names = [(float(at), name) for at, name in time_ticks(int(span[0]), int(span[1]))]
    body = [axes(frame, steps, names, show, (x, y)), *(_mark(frame, m) for m in marks if span[0] <= m.x <= span[1])]
    if limit is not None:
        at = frame.y(limit)
        body.append(
            el("line", el("title", f"limit: {show(limit)}"), x1=LEFT, x2=WIDTH - RIGHT, y1=at, y2=at, class_="limit")
        )
    body += [_line(frame, s, s.tone or f"s{i % 4 + 1}") for i, s in enumerate(drawn)]
    body += [_value(frame, s, point, show, span[1] - span[0]) for s in drawn for point in _some(s.points)]
    described = " ".join(_described(s, show) for s in drawn)
    return picture(WIDTH, height, title, described, *body, class_="lines", marks=True)


def _some(points: Sequence[Point]) -> list[Point]:
    """The points that can be pointed at: all that are known, or so many that each has a place of its own."""
    known = [point for point in points if point[1] is not None and math.isfinite(point[1])]
    return known[:: max(1, math.ceil(len(known) / MOST))]


def _value(frame: Frame, series: Series, point: Point, show: Callable[[float], str], span: float) -> Markup:
    """An unseen mark on a line that says what is there."""
    at, value = point
    assert value is not None
    when = words.date(int(at)) if span > 3 * DAY else words.when(int(at))
    band = next(((low, high) for x, low, high in series.band if x == at), None)
    between = f" ({show(band[0])} … {show(band[1])})" if band else ""
    text = f"{series.name} · {when}: {show(value)}{between}"
    return el("circle", el("title", text), cx=frame.x(at), cy=frame.y(value), r=7, class_="hit")


def _mark(frame: Frame, mark: Mark) -> Markup:
    x = frame.x(mark.x)
    return el(
        "g",
        el("title", mark.text),
        el("line", x1=x, x2=x, y1=TOP, y2=frame.height - BOTTOM, class_="mark-line"),
        el("path", d=f"M{x - 5:.1f} {TOP - 6} h10 l-5 8 z", class_="mark-head"),
        class_=f"mark {mark.tone}",
    )


def _line(frame: Frame, series: Series, tone: str) -> Markup:
    parts = []
    if series.band:
        top = [f"{frame.x(x):.1f},{frame.y(high):.1f}" for x, _, high in series.band]
        low = [f"{frame.x(x):.1f},{frame.y(low):.1f}" for x, low, _ in reversed(series.band)]
        parts.append(el("polygon", points=" ".join(top + low), class_="band"))
    ripe = [p for p in series.points if p[0] <= series.unripe_from]
    rest = [p for p in series.points if p[0] > series.unripe_from]
    parts.append(el("path", d=path(ripe, frame.x, frame.y), class_="stroke"))
    if rest:
        parts.append(el("path", d=path(ripe[-1:] + rest, frame.x, frame.y), class_="stroke unripe"))
    x, y = [(x, y) for x, y in series.points if y is not None][-1]
    parts.append(el("circle", cx=frame.x(x), cy=frame.y(y), r=4.5 if len(series.points) == 1 else 3.5, class_="dot"))
    return el("g", el("title", series.name), *parts, class_=f"series {tone}")


def _described(series: Series, show: Callable[[float], str]) -> str:
    """The line in a sentence."""
    ys = [y for _, y in series.points if y is not None]
    return f"{series.name}: last {show(ys[-1])}, lowest {show(min(ys))}, highest {show(max(ys))}."


def sparkline(title: str, values: Sequence[float | None], *, width: float = 120, height: float = 28) -> Markup:
    """A line the size of a word; its last point is marked."""
    known = [(i, v) for i, v in enumerate(values) if v is not None and math.isfinite(v)]
    if len(known) < 2:
        return picture(width, height, title, "too few values", class_="spark")
    low, high = min(v for _, v in known), max(v for _, v in known)
    x, y = scale(0, len(values) - 1, 3, width - 5), scale(low, high, height - 4, 4)
    at, last = known[-1]
    described = f"from {words.number(low)} to {words.number(high)}, last {words.number(last)}"
    dot = el("circle", cx=x(at), cy=y(last), r=2.6, class_="dot")
    stroke = el("path", d=path(enumerate(values), x, y), class_="stroke")
    return picture(width, height, title, described, el("g", stroke, dot, class_="series s1"), class_="spark")
