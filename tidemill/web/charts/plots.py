"""One number over another: clouds of points, and a matrix of counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from tidemill.web import format as words
from tidemill.web.charts.svg import (
    BOTTOM,
    LEFT,
    RIGHT,
    TICK,
    TOP,
    Frame,
    axes,
    axis_titles,
    caption,
    clip,
    el,
    empty,
    picture,
    ticks,
)

WIDTH, HEIGHT = 420.0, 400.0
CELLS = 12  # so many labels a matrix shows: more would have no room for their counts
SHADES = 4


@dataclass(frozen=True, slots=True)
class Place:
    """One point and what it says."""

    x: float
    y: float
    text: str


def cloud(title: str, described: str, points: Sequence[Place], *, x: str, y: str) -> Markup:
    """Points around zero."""
    if not points:
        return empty(title)
    xs = ticks(min(p.x for p in points), max(p.x for p in points), 3)
    ys = ticks(min(0.0, *(p.y for p in points)), max(0.0, *(p.y for p in points)))
    frame = Frame(WIDTH, HEIGHT, (xs[0], xs[-1]), (ys[0], ys[-1]))
    zero = el("line", x1=LEFT, x2=WIDTH - RIGHT, y1=frame.y(0), y2=frame.y(0), class_="reference")
    dots = [el("circle", cx=frame.x(p.x), cy=frame.y(p.y), r=3.5, class_="dot") for p in points]
    names = [(at, words.number(at)) for at in xs]
    drawn = [axes(frame, ys, names, words.number, (x, y)), zero, el("g", *dots, class_="series s1 cloud")]
    return picture(WIDTH, HEIGHT, title, described, *drawn, *_hits(frame, points), class_="lines", marks=True)


def _hits(frame: Frame, points: Sequence[Place]) -> list[Markup]:
    return [el("circle", el("title", p.text), cx=frame.x(p.x), cy=frame.y(p.y), r=7, class_="hit") for p in points]


def matrix(title: str, described: str, labels: Sequence[str], counts: NDArray[np.int64], *, x: str, y: str) -> Markup:
    """Counts by row and column; a row's shade is its share, and each cell says its count."""
    n = len(labels)
    if not n or not counts.sum():
        return empty(title)
    cell = min((WIDTH - LEFT - RIGHT) / n, (HEIGHT - TOP - BOTTOM) / n)
    rows, body = counts.sum(axis=1), [axis_titles(WIDTH, HEIGHT, x, y)]
    for i, name in enumerate(labels):
        middle = TOP + cell * (i + 0.5)
        body.append(caption(clip(name, LEFT - 8, TICK), LEFT - 8, middle + 5, "tick", "end", name))
        body.append(
            caption(clip(name, cell - 4, TICK), LEFT + cell * (i + 0.5), TOP + cell * n + 18, "tick", title=name)
        )
        for j, other in enumerate(labels):
            count = int(counts[i, j])
            share = count / rows[i] if rows[i] else 0.0
            text = f"{name} answered with {other}: {count:,} of {int(rows[i]):,} ({words.share(share)})"
            box = {"x": LEFT + cell * j, "y": TOP + cell * i, "width": cell - 2, "height": cell - 2}
            body.append(el("rect", el("title", text), **box, class_=f"shade-{round(share * SHADES)}"))
            if cell > 26:
                at = LEFT + cell * (j + 0.5) - 1
                body.append(caption(words.brief(count), at, middle + 4, f"count on-{round(share * SHADES)}"))
    return picture(WIDTH, HEIGHT, title, described, *body, class_="matrix", marks=True)
