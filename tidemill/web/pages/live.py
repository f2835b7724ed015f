"""What happens now: traffic, latency, drift, quality with its label maturity, outcomes. And the list of predictions."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from markupsafe import Markup

from tidemill.learning.measures import Measure, measure
from tidemill.monitor.quality import recently
from tidemill.ops import page as pages
from tidemill.ops.predictions import Given, given, look_through, names
from tidemill.ops.ruled import ruled
from tidemill.ops.snapshot import Snapshot, count_predictions
from tidemill.ops.status import loop_state
from tidemill.ops.text import quantile
from tidemill.ops.watched import watched
from tidemill.ref import short_name
from tidemill.release.variants import CANARY, CHAMPION
from tidemill.scope.project import Project
from tidemill.store.payloads import PlatformWindow, QualityWindow
from tidemill.store.records import Window
from tidemill.tasks.table import metric_of, task_of
from tidemill.types import DAY, JsonObject
from tidemill.web import format as words
from tidemill.web.charts import bars, lines, svg
from tidemill.web.pages import watching
from tidemill.web.pages.alarms import said
from tidemill.web.pages.estimated import estimated
from tidemill.web.pages.fairness import over_time
from tidemill.web.pages.suppliers import gaps
from tidemill.web.site import Ask, Page, Shown, by_key, link

DAYS = {"30": 30, "90": 90, "365": 365}
RIPE = 0.9  # Quality whose labels are less mature than this is drawn dashed
MARKS = {"promoted": "ok", "rolled_back": "bad"}
JOINED = {
    "id": ("by id", "s1"),
    "subject": ("by subject", "s3"),
    "revokes": ("taken back", "s4"),
    "": ("not joined yet", "s2"),
    "unattributed": ("without a prediction", "idle"),
}


def live(ask: Ask) -> Shown:
    days = DAYS.get(ask.text("days") or "90", 90)
    loop = ask.snapshot()
    every = ("drift", "requests", "quality", "platform", "estimate", "attribution")
    drift, requests, quality, platform, estimate, attribution = (loop.windows(name, days * DAY) for name in every)
    measured, groups = qualities(quality), loop.windows("fairness", days * DAY)
    values = {
        "days": days,
        "choices": [(int(d), link("/live", days=d, endpoint=ask.text("endpoint"))) for d in DAYS],
        "now_figures": now_figures(loop),
        "traffic": _traffic(loop, platform or quality),
        "latency": _latency(loop, platform),
        "latency_of": len(loop.recent),
        "drift": watching.drift_picture(drift),
        "skipped": watched(loop).skipped,
        "moved": watching.distributions(loop, drift),
        "requests": watching.drift_picture(requests, "Requests by column and window") if requests else None,
        "asked": watching.requests_moved(loop, requests),
        "attribution": watching.drift_picture(attribution, "Attributions by input and window") if attribution else None,
        "parts": watching.attributions_moved(loop, attribution),
        "unread": watching.unread(requests),
        "calibration": watching.calibrations(quality),
        "alarms": [said(ask.project, a) for a in loop.alarms],
        "quality": quality_picture(loop, measured, _marks(loop, days)),
        "bound": "at most" if live_measure(loop, measured).less_is_better else "at least",
        "maturity": _maturity(measured),
        "exposure": gaps(loop.windows("exposure", days * DAY), loop.serving.fairness.suppliers),
        "estimated": estimated(loop, estimate, _marks(loop, days)),
        "groups": over_time(groups, _marks(loop, days)),
        "shown": (recently(loop.serving) or {}).get("shown", ""),
        "ruled": ruled(loop.recent),
        "outcomes": _outcomes(loop),
        "scorers": loop.scorers,
        "recent": prediction_rows(ask.project, [given(p) for p in loop.recent[:8]]) if ask.may("person.read") else None,
    }
    return Shown("Live", values, ask.ignored("days", DAYS))


@dataclass(frozen=True, slots=True)
class Quality:
    """A quality window and its figure with the interval; none where nothing is joined yet."""

    window: Window
    data: QualityWindow
    figure: words.Interval | None


def qualities(windows: Sequence[Window]) -> list[Quality]:
    """What quality windows say."""
    return [
        Quality(w, w.data, words.interval(w.data.figures.get(w.data.metric)))
        for w in windows
        if isinstance(w.data, QualityWindow)
    ]


def live_measure(loop: Snapshot, measured: Sequence[Quality]) -> Measure:
    """What live quality is measured by: what the latest window names, else the model's metric."""
    return measure(measured[-1].data.metric if measured else metric_of(loop.serving.model))


def now_figures(loop: Snapshot) -> list[tuple[str, str, str]]:
    """(name, value, note) of the last answers."""
    seen = loop.recent
    if not seen:
        return [("Requests", "0", "no answer yet"), _loop(loop)]
    took = [p.latency_us for p in seen if p.latency_us]
    p50, p99 = (words.span(quantile(took, q)) if took else "–" for q in (0.5, 0.99))
    beside = Counter(p.arm for p in seen if p.arm != CHAMPION) or {CANARY: 0}
    note = f"of the last {len(seen)} answers"
    cold = [("Cold", words.share(sum(p.cold for p in seen) / len(seen)), "subjects without a history")]
    cold = cold if task_of(loop.serving.model.task).history else []
    return [
        ("Latency p50", p50, note),
        ("Latency p99", p99, note),
        *cold,
        *((words.label(name), words.share(n / len(seen)), note) for name, n in beside.items()),
        _loop(loop),
    ]


def _loop(loop: Snapshot) -> tuple[str, str, str]:
    state, note = loop_state(loop)
    return "Loop", state, words.prose(note)


def _traffic(loop: Snapshot, windows: Sequence[Window]) -> Markup:
    if windows:
        pairs = [(words.day(w.start), float(w.n)) for w in windows]
        return bars.bars(
            "Answers by window", pairs, show=words.brief, height=240, x="window, by its start (UTC)", y="answers"
        )
    counted = Counter(p.at // DAY for p in loop.recent)
    pairs = [(words.day(d * DAY), float(n)) for d, n in sorted(counted.items())]
    return bars.bars("Answers by day", pairs, height=240, x="day (UTC)", y="answers")


def _latency(loop: Snapshot, platform: Sequence[Window]) -> tuple[Markup, bool]:
    """p50 and p99 by window (True) where they are kept, else a histogram of the last answers."""
    found = [(float(w.start), w.data) for w in platform if isinstance(w.data, PlatformWindow)]
    known = [(at, data.p50_us, data.p99_us) for at, data in found if data.p50_us is not None]
    if len(known) > 1:
        series = [lines.Series(name, [(row[0], row[i]) for row in known]) for i, name in ((1, "p50"), (2, "p99"))]
        return lines.lines("Latency by window", series, y="time in the server", show=words.span, floor=0), True
    took = [p.latency_us for p in loop.recent if p.latency_us]
    if not took:
        return svg.empty("Latency of the last answers"), False
    high = quantile(took, 0.995) or 1
    counted = Counter(min(int(t / high * 24), 23) for t in took)
    pairs = [(words.span(high * (i + 0.5) / 24), float(counted[i])) for i in range(24)]
    shown = bars.bars("Latency of the last answers", pairs, height=240, x="time in the server", y="answers")
    return shown, False


def _marks(loop: Snapshot, days: int) -> list[lines.Mark]:
    events = loop.project.store.events
    found = [e for kind in MARKS for e in events.list(kind=kind, since=loop.now - days * DAY, limit=60)]
    return [
        lines.Mark(
            float(e.at), f"{words.label(e.kind)} {short_name(e.data.get('model'))} · {words.day(e.at)}", MARKS[e.kind]
        )
        for e in found
    ]


def quality_picture(loop: Snapshot, measured: Sequence[Quality], marks: Sequence[lines.Mark]) -> Markup:
    """Quality by window and its mean over seven; the end is dashed while labels are incomplete."""
    metric = live_measure(loop, measured).name
    known = [(float(q.window.start), q.figure, q.data) for q in measured if q.figure is not None]
    points = [(at, figure[0]) for at, figure, _ in known]
    band = [(at, low, high) for at, (_, low, high), _ in known if low != high]
    unripe = next((q.window.start - 1.0 for q in measured if q.figure is not None and not _is_ripe(q)), math.inf)
    expected = next((q.data.promised for q in reversed(measured) if q.data.promised is not None), None)
    series = [lines.Series(f"{metric} by window", points, band, tone="s0")]
    if len(points) > 3:
        smooth = [(at, _mean(points[max(0, i - 6) : i + 1])) for i, (at, _) in enumerate(points)]
        series.append(lines.Series(f"{metric}, mean of 7 windows", smooth, unripe_from=unripe, tone="s1"))
    y = f"{metric} ({measure(metric).better} is better)"
    return lines.lines(f"Live {metric}", series, y=y, marks=marks, limit=expected, floor=0)


def _mean(points: Sequence[tuple[float, float]]) -> float:
    return sum(y for _, y in points) / len(points)


def _maturity(measured: Sequence[Quality]) -> str:
    if not measured:
        return "No window has closed yet."
    last = measured[-1]
    text = f"Last window: {words.date(last.window.start)}, {words.plural(last.window.n, 'answer')}"
    if last.data.mature is None:
        return f"{text}."
    ripe = [q.window.end for q in measured if _is_ripe(q)]
    until = f"; labels are mature until {words.date(ripe[-1])}" if ripe else ""
    waits = "" if last.window.complete else "; it is judged when the labels have come"
    return f"{text}, label maturity {words.share(last.data.mature)}{waits}{until}."


def _is_ripe(of: Quality) -> bool:
    """Whether its labels are in, as far as anybody can say."""
    return of.window.complete and of.data.mature is not None and of.data.mature >= RIPE


def _outcomes(loop: Snapshot) -> dict[str, Any]:
    counts = loop.outcomes
    rows = [(name, counts[how], tone) for how, (name, tone) in JOINED.items() if counts.get(how)]
    bar = bars.share_bar("Outcomes by how they were joined", [(n, float(c), t) for n, c, t in rows], width=svg.WIDTH)
    held = sum(loop.quarantined.values())
    if held:
        rows.append(("in quarantine: items that no file has", held, "warn"))
    asked = loop.asked if task_of(loop.serving.model.task).history and loop.asked.subjects else None
    return {"total": sum(counts.values()), "rows": rows, "bar": bar if rows else None, "asked": asked}


def prediction_rows(project: Project, answers: Sequence[Given]) -> list[dict[str, Any]]:
    """Answers as a list shows them, items by their names."""
    called = names(project, answers)
    return [{"p": p, "answer": _brief(p.output, called), "href": link("/trace", id=p.id)} for p in answers]


def _brief(answer: JsonObject, called: Mapping[str, str]) -> str:
    """The answer in a few words."""
    if (items := answer.get("items")) is not None:
        return (
            ", ".join(called.get(item, str(item)) for item in items[:5]) + (" …" if len(items) > 5 else "") or "nothing"
        )
    return ", ".join(f"{words.label(k)} {_said(v)}" for k, v in list(answer.items())[:3])


def _said(value: Any) -> str:
    """With every digit; of several labels each in short."""
    return words.text(value) if isinstance(value, dict) else words.exactly(value)


def _looked_through(ask: Ask, project: Project, **slice_of: Any) -> pages.Page[Given]:
    return look_through(project, ask.caller, **slice_of)


def predictions(ask: Ask) -> Shown:
    part = by_key(ask, "/predictions", partial(_looked_through, ask), export="predictions")
    rows = prediction_rows(ask.project, part.rows)
    return Shown("Predictions", {"part": part, "rows": rows, "total": count_predictions(ask.project, None)})


PAGES = (
    Page("/live", "live.html", "live", live, "project.read"),
    Page("/predictions", "predictions.html", "live", predictions, "person.read"),
)
