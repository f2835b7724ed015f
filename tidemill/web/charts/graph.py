"""A run's steps as a picture: layered from left to right, few crossings, every step with its state in words and sign."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from statistics import fmean

from markupsafe import Markup

from tidemill.web.charts.svg import caption, clip, el, empty, picture

BOX_W, BOX_H, GAP_X, GAP_Y = 158, 62, 44, 16
LEAST_W, LEAST_GAP, ROOM = 112, 20, 936
"""A long row of steps is drawn closer, so that it fits the page; one longer still keeps this size and scrolls."""
NAME, LINE = 13.5, 12.5
STATES = {
    "done": ("ok", "✓"),
    "cached": ("cached", "↺"),
    "running": ("busy", "…"),
    "failed": ("bad", "✕"),
    "skipped": ("idle", "–"),
    "pending": ("idle", "○"),
    "cancelled": ("warn", "!"),
}
"""The tone and the sign of a step's status."""


@dataclass(frozen=True, slots=True)
class Node:
    """One step: its name, the names it waits for, its status, a line below, and a figure, which is never cut."""

    name: str
    after: Sequence[str]
    status: str
    line: str = ""
    figure: str = ""


def layers(after: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """Each name in the layer after the last of those it waits for, at the mean height of those; unknown names are ignored.

    >>> layers({"a": [], "b": ["a"], "c": ["a"], "d": ["b", "c"]})
    [['a'], ['b', 'c'], ['d']]
    """
    sorter = TopologicalSorter({name: [a for a in before if a in after] for name, before in after.items()})
    sorter.prepare()
    rows: list[list[str]] = []
    height: dict[str, float] = {}
    while sorter.is_active():
        ready = set(sorter.get_ready())
        row = [name for name in after if name in ready]
        row.sort(key=lambda name: fmean([height[a] for a in after[name] if a in height] or [0.5]))
        height.update({name: (i + 0.5) / len(row) for i, name in enumerate(row)})
        rows.append(row)
        sorter.done(*row)
    return rows


def graph(title: str, nodes: Sequence[Node]) -> Markup:
    """The picture. It keeps its natural size; its box scrolls where it is wider than the screen."""
    if not nodes:
        return empty(title, "no steps")
    rows = layers({n.name: n.after for n in nodes})
    tall = max(len(row) for row in rows)
    box, gap = _spread(len(rows))
    width = len(rows) * (box + gap) - gap + 8
    height = tall * (BOX_H + GAP_Y) - GAP_Y + 8
    place: dict[str, tuple[float, float]] = {}
    for i, row in enumerate(rows):
        start = (height - (len(row) * (BOX_H + GAP_Y) - GAP_Y)) / 2
        for j, name in enumerate(row):
            place[name] = (4 + i * (box + gap), start + j * (BOX_H + GAP_Y))
    wires = [_wire(place[a], place[n.name], box, gap) for n in nodes for a in n.after if a in place]
    described = "; ".join(f"{n.name} ({n.status}){' after ' + ', '.join(n.after) if n.after else ''}" for n in nodes)
    boxes = [_box(n, *place[n.name], box) for n in nodes]
    return picture(width, height, title, described, *wires, *boxes, class_="graph", fixed=True)


def _spread(layers: int) -> tuple[int, int]:
    """How wide a box and a gap are, for so many layers to fit the page."""
    if layers * (BOX_W + GAP_X) - GAP_X + 8 <= ROOM:
        return BOX_W, GAP_X
    return min(max((ROOM - 8 - LEAST_GAP * (layers - 1)) // layers, LEAST_W), BOX_W), LEAST_GAP


def _wire(source: tuple[float, float], target: tuple[float, float], box: int, gap: int) -> Markup:
    x1, y1 = source[0] + box, source[1] + BOX_H / 2
    x2, y2 = target[0], target[1] + BOX_H / 2
    bend = min(gap, (x2 - x1) / 2 + 6)
    return el(
        "path",
        d=f"M{x1:.1f} {y1:.1f}C{x1 + bend:.1f} {y1:.1f} {x2 - bend:.1f} {y2:.1f} {x2 - 5:.1f} {y2:.1f}",
        class_="wire",
    )


def _box(node: Node, x: float, y: float, width: int) -> Markup:
    tone, sign = STATES.get(node.status, ("idle", "?"))
    return el(
        "g",
        el("title", " ".join(filter(None, (f"{node.name}:", node.line or node.status, node.figure)))),
        el("rect", x=x, y=y, width=width, height=BOX_H, rx=9, class_="box"),
        el("rect", x=x, y=y + 9, width=4, height=BOX_H - 18, rx=2, class_="edge"),
        caption(clip(node.name, width - 38, NAME), x + 15, y + 19, "node-name", "start"),
        caption(clip(node.line or node.status, width - 20, LINE), x + 15, y + 36, "node-line", "start"),
        caption(node.figure, x + 15, y + 52, "node-line", "start"),
        caption(sign, x + width - 13, y + 20, "node-sign"),
        class_=f"node {tone}",
    )
