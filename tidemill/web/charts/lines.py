"""Lines over time, and lines the size of a word."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from tidemill.web import format as words
from tidemill.web.charts.svg import BOTTOM, LEFT, RIGHT, TOP, WIDTH, Frame, axes, el, empty, picture, ticks, time_ticks

Point = tuple[float, float | None]
"""x (a number or microseconds) and y; None is a gap."""


@dataclass(frozen=True, slots=True)
class Series:
    """One line: its points, an optional band (low, high) around it, and from which x on its values are not final yet."""

    name: str
    points: Sequence[Point]
    band: Sequence[tuple[float, float, float]] = ()  # x, low, high
    unripe_from: float | None = None
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
    desc: str = "",
    marks: Sequence[Mark] = (),
    show: Callable[[float], str] = words.number,
    floor: float | None = None,
    limit: float | None = None,
    height: float = 210,
) -> Markup:
    """Lines over time. A value that is not final yet is drawn dashed; ``limit`` is a threshold; ``floor`` is always in sight."""
    drawn = [s for s in series if any(y is not None for _, y in s.points)]
    if not drawn:
        return empty(title)
    xs = [x for s in drawn for x, _ in s.points]
    ys = [y for s in drawn for _, y in s.points if y is not None] + [v for s in drawn for _, *b in s.band for v in b]
    ys += [v for v in (floor, limit) if v is not None]
    scale = ticks(min(ys), max(ys))
    frame = Frame(WIDTH, height, min(xs), max(xs), scale[0], scale[-1])
    names = [(float(at), name) for at, name in time_ticks(int(frame.x0), int(frame.x1))]
    body = [axes(frame, scale, names, show), *(_mark(frame, m) for m in marks if frame.x0 <= m.x <= frame.x1)]
    if limit is not None:
        at = frame.y(limit)
        body.append(el("line", el("title", "limit"), x1=LEFT, x2=WIDTH - RIGHT, y1=at, y2=at, class_="limit"))
    body += [_line(frame, s, i) for i, s in enumerate(drawn, 1)]
    return picture(WIDTH, height, title, desc or _tell(drawn, show), *body, class_="lines")


def _mark(frame: Frame, mark: Mark) -> Markup:
    x = frame.x(mark.x)
    return el(
        "g",
        el("title", mark.text),
        el("line", x1=x, x2=x, y1=TOP, y2=frame.height - BOTTOM, class_="mark-line"),
        el("path", d=f"M{x - 5:.1f} {TOP - 6} h10 l-5 8 z", class_="mark-head"),
        class_=f"mark {mark.tone}",
    )


def _line(frame: Frame, series: Series, number: int) -> Markup:
    parts = []
    if series.band:
        top = [f"{frame.x(x):.1f},{frame.y(high):.1f}" for x, _, high in series.band]
        low = [f"{frame.x(x):.1f},{frame.y(low):.1f}" for x, low, _ in reversed(series.band)]
        parts.append(el("polygon", points=" ".join(top + low), class_="band"))
    edge = series.unripe_from
    ripe = [p for p in series.points if edge is None or p[0] <= edge]
    rest = [p for p in series.points if edge is not None and p[0] > edge]
    parts.append(el("path", d=_path(frame, ripe), class_="stroke"))
    if rest:
        parts.append(el("path", d=_path(frame, ripe[-1:] + rest), class_="stroke unripe"))
    alone = len(series.points) == 1
    last = next(((x, y) for x, y in reversed(series.points) if y is not None), None)
    if last is not None and last[1] is not None:
        parts.append(el("circle", cx=frame.x(last[0]), cy=frame.y(last[1]), r=4.5 if alone else 3.5, class_="dot"))
    return el("g", el("title", series.name), *parts, class_=f"series {series.tone or f's{(number - 1) % 4 + 1}'}")


def _path(frame: Frame, points: Sequence[Point]) -> str:
    text, pen = [], "M"
    for x, y in points:
        if y is None or not math.isfinite(y):
            pen = "M"
            continue
        text.append(f"{pen}{frame.x(x):.1f} {frame.y(y):.1f}")
        pen = "L"
    return "".join(text)


def _tell(series: Sequence[Series], show: Callable[[float], str]) -> str:
    """The lines in a sentence each."""
    told = []
    for s in series:
        ys = [y for _, y in s.points if y is not None]
        told.append(f"{s.name}: last {show(ys[-1])}, lowest {show(min(ys))}, highest {show(max(ys))}.")
    return " ".join(told)


def sparkline(title: str, values: Sequence[float | None], *, width: float = 120, height: float = 28) -> Markup:
    """A line the size of a word; its last point is marked."""
    known = [v for v in values if v is not None and math.isfinite(v)]
    if len(known) < 2:
        return picture(width, height, title, "too few values", class_="spark")
    low, high = min(known), max(known)
    steps = max(len(values) - 1, 1)

    def xy(i: int, v: float) -> tuple[float, float]:
        return 3 + i / steps * (width - 8), height - 4 - (v - low) / ((high - low) or 1) * (height - 8)

    text, pen, last = [], "M", (0.0, 0.0)
    for i, v in enumerate(values):
        if v is None or not math.isfinite(v):
            pen = "M"
            continue
        last = xy(i, v)
        text.append(f"{pen}{last[0]:.1f} {last[1]:.1f}")
        pen = "L"
    told = f"from {words.number(low)} to {words.number(high)}, last {words.number(known[-1])}"
    dot = el("circle", cx=last[0], cy=last[1], r=2.6, class_="dot")
    stroke = el("path", d="".join(text), class_="stroke")
    return picture(width, height, title, told, el("g", stroke, dot, class_="series s1"), class_="spark")
