"""The overview: the wheel, what waits, what changed this week. And the timeline of everything that happened."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from tidemill.monitor.quality import recently
from tidemill.ops import records
from tidemill.ops.experiments import said_of_worth, worth
from tidemill.ops.me import LOOP, me
from tidemill.ops.parts import parts
from tidemill.ops.snapshot import Snapshot, count_predictions, new_rows
from tidemill.ops.status import answer, snapshots
from tidemill.ref import short_name
from tidemill.tasks.table import metric_of
from tidemill.types import JsonObject
from tidemill.web import format as words
from tidemill.web.charts import lines
from tidemill.web.charts.wheel import wheel
from tidemill.web.pages.live import qualities
from tidemill.web.pages.roles import of_role
from tidemill.web.site import Ask, Page, Shown, by_key
from tidemill.web.timeline import KINDS, line, routine, timeline

NOW = 14  # Windows that live quality is the mean of
SPARK = 30  # Values of a little line


def first(ask: Ask) -> Shown:
    """The first page: what whoever looks has chosen to see first, the loop where they have no account."""
    view = me(ask.project, ask.caller).view
    return overview(ask) if view == LOOP or ask.text("endpoint") else of_role(ask, view)


def overview(ask: Ask) -> Shown:
    every, shown = snapshots(ask.project, ask.health), ask.snapshot().endpoint
    loop = next(at for at in every if at.endpoint == shown)
    endpoints, verdict = answer(every)
    mine = me(ask.project, ask.caller)
    found, quality = parts(loop), recently(loop.serving, NOW)
    values = {
        "role": LOOP,
        "views": mine.views,
        "kept": bool(mine.principal),
        "verdict": answer([loop])[1] if ask.text("endpoint") else verdict,
        "wheel": wheel(found, *hub(loop, quality), turning=loop.champion is not None),
        "parts": found,
        "waits": ask.project.store.releases.list(status="held", environment=ask.project.environment),
        "others": endpoints if len(endpoints) > 1 else [],
        "days": timeline(loop.week),
        "routine": routine(loop.week),
        "ever": bool(loop.week or ask.project.store.events.page(limit=1)),
        "figures": figures(loop, quality),
        "worth": [said_of_worth(found) for found in worth(ask.project, loop.endpoint)],
    }
    return Shown("Overview", values)


def hub(loop: Snapshot, quality: JsonObject | None) -> tuple[str, str, str]:
    """What stands in the middle of the wheel: what is served, how good it is, and since when that is known."""
    if loop.champion is None:
        return "no model", "–", "nothing is released"
    name = short_name(loop.champion.model)
    if quality is not None:
        return name, words.number(quality["value"]), f"{quality['metric']} live"
    known = next((words.intervals(m.metrics) for m in loop.models if m.ref == loop.champion.model), {})
    metric = metric_of(loop.serving.model)
    metric = metric if metric in known else next(iter(known), metric)
    return name, words.number(known[metric][0]) if known else "–", metric


def figures(loop: Snapshot, quality: JsonObject | None) -> list[dict[str, Any]]:
    """The numbers beside the wheel, each with its little line."""
    last, rows = qualities(loop.windows("quality"))[-SPARK:], loop.versions[-1].rows if loop.versions else 0
    measured = lines.sparkline("Live quality by day", [q.figure[0] if q.figure else None for q in last])
    traffic = lines.sparkline("Answers by day", [float(q.window.n) for q in last])
    new = lines.sparkline("New rows by version", [float(n) for n in new_rows(loop.versions)[-SPARK:]])
    versions, answers = words.plural(len(loop.versions), "version"), words.count(count_predictions(loop.project, None))
    live = words.number(quality["value"] if quality else None)
    return [
        _figure("Live quality", live, f"last {NOW} windows", measured, "/live#quality"),
        _figure("Predictions", answers, "answered in all", traffic, "/predictions"),
        _figure("Rows", words.count(rows), versions, new, "/data"),
    ]


def _figure(name: str, value: str, note: str, spark: Markup, href: str) -> dict[str, Any]:
    return {"name": name, "value": value, "note": note, "spark": spark, "href": href}


def events(ask: Ask) -> Shown:
    ignored = ask.ignored("kind", KINDS)
    kind = None if ignored else ask.text("kind")
    part = by_key(ask, "/events", records.events, export="events", kind=kind)
    values = {"part": part, "lines": [line(e) for e in part.rows], "kind": kind}
    return Shown("Timeline", values, ignored)


PAGES = (
    Page("/", "overview.html", "overview", first, "project.read"),
    Page("/events", "events.html", "overview", events, "project.read"),
)
