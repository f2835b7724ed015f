"""Heat maps: a grid of figures whose shade says how bad each is; every cell also says its figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from tidemill.web.charts.svg import TICK, axis_titles, caption, clip, el, empty, picture, row_name
from tidemill.web.charts.svg import wide as wide_of

WIDTH, NAMES, TOP, ROW, BELOW = 720.0, 220.0, 52.0, 34.0, 26.0
SHADES = 4
NARROWEST = 90.0
"""A column has room for a word and for a figure; of many the picture becomes wider."""
ABOVE = 18.0
"""Between the two lines of a column's name."""


@dataclass(frozen=True, slots=True)
class Cell:
    """``shade``: from 0 (best) to 1 (worst); None where nothing is known."""

    text: str
    said: str
    shade: float | None = None


def heat(
    title: str,
    described: str,
    rows: Sequence[str],
    across: Sequence[str],
    cells: Sequence[Sequence[Cell]],
    *,
    x: str,
    y: str,
) -> Markup:
    """Rows by columns. ``x`` and ``y``: what the columns and the rows are."""
    if not rows or not across:
        return empty(title)
    wide, height = max((WIDTH - NAMES - 8) / len(across), NARROWEST), TOP + ROW * len(rows) + BELOW
    width = NAMES + wide * len(across) + 8
    body = [axis_titles(width, height, x, y)]
    for j, name in enumerate(across):
        body += _head(name, NAMES + wide * (j + 0.5), wide - 6)
    for i, name in enumerate(rows):
        body.append(row_name(name, NAMES - 8, TOP + ROW * (i + 0.5) + 5))
        for j, cell in enumerate(cells[i]):
            body += _cell(cell, NAMES + wide * j, TOP + ROW * i, wide)
    return picture(width, height, title, described, *body, class_="matrix", marks=True)


def _head(name: str, middle: float, room: float) -> list[Markup]:
    """A column's name, in two lines where one has no room."""
    first, *words = name.split(" ")
    while words and wide_of(f"{first} {words[0]}", TICK) <= room:
        first += f" {words.pop(0)}"
    lines = [first, " ".join(words)] if words else [first]
    ends = TOP - 10 - ABOVE * (len(lines) - 1)
    return [
        caption(clip(line, room, TICK), middle, ends + ABOVE * k, "tick", title=name) for k, line in enumerate(lines)
    ]


def _cell(cell: Cell, left: float, top: float, wide: float) -> list[Markup]:
    shade = 0 if cell.shade is None else round(min(max(cell.shade, 0.0), 1.0) * SHADES)
    box = {"x": left, "y": top, "width": wide - 2, "height": ROW - 2}
    drawn = [el("rect", el("title", cell.said), **box, class_=f"shade-{shade}")]
    text = clip(cell.text, wide - 6, TICK)
    return [*drawn, caption(text, left + wide / 2 - 1, top + ROW / 2 + 5, f"count on-{shade}")] if text else drawn


def shades(figures: Sequence[Sequence[float | None]], sign: float) -> list[list[float | None]]:
    """How bad each figure is among these, from 0 (the best) to 1 (the worst). ``sign``: times this, more is better.

    >>> shades([[0.5, None], [1.0, 0.75]], 1.0)
    [[1.0, None], [0.0, 0.5]]
    """
    known = [sign * one for row in figures for one in row if one is not None]
    worst, best = min(known, default=0.0), max(known, default=0.0)
    span = best - worst or 1.0
    return [[None if one is None else (best - sign * one) / span for one in row] for row in figures]
