"""The loop drawn as a water wheel: the stream below, eight buckets around the rim, what each part says beside it.

On the left the wheel climbs (data, features, model, release), on the right it gives (serve, monitor, feedback, decide). A bucket's state is said by
its colour, by the sign on its corner and by its words.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache

from markupsafe import Markup

from tidemill.ops.parts import Part
from tidemill.web import format as words
from tidemill.web.charts.svg import caption, el

WIDTH, HEIGHT = 760, 540
CX, CY, RIM = 380.0, 250.0, 194.0
LEVEL = 436  # Where the water stands
_ANGLES = (112.5, 157.5, 202.5, 247.5, 292.5, 337.5, 22.5, 67.5)  # degrees, clockwise from three o'clock


TONE_WORDS = {
    "ok": "all right",
    "busy": "at work",
    "waiting": "waits for you",
    "warn": "needs a look",
    "bad": "wrong",
    "idle": "nothing yet",
}
HOMES = {
    "data": "/data",
    "features": "/data#features",
    "model": "/models",
    "release": "/releases",
    "serve": "/live",
    "monitor": "/live",
    "feedback": "/live",
    "decide": "/decisions",
    "policy": "/",
    "process_down": "/events",
    "job_failed": "/events?kind=failed",
}
"""Where a part, or what is the matter with it, is shown."""


def tone(state: str) -> str:
    """The colour of a state.

    >>> tone("waiting"), tone("ok")
    ('warn', 'ok')
    """
    return "warn" if state == "waiting" else state


def home(part: Part) -> str:
    """The page about a part."""
    return HOMES.get(part.code) or HOMES[part.key]


_SIGNS = {
    "ok": "M-3.6 .2l2.6 2.8 4.8-5.6",
    "busy": "M-3.8 0h.01M0 0h.01M3.8 0h.01",
    "warn": "M0-4v4.6M0 3.8h.01",
    "bad": "M-3-3l6 6M3-3l-6 6",
    "idle": "M-3 0h6",
}

ICONS = {
    "data": "M-10-6c0-5 20-5 20 0s-20 5-20 0v12c0 5 20 5 20 0v-12M-10 0c0 5 20 5 20 0",
    "features": "M-10-7h20M-10 0h20M-10 7h20M-4-10v6M5-3v6M-1 4v6",
    "model": "M0-10l9 5v10l-9 5-9-5v-10zM-9-5l9 5 9-5M0 0v10",
    "release": "M0-10c5 3 6 8 5 13h-10c-1-5 0-10 5-13zM-5-1l-4 5v4l4-3M5-1l4 5v4l-4-3M-2 6l2 4 2-4",
    "serve": "M-10-9h20v7h-20zM-10 2h20v7h-20zM-6-5.5h.01M-6 5.5h.01M-1-5.5h6M-1 5.5h6",
    "monitor": "M-11 1h5l3-8 5 15 3-7h6",
    "feedback": "M-10-8h20v13h-11l-5 5v-5h-4zM-5-2h10",
    "decide": "M0-10v5M0-5l8 5-8 5-8-5zM-8 0h-2M8 0h2M0 5v5",
}


def wheel(parts: Sequence[Part], hub: str, measure: str, note: str, *, turning: bool) -> Markup:
    """The whole picture. ``hub`` names what is served, ``measure`` and ``note`` say how well."""
    described = " ".join(f"{p.name}: {TONE_WORDS[p.state]}, {p.headline}." for p in parts)
    return el(
        "svg",
        el("title", "The loop"),
        el("desc", described),
        _stream(),
        _rim(turning),
        _waves(),
        _hub(hub, measure, note),
        *(_part(p, angle) for p, angle in zip(parts, _ANGLES)),
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        role="group",
        aria_label="The loop: each part and its state",
        class_="wheel",
    )


def _at(angle: float, radius: float) -> tuple[float, float]:
    a = math.radians(angle)
    return CX + radius * math.cos(a), CY + radius * math.sin(a)


@cache
def _stream() -> Markup:
    """The water: it comes from the left, and the wheel stands in it."""
    body = el("path", d=f"M-10 {LEVEL}{'q47.5 -10 95 0 q47.5 10 95 0' * 5}V{HEIGHT}H-10z", class_="water")
    stops = [el("stop", offset=at, class_=f"water-{name}") for at, name in ((0, "top"), (1, "end"))]
    fade = el("linearGradient", *stops, id="water-fade", x1=0, x2=0, y1=0, y2=1)
    return el("g", el("defs", fade), body, aria_hidden="true")


@cache
def _waves() -> Markup:
    """Lines of light on the water, before the wheel. They repeat every 95, so their flow has no seam."""
    waves = []
    for i, (y, height) in enumerate(((LEVEL + 16, 7), (LEVEL + 38, 6), (LEVEL + 62, 5))):
        bends = "".join(f"q23.75 {-height if j % 2 else height} 47.5 0" for j in range(20))
        waves.append(el("path", d=f"M{-30 * i} {y}{bends}", class_=f"wave wave-{i + 1}"))
    return el("g", *waves, aria_hidden="true")


@cache
def _rim(turning: bool) -> Markup:
    """Rings, spokes and paddles; one paddle's pitch of turning looks the same as none, so it may start anywhere."""
    spokes, paddles = [], []
    for i in range(16):
        angle = i * 22.5
        (x1, y1), (x2, y2) = _at(angle, 74), _at(angle, RIM)
        spokes.append(el("line", x1=x1, y1=y1, x2=x2, y2=y2, class_="spoke"))
        (a, b), (c, d) = _at(angle, RIM + 7), _at(angle, RIM + 20)
        paddles.append(el("line", x1=a, y1=b, x2=c, y2=d, class_="paddle"))
    radii = {RIM: "rim", RIM - 22: "rim thin", 122.0: "rim thin"}
    rings = [el("circle", cx=CX, cy=CY, r=radius, class_=name) for radius, name in radii.items()]
    whole = el("g", *rings, *spokes, *paddles, class_="turning" if turning else None)
    return el("g", whole, aria_hidden="true", class_="frame")


def _hub(hub: str, measure: str, note: str) -> Markup:
    return el(
        "g",
        el("circle", cx=CX, cy=CY, r=78.0, class_="hub"),
        caption(hub, CX, CY - 24, "hub-name"),
        caption(measure, CX, CY + 14, "hub-measure"),
        caption(note, CX, CY + 38, "hub-note"),
    )


def _part(part: Part, angle: float) -> Markup:
    x, y = _at(angle, RIM)
    side = 1 if x > CX else -1
    tx, anchor = x + side * 48, "start" if side > 0 else "end"
    ty = min(y, LEVEL - 26)
    sx, sy = x + 21, y - 21
    return el(
        "a",
        el("circle", cx=x, cy=y, r=40.0, class_="halo"),
        el("circle", cx=x, cy=y, r=31.0, class_="bucket"),
        el("path", d=ICONS[part.key], transform=f"translate({x:.1f} {y:.1f})", class_="icon"),
        el("circle", cx=sx, cy=sy, r=10.5, class_="sign"),
        el("path", d=_SIGNS[tone(part.state)], transform=f"translate({sx:.1f} {sy:.1f})", class_="sign-mark"),
        caption(part.name, tx, ty - 3, "part-name", anchor),
        caption(part.headline, tx, ty + 17, "part-line", anchor),
        href=home(part),
        class_=f"part {tone(part.state)}",
        aria_label=f"{part.name}: {TONE_WORDS[part.state]}. {part.headline}. {words.plainly(part.detail)}",
    )
