"""For whom a model errs: its slices beside those of other models, two columns against one another, and the worst slice in words."""

from __future__ import annotations

from typing import NamedTuple

from markupsafe import Markup

from tidemill.evaluation.slices.slices import CANDIDATE, Grid, Slice, Slices, ordered, percent, read, worse
from tidemill.learning.measures import Measure, measure
from tidemill.types import JsonObject
from tidemill.web.charts.heat import Cell, heat, shades

WORDS = {
    "worse": ("bad", "shown worse"),
    "promoted": ("ok", "not worse"),
    "not_enough_data": ("warn", "insufficient data"),
}


class Row(NamedTuple):
    """One slice in the table."""

    one: Slice
    figure: str
    gap: str
    against: list[tuple[str, str]]
    tone: str
    word: str


class Shown(NamedTuple):
    """``rows``: of named slices, each with its verdict."""

    found: Slices
    said: str
    by_model: Markup
    by_two: Markup | None
    allowed: str
    rows: list[Row]


def slices(told: JsonObject) -> Shown | None:
    """What the examination found, drawn."""
    found = read(told)
    if found is None:
        return None
    rows = [_row(found, one) for one in found.slices]
    return Shown(
        found, found.said[0], _by_model(found), _by_two(found) if found.grid else None, percent(found.max_gap), rows
    )


def _row(found: Slices, one: Slice) -> Row:
    kind, at = measure(found.metric), one.reached[CANDIDATE]
    figure = f"{kind.text(at[0])} ({kind.text(at[1])} to {kind.text(at[2])})" if at else "–"
    gap = worse(one.gap, "all") if one.gap else f"{one.units} {found.unit} are too few"
    against = [(name, worse(each, "")) for name in ordered(one.against) for each in [one.against[name]]]
    bad = one.verdict == "worse" or "champion" in one.worse_than
    tone, word = ("bad", "shown worse") if bad else WORDS[one.verdict]
    return Row(one, figure, gap, against, tone if found.named else "", word)


def _by_model(found: Slices) -> Markup:
    """Slices by models: the darker, the worse."""
    kind, models = measure(found.metric), ordered(found.whole)
    rows = [("all", found.n, found.whole), *((one.name, one.n, one.reached) for one in found.slices)]
    figures = [[at[0] if (at := reached[name]) else None for name in models] for _, _, reached in rows]
    tones = [shades([column], kind.sign)[0] for column in zip(*figures)]  # each model by itself: where it errs
    cells = [
        [_cell(kind, f"{name} by {model}", n, row[j], tones[j][i]) for j, model in enumerate(models)]
        for i, ((name, n, _), row) in enumerate(zip(rows, figures))
    ]
    said = "The darker a cell, the worse the figure among those of its model."
    names = [f"{name} ({n:,})" for name, n, _ in rows]
    return heat(f"{found.metric} by slice and model", said, names, models, cells, x="model", y="slice (requests)")


def _by_two(found: Slices) -> Markup:
    kind, grid = measure(found.metric), found.grid
    assert grid is not None
    tones = shades(grid.figures, kind.sign)
    cells = [
        [
            _cell(kind, f"{grid.columns[0]} {row} and {grid.columns[1]} {across}", grid.n[i][j], figure, tones[i][j])
            for j, (across, figure) in enumerate(zip(grid.across, grid.figures[i]))
        ]
        for i, row in enumerate(grid.rows)
    ]
    title = f"{found.metric} by {grid.columns[0]} and {grid.columns[1]}"
    return heat(title, _described(kind, grid), grid.rows, grid.across, cells, x=grid.columns[1], y=grid.columns[0])


def _described(kind: Measure, grid: Grid) -> str:
    known = [
        (kind.sign * figure, f"{row} and {across}", figure)
        for row, figures in zip(grid.rows, grid.figures)
        for across, figure in zip(grid.across, figures)
        if figure is not None
    ]
    if not known:
        return "Too few requests in each cell."
    _, where, figure = min(known)
    return f"The darker a cell, the worse the figure; the worst is {where} with {kind.text(figure)}."


def _cell(kind: Measure, name: str, n: int, figure: float | None, shade: float | None) -> Cell:
    if figure is None:
        return Cell("" if not n else "…", f"{name}: {n:,} requests, too few to say")
    return Cell(kind.text(figure), f"{name}: {kind.text(figure)} of {n:,} requests", shade)
