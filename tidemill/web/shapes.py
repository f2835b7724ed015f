"""The JSON inside records, read with a kind eye: what is missing is left out, never an error."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tidemill.store.records import Prediction, Window


def figure(value: Any) -> float | None:
    """A finite number, or None."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def interval(value: Any) -> tuple[float, float, float] | None:
    """A metric as (mean, low, high); a bare number has no width.

    >>> interval([0.31, 0.29, 0.33]), interval(0.5), interval("?")
    ((0.31, 0.29, 0.33), (0.5, 0.5, 0.5), None)
    """
    if isinstance(value, Sequence) and not isinstance(value, str) and len(value) >= 3:
        mean, low, high = (figure(v) for v in value[:3])
        if mean is not None and low is not None and high is not None:
            return mean, low, high
        return None
    if isinstance(value, Mapping):
        return interval([value.get("mean"), value.get("low"), value.get("high")])
    one = figure(value)
    return None if one is None else (one, one, one)


def intervals(metrics: Mapping[str, Any]) -> dict[str, tuple[float, float, float]]:
    """Every metric that has an interval, by name."""
    found = {name: interval(v) for name, v in metrics.items() if not isinstance(v, int | float)}
    return {name: v for name, v in found.items() if v is not None}


@dataclass(frozen=True, slots=True)
class Column:
    """What a drift window says about one column."""

    name: str
    p: float | None
    moved: float | None
    words: str
    alarm: bool

    @property
    def level(self) -> int | None:
        """0 as ever … 4 far away, from the p value."""
        if self.p is None:
            return None
        return sum(self.p < limit for limit in (0.05, 0.01, 1e-3, 1e-5))


def drift(window: Window) -> list[Column]:
    """The columns of a drift window."""
    columns = window.data.get("columns", {})
    pairs = columns.items() if isinstance(columns, dict) else ((c.get("name", "?"), c) for c in columns)
    which = window.data.get("which") or window.data.get("what") or ()
    names = {w if isinstance(w, str) else w.get("name") for w in which} if isinstance(which, list | tuple) else set()
    limit = figure(window.data.get("threshold"))
    found = []
    for name, c in pairs:
        p = figure(c.get("p"))
        above = p is not None and limit is not None and -math.log(max(p, 1e-300)) > limit
        alarm = window.alarm and (name in names if names else above)
        found.append(Column(str(name), p, figure(c.get("moved")), str(c.get("words", "")), alarm))
    return found


def quality(window: Window, metric: str) -> tuple[float, float | None, float | None, float | None] | None:
    """(mean, low, high, share of answers whose labels are there) of a quality window, or None where nothing is joined yet."""
    data = window.data
    raw = data.get(metric)
    if raw is None:
        raw = next((v for v in data.values() if isinstance(v, list) and interval(v)), None)
    found = interval(raw)
    if found is None:
        return None
    low, high = (found[1], found[2]) if found[1] != found[2] else (None, None)
    return found[0], low, high, figure(data.get("mature"))


def metric_of(windows: Sequence[Window], metric: str) -> str:
    """The metric that quality windows are about: the one the latest names, else the project's.

    >>> metric_of([Window("hire", "quality", 0, 1, 9, {"metric": "log_loss"})], "auc"), metric_of([], "recall@20")
    ('log_loss', 'recall@20')
    """
    named = next((w.data["metric"] for w in reversed(windows) if isinstance(w.data.get("metric"), str)), None)
    return str(named or metric)


def promised(window: Window) -> float | None:
    """The worse end of what the champion was evaluated with, in the metric's own unit."""
    detector = window.data.get("detector")
    kept = detector.get("expected") if isinstance(detector, dict) else None
    return figure(window.data.get("promised", kept))


def answer(prediction: Prediction) -> dict[str, Any]:
    """What was answered, as JSON; an answer that cannot be read is empty."""
    try:
        said = json.loads(prediction.output)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def brief_answer(prediction: Prediction) -> str:
    """The answer in a few words."""
    said = answer(prediction)
    items = said.get("items")
    if isinstance(items, list):
        return ", ".join(str(i) for i in items[:5]) + (" …" if len(items) > 5 else "")
    return ", ".join(f"{k} {v}" for k, v in list(said.items())[:3])
