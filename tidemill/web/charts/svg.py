"""Pictures as SVG text, and what all of them share: elements, frames, axes. Server-side, without script and without inline style.

Every function returns `Markup`: text and attributes are escaped on the way in, so hostile names stay names. Colours come from classes of the style
sheet (``s1`` … ``s4`` for series, ``ok``, ``warn``, ``bad`` …), so light and dark are one picture. Each picture has role=img, a title and a
description; what a colour says is said by shape or text too.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

from markupsafe import Markup, escape

from tidemill.types import DAY, Micros
from tidemill.web import format as words

WIDTH = 520
LEFT, RIGHT, TOP, BOTTOM = 84, 14, 38, 54
NAME, TICK, BOLD = 18.0, 18.0, 20.0
"""Sizes of letters that names must have room for: those of the small screen, where letters are larger within a picture."""


def el(tag: str, *children: object, **attributes: object) -> Markup:
    """One element. ``class_`` is written ``class``, ``_`` in a name is ``-``; None leaves an attribute out.

    >>> el("text", "a < b", x=1.25, class_="tick")
    Markup('<text x="1.25" class="tick">a &lt; b</text>')
    """
    named = "".join(f' {_name(k)}="{escape(_plain(v))}"' for k, v in attributes.items() if v is not None)
    inside = "".join(str(escape(c)) for c in children if c is not None)
    return Markup(f"<{tag}{named}>{inside}</{tag}>" if inside else f"<{tag}{named}/>")  # noqa: S704  # escaped above


def caption(text: object, x: float, y: float, class_: str, anchor: str = "middle", title: str | None = None) -> Markup:
    """A text in a picture; its title is what it stands for where it is clipped."""
    return el("text", title and el("title", title), text, x=x, y=y, class_=class_, text_anchor=anchor)


def _name(name: str) -> str:
    return name.rstrip("_").replace("_", "-") if name != "viewBox" else name


def _plain(value: object) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def picture(
    width: float,
    height: float,
    title: str,
    desc: str,
    *body: object,
    class_: str = "",
    fixed: bool = False,
    marks: bool = False,
) -> Markup:
    """The outer svg: scales to its box unless it is ``fixed``, named and described for those who do not see it.

    ``marks``: it has marks that say their values in a title; the keyboard walks over them.
    """
    box = f"0 0 {_plain(float(width))} {_plain(float(height))}"
    return el(
        "svg",
        el("title", title),
        el("desc", desc),
        *body,
        width=width if fixed else None,
        height=height if fixed else None,
        viewBox=box,
        role="img",
        aria_label=title,
        tabindex=0 if marks else None,
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


def scale(low: float, high: float, start: float, end: float) -> Callable[[float], float]:
    """From values to pixels: ``low`` lies at ``start``, ``high`` at ``end``."""
    return lambda value: start + (value - low) / ((high - low) or 1) * (end - start)


class Frame:
    """Where the plot lies, and how data becomes pixels."""

    def __init__(self, width: float, height: float, xs: tuple[float, float], ys: tuple[float, float]) -> None:
        self.width, self.height = width, height
        self.x = scale(*xs, LEFT, width - RIGHT)
        self.y = scale(*ys, height - BOTTOM, TOP)


def path(points: Iterable[tuple[float, float | None]], x: Callable[[float], float], y: Callable[[float], float]) -> str:
    """A line through these points; where a value is none the pen is lifted."""
    text, pen = [], "M"
    for at, value in points:
        if value is None or not math.isfinite(value):
            pen = "M"
        else:
            text.append(f"{pen}{x(at):.1f} {y(value):.1f}")
            pen = "L"
    return "".join(text)


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
    return caption(clip(text, x, NAME), x, y, "row-name", "end", text)


def axis_titles(width: float, height: float, x: str, y: str) -> Markup:
    """What is drawn over what, and in which unit: above the one axis, below the end of the other."""
    room = width - RIGHT
    above = caption(clip(y, room, BOLD), 2.0, 17.0, "axis", "start") if y else Markup("")
    return above + caption(clip(x, room, BOLD), width - RIGHT, height - 7, "axis", "end")


def axes(
    frame: Frame,
    ys: Sequence[float],
    xs: Sequence[tuple[float, str]],
    show: Callable[[float], str],
    titles: tuple[str, str],
) -> Markup:
    """Grid, ticks and the titles of the axes: (x, y), each with its unit."""
    parts = [axis_titles(frame.width, frame.height, *titles)]
    for y in ys:
        at = frame.y(y)
        parts.append(el("line", x1=LEFT, x2=frame.width - RIGHT, y1=at, y2=at, class_="grid"))
        parts.append(caption(show(y), LEFT - 8, at + 4, "tick", "end"))
    for x, name in xs:
        shown = clip(name, frame.width / max(len(xs), 3) - 6, TICK)
        half = wide(shown, TICK) / 2
        at = min(max(frame.x(x), half), frame.width - half)  # no name leaves the picture
        parts.append(caption(shown, at, frame.height - 30, "tick", title=name if shown != name else None))
    return Markup("").join(parts)


def empty(title: str, text: str = "nothing yet", height: float = 120) -> Markup:
    """A picture that says that there is nothing to draw."""
    return picture(WIDTH, height, title, text, caption(text, WIDTH / 2, height / 2 + 4, "nothing"), class_="empty")
