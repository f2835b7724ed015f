"""The JSON inside records, read with a kind eye: what is missing is left out, never an error."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from tidemill.store.payloads import DriftWindow, QualityWindow
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


class Quality(NamedTuple):
    """A quality window's figure, its interval where it has one, and the share of answers whose labels are there."""

    mean: float
    low: float | None
    high: float | None
    mature: float | None


@dataclass(frozen=True, slots=True)
class Column:
    """What a drift window says about one column."""

    name: str
    p: float
    words: str
    alarm: bool

    @property
    def level(self) -> int:
        """0 no drift … 4 far away, from the p value."""
        return sum(self.p < limit for limit in (0.05, 0.01, 1e-3, 1e-5))


def drift(window: Window) -> list[Column]:
    """The columns of a drift window."""
    if not isinstance(window.data, DriftWindow):
        return []
    found = window.data
    return [Column(name, c.p, c.words, window.alarm and name in found.which) for name, c in found.columns.items()]


def quality(window: Window) -> Quality | None:
    """What a quality window says, or None where nothing is joined yet."""
    if not isinstance(window.data, QualityWindow):
        return None
    found = interval(window.data.figures.get(window.data.metric))
    if found is None:
        return None
    low, high = (found[1], found[2]) if found[1] != found[2] else (None, None)
    return Quality(found[0], low, high, window.data.mature)


def metric_of(windows: Sequence[Window], metric: str) -> str:
    """The metric that quality windows are about: the one the latest names, else the project's."""
    return next((w.data.metric for w in reversed(windows) if isinstance(w.data, QualityWindow)), metric)


def promised(window: Window) -> float | None:
    """The worse end of what the champion was evaluated with, in the metric's own unit."""
    return window.data.promised if isinstance(window.data, QualityWindow) else None


def maturity(window: Window) -> float | None:
    """The share of a quality window's answers whose truth is known."""
    return window.data.mature if isinstance(window.data, QualityWindow) else None


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
