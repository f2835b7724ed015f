"""Pictures of a past that was played again: quality over time, two plays side by side, and what age costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from tidemill.backtest.compared import INCUMBENT
from tidemill.backtest.course import REFIT, STATIC, Course, Figure
from tidemill.backtest.lived import LOOP, SERVED, Lived, Month
from tidemill.learning.measures import measure
from tidemill.ops.backtests import Backtest, Beside
from tidemill.ref import short_name
from tidemill.types import Micros, parse_time
from tidemill.web.charts import bars, lines

TONES = {REFIT: "s1", LOOP: "s1", STATIC: "s2", INCUMBENT: "s2"}
NAMES = {REFIT: "refitted", STATIC: "left alone", INCUMBENT: "present system"}
"""What a line is called beside the picture."""
BESIDE = 2  # baselines that are drawn: the best of them; all stand in the table
Point = tuple[float, Mapping[str, Figure]]
HEIGHT = 300


def axis_of(metric: str) -> str:
    """The title of an axis of this metric: which way is better, and in which unit.

    >>> axis_of("auc"), axis_of("mae")
    ('auc, 0 to 1 (higher is better)', "mae, in the target's unit (lower is better)")
    >>> axis_of("wape")
    'wape, a share of what truly was (lower is better)'
    """
    unit = {
        "log_loss": "in nats",
        "mae": "in the target's unit",
        "rmse": "in the target's unit",
        "interval_score": "in the target's unit",
        "wape": "a share of what truly was",
        "cost": "a decision",
    }.get(metric, "0 to 1")
    return f"{metric}, {unit} ({measure(metric).better} is better)"


def of_play(found: Backtest) -> dict[str, Any]:
    """``quality`` and ``key`` of one play."""
    if found.report is not None:
        points = [((span.start + span.end) / 2, span.arms) for span in found.report.spans]
        return quality(found.report.metric, _shown(found.report), points)
    lived = found.lived
    assert lived is not None
    whole: list[Point] = [
        (float(lived.start), {}),
        *by_month(lived.months),
        (float(lived.end), {}),
    ]  # else the first release is not in sight
    return quality(lived.metric, [LOOP, STATIC], whole, _marks(lived))


def _marks(found: Lived) -> list[lines.Mark]:
    """What served from when on, and the alarms."""
    served = [one for one in found.releases if one.status in SERVED]
    marks = [lines.Mark(float(one.at), f"{short_name(one.model)} ({one.method}), {one.kind}", "ok") for one in served]
    return marks + [lines.Mark(float(one.at), f"alarm of {one.kind}", "bad") for one in found.alarms]


def quality(
    metric: str, names: Sequence[str], points: Sequence[Point], marks: Sequence[lines.Mark] = ()
) -> dict[str, Any]:
    """``quality``: each arm over time, the two that matter with their bands; ``key``: which line is whose."""
    tones = {name: TONES.get(name, f"s{place % 4 + 1}") for place, name in enumerate(names)}
    drawn = [_line(name, tone, points) for name, tone in tones.items()]
    picture = lines.lines(f"{metric} over time", drawn, y=axis_of(metric), marks=marks, height=HEIGHT)
    return {"quality": picture, "key": [(NAMES.get(name, name), tone) for name, tone in tones.items()]}


def overlaid(found: Beside) -> Markup:
    """Both plays in one picture, each with its band."""
    drawn = [
        _banded(name, tone, play.course) for name, tone, play in zip(("first", "second"), ("s1", "s2"), found.plays)
    ]
    return lines.lines(f"{found.metric} of two plays", drawn, y=axis_of(found.metric), height=HEIGHT)


def by_month(months: Sequence[Month]) -> list[Point]:
    """In the middle of each."""
    return [(float(parse_time(f"{one.month}-15")), one.arms) for one in months]


def staleness(report: Course, every: str) -> Markup:
    """By age what older fits give against fresh ones on the same requests; the dotted line is a fresh one."""
    rows = [
        bars.Interval(f"{one.age} × {every}", 100 * one.gain.gain, 100 * one.gain.low, 100 * one.gain.high)
        for one in report.staleness
    ]
    return bars.intervals(
        "Quality by age of the fit", rows, x="against a fresh fit, in % of its quality", reference=0.0
    )


def _shown(report: Course) -> list[str]:
    """The refit, the first fit, and the baselines that the refit gains least against."""
    others = sorted((gain.gain, name) for name, gain in report.against.items() if name != STATIC)
    return [REFIT, STATIC, *(name for _, name in others[:BESIDE])]


def _line(name: str, tone: str, points: Sequence[Point]) -> lines.Series:
    there = [(at, arms.get(name)) for at, arms in points]
    band = [(at, figure[1], figure[2]) for at, figure in there if figure is not None] if name in TONES else []
    return lines.Series(NAMES.get(name, name), [(at, figure and figure[0]) for at, figure in there], band, tone=tone)


def _banded(name: str, tone: str, course: Sequence[tuple[Micros, Figure | None]]) -> lines.Series:
    points = [(float(at), figure and figure[0]) for at, figure in course]
    return lines.Series(
        name, points, [(float(at), *figure[1:]) for at, figure in course if figure is not None], tone=tone
    )
