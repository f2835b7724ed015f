"""What happens now: traffic, latency, drift, quality with its label maturity, outcomes. And the list of predictions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from tidemill.learning.measures import measure
from tidemill.monitor.quality import hurts as hurts_by_now
from tidemill.ops.snapshot import Snapshot
from tidemill.ops.status import loop_state
from tidemill.ops.text import quantile
from tidemill.ref import short_name
from tidemill.release.variants import CANARY, CHAMPION
from tidemill.store.payloads import PlatformWindow
from tidemill.store.records import Alarm, Event, Prediction, Window
from tidemill.tasks.table import metric_of
from tidemill.types import DAY, JsonObject, Micros
from tidemill.web import format as words
from tidemill.web import shapes
from tidemill.web.charts import bars, lines, svg
from tidemill.web.site import Ask, Page, Shown, by_key, link

DAYS = {"30": 30, "90": 90, "365": 365}
RIPE = 0.9
"""Quality whose labels are less mature than this is drawn dashed."""


def live(ask: Ask) -> Shown:
    asked = ask.text("days") or "90"
    days = DAYS.get(asked, 90)
    loop = ask.snapshot()
    drift, quality = loop.windows("drift", days * DAY), loop.windows("quality", days * DAY)
    platform = loop.windows("platform", days * DAY)
    marks = _marks(loop, days)
    values = {
        "days": days,
        "choices": [(int(d), link("/live", days=d, endpoint=ask.text("endpoint"))) for d in DAYS],
        "now_figures": now_figures(loop),
        "traffic": _traffic(loop, platform or quality),
        "latency": _latency(loop, platform),
        "latency_of": len(loop.recent),
        "drift": drift_picture(drift[-60:]),
        "alarms": [_alarm(loop, a) for a in loop.alarms],
        "quality": quality_picture(loop, quality, marks),
        "bound": _bound(loop, quality),
        "maturity": _maturity(loop, quality),
        "outcomes": _outcomes(loop),
        "recent": [prediction_row(p) for p in loop.recent[:8]],
    }
    return Shown("Live", values, ask.ignored("days", DAYS))


def now_figures(loop: Snapshot) -> list[tuple[str, str, str]]:
    """(name, value, note) of the last answers."""
    seen = loop.recent
    if not seen:
        return [("Requests", "0", "no answer yet"), ("Loop", *loop_state(loop))]
    took = [p.latency_us for p in seen]
    cold = sum(p.cold for p in seen) / len(seen)
    beside = Counter(p.arm for p in seen if p.arm != CHAMPION) or {CANARY: 0}
    note = f"of the last {len(seen)} answers"
    return [
        ("Latency p50", words.span(quantile(took, 0.5)), note),
        ("Latency p99", words.span(quantile(took, 0.99)), note),
        ("Cold", words.share(cold), "subjects without a history"),
        *((words.label(name), words.share(n / len(seen)), note) for name, n in beside.items()),
        ("Loop", *loop_state(loop)),
    ]


def _traffic(loop: Snapshot, windows: Sequence[Window]) -> Markup:
    if windows:
        return bars.bars(
            "Answers by window", [(words.day(w.start), float(w.n)) for w in windows], show=words.brief, height=210
        )
    counted: dict[Micros, int] = {}
    for p in loop.recent:
        counted[p.at // DAY] = counted.get(p.at // DAY, 0) + 1
    return bars.bars("Answers by day", [(words.day(d * DAY), float(n)) for d, n in sorted(counted.items())])


def _latency(loop: Snapshot, platform: Sequence[Window]) -> tuple[Markup, bool]:
    """p50 and p99 by window (True) where they are kept, else a histogram of the last answers."""
    found = [(w.start, _latency_of(w)) for w in platform]
    known = [(at, v) for at, v in found if v]
    if len(known) > 1:
        series = [lines.Series(name, [(float(at), v.get(name)) for at, v in known]) for name in ("p50", "p99")]
        return lines.lines("Latency by window", series, show=words.span, floor=0), True
    took = sorted(p.latency_us for p in loop.recent)
    if not took:
        return svg.empty("Latency of the last answers"), False
    high = quantile(took, 0.995) or 1
    bins = [0] * 24
    for t in took:
        bins[min(int(t / high * 24), 23)] += 1
    pairs = [(words.span(high * (i + 0.5) / 24), float(n)) for i, n in enumerate(bins)]
    return bars.bars("Latency of the last answers", pairs, height=210), False


def _latency_of(w: Window) -> dict[str, float]:
    if not isinstance(w.data, PlatformWindow) or w.data.p50_us is None or w.data.p99_us is None:
        return {}
    return {"p50": float(w.data.p50_us), "p99": float(w.data.p99_us)}


def drift_picture(windows: Sequence[Window]) -> Markup:
    """A strip a column: how far each window was from the training data."""
    names: dict[str, None] = {}
    seen = [{c.name: c for c in shapes.drift(w)} for w in windows]
    for columns in seen:
        names.update(dict.fromkeys(columns))
    strips = []
    for name in names:
        cells = []
        for w, columns in zip(windows, seen):
            c = columns.get(name)
            said = (
                f"{words.day(w.start)}: {words.plainly(c.words) or words.number(c.p)}"
                if c
                else f"{words.day(w.start)}: no rows"
            )
            cells.append((said, c.level if c else None, bool(c and c.alarm)))
        strips.append(bars.Strip(name, cells))
    return bars.strips("Drift by column and window", strips)


def _alarm(loop: Snapshot, alarm: Alarm) -> dict[str, Any]:
    """An alarm as a person reads it: which monitor, what moved, and whether quality is affected, by the labels of now."""
    hurts: JsonObject = alarm.evidence["hurts"]
    if alarm.hurts != "yes" and alarm.model is not None:
        hurts = hurts_by_now(loop.serving, alarm.model, alarm.since)
    answer, said = str(hurts["answer"]), str(hurts.get("words", ""))
    return {
        "at": alarm.opened,
        "monitor": alarm.kind,
        "model": short_name(alarm.model),
        "what": list(alarm.what),
        "answer": answer,
        "tone": {"yes": "bad", "perhaps": "warn", "no": "ok"}.get(answer, "idle"),
        "words": said if said not in alarm.what else "",
    }


def _marks(loop: Snapshot, days: int) -> list[lines.Mark]:
    found: list[Event] = []
    for kind in ("promoted", "rolled_back"):
        found += loop.project.store.events.list(kind=kind, since=loop.now - days * DAY, limit=60)
    tones = {"promoted": "ok", "rolled_back": "bad"}
    return [
        lines.Mark(
            float(e.at),
            f"{words.label(e.kind)} {short_name(str(e.data.get('model', '')))} · {words.day(e.at)}",
            tones[e.kind],
        )
        for e in found
    ]


def quality_picture(loop: Snapshot, windows: Sequence[Window], marks: Sequence[lines.Mark]) -> Markup:
    """Quality by window and its mean over seven; the end is dashed while labels are incomplete."""
    metric = shapes.metric_of(windows, metric_of(loop.serving.model))
    points: list[tuple[float, float | None]] = []
    band: list[tuple[float, float, float]] = []
    unripe: float | None = None
    for w in windows:
        found = shapes.quality(w)
        if found is None:
            continue
        mean, low, high, maturity = found
        points.append((float(w.start), mean))
        if low is not None and high is not None:
            band.append((float(w.start), low, high))
        if unripe is None and maturity is not None and maturity < RIPE:
            unripe = float(w.start) - 1
    smooth = [(x, _mean_before(points, i)) for i, (x, _) in enumerate(points)]
    expected = next((v for w in reversed(windows) if (v := shapes.promised(w)) is not None), None)
    series = [lines.Series(f"{metric} by window", points, band, tone="s0")]
    if len(points) > 3:
        series.append(lines.Series(f"{metric}, mean of 7 windows", smooth, unripe_from=unripe, tone="s1"))
    return lines.lines(f"Live {metric}", series, marks=marks, limit=expected, floor=0)


def _bound(loop: Snapshot, windows: Sequence[Window]) -> str:
    """How the promise reads: of an error at most so much, of what is good at least."""
    metric = shapes.metric_of(windows, metric_of(loop.serving.model))
    return "at most" if measure(metric).less_is_better else "at least"


def _mean_before(points: Sequence[tuple[float, float | None]], i: int, n: int = 7) -> float | None:
    known = [y for _, y in points[max(0, i - n + 1) : i + 1] if y is not None]
    return sum(known) / len(known) if known else None


def _maturity(loop: Snapshot, windows: Sequence[Window]) -> str:
    known = [(w, shapes.maturity(w)) for w in windows]
    ripe = [w for w, m in known if m is not None and m >= RIPE]
    last = windows[-1] if windows else None
    if last is None:
        return "No window has closed yet."
    maturity = shapes.maturity(last)
    if maturity is None:
        return f"Last window: {words.date(last.start)}, {words.plural(last.n, 'answer')}."
    until = f"; labels are mature until {words.date(ripe[-1].end)}" if ripe else ""
    return f"Last window: {words.date(last.start)}, {words.plural(last.n, 'answer')}, label maturity {words.share(maturity)}{until}."


def _outcomes(loop: Snapshot) -> dict[str, Any]:
    counts = loop.counts.outcomes()
    names = {"id": "by id", "subject": "by subject", "": "not joined yet", "unattributed": "without a prediction"}
    tones = {"id": "s1", "subject": "s3", "": "s2", "unattributed": "idle"}
    rows = [(names.get(how, how), counts.get(how, 0), tones.get(how, "s4")) for how in dict.fromkeys((*names, *counts))]
    rows = [r for r in rows if r[1]]
    bar = (
        bars.share_bar("Outcomes by how they were joined", [(n, float(c), t) for n, c, t in rows], width=WIDTH)
        if rows
        else None
    )
    return {"total": sum(counts.values()), "rows": rows, "bar": bar}


WIDTH = 520


def prediction_row(p: Prediction) -> dict[str, Any]:
    return {"p": p, "said": shapes.brief_answer(p), "ref": short_name(p.model), "href": link("/trace", id=p.id)}


def predictions(ask: Ask) -> Shown:
    part = by_key(ask, "/predictions", ask.project.live.predictions.page, export="predictions")
    values = {
        "part": part,
        "rows": [prediction_row(p) for p in part.rows],
        "total": ask.counts.predictions(),
    }
    return Shown("Predictions", values)


PAGES = (Page("/live", "live.html", "live", live), Page("/predictions", "predictions.html", "live", predictions))
