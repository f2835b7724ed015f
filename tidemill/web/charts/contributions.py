"""What a score is made of: a bar for each contribution, to the right where it raised the score and to the left where it lowered it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from tidemill.web import format as words
from tidemill.web.charts.bars import LABEL
from tidemill.web.charts.svg import (
    NAME,
    TICK,
    WIDTH,
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

STEP, TOP = 26, 10
MOST = 0.55
"""Of the width, that names of rows may take: those of items are long, and begin alike."""


def contributions(title: str, parts: Sequence[dict[str, Any]], *, x: str) -> Markup:
    """Parts (``what``, ``value``, and the ``error`` of a drawn one) one under the other, on one scale. ``x``: the axis' title."""
    if not parts:
        return empty(title, "nothing moved it")
    ends = [end for one in parts for end in _ends(one)]
    steps, height = ticks(min(0.0, *ends), max(0.0, *ends)), TOP + STEP * len(parts) + 52
    longest = max(wide(str(one["what"]), NAME) for one in parts)
    room = min(max(LABEL, longest + 16), WIDTH * MOST)
    px = scale(steps[0], steps[-1], room, WIDTH - 24)
    body = []
    for tick in steps:
        body.append(el("line", x1=px(tick), x2=px(tick), y1=TOP, y2=height - 50, class_="grid"))
        name = words.number(tick)
        body.append(caption(name, min(px(tick), WIDTH - wide(name, TICK) / 2), height - 30, "tick"))
    body.append(el("line", x1=px(0), x2=px(0), y1=TOP - 4, y2=height - 50, class_="reference"))
    for place, one in enumerate(parts):
        body.append(_bar(one, TOP + STEP * place, room, px))
    described = "; ".join(f"{one['what']} {_said(one)}" for one in parts[:12])
    return picture(WIDTH, height, title, described, axis_titles(WIDTH, height, x, ""), *body, class_="bars", marks=True)


def _ends(one: dict[str, Any]) -> tuple[float, float]:
    value, error = float(one["value"]), float(one.get("error", 0.0))
    return value - error, value + error


def _bar(one: dict[str, Any], y: float, room: float, px: Any) -> Markup:
    value, error = float(one["value"]), float(one.get("error", 0.0))
    left, right = sorted((px(0), px(value)))
    shown = el("title", f"{one['what']}: {_said(one)}")
    box = el(
        "rect",
        x=left,
        y=y + 4,
        width=max(right - left, 1.0),
        height=STEP - 10,
        class_=f"bar {'s1' if value > 0 else 's2'}",
    )
    low, high = (px(end) for end in _ends(one))
    whisker = el("line", x1=low, x2=high, y1=y + STEP / 2 - 1, y2=y + STEP / 2 - 1, class_="whisker") if error else ""
    return el("g", shown, row_name(str(one["what"]), room - 12, y + STEP / 2 + 3), box, whisker)


def _said(one: dict[str, Any]) -> str:
    error = f" ± {words.number(one['error'])}" if one.get("error") else ""
    return f"{'raised' if one['value'] > 0 else 'lowered'} it by {words.number(abs(one['value']))}{error}"
