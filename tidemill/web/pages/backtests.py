"""A model's own past, played again: the list, one walk with quality over time, what age costs and what refitting cost; auditions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from tidemill.backtest.compared import INCUMBENT
from tidemill.backtest.course import REFIT, STATIC, Course, Figure
from tidemill.backtest.lived import LOOP, Month
from tidemill.ops import auditions as audition_verbs
from tidemill.ops import backtests as verbs
from tidemill.release.gates.sentences import percent
from tidemill.types import parse_time
from tidemill.web.charts import bars, lines
from tidemill.web.pages.models import axis_of
from tidemill.web.site import Ask, Page, Shown, by_key

TONES = {REFIT: "s1", LOOP: "s1", STATIC: "s2", INCUMBENT: "s2"}
NAMES = {REFIT: "refitted", STATIC: "left alone", INCUMBENT: "present system"}
"""What a line is called beside the picture."""
BESIDE = 2  # baselines that are drawn: the best of them; all stand in the table
Point = tuple[float, Mapping[str, Figure]]


def backtests(ask: Ask) -> Shown:
    part = by_key(ask, "/backtests", verbs.ls, export=None)
    return Shown("Backtests", {"part": part, "auditions": audition_verbs.ls(ask.project, limit=20).items})


def backtest(ask: Ask) -> Shown:
    found = verbs.show(ask.project, ask.params["backtest"])
    report, lived = found.report, found.lived
    values: dict[str, Any] = {"b": found, "against": [], "arms": [LOOP, STATIC], "quality": "", "staleness": ""}
    if lived is not None:
        values |= quality(lived.metric, [LOOP, STATIC], _by_month(lived.months))
    if report is not None:
        points = [((span.start + span.end) / 2, span.arms) for span in report.spans]
        values |= {
            **quality(report.metric, _shown(report), points),
            "staleness": staleness(report, found.every),
            "arms": report.names,
            "against": [_row(name, report) for name in report.names if name in report.against],
        }
    return Shown(f"Backtest of {found.model}", values)


def audition(ask: Ask) -> Shown:
    found = audition_verbs.show(ask.project, ask.params["audition"])
    report = found.report
    arms = [LOOP, INCUMBENT]
    tone = {"promoted": "ok", "worse": "bad"}.get(report.verdict, "idle")
    drawn = quality(report.metric, arms, _by_month(report.months))
    return Shown(f"Audition of {found.model}", {"a": found, "tone": tone, "arms": arms, **drawn})


def quality(metric: str, names: Sequence[str], points: Sequence[Point]) -> dict[str, Any]:
    """``quality``: each arm over time, the two that matter with their bands; ``key``: which line is whose."""
    tones = {name: TONES.get(name, f"s{place % 4 + 1}") for place, name in enumerate(names)}
    drawn = [_line(name, tone, points) for name, tone in tones.items()]
    picture = lines.lines(f"{metric} over time", drawn, y=axis_of(metric), height=300)
    return {"quality": picture, "key": [(NAMES.get(name, name), tone) for name, tone in tones.items()]}


def _by_month(months: Sequence[Month]) -> list[Point]:
    """In the middle of each."""
    return [(float(parse_time(f"{one.month}-15")), one.arms) for one in months]


def _shown(report: Course) -> list[str]:
    """The refit, the first fit, and the baselines that the refit gains least against."""
    others = sorted((gain.gain, name) for name, gain in report.against.items() if name != STATIC)
    return [REFIT, STATIC, *(name for _, name in others[:BESIDE])]


def _line(name: str, tone: str, points: Sequence[Point]) -> lines.Series:
    there = [(at, arms.get(name)) for at, arms in points]
    band = [(at, figure[1], figure[2]) for at, figure in there if figure is not None] if name in TONES else []
    return lines.Series(NAMES.get(name, name), [(at, figure and figure[0]) for at, figure in there], band, tone=tone)


def staleness(report: Course, every: str) -> Markup:
    """By age what older fits give against fresh ones on the same requests; the dotted line is a fresh one."""
    rows = [
        bars.Interval(f"{one.age} × {every}", 100 * one.gain.gain, 100 * one.gain.low, 100 * one.gain.high)
        for one in report.staleness
    ]
    return bars.intervals(
        "Quality by age of the fit", rows, x="against a fresh fit, in % of its quality", reference=0.0
    )


def _row(name: str, report: Course) -> dict[str, Any]:
    gain = report.against[name]
    told = {"mean": percent(gain.gain), "low": percent(gain.low), "high": percent(gain.high)}
    return {"name": name, "gain": gain, "verdict": gain.verdict, **told, "visible": percent(gain.visible).lstrip("+")}


PAGES = (
    Page("/backtests", "backtests.html", "models", backtests),
    Page("/backtests/{backtest}", "backtest.html", "models", backtest),
    Page("/auditions/{audition}", "audition.html", "models", audition),
)
