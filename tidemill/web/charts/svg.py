"""Pictures as SVG text, and what all of them share: elements, frames, axes. Server-side, without script and without inline style.

Every function returns `Markup`: text and attributes are escaped on the way in, so hostile names stay names. Colours come from classes of the style
sheet (``s1`` … ``s4`` for series, ``ok``, ``warn``, ``bad`` …), so light and dark are one picture. Each picture has role=img, a title and a
description; what a colour says is said by shape or text too.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from tidemill.types import DAY, Micros
from tidemill.web import format as words

WIDTH = 520
LEFT, RIGHT, TOP, BOTTOM = 58, 14, 14, 30
NAME, TICK = 15.5, 15.0
"""Sizes of letters that names must have room for: those of the small screen, where letters are larger within a picture."""


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


def ticks(low: float, high: float, about: int = 4, *, whole: bool = False) -> list[float]:
    """Round numbers that cover the range; whole ones for what is counted.

    >>> ticks(0, 0.37), ticks(0, 7, 3), ticks(0, 7, 3, whole=True)
    ([0.0, 0.1, 0.2, 0.3, 0.4], [0.0, 2.5, 5.0, 7.5], [0.0, 5.0, 10.0])
    """
    if not math.isfinite(low) or not math.isfinite(high):
        return [0.0, 1.0]
    if high - low <= 1e-9 * max(abs(low), abs(high), 1e-9):
        high = low + (abs(low) if abs(low) > 1e-12 else 1.0)
    raw = (high - low) / max(about, 1)
    power = 10.0 ** math.floor(math.log10(raw))
    if whole:
        power = max(power, 1.0)
    rounds = (1, 2, 5, 10) if whole and power < 10 else (1, 2, 2.5, 5, 10)
    step = next(m * power for m in rounds if m * power >= raw * 0.999)
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
class Frame:
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


def wide(text: str, size: float) -> float:
    """About how wide a text is drawn in letters of ``size``, rather more than less: a server has no fonts to ask."""
    return size * sum(
        0.36 if c in "iljtfrI.,:;'|! ()[]" else 0.98 if c in "mwMW@%—…" else 0.78 if c > "~" or c.isupper() else 0.64
        for c in text
    )


def clip(text: str, room: float, size: float) -> str:
    """What of a text has room; an ellipsis stands for the rest.

    >>> clip("unseen customers", 108, 13), clip("price", 108, 13)
    ('unseen custo…', 'price')
    """
    if wide(text, size) <= room:
        return text
    while text and wide(text + "…", size) > room:
        text = text[:-1]
    return text.rstrip() + "…"


def row_name(text: str, x: float, y: float) -> Markup:
    """The name of a row, ending at ``x``: clipped to the room on its left, whole in its title."""
    return el("text", el("title", text), clip(text, x, NAME), x=x, y=y, class_="row-name", text_anchor="end")


def axes(frame: Frame, ys: Sequence[float], xs: Sequence[tuple[float, str]], show: Callable[[float], str]) -> Markup:
    parts = []
    for y in ys:
        at = frame.y(y)
        parts.append(el("line", x1=LEFT, x2=frame.width - RIGHT, y1=at, y2=at, class_="grid"))
        parts.append(el("text", show(y), x=LEFT - 8, y=at + 4, class_="tick", text_anchor="end"))
    for x, name in xs:
        shown = clip(name, frame.width / max(len(xs), 3) - 6, TICK)
        half = wide(shown, TICK) / 2
        at = min(max(frame.x(x), half), frame.width - half)  # no name leaves the picture
        title = el("title", name) if shown != name else None
        parts.append(el("text", title, shown, x=at, y=frame.height - 9, class_="tick", text_anchor="middle"))
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
