"""Bars, intervals, boxes, heat strips, shares: pictures of things beside one another."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from tidemill.web import format as words
from tidemill.web.charts.svg import (
    BOTTOM,
    TICK,
    WIDTH,
    Frame,
    axes,
    axis_titles,
    caption,
    el,
    empty,
    picture,
    row_name,
    scale,
    ticks,
    wide,
)

LABEL = 168.0  # Room for the names of rows


def bars(
    title: str,
    values: Sequence[tuple[str, float]],
    *,
    x: str,
    y: str,
    show: Callable[[float], str] = words.number,
    height: float = 190,
    width: float = WIDTH,
    tone: str = "s1",
) -> Markup:
    """Upright bars of what is counted, for histograms and by day; only the first, middle and last name stand below.

    ``x`` and ``y`` are the titles of the axes.
    """
    if not values or not any(v for _, v in values):
        return empty(title)
    steps = ticks(0, max(v for _, v in values), 3, whole=True)
    frame = Frame(width, height, (0, len(values)), (0, steps[-1]))
    gap = 0.18 if len(values) < 80 else 0.0
    body = []
    for i, (name, value) in enumerate(values):
        left, top = frame.x(i + gap / 2), frame.y(max(value, 0))
        box = {"x": left, "y": top, "width": frame.x(i + 1 - gap / 2) - left, "height": frame.height - BOTTOM - top}
        body.append(el("rect", el("title", f"{name}: {show(value)}"), **box, class_=f"bar {tone}"))
    n = len(values)
    shown = sorted({0, n // 2, n - 1}) if n > 6 else range(n)
    names = [(i + 0.5, values[i][0]) for i in shown]
    most = max(values, key=lambda v: v[1])
    described = f"{n} bars; the highest is {most[0]} with {show(most[1])}."
    drawn = axes(frame, steps, names, show, (x, y))
    return picture(width, height, title, described, drawn, *body, class_="bars", marks=True)


@dataclass(frozen=True, slots=True)
class Interval:
    """One row of an interval plot; ``mark``: a further value in it, as a rhombus."""

    name: str
    mean: float
    low: float
    high: float
    tone: str = "s1"
    note: str = ""
    mark: float | None = None


def intervals(title: str, rows: Sequence[Interval], *, x: str, reference: float | None = None) -> Markup:
    """Means with their intervals, one under the other, on one scale: overlap is seen at a glance. ``x``: the axis' title."""
    if not rows:
        return empty(title)
    step, top = 32, 12
    height = top + step * len(rows) + 52
    values = [v for r in rows for v in (r.low, r.high, *(() if r.mark is None else (r.mark,)))] + (
        [reference] if reference is not None else []
    )
    steps = ticks(min(values), max(values))
    px = scale(steps[0], steps[-1], LABEL, WIDTH - 24)
    body = []
    for tick in steps:
        body.append(el("line", x1=px(tick), x2=px(tick), y1=top, y2=height - 50, class_="grid"))
        name = words.number(tick)
        body.append(caption(name, min(px(tick), WIDTH - wide(name, TICK) / 2), height - 30, "tick"))
    if reference is not None:
        at = px(reference)
        body.append(el("line", x1=at, x2=at, y1=top - 4, y2=height - 50, class_="reference"))
    body += [_interval(r, top + step * i + step / 2, px) for i, r in enumerate(rows)]
    return picture(
        WIDTH,
        height,
        title,
        " ".join(_described(r, "{}: {}, between {} and {}.") for r in rows),
        axis_titles(WIDTH, height, x, ""),
        *body,
        class_="intervals",
        marks=True,
    )


def _interval(r: Interval, y: float, px: Callable[[float], float]) -> Markup:
    low, high = px(r.low), px(r.high)
    return el(
        "g",
        el("title", _described(r, "{}: {} ({} … {})") + (f" · {r.note}" if r.note else "")),
        row_name(r.name, LABEL - 12, y + 4),
        el("line", x1=low, x2=high, y1=y, y2=y, class_="whisker"),
        el("path", d=f"M{low:.1f} {y - 5:.1f}v10M{high:.1f} {y - 5:.1f}v10", class_="whisker"),
        el("circle", cx=px(r.mean), cy=y, r=5, class_="dot"),
        *([] if r.mark is None else [el("path", d=f"M{px(r.mark):.1f} {y - 7:.1f}l7 7 -7 7 -7 -7z", class_="rhombus")]),
        class_=f"series {r.tone}",
    )


def _described(r: Interval, form: str) -> str:
    return form.format(r.name, *map(words.number, (r.mean, r.low, r.high)))


@dataclass(frozen=True, slots=True)
class Strip:
    """One row of a heat strip: a level 0 … 4 a cell (None: no data) and whether the cell is an alarm."""

    name: str
    cells: Sequence[tuple[str, int | None, bool]]  # what it says, level, alarm


def strips(title: str, rows: Sequence[Strip], times: Sequence[str], *, x: str, y: str) -> Markup:
    """Rows of little squares, newest at the right. An alarm also has a ring, so that it is seen without colour.

    ``times`` names each column of squares; ``x`` and ``y`` are the titles of the axes.
    """
    if not rows or not any(r.cells for r in rows):
        return empty(title)
    step, top = min(32.0, max(24.0, 190 / len(rows))), 28
    most = max(len(r.cells) for r in rows)
    cell = min(20.0, (WIDTH - LABEL - 10) / most)
    height = top + step * len(rows) + 56
    body = [axis_titles(WIDTH, height, x, y), *_times(times[-most:], WIDTH - 10 - cell * most, cell, height)]
    for i, row in enumerate(rows):
        above = top + i * step
        body.append(row_name(row.name, LABEL - 12, above + step / 2 + 3))
        start = WIDTH - 10 - cell * len(row.cells)
        for j, (text, level, alarm) in enumerate(row.cells):
            left, gap = start + j * cell, min(2.0, cell * 0.15)
            tone = "level-none" if level is None else f"level-{max(0, min(level, 4))}"
            box = {"x": left, "y": above + 1, "width": cell - gap, "height": step - 5, "rx": min(3.0, cell / 4)}
            body.append(el("rect", el("title", f"{row.name} · {text}"), **box, class_=tone))
            if alarm:
                middle, radius = left + (cell - gap) / 2, min(4.0, cell / 3)
                body.append(el("circle", cx=middle, cy=above + step / 2 - 1, r=radius, class_="ring"))
    alarms = [f"{r.name} {t}" for r in rows for t, _, alarm in r.cells if alarm]
    described = f"Alarms: {'; '.join(alarms[:12])}" if alarms else "No alarm."
    return picture(WIDTH, height, title, described, *body, class_="strips", marks=True)


def _times(names: Sequence[str], start: float, cell: float, height: float) -> Iterator[Markup]:
    """Below the squares the names of some of their columns, the newest always, as many as have room."""
    widest = max((wide(name, TICK) for name in names), default=0.0) + 14
    every = max(1, math.ceil(widest / cell))
    for place in range(len(names) - 1, -1, -every):
        half = wide(names[place], TICK) / 2
        yield caption(names[place], min(start + cell * (place + 0.5), WIDTH - half), height - 30, "tick")


def beside(
    title: str,
    labels: Sequence[str],
    base: Sequence[float],
    window: Sequence[float],
    *,
    x: str,
    over: str = "trained on",
    width: float = WIDTH,
) -> Markup:
    """Two distributions over one another, each as shares of its rows: what it is drawn ``over`` wide and pale, the window in front."""
    wholes = sum(base), sum(window)
    if not all(wholes):
        return empty(title)
    pairs = [(label, b / wholes[0], w / wholes[1]) for label, b, w in zip(labels, base, window)]
    steps = ticks(0, max(max(b, w) for _, b, w in pairs), 3)
    frame = Frame(width, 240, (0, len(pairs)), (0, steps[-1]))
    body = []
    for i, (label, *shares) in enumerate(pairs):
        said = el("title", f"{label}: {over} {words.share(shares[0])}, this window {words.share(shares[1])}")
        drawn = []
        for share, inset, tone in zip(shares, (0.08, 0.26), ("base", "bar s2")):
            left, top = frame.x(i + inset), frame.y(share)
            box = {"x": left, "y": top, "width": frame.x(i + 1 - inset) - left, "height": frame.height - BOTTOM - top}
            drawn.append(el("rect", **box, class_=tone))
        body.append(el("g", said, *drawn))
    n = len(pairs)
    names = [(i + 0.5, labels[i]) for i in (range(n) if n <= 4 else sorted({0, n // 2, n - 1}))]
    worst = max(pairs, key=lambda pair: abs(pair[1] - pair[2]))
    described = f"{worst[0]} moved most: {over} {words.share(worst[1])}, {words.share(worst[2])} of the window."
    shown = axes(frame, steps, names, words.share, (x, "share of rows (%)"))
    return picture(width, 240, title, described, shown, *body, class_="bars", marks=True)


def share_bar(title: str, parts: Sequence[tuple[str, float, str]], *, width: float = 240, height: float = 12) -> Markup:
    """One bar split into named shares: (name, value, tone)."""
    whole = sum(v for _, v, _ in parts) or 1.0
    x, body = 0.0, []
    for name, value, tone in parts:
        if value > 0:
            w, titled = value / whole * width, el("title", f"{name}: {words.share(value / whole)}")
            body.append(el("rect", titled, x=x, y=0, width=max(w - 1, 0.5), height=height, class_=f"fill {tone}"))
            x += w
    described = ", ".join(f"{n} {words.share(v / whole)}" for n, v, _ in parts)
    return picture(width, height, title, described, *body, class_="share")


def box(title: str, values: Sequence[float], *, x: str, width: float = WIDTH) -> Markup:
    """Five quantiles as a box: the range between the outer ones, the middle half, the median. ``x``: the axis' title.

    Where all are one value it stands in the middle, once.
    """
    low, q1, mid, q3, high = values
    alike = low == high
    px, show = scale(low - alike, high + alike, 24, width - 24), words.number
    ends = [(low, 24.0, "start"), (high, width - 24.0, "end")] if not alike else []
    body = [
        el("line", x1=px(low), x2=px(high), y1=22, y2=22, class_="box-range"),
        el("rect", x=px(q1), y=10, width=max(px(q3) - px(q1), 2.0), height=24, rx=4, class_="box"),
        el("line", x1=px(mid), x2=px(mid), y1=8, y2=36, class_="stroke"),
        caption(show(mid), min(max(px(mid), 100.0), width - 100.0), 56, "tick"),
        *(caption(show(value), at, 56, "tick", side) for value, at, side in ends),
    ]
    described = (
        f"all {show(mid)}"
        if alike
        else f"lowest {show(low)}, half between {show(q1)} and {show(q3)}, median {show(mid)}, highest {show(high)}"
    )
    drawn = el("g", el("title", described), *body, class_="series s1")
    return picture(width, 92, title, described, drawn, axis_titles(width, 92, x, ""), class_="boxes", marks=True)
