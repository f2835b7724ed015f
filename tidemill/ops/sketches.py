"""Small pictures for notebooks: SVG as text, its colours written on it, since no stylesheet of ours is there; and no script.

Colours are Tol's bright scheme, which people with any colour vision tell apart; letters have the notebook's own colour.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from itertools import pairwise

from tidemill.ops.text import Interval, number
from tidemill.types import JsonObject, Micros, to_iso

COLOURS = ("#4477aa", "#ee6677", "#228833", "#ccbb44", "#aa3377")
WIDTH, LEFT, ROW = 640, 180, 22
Points = Sequence[tuple[Micros, Interval | None]]


def intervals(title: str, rows: Sequence[tuple[str, Interval]], reference: float | None = None) -> str:
    """Means with their intervals, one under the other on one scale; ``reference`` is the dotted line.

    >>> "<b>" in intervals("auc", [("<b>", (0.7, 0.6, 0.8))]), intervals("auc", [])
    (False, '')
    """
    if not rows:
        return ""
    values = [v for _, each in rows for v in each] + ([] if reference is None else [reference])
    low, high = _room(values)
    height = ROW * len(rows) + 28
    body = [_text(LEFT, height - 6, number(low), "start"), _text(WIDTH - 8, height - 6, number(high), "end")]
    if reference is not None:
        x = _x(reference, low, high)
        body.append(f'<path d="M{x:.1f} 4V{height - 20}" stroke="currentColor" stroke-dasharray="2 3" opacity=".6"/>')
    for place, (name, (mean, start, end)) in enumerate(rows):
        y = ROW * place + 16
        a, b, dot = (_x(v, low, high) for v in (start, end, mean))
        said = f"<title>{escape(name)}: {number(mean)} ({number(start)} … {number(end)})</title>"
        body.append(f"<g>{said}{_text(LEFT - 10, y + 4, name, 'end')}")
        body.append(f'<path d="M{a:.1f} {y}H{b:.1f}" stroke="{COLOURS[0]}" stroke-width="2"/>')
        body.append(f'<circle cx="{dot:.1f}" cy="{y}" r="4" fill="{COLOURS[0]}"/></g>')
    return _svg(title, height, body)


def courses(title: str, lines: Mapping[str, Points], height: int = 220) -> str:
    """Lines over time with their 95 % bands; what has no figure is a gap.

    >>> courses("mae", {"refit": [(0, (2.0, 1.0, 3.0)), (10**12, None)]}).count("<circle")
    1
    """
    there = [(at, each) for points in lines.values() for at, each in points if each is not None]
    if not there:
        return ""
    low, high = _room([v for _, each in there for v in each])
    first, last = min(at for at, _ in there), max(at for at, _ in there)

    def place(at: Micros, value: float) -> str:
        y = 26 + (height - 56) * (high - value) / (high - low)
        return f"{_x(at, first, last) if last > first else LEFT:.1f},{y:.1f}"

    body = [_text(LEFT - 8, 30, number(high), "end"), _text(LEFT - 8, height - 28, number(low), "end")]
    body += [
        _text(LEFT, height - 8, to_iso(first)[:10], "start"),
        _text(WIDTH - 8, height - 8, to_iso(last)[:10], "end"),
    ]
    for n, (name, points) in enumerate(lines.items()):
        colour, known = COLOURS[n % len(COLOURS)], [(at, each) for at, each in points if each is not None]
        band = [place(at, each[2]) for at, each in known] + [place(at, each[1]) for at, each in reversed(known)]
        body.append(f'<polygon points="{" ".join(band)}" fill="{colour}" opacity=".15"/>')
        line = " ".join(place(at, each[0]) for at, each in known)
        body.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        body += [_dot(name, colour, place(at, each[0]), at, each) for at, each in known]
        body.append(_text(8, 30 + 18 * n, name, "start", colour))
    return _svg(title, height, body)


def square(title: str, lines: Mapping[str, Sequence[tuple[float, float, float, float]]]) -> str:
    """Lines of points (x, y, and the band around y) beside one another.

    >>> square("ROC", {"<a>": [(0.0, 0.0, 0.0, 0.0), (1.0, 1.0, 1.0, 1.0)]}).count("<polyline")
    1
    """
    every = [point for points in lines.values() for point in points]
    if not every:
        return ""
    (left, right), (low, high) = _room([p[0] for p in every]), _room([v for p in every for v in p[1:]])

    def at(x: float, y: float) -> str:
        return f"{60 + 240 * (x - left) / (right - left):.1f},{30 + 220 * (high - y) / (high - low):.1f}"

    body = [_text(56, 34, number(high), "end"), _text(56, 252, number(low), "end"), _text(60, 16, title, "start")]
    body += [_text(60, 270, number(left), "start"), _text(300, 270, number(right), "end")]
    for n, (name, points) in enumerate(lines.items()):
        colour = COLOURS[n % len(COLOURS)]
        band = [at(x, top) for x, _, _, top in points] + [at(x, least) for x, _, least, _ in reversed(points)]
        body.append(f'<polygon points="{" ".join(band)}" fill="{colour}" opacity=".15"/>')
        line = " ".join(at(x, y) for x, y, _, _ in points)
        body.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        body.append(_text(308, 44 + 18 * n, name, "start", colour))
    head = f'<svg viewBox="0 0 440 280" width="440" height="280" role="img" aria-label="{escape(title)}" '
    return f'{head}style="max-width:100%;font-family:system-ui,sans-serif">{"".join(body)}</svg>'


def _dot(name: str, colour: str, place: str, at: Micros, each: Interval) -> str:
    x, y = place.split(",")
    said = f"{escape(name)} · {to_iso(at)[:10]}: {number(each[0])} ({number(each[1])} … {number(each[2])})"
    return f'<circle cx="{x}" cy="{y}" r="3" fill="{colour}"><title>{said}</title></circle>'


def _room(values: Sequence[float]) -> tuple[float, float]:
    known = [v for v in values if math.isfinite(v)] or [0.0]
    low, high = min(known), max(known)
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _x(value: float, low: float, high: float) -> float:
    return LEFT + (WIDTH - 16 - LEFT) * (value - low) / (high - low)


def _text(x: float, y: float, text: str, anchor: str, colour: str = "currentColor") -> str:
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}" font-size="12" fill="{colour}">{escape(text)}</text>'


def _svg(title: str, height: int, body: Sequence[str]) -> str:
    head = f'<svg viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" role="img" aria-label="{escape(title)}" '
    return f'{head}style="max-width:100%;font-family:system-ui,sans-serif">{"".join(body)}</svg>'


def curve(
    title: str, points: Sequence[JsonObject], density: Sequence[JsonObject], gaps: Sequence[Sequence[float]]
) -> str:
    """How an answer goes with a number, with the rows beneath; no line over a stretch (``gaps``) in which no row lies.

    >>> ends = [{"at": float(x), "answer": x / 2} for x in range(4)]
    >>> curve("a", ends, [{"from": 0.0, "to": 3.0, "rows": 5}], [[1.0, 2.0]]).count("<polyline")
    2
    """
    if len(points) < 2:
        return ""
    low, high = _room(
        [value for p in points for value in (p["answer"], p.get("low"), p.get("high")) if value is not None]
    )
    first, last, height = points[0]["at"], points[-1]["at"], 220

    def at(x: float, value: float) -> str:
        return f"{_x(x, first, last):.1f},{26 + (height - 86) * (high - value) / (high - low):.1f}"

    body = [_text(LEFT - 8, 30, number(high), "end"), _text(LEFT - 8, height - 58, number(low), "end")]
    body += [_text(LEFT, height - 8, number(first), "start"), _text(WIDTH - 8, height - 8, number(last), "end")]
    most = max((one["rows"] for one in density), default=0) or 1
    for one in density:
        left, right, tall = _x(one["from"], first, last), _x(one["to"], first, last), 30 * one["rows"] / most
        body.append(
            f'<rect x="{left:.1f}" y="{height - 24 - tall:.1f}" width="{max(right - left - 1, 1):.1f}" height="{tall:.1f}" '
            f'fill="currentColor" opacity=".3"><title>{one["rows"]:,} rows</title></rect>'
        )
    for part in _parts(points, gaps):
        if "low" in part[0]:
            band = [at(p["at"], p["high"]) for p in part] + [at(p["at"], p["low"]) for p in reversed(part)]
            body.append(f'<polygon points="{" ".join(band)}" fill="{COLOURS[0]}" opacity=".15"/>')
        line = " ".join(at(p["at"], p["answer"]) for p in part)
        body.append(f'<polyline points="{line}" fill="none" stroke="{COLOURS[0]}" stroke-width="2"/>')
    return _svg(title, height, body)


def _parts(points: Sequence[JsonObject], gaps: Sequence[Sequence[float]]) -> list[list[JsonObject]]:
    """The points between one stretch without rows and the next."""
    parts = [[points[0]]]
    for before, point in pairwise(points):
        if any(low < point["at"] and high > before["at"] for low, high in gaps):
            parts.append([])
        parts[-1].append(point)
    return parts
