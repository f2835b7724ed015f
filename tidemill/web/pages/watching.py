"""Pictures of what is watched: rows and requests by column and window, what moved in them, and whether probabilities came true."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from tidemill.data.contract.items import column_of
from tidemill.feedback.called import called
from tidemill.ops.snapshot import Snapshot
from tidemill.scope.project import Endpoint
from tidemill.store.artifacts.codecs import decode
from tidemill.store.payloads import DriftWindow, QualityWindow
from tidemill.store.records import Window
from tidemill.types import JsonObject
from tidemill.web import format as words
from tidemill.web.charts import bars, lines

LEVELS = (0.05, 0.01, 1e-3, 1e-5)  # Of p: each that it is below is a level of drift
MOVED = 4  # so many columns are shown as distributions: those of the alarm, then those that differ most
SHOWN = 60
"""So many windows a strip has room for."""
Of = tuple[Sequence[str], Sequence[float]]
"""The labels of a column's bins, and what it is drawn over."""


def drift_picture(windows: Sequence[Window], title: str = "Drift by column and window") -> Markup:
    """A strip a column: how far each window was from what it is compared with."""
    found = [(w, w.data) for w in windows[-SHOWN:] if isinstance(w.data, DriftWindow)]
    names = dict.fromkeys(name for _, data in found for name in data.columns)
    strips = [bars.Strip(name, [_drift_cell(w, data, name) for w, data in found]) for name in names]
    times = [words.day(w.start) for w, _ in found]
    return bars.strips(title, strips, times, x="window, by its start (UTC)", y="column")


def _drift_cell(window: Window, data: DriftWindow, name: str) -> tuple[str, int | None, bool]:
    """What it says, its level (0 no drift … 4 far away), and whether it is an alarm."""
    column, day = data.columns.get(name), words.day(window.start)
    if column is None or window.state == "incomplete":
        return f"{day}: {'rows incomplete' if window.state == 'incomplete' else 'no rows'}", None, False
    level = sum(column.p < limit for limit in LEVELS)
    return f"{day}: {words.plainly(column.words) or words.number(column.p)}", level, window.alarm and name in data.which


def distributions(loop: Snapshot, windows: Sequence[Window]) -> tuple[str, list[tuple[str, Markup]]]:
    """(of which window, the columns that moved most in it): what the champion was trained on, and the window over it."""
    found = _counted(windows)
    if not found:
        return "", []
    window, data = next((one for one in reversed(found) if one[0].alarm), found[-1])
    return words.date(window.start), _drawn(
        loop.serving, data, _baseline(loop.serving, data.model, window), "trained on"
    )


def _counted(windows: Sequence[Window]) -> list[tuple[Window, DriftWindow]]:
    """Those that have counts to be drawn."""
    found = [(w, w.data) for w in windows if isinstance(w.data, DriftWindow)]
    return [(w, data) for w, data in found if any(c.counts for c in data.columns.values())]


def _drawn(scope: Endpoint, data: DriftWindow, base: Mapping[str, Of], over: str) -> list[tuple[str, Markup]]:
    order = [*data.which, *sorted(data.columns, key=lambda name: (data.columns[name].p, name))]
    names = [name for name in dict.fromkeys(order) if name in base and data.columns[name].counts][:MOVED]
    if (item := column_of(scope.model.dataset, "item")) in names:
        labels, weights = base[item]
        said = called(scope.project, labels, [data.model])
        base = {**base, item: ([said.get(label, label) for label in labels], weights)}
    return [
        (name, bars.beside(f"{name}, {over} and now", *base[name], data.columns[name].counts, x=name, over=over))
        for name in names
    ]


def _baseline(scope: Endpoint, model: str, window: Window, part: str = "") -> dict[str, Of]:
    """The labels and counts of each watched column in what this version was trained on, of the window's weekday where weekdays differ.

    Nothing where that is gone.
    """
    kept = scope.store.baselines.look_up(scope.environment, scope.name, model)
    if kept is None or not scope.artifacts.has(kept.artifact):
        return {}
    phase = window.start // (window.end - window.start) % 7
    found = decode("json", scope.artifacts.get(kept.artifact))
    columns = (found.get(part) or {"columns": []} if part else found)["columns"]
    return {c["name"]: (c["labels"], (c.get("phases") or [c["counts"]] * 7)[phase]) for c in columns}


def attributions_moved(
    loop: Snapshot, windows: Sequence[Window]
) -> tuple[str, list[tuple[str, Markup]], Sequence[str]]:
    """(of which window, the inputs whose part in the answers moved most in it, what is not compared and why)."""
    all_ = [w.data for w in windows if isinstance(w.data, DriftWindow)]
    skipped = [f"{name}: {why}" for name, why in (all_[-1].skipped if all_ else {}).items()]
    found = _counted(windows)
    if not found:
        return "", [], skipped
    window, data = next((one for one in reversed(found) if one[0].alarm), found[-1])
    base = _baseline(loop.serving, data.model, window, "attributions")
    return words.date(window.start), _drawn(loop.serving, data, base, "trained on"), skipped


def requests_moved(loop: Snapshot, windows: Sequence[Window]) -> tuple[str, str, list[tuple[str, Markup]]]:
    """(of which window, over what, the columns that moved most in it): over the model's earlier windows, where there are some,
    else over what it was trained on."""
    found = _counted(windows)
    if not found:
        return "", "", []
    window, data = next((one for one in reversed(found) if one[0].alarm), found[-1])
    earlier = [of for w, of in found if w.start < window.start and of.model == data.model]
    trained = _baseline(loop.serving, data.model, window)
    labels = {**{name: of[0] for name, of in trained.items()}, **data.labels}
    base = (
        {name: (labels[name], _summed(earlier, name)) for name in data.columns if name in labels}
        if earlier
        else trained
    )
    over = "the model's earlier windows" if earlier else "what the champion was trained on"
    return words.date(window.start), over, _drawn(loop.serving, data, base, "earlier" if earlier else "trained on")


def _summed(windows: Sequence[DriftWindow], name: str) -> Sequence[float]:
    """A column's counts over these windows, as many bins as most of them have."""
    counts = [of.columns[name].counts for of in windows if name in of.columns]
    return [float(sum(place)) for place in zip(*counts, strict=False)]


def unread(windows: Sequence[Window]) -> list[tuple[str, str, int, int]]:
    """(input, missing or unknown, how many, of how many requests) in the latest window that had some, the most first."""
    found = [(w, w.data) for w in windows if isinstance(w.data, DriftWindow) and w.n]
    if not found:
        return []
    window, data = found[-1]
    told = [(name, why, n, window.n) for name, of in data.reasons.items() for why, n in of.items()]
    return sorted(told, key=lambda one: (-one[2], one[0]))[: 2 * MOVED]


def calibrations(windows: Sequence[Window]) -> list[tuple[str, Markup]]:
    """(label, picture) by window: what was told on average, and how often it came true; of two labels the second."""
    found = [(w, c) for w in windows if isinstance(w.data, QualityWindow) and (c := w.data.figures.get("calibration"))]
    names = list(dict.fromkeys(name for _, of in found for name in of))
    names = names[1:] if len(names) == 2 else names
    apart = {
        name: max(abs(of[name]["predicted"] - of[name]["observed"][0]) for _, of in found if name in of)
        for name in names
    }
    shown = sorted(names, key=lambda name: (-apart[name], name))[:MOVED]
    return [(name, _calibration(name, [(w, of[name]) for w, of in found if name in of])) for name in shown]


def _calibration(name: str, found: Sequence[tuple[Window, JsonObject]]) -> Markup:
    told = [(float(w.start), float(of["predicted"])) for w, of in found]
    came = [(float(w.start), float(of["observed"][0])) for w, of in found]
    band = [(float(w.start), float(of["observed"][1]), float(of["observed"][2])) for w, of in found]
    series = [
        lines.Series(f"{name}: came true", came, band, tone="s0"),
        lines.Series(f"{name}: told on average", told, tone="s1"),
    ]
    return lines.lines(f"Calibration of {name} by window", series, y="share of answers (%)", show=words.share, floor=0)
