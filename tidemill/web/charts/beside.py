"""Curves of several models beside one another, each with its band."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from tidemill.web import format as words
from tidemill.web.charts.svg import Frame, axes, el, empty, path, picture, ticks

WIDTH, HEIGHT = 420.0, 400.0
UNIT = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
TONES = ("s1", "s2", "s3", "s4")


@dataclass(frozen=True, slots=True)
class Line:
    """``points``: x, y, and the band around y; ``said``: what each says to whoever points at it; ``dots``: each is drawn."""

    name: str
    points: Sequence[tuple[float, float, float, float]]
    said: Sequence[str]
    dots: bool = False


def in_square(
    title: str, described: str, lines: Sequence[Line], *, x: str, y: str, reference: str = "diagonal"
) -> Markup:
    """Shares over shares. ``reference``: the dotted line, from corner to corner, at a height between 0 and 1, or none."""
    if not any(line.points for line in lines):
        return empty(title)
    frame = Frame(WIDTH, HEIGHT, (0.0, 1.0), (0.0, 1.0))
    names = [(at, words.share(at)) for at in UNIT]
    start, end = (0.0, 1.0) if reference == "diagonal" else (float(reference or 0), float(reference or 0))
    dotted = el("line", x1=frame.x(0), y1=frame.y(start), x2=frame.x(1), y2=frame.y(end), class_="reference")
    drawn = [axes(frame, UNIT, names, words.share, (x, y)), *([dotted] if reference else [])]
    return _picture(title, described, frame, drawn, lines)


def around_zero(title: str, described: str, lines: Sequence[Line], *, x: str, y: str) -> Markup:
    """Numbers over numbers, around zero."""
    every = [point for line in lines for point in line.points]
    if not every:
        return empty(title)
    xs = ticks(min(p[0] for p in every), max(p[0] for p in every), 3)
    ys = ticks(min(0.0, *(p[2] for p in every)), max(0.0, *(p[3] for p in every)))
    frame = Frame(WIDTH, HEIGHT, (xs[0], xs[-1]), (ys[0], ys[-1]))
    zero = el("line", x1=frame.x(xs[0]), x2=frame.x(xs[-1]), y1=frame.y(0), y2=frame.y(0), class_="reference")
    names = [(at, words.number(at)) for at in xs]
    return _picture(title, described, frame, [axes(frame, ys, names, words.number, (x, y)), zero], lines)


def _picture(title: str, described: str, frame: Frame, drawn: list[Markup], lines: Sequence[Line]) -> Markup:
    body = [_line(frame, line, tone) for line, tone in reversed(list(zip(lines, TONES)))]  # the first lies on top
    hits = [
        el("circle", el("title", said), cx=frame.x(p[0]), cy=frame.y(p[1]), r=7, class_="hit")
        for line in lines[:1]
        for p, said in zip(line.points, line.said)
    ]
    return picture(WIDTH, HEIGHT, title, described, *drawn, *body, *hits, class_="lines", marks=True)


def _line(frame: Frame, line: Line, tone: str) -> Markup:
    top = [f"{frame.x(x):.1f},{frame.y(high):.1f}" for x, _, _, high in line.points]
    low = [f"{frame.x(x):.1f},{frame.y(least):.1f}" for x, _, least, _ in reversed(line.points)]
    parts = [el("title", line.name), el("polygon", points=" ".join(top + low), class_="band")]
    parts.append(el("path", d=path([(x, y) for x, y, _, _ in line.points], frame.x, frame.y), class_="stroke"))
    parts += [el("circle", cx=frame.x(x), cy=frame.y(y), r=4, class_="dot") for x, y, _, _ in line.points if line.dots]
    return el("g", *parts, class_=f"series {tone}")


def key(names: Sequence[str]) -> list[tuple[str, str]]:
    """Names with their tones, for the key below."""
    return list(zip(names, TONES))


Say = Callable[[tuple[float, float, float, float]], str]


def line(name: str, points: Sequence[tuple[float, float, float, float]], say: Say, *, dots: bool = False) -> Line:
    """A line whose points say this."""
    return Line(name, points, [f"{name}: {say(point)}" for point in points], dots)
