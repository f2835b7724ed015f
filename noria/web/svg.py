"""Pictures as SVG text: lines, bars, intervals, sparklines, heat strips. Server-side, without script and without inline style.

Every function returns `Markup`: text and attributes are escaped on the way in, so hostile names stay names. Colours come from classes of the style
sheet (``s1`` … ``s4`` for series, ``ok``, ``warn``, ``bad`` …), so light and dark are one picture. Each picture has role=img, a title and a
description; what a colour says is said by shape or text too.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from noria.types import DAY, Micros
from noria.web import words

Point = tuple[float, float | None]
"""x (a number or microseconds) and y; None is a gap."""

WIDTH = 520
LEFT, RIGHT, TOP, BOTTOM = 50, 14, 14, 30


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


def el(tag: str, *children: object, **attributes: object) -> Markup:
    """One element. ``class_`` is written ``class``, ``_`` in a name is ``-``; None leaves an attribute out.

    >>> el("text", "a < b", x=1.25, class_="tick")
    Markup('<text x="1.25" class="tick">a &lt; b</text>')
    """
    words_ = "".join(f' {_name(k)}="{escape(_plain(v))}"' for k, v in attributes.items() if v is not None)
    inside = "".join(str(escape(c)) for c in children if c is not None)
    return Markup(f"<{tag}{words_}>{inside}</{tag}>" if inside else f"<{tag}{words_}/>")  # noqa: S704  # escaped above


def join(parts: Sequence[Markup]) -> Markup:
    return Markup("").join(parts)


def _name(name: str) -> str:
    return name.rstrip("_").replace("_", "-") if name != "viewBox" else name


def _plain(value: object) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def picture(width: float, height: float, title: str, desc: str, *body: object, class_: str = "") -> Markup:
    """The outer svg: scales to its box, named and described for those who do not see it."""
    box = f"0 0 {_plain(float(width))} {_plain(float(height))}"
    return el(
        "svg",
        el("title", title),
        el("desc", desc),
        *body,
        viewBox=box,
        role="img",
        aria_label=title,
        class_=f"picture {class_}".strip(),
    )


def ticks(low: float, high: float, about: int = 4) -> list[float]:
    """Round numbers that cover the range.

    >>> ticks(0, 0.37)
    [0.0, 0.1, 0.2, 0.3, 0.4]
    """
    if not math.isfinite(low) or not math.isfinite(high):
        return [0.0, 1.0]
    if high - low <= 1e-9 * max(abs(low), abs(high), 1e-9):
        high = low + (abs(low) if abs(low) > 1e-12 else 1.0)
    raw = (high - low) / max(about, 1)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= raw * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [float(f"{i * step:.12g}") for i in range(first, last + 1)]


def time_ticks(low: Micros, high: Micros, most: int = 5) -> list[tuple[Micros, str]]:
    """Moments worth naming between two, with their names: hours, days or months.

    >>> time_ticks(0, 3 * DAY)
    [(0, '1 Jan'), (86400000000, '2 Jan'), (172800000000, '3 Jan'), (259200000000, '4 Jan')]
    """
    span = max(high - low, 1)
    hour = DAY // 24
    for step in (hour // 12, hour // 4, hour, 3 * hour, 6 * hour, DAY, 2 * DAY, 7 * DAY, 14 * DAY):
        if span <= most * step:
            first = -(-low // step) * step
            name = words.clock if step < DAY else words.day
            return [(at, name(at)) for at in range(first, high + 1, step)]
    months = words.month_starts(low, high)
    every = max(1, -(-len(months) // most))
    return [(at, words.month(at)) for at in months[::every]]


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where the plot lies, and how data becomes pixels."""

    width: float
    height: float
    x0: float
    x1: float
    y0: float
    y1: float

    def x(self, value: float) -> float:
        return LEFT + (value - self.x0) / ((self.x1 - self.x0) or 1) * (self.width - LEFT - RIGHT)

    def y(self, value: float) -> float:
        return self.height - BOTTOM - (value - self.y0) / ((self.y1 - self.y0) or 1) * (self.height - TOP - BOTTOM)


def _axes(frame: _Frame, ys: Sequence[float], xs: Sequence[tuple[float, str]], show: Callable[[float], str]) -> Markup:
    parts = []
    for y in ys:
        at = frame.y(y)
        parts.append(el("line", x1=LEFT, x2=frame.width - RIGHT, y1=at, y2=at, class_="grid"))
        parts.append(el("text", show(y), x=LEFT - 8, y=at + 4, class_="tick", text_anchor="end"))
    for x, name in xs:
        parts.append(el("text", name, x=frame.x(x), y=frame.height - 9, class_="tick", text_anchor="middle"))
    return join(parts)


def empty(title: str, text: str = "nothing yet", height: float = 120) -> Markup:
    """A picture that says that there is nothing to draw."""
    return picture(
        WIDTH,
        height,
        title,
        text,
        el("text", text, x=WIDTH / 2, y=height / 2 + 4, class_="nothing", text_anchor="middle"),
        class_="empty",
    )


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
    frame = _Frame(WIDTH, height, min(xs), max(xs), scale[0], scale[-1])
    names = [(float(at), name) for at, name in time_ticks(int(frame.x0), int(frame.x1))]
    body = [_axes(frame, scale, names, show), *(_mark(frame, m) for m in marks if frame.x0 <= m.x <= frame.x1)]
    if limit is not None:
        at = frame.y(limit)
        body.append(el("line", el("title", "limit"), x1=LEFT, x2=WIDTH - RIGHT, y1=at, y2=at, class_="limit"))
    body += [_line(frame, s, i) for i, s in enumerate(drawn, 1)]
    return picture(WIDTH, height, title, desc or _tell(drawn, show), *body, class_="lines")


def _mark(frame: _Frame, mark: Mark) -> Markup:
    x = frame.x(mark.x)
    return el(
        "g",
        el("title", mark.text),
        el("line", x1=x, x2=x, y1=TOP, y2=frame.height - BOTTOM, class_="mark-line"),
        el("path", d=f"M{x - 5:.1f} {TOP - 6} h10 l-5 8 z", class_="mark-head"),
        class_=f"mark {mark.tone}",
    )


def _line(frame: _Frame, series: Series, number: int) -> Markup:
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


def _path(frame: _Frame, points: Sequence[Point]) -> str:
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


def bars(
    title: str,
    values: Sequence[tuple[str, float]],
    *,
    desc: str = "",
    show: Callable[[float], str] = words.number,
    height: float = 150,
    width: float = WIDTH,
    tone: str = "s1",
) -> Markup:
    """Upright bars, for histograms and counts by day; only the first, middle and last name stand below."""
    if not values or not any(v for _, v in values):
        return empty(title)
    scale = ticks(0, max(v for _, v in values), 3)
    frame = _Frame(width, height, 0, len(values), 0, scale[-1])
    gap = 0.18 if len(values) < 80 else 0.0
    body = []
    for i, (name, value) in enumerate(values):
        x, y = frame.x(i + gap / 2), frame.y(max(value, 0))
        box = {"x": x, "y": y, "width": frame.x(i + 1 - gap / 2) - x, "height": frame.height - BOTTOM - y}
        body.append(el("rect", el("title", f"{name}: {show(value)}"), **box, class_=f"bar {tone}"))
    n = len(values)
    shown = sorted({0, n // 2, n - 1}) if n > 6 else range(n)
    names = [(i + 0.5, values[i][0]) for i in shown]
    most = max(values, key=lambda v: v[1])
    told = desc or f"{n} bars; the highest is {most[0]} with {show(most[1])}."
    return picture(width, height, title, told, _axes(frame, scale, names, show), *body, class_="bars")


@dataclass(frozen=True, slots=True)
class Interval:
    """One row of an interval plot."""

    name: str
    mean: float
    low: float
    high: float
    tone: str = "s1"
    note: str = ""


def intervals(
    title: str,
    rows: Sequence[Interval],
    *,
    desc: str = "",
    reference: float | None = None,
    show: Callable[[float], str] = words.number,
    label: float = 120,
) -> Markup:
    """Means with their intervals, one under the other, on one scale: overlap is seen at a glance."""
    if not rows:
        return empty(title)
    step, top = 30, 12
    height = top + step * len(rows) + 26
    values = [v for r in rows for v in (r.low, r.high)] + ([reference] if reference is not None else [])
    scale = ticks(min(values), max(values))
    x0, x1 = scale[0], scale[-1]

    def px(value: float) -> float:
        return label + (value - x0) / ((x1 - x0) or 1) * (WIDTH - label - 24)

    body = []
    for tick in scale:
        body.append(el("line", x1=px(tick), x2=px(tick), y1=top, y2=height - 24, class_="grid"))
        body.append(el("text", show(tick), x=px(tick), y=height - 7, class_="tick", text_anchor="middle"))
    if reference is not None:
        at = px(reference)
        body.append(el("line", x1=at, x2=at, y1=top - 4, y2=height - 24, class_="reference"))
    for i, r in enumerate(rows):
        y = top + step * i + step / 2
        body.append(_interval(r, y, px, label, show))
    told = desc or " ".join(f"{r.name}: {show(r.mean)}, between {show(r.low)} and {show(r.high)}." for r in rows)
    return picture(WIDTH, height, title, told, *body, class_="intervals")


def _interval(
    r: Interval, y: float, px: Callable[[float], float], label: float, show: Callable[[float], str]
) -> Markup:
    low, high = px(r.low), px(r.high)
    return el(
        "g",
        el("title", f"{r.name}: {show(r.mean)} ({show(r.low)} … {show(r.high)}){' · ' + r.note if r.note else ''}"),
        el("text", words.cut(r.name, 17), x=label - 12, y=y + 4, class_="row-name", text_anchor="end"),
        el("line", x1=low, x2=high, y1=y, y2=y, class_="whisker"),
        el("path", d=f"M{low:.1f} {y - 5:.1f}v10M{high:.1f} {y - 5:.1f}v10", class_="whisker"),
        el("circle", cx=px(r.mean), cy=y, r=5, class_="dot"),
        class_=f"series {r.tone}",
    )


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


@dataclass(frozen=True, slots=True)
class Strip:
    """One row of a heat strip: a level 0 … 4 a cell (None: no data) and whether the cell is an alarm."""

    name: str
    cells: Sequence[tuple[str, int | None, bool]]  # what it says, level, alarm


def strips(title: str, rows: Sequence[Strip], *, desc: str = "", label: float = 120) -> Markup:
    """Rows of little squares, newest at the right. An alarm also has a ring, so that it is seen without colour."""
    if not rows or not any(r.cells for r in rows):
        return empty(title)
    step, top = min(32.0, max(20.0, 190 / len(rows))), 6
    most = max(len(r.cells) for r in rows)
    cell = min(20.0, (WIDTH - label - 10) / most)
    height = top + step * len(rows) + 6
    body = []
    for i, row in enumerate(rows):
        y = top + i * step
        body.append(
            el("text", words.cut(row.name, 17), x=label - 12, y=y + step / 2 + 3, class_="row-name", text_anchor="end")
        )
        start = WIDTH - 10 - cell * len(row.cells)
        for j, (text, level, alarm) in enumerate(row.cells):
            x, gap = start + j * cell, min(2.0, cell * 0.15)
            tone = "level-none" if level is None else f"level-{max(0, min(level, 4))}"
            box = {"x": x, "y": y + 1, "width": cell - gap, "height": step - 5, "rx": min(3.0, cell / 4)}
            body.append(el("rect", el("title", f"{row.name} · {text}"), **box, class_=tone))
            if alarm:
                body.append(
                    el("circle", cx=x + (cell - gap) / 2, cy=y + step / 2 - 1, r=min(4.0, cell / 3), class_="ring")
                )
    alarms = [f"{r.name} {t}" for r in rows for t, _, alarm in r.cells if alarm]
    told = desc or (f"Alarms: {'; '.join(alarms[:12])}" if alarms else "No alarm.")
    return picture(WIDTH, height, title, told, *body, class_="strips")


def share_bar(title: str, parts: Sequence[tuple[str, float, str]], *, width: float = 240, height: float = 12) -> Markup:
    """One bar split into named shares: (name, value, tone)."""
    whole = sum(v for _, v, _ in parts) or 1.0
    x, body = 0.0, []
    for name, value, tone in parts:
        w = value / whole * width
        if w > 0:
            told = f"{name}: {words.share(value / whole)}"
            body.append(
                el("rect", el("title", told), x=x, y=0, width=max(w - 1, 0.5), height=height, class_=f"fill {tone}")
            )
        x += w
    told = ", ".join(f"{n} {words.share(v / whole)}" for n, v, _ in parts)
    return picture(width, height, title, told, *body, class_="share")


def box(
    title: str, values: Sequence[float], *, show: Callable[[float], str] = words.number, width: float = WIDTH
) -> Markup:
    """Five quantiles as a box: the range between the outer ones, the middle half, the median."""
    if len(values) != 5 or not all(math.isfinite(v) for v in values):
        return empty(title, height=64)
    low, q1, mid, q3, high = values

    def px(v: float) -> float:
        return 24 + (v - low) / ((high - low) or 1) * (width - 48)

    body = [
        el("line", x1=px(low), x2=px(high), y1=22, y2=22, class_="box-range"),
        el("rect", x=px(q1), y=10, width=max(px(q3) - px(q1), 2.0), height=24, rx=4, class_="box"),
        el("line", x1=px(mid), x2=px(mid), y1=8, y2=36, class_="stroke"),
    ]
    for v, anchor in ((low, "start"), (mid, "middle"), (high, "end")):
        x = {"start": 24.0, "end": width - 24.0}.get(anchor, min(max(px(v), 100.0), width - 100.0))
        body.append(el("text", show(v), x=x, y=56, class_="tick", text_anchor=anchor))
    told = f"lowest {show(low)}, half between {show(q1)} and {show(q3)}, median {show(mid)}, highest {show(high)}"
    return picture(width, 64, title, told, el("g", *body, class_="series s1"), class_="boxes")
