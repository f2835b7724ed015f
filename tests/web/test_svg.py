"""Pictures: well formed, finite, named, and deaf to hostile names."""

from __future__ import annotations

import itertools
import math
import re
from typing import Any
from xml.etree import ElementTree

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tidemill.types import DAY
from tidemill.web.charts import bars, beside, heat, lines, plots, svg
from tidemill.web.charts.graph import Node, graph, layers
from tidemill.web.charts.wheel import ICONS, Part, wheel

NUMBERS = st.floats(-1e12, 1e12, allow_nan=False)
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=20)
PRICE = bars.Strip("price", [("Monday", 4, True), ("Tuesday", 4, False)])
INDECENT = ["<script>alert(1)</script>", "\"' onload='x", "]]>", "&amp;", "\u202eabc"]


def read(picture: Any) -> ElementTree.Element:
    """The picture as a browser would read it, having looked for what must never be in one."""
    text = str(picture)
    assert "<script" not in text and "style=" not in text
    assert not re.search(
        r"(?<![a-z])nan|(?<![a-z])inf(?![a-z])", " ".join(re.findall(r'(?:d|points|x|y|cx|cy|width)="([^"]*)"', text))
    )
    root = ElementTree.fromstring(text)
    assert root.find("title") is not None and root.find("desc") is not None
    assert root.get("role") in ("img", "group") and root.get("aria-label")
    return root


@given(NUMBERS, NUMBERS)
def test_ticks_cover_the_range_with_round_steps(a: float, b: float) -> None:
    low, high = min(a, b), max(a, b)
    found = svg.ticks(low, high)
    near = 1e-8 * (max(abs(low), abs(high)) + found[1] - found[0])
    assert found[0] <= low + near and found[-1] >= high - near
    assert 2 <= len(found) <= 8
    assert found == sorted(set(found))


@given(st.integers(0, 2**52), st.integers(1, 3000 * DAY))
def test_moments_are_named_in_order_and_few(low: int, span: int) -> None:
    found = svg.time_ticks(low, low + span)
    assert len(found) <= 7
    assert [at for at, _ in found] == sorted({at for at, _ in found})
    assert all(low <= at <= low + span for at, _ in found)


@given(
    st.lists(st.tuples(st.integers(0, 10**15), st.none() | NUMBERS | st.just(math.nan)), max_size=30),
    TEXT,
    st.booleans(),
)
def test_any_line_is_a_picture(points: list[tuple[float, float | None]], name: str, unripe: bool) -> None:
    points.sort(key=lambda p: p[0])
    edge = points[len(points) // 2][0] if unripe and points else math.inf
    read(
        lines.lines(
            "Quality",
            [
                lines.Series(
                    name, [(x, None if y is not None and math.isnan(y) else y) for x, y in points], unripe_from=edge
                )
            ],
            y="recall@20",
        )
    )


@given(st.lists(st.tuples(TEXT, st.floats(0, 1e9)), max_size=40))
def test_any_bars_are_a_picture(values: list[tuple[str, float]]) -> None:
    root = read(bars.bars("Rows", values, x="version", y="rows"))
    drawn = [e for e in root.iter("rect") if e.get("class", "").startswith("bar")]
    assert len(drawn) == (len(values) if any(v for _, v in values) else 0)
    assert all(float(e.get("height", "-1")) >= 0 for e in drawn)


@given(st.lists(st.tuples(TEXT, NUMBERS, st.floats(0, 10), st.floats(0, 10)), max_size=15))
def test_an_interval_lies_around_its_mean(rows: list[tuple[str, float, float, float]]) -> None:
    root = read(bars.intervals("recall@20", [bars.Interval(n, m, m - a, m + b) for n, m, a, b in rows], x="recall@20"))
    for row in (e for e in root.iter("g") if e.get("class", "").startswith("series")):
        whisker, dot = row.find("line"), row.find("circle")
        assert whisker is not None and dot is not None
        assert float(whisker.get("x1", "")) - 0.02 <= float(dot.get("cx", "")) <= float(whisker.get("x2", "")) + 0.02


def test_other_pictures() -> None:
    for bad in INDECENT:
        read(bars.strips("Drift", [bars.Strip(bad, [(bad, 4, True), (bad, None, False)])], [bad, bad], x=bad, y=bad))
        read(bars.share_bar("Share", [(bad, 0.0, "s1"), (bad, 2.0, "s2")]))
        read(lines.sparkline(bad, [1.0, None, math.nan, 2.0]))
        read(bars.box(bad, [0.0, 1.0, 1.0, 1.0, 9.0], x=bad))
        read(plots.cloud(bad, bad, [plots.Place(1.0, -2.0, bad)], x=bad, y=bad))
        shown = beside.line(bad, [(0.1, 0.2, 0.1, 0.3), (0.4, 0.5, 0.4, 0.6)], lambda point: bad, dots=True)
        read(beside.in_square(bad, bad, [shown], x=bad, y=bad))
        read(beside.around_zero(bad, bad, [shown], x=bad, y=bad))
        read(heat.heat(bad, bad, [bad], [bad], [[heat.Cell(bad, bad, 0.5)]], x=bad, y=bad))
        read(plots.matrix(bad, bad, [bad, ""], np.array([[1, 0], [0, 0]]), x=bad, y=bad))
        read(svg.empty(bad, bad))
        read(graph(bad, [Node(bad, ["nobody"], bad, bad)]))
        read(wheel([Part(k, "bad", bad, bad, "/x") for k in ICONS], bad, bad, bad, turning=True))


def test_an_alarm_is_seen_without_colour() -> None:
    root = read(bars.strips("Drift", [PRICE], ["Monday", "Tuesday"], x="window", y="column"))
    assert len([e for e in root.iter("circle") if e.get("class") == "ring"]) == 1
    assert "Monday" in (root.findtext("desc") or "")


@given(
    st.dictionaries(
        st.text("abcdefg", min_size=1, max_size=2),
        st.lists(st.text("abcdefg", min_size=1, max_size=2), max_size=4),
        max_size=12,
    )
)
def test_each_step_stands_after_those_it_waits_for(after: dict[str, list[str]]) -> None:
    names = sorted(after)
    forward = {n: [a for a in after[n] if a < n] for n in names}
    found = layers(forward)
    depth = {n: i for i, row in enumerate(found) for n in row}
    assert sorted(depth) == names
    assert all(depth[a] < depth[n] for n in names for a in forward[n] if a in depth)
    assert all(row for row in found)


@given(st.integers(1, 10**9))
def test_what_is_counted_has_whole_ticks(most: int) -> None:
    found = svg.ticks(0, most, 3, whole=True)
    assert all(tick == round(tick) for tick in found) and found[-1] >= most and len(found) <= 7


@given(TEXT, st.floats(10, 300))
def test_a_clipped_text_has_room_or_is_nothing(text: str, room: float) -> None:
    shown = svg.clip(text, room, 13)
    assert shown == text or (shown.endswith("…") and (svg.wide(shown, 13) <= room or shown == "…"))


def test_long_names_are_clipped_with_the_whole_name_in_the_title() -> None:
    name = "unseen customers of the north"
    strip = read(bars.strips("Drift", [bars.Strip(name, [("1 Jan", 1, False)])], ["1 Jan"], x="window", y="column"))
    label = next(e for e in strip.iter("text") if e.get("class") == "row-name")
    assert label[0].text == name and (label[0].tail or "").endswith("…")
    values = [("RED HANGING HEART", 2.0), *((str(i), 1.0) for i in range(8)), ("A" * 40, 1.0)]
    drawn = read(bars.bars("Top", values, width=320, x="item", y="rows"))
    ticks = [e for e in drawn.iter("text") if e.get("text-anchor") == "middle"]
    for e in ticks:
        shown = (e[0].tail if len(e) else e.text) or ""
        half = svg.wide(shown, svg.TICK) / 2
        assert half <= float(e.get("x", "0")) + 0.01 and float(e.get("x", "0")) + half <= 320.01
    assert ticks[-1][0].text == "A" * 40


def test_a_run_of_seven_layers_fits_the_page_and_its_names_keep_their_box() -> None:
    nodes = [Node(f"step{i}", [f"step{i - 1}"] if i else [], "done") for i in range(7)]
    assert float(read(graph("Run", nodes)).get("width", "0")) <= 936
    assert float(read(graph("Run", nodes[:3])).get("width", "0")) == 570


def test_the_newest_window_is_always_named_and_no_name_lies_on_another() -> None:
    days = [f"{n} Oct" for n in range(1, 31)]
    rows = [bars.Strip("price", [(day, 1, False) for day in days])]
    root = read(bars.strips("Drift", rows, days, x="window", y="column"))
    ticks = [e for e in root.iter("text") if e.get("class") == "tick"]
    assert next(e.text for e in ticks) == "30 Oct" and len(ticks) > 2
    places = sorted(float(e.get("x", "0")) for e in ticks)
    assert all(b - a >= svg.wide("30 Oct", svg.TICK) for a, b in itertools.pairwise(places))


def test_what_is_pointed_at_says_its_value_and_its_band() -> None:
    points = [(n * DAY, 0.1 * n) for n in range(5)]
    series = lines.Series("recall@20", points, [(x, y - 0.05, y + 0.05) for x, y in points])
    root = read(lines.lines("Live", [series], y="recall@20 (higher is better)"))
    hits = [e.findtext("title") or "" for e in root.iter("circle") if e.get("class") == "hit"]
    assert len(hits) == 5 and "5 Jan 1970: 0.400 (0.350 … 0.450)" in hits[-1]
    assert root.get("tabindex") == "0"


def test_a_figure_beside_a_step_is_never_cut() -> None:
    nodes = [
        Node(f"a long name of step {i}", [f"a long name of step {i - 1}"] if i else [], "done", "done", "26 min 58 s")
        for i in range(8)
    ]
    texts = [e.text or "" for e in read(graph("Run", nodes)).iter("text")]
    assert texts.count("26 min 58 s") == 8


def test_a_box_of_one_value_says_it_once_in_the_middle() -> None:
    drawn = str(bars.box("Values of n", [7.0] * 5, x="n", width=320))
    assert drawn.count(">7</text>") == 1 and "all 7" in drawn and 'x1="160' in drawn
    assert str(bars.box("Values of n", [1.0, 2, 3, 4, 5], x="n")).count("</text>") == 4
