"""The overview: the wheel, what waits, what changed this week. And the timeline of everything that happened."""

from __future__ import annotations

from tidemill.learning.measures import measure
from tidemill.ops.parts import parts
from tidemill.ops.snapshot import Snapshot, new_rows
from tidemill.ops.status import answer, snapshots
from tidemill.ref import short_name
from tidemill.tasks.table import metric_of
from tidemill.web import format as words
from tidemill.web import shapes
from tidemill.web.charts import lines
from tidemill.web.charts.wheel import wheel
from tidemill.web.site import Ask, Page, Shown, by_key
from tidemill.web.tell import KINDS, routine, tell, timeline


def overview(ask: Ask) -> Shown:
    every, loop = snapshots(ask.project, ask.health, counts=ask.counts), ask.snapshot()
    endpoints, verdict = answer(every)
    found = parts(loop)
    values = {
        "verdict": answer([loop])[1] if ask.text("endpoint") else verdict,
        "wheel": wheel(found, *hub(loop), turning=loop.champion is not None),
        "parts": found,
        "waits": ask.project.store.releases.list(status="held"),
        "others": endpoints if len(ask.project.endpoints) > 1 else [],
        "days": timeline(loop.week),
        "routine": routine(loop.week),
        "ever": bool(loop.week or ask.project.store.events.page(limit=1)),
        "figures": figures(loop),
    }
    return Shown("Overview", values)


def hub(loop: Snapshot) -> tuple[str, str, str]:
    """What stands in the middle of the wheel: what is served, how good it is, and since when that is known."""
    if loop.champion is None:
        return "no model", "–", "nothing is released"
    name = short_name(loop.champion.model)
    live = mean_quality(loop, 14)
    if live is not None:
        return name, words.number(live), f"{live_metric(loop) or 'quality'} live"
    metric = main_metric(loop)
    found = shapes.interval(loop.served.metrics.get(metric)) if loop.served else None
    return name, words.number(found[0]) if found else "–", metric


def main_metric(loop: Snapshot) -> str:
    """The project's metric, or the first with an interval."""
    metric = metric_of(loop.serving.model)
    known = shapes.intervals(loop.served.metrics) if loop.served else {}
    return metric if metric in known or not known else next(iter(known))


def live_metric(loop: Snapshot) -> str:
    """What live quality is measured by."""
    return shapes.metric_of(loop.quality, metric_of(loop.serving.model))


def mean_quality(loop: Snapshot, days: int) -> float | None:
    """The live quality over the last windows, each weighted by its answers."""
    metric = live_metric(loop)
    kind = measure(metric)
    pairs = [(shapes.quality(w), w.n) for w in loop.quality[-days:]]
    known = [(q[0], n) for q, n in pairs if q is not None and n]
    total = sum(n for _, n in known)
    return kind.figure(sum(kind.mean(v) * n for v, n in known) / total) if total else None


def figures(loop: Snapshot) -> list[dict[str, object]]:
    """The four numbers beside the wheel, each with its little line."""
    quality = [q[0] if q else None for q in (shapes.quality(w) for w in loop.quality[-30:])]
    traffic: list[float | None] = [float(w.n) for w in loop.quality[-30:]]
    rows: list[float | None] = [float(n) for n in new_rows(loop.versions)[-30:]]
    live = mean_quality(loop, 14)
    return [
        {
            "name": "Live quality",
            "value": words.number(live),
            "note": "last 14 windows",
            "spark": lines.sparkline("Live quality by day", quality),
            "href": "/live#quality",
        },
        {
            "name": "Predictions",
            "value": words.count(loop.counts.predictions()),
            "note": "answered in all",
            "spark": lines.sparkline("Answers by day", traffic),
            "href": "/predictions",
        },
        {
            "name": "Rows",
            "value": words.count(loop.versions[-1].rows if loop.versions else 0),
            "note": words.plural(len(loop.versions), "version"),
            "spark": lines.sparkline("New rows by version", rows),
            "href": "/data",
        },
    ]


def events(ask: Ask) -> Shown:
    ignored = ask.ignored("kind", KINDS)
    kind = None if ignored else ask.text("kind")
    part = by_key(ask, "/events", ask.project.store.events.page, export="events", kind=kind)
    values = {"part": part, "lines": [tell(e) for e in part.rows], "kind": kind, "kinds": KINDS}
    return Shown("Timeline", values, ignored)


PAGES = (Page("/", "overview.html", "overview", overview), Page("/events", "events.html", "overview", events))
