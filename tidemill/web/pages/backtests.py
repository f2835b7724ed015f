"""A model's own past, played again: the list, one walk with quality over time, what age costs and what refitting cost; auditions."""

from __future__ import annotations

from typing import Any

from tidemill.backtest.compared import INCUMBENT
from tidemill.backtest.course import STATIC, Course
from tidemill.backtest.lived import LOOP
from tidemill.ops import auditions as audition_verbs
from tidemill.ops import backtests as verbs
from tidemill.ops.backtests import Backtest
from tidemill.release.gates.sentences import percent
from tidemill.web.pages.past import by_month, of_play, overlaid, quality, staleness
from tidemill.web.site import Ask, Page, Shown, by_key


def backtests(ask: Ask) -> Shown:
    part = by_key(ask, "/backtests", verbs.ls, export=None)
    auditions = by_key(ask, "/backtests", audition_verbs.ls, export=None, size=20, name="auditions_before")
    return Shown("Backtests", {"part": part, "auditions": auditions})


def backtest(ask: Ask) -> Shown:
    found = verbs.show(ask.project, ask.params["backtest"])
    report = found.report
    values: dict[str, Any] = {"b": found, "against": [], "arms": [LOOP, STATIC], "staleness": "", **of_play(found)}
    if report is not None:
        values |= {
            "staleness": staleness(report, found.every),
            "arms": report.names,
            "against": [_row(name, report) for name in report.names if name in report.against],
        }
    return Shown(f"Backtest of {found.model}", {**values, **_beside(ask, found)})


def _beside(ask: Ask, found: Backtest) -> dict[str, Any]:
    """``others``: of the same model; ``beside``: this one and the other that is asked for, ``overlaid`` in one picture."""
    others = [run for run in verbs.of_model(ask.project, found.model) if run.id != found.run]
    other = ask.text("beside")
    both = verbs.compare(ask.project, found.run, other) if other else None
    return {"others": others, "beside": both, "overlaid": both and overlaid(both)}


def audition(ask: Ask) -> Shown:
    found = audition_verbs.show(ask.project, ask.params["audition"])
    report = found.report
    arms = [LOOP, INCUMBENT]
    tone = {"promoted": "ok", "worse": "bad"}.get(report.verdict, "idle")
    drawn = quality(report.metric, arms, by_month(report.months))
    return Shown(f"Audition of {found.model}", {"a": found, "tone": tone, "arms": arms, **drawn})


def _row(name: str, report: Course) -> dict[str, Any]:
    gain = report.against[name]
    told = {"mean": percent(gain.gain), "low": percent(gain.low), "high": percent(gain.high)}
    return {"name": name, "gain": gain, "verdict": gain.verdict, **told, "visible": percent(gain.visible).lstrip("+")}


PAGES = (
    Page("/backtests", "backtests.html", "models", backtests, "project.read"),
    Page("/backtests/{backtest}", "backtest.html", "models", backtest, "project.read"),
    Page("/auditions/{audition}", "audition.html", "models", audition, "project.read"),
)
