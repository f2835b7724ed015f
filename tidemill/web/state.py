"""Is everything all right? The state of each part of the loop, read from the records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from tidemill.data.contract.freshness import stale_now
from tidemill.serve.client import trouble, troubled
from tidemill.store.records import DatasetVersion, Event, ModelVersion, Prediction, Release, Run, Window
from tidemill.types import DAY, Micros
from tidemill.web import format as words
from tidemill.web import shapes
from tidemill.web.charts.wheel import Part
from tidemill.web.site import Ask
from tidemill.web.tell import tell

WEEK: Micros = 7 * DAY
_RANK = {"bad": 3, "warn": 2, "busy": 1, "ok": 0, "idle": 0}
RECENT = 200
"""Predictions that "now" is made of."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something that waits for a person."""

    title: str
    text: str
    href: str
    since: Micros


class Loop:
    """What the records say about the loop at one moment; each is read once, when it is first needed."""

    def __init__(self, ask: Ask) -> None:
        self.project, self.now, self.counts = ask.project, ask.now, ask.counts
        self.endpoint = ask.project.config.endpoint

    @cached_property
    def versions(self) -> Sequence[DatasetVersion]:
        return self.project.store.datasets.list(self.project.config.dataset.name)

    @cached_property
    def models(self) -> Sequence[ModelVersion]:
        return sorted(self.project.store.models.list(), key=lambda m: (m.created, m.version))

    @cached_property
    def releases(self) -> Sequence[Release]:
        return sorted(self.project.store.releases.list(self.endpoint), key=lambda r: (r.created, r.id))

    @cached_property
    def champion(self) -> Release | None:
        return self.project.store.releases.champion(self.endpoint)

    @cached_property
    def canary(self) -> Release | None:
        return next((r for r in reversed(self.releases) if r.status == "canary"), None)

    @cached_property
    def held(self) -> Sequence[Release]:
        return [r for r in self.releases if r.status == "held"]

    @cached_property
    def week(self) -> Sequence[Event]:
        return self.project.store.events.list(since=self.now - WEEK, limit=300)

    @cached_property
    def running(self) -> Sequence[Run]:
        return self.project.store.runs.unfinished()

    @cached_property
    def recent(self) -> Sequence[Prediction]:
        return self.project.live.predictions.page(limit=RECENT)

    def windows(self, monitor: str, back: Micros = 31 * DAY) -> Sequence[Window]:
        return self.project.store.windows.list(self.endpoint, monitor, since=self.now - back)

    @cached_property
    def drift(self) -> Sequence[Window]:
        return self.windows("drift")

    @cached_property
    def quality(self) -> Sequence[Window]:
        return self.windows("quality")

    @cached_property
    def served(self) -> ModelVersion | None:
        ref = self.champion.model if self.champion else None
        return next((m for m in self.models if m.ref == ref), None)

    def happened(self, kind: str) -> Event | None:
        """The latest event of a kind in the last week."""
        return next((e for e in reversed(self.week) if e.kind == kind), None)

    def runs_of(self, word: str) -> Run | None:
        return next((r for r in self.running if word in r.pipeline), None)


def parts(loop: Loop) -> list[Part]:
    """The eight parts, in the order of the water."""
    return [do(loop) for do in (_data, _features, _model, _release, _serve, _monitor, _feedback, _decide)]


def _data(loop: Loop) -> Part:
    if not loop.versions:
        return Part("data", "idle", "no data yet", "tidemill run takes the first files in", "/data")
    last = loop.versions[-1]
    line = f"{words.count(last.rows)} rows"
    detail = f"version {last.version}, {words.ago(last.created, loop.now)}"
    if loop.runs_of("data"):
        return Part("data", "busy", line, f"{detail}; a run is at work", "/data")
    if blocked := loop.happened("blocked"):
        return Part("data", "bad", "blocked", tell(blocked).text or "too many rows break the contract", "/data")
    if stale := stale_now(loop.project, loop.now):
        return Part("data", "warn", "stale", "; ".join(stale.values()), "/data")
    taken = shapes.new_rows(loop.versions)[-1] + last.quarantined
    if last.quarantined and last.quarantined > 0.1 * taken:
        return Part(
            "data",
            "warn",
            line,
            f"{words.count(last.quarantined)} of the last {words.count(taken)} rows are bad",
            "/data",
        )
    return Part("data", "ok", line, detail, "/data")


def _features(loop: Loop) -> Part:
    views = loop.project.config.features
    if not views:
        return Part("features", "idle", "none declared", "the model reads the columns as they are", "/data#features")
    n = sum(len(v.features) for v in views.values())
    line = f"{words.plural(n, 'feature')} in {words.plural(len(views), 'view')}"
    parity = loop.happened("parity") or loop.happened("skew")
    if parity is not None and parity.data.get("ok") is False:
        return Part("features", "bad", "skewed", tell(parity).text or "offline and online differ", "/data#features")
    return Part("features", "ok", line, "one definition, offline and online", "/data#features")


def _model(loop: Loop) -> Part:
    if not loop.models:
        return Part("model", "idle", "no model yet", "tidemill run builds the first", "/models")
    last = loop.models[-1]
    n = len(loop.models)
    if loop.runs_of("model") or loop.runs_of("train"):
        return Part("model", "busy", "training", f"{words.plural(n, 'version')} so far", "/models")
    return Part(
        "model",
        "ok",
        f"{n} versions" if n > 1 else "1 version",
        f"{last.ref.removeprefix('model:')} is the newest",
        "/models",
    )


def _release(loop: Loop) -> Part:
    if loop.held:
        return Part(
            "release", "warn", "waits for you", words.plural(len(loop.held), "release") + " to approve", "/releases"
        )
    if loop.canary is not None:
        stage = loop.canary.stages[loop.canary.stage] if loop.canary.stages else {}
        share = words.share(float(stage.get("share", 0)))
        return Part(
            "release", "busy", f"canary {share}", f"{shapes.name_of(loop.canary.model)} is on its way", "/releases"
        )
    if loop.champion is None:
        return Part("release", "idle", "nothing released", "tidemill run releases the first", "/releases")
    if back := loop.happened("rolled_back"):
        return Part("release", "ok", "rolled back", f"{words.ago(back.at, loop.now)}: {tell(back).text}", "/releases")
    since = words.ago(loop.champion.started or loop.champion.created, loop.now)
    return Part("release", "ok", "champion only", f"{shapes.name_of(loop.champion.model)}, since {since}", "/releases")


def _serve(loop: Loop) -> Part:
    if refused := loop.happened("not_served") or loop.happened("damaged"):
        return Part("serve", "bad", "refused bytes", tell(refused).text, "/live")
    if loop.champion is None:
        return Part("serve", "idle", "no model", "an endpoint without a champion answers 503", "/live")
    if not loop.recent:
        return Part("serve", "ok", "ready", "no request yet", "/live")
    p99 = shapes.quantile([p.latency_us for p in loop.recent], 0.99)
    seen = words.ago(loop.recent[0].at, loop.now)
    return Part("serve", "ok", f"p99 {words.span(p99)}", f"last answer {seen}", "/live")


def _monitor(loop: Loop) -> Part:
    if not loop.drift and not loop.quality:
        return Part("monitor", "idle", "no window yet", "windows close at midnight", "/live")
    alarms = [w for w in (*loop.drift, *loop.quality) if w.alarm and w.end > loop.now - WEEK]
    if alarms:
        columns = sorted({c.name for w in alarms for c in shapes.drift(w) if c.alarm})
        what = f"drift of {', '.join(columns)}" if columns else "quality below what was promised"
        return Part("monitor", "warn", words.plural(len(alarms), "alarm"), f"{what} this week", "/live")
    last = max(w.end for w in (*loop.drift, *loop.quality))
    return Part("monitor", "ok", "quiet", f"last window closed {words.ago(last, loop.now)}", "/live")


def _feedback(loop: Loop) -> Part:
    counts = loop.counts.outcomes()
    n = sum(counts.values())
    if not n:
        return Part("feedback", "idle", "no outcome yet", "POST /feedback tells what really happened", "/live")
    lost = counts.get("unattributed", 0)
    joined = n - lost - counts.get("", 0)
    line = f"{words.share(joined / n)} joined"
    return Part("feedback", "ok", line, f"{words.count(n)} outcomes, {words.count(lost)} without a prediction", "/live")


def _decide(loop: Loop) -> Part:
    for name, told in trouble(loop.project.root).items():
        return Part("decide", "bad", f"the {name} is down", troubled(name, told), "/events")
    run = next((r for r in loop.running if (r.parent or "").startswith("decision:")), None)
    if run is not None:
        return Part("decide", "busy", "retraining", f"since {words.ago(run.started, loop.now)}", "/decisions")
    if (failed := loop.happened("failed")) is not None and failed.at > loop.now - DAY:
        return Part("decide", "warn", "a job failed", tell(failed).text, "/events?kind=failed")
    last = loop.project.store.decisions.list(limit=1)
    if not last:
        return Part("decide", "idle", "no decision yet", "the policy looks after every window", "/decisions")
    retrained = loop.project.store.decisions.list(action="retrain", limit=1)
    line = f"retrained {words.ago(retrained[-1].at, loop.now)}" if retrained else "waits"
    return Part("decide", "ok", line, last[-1].reason, "/decisions")


def turning(loop: Loop) -> tuple[str, str]:
    """How far the reconciler is: at rest or at work, and when it looks again."""
    if told := trouble(loop.project.root).get("loop"):
        return "down", troubled("loop", told)
    found = loop.project.store.settings.get("loop")
    if not isinstance(found, dict):
        return "not started", "tidemill up turns it"
    due = found.get("next_due")
    note = f"next look at {words.when(due)}" if isinstance(due, int) else "no look is planned"
    return ("at rest" if found.get("idle") else "at work"), note


def waiting(loop: Loop) -> list[Waiting]:
    """What waits for a person: releases that need a yes."""
    return [
        Waiting(
            f"{shapes.name_of(r.model)} waits for approval",
            "all gates passed" if not r.override else f"override: {r.override}",
            f"/releases/{r.id}",
            r.created,
        )
        for r in loop.held
    ]


def verdict(found: Sequence[Part], held: int) -> tuple[str, str, str]:
    """The answer in one line, how it stands, and why."""
    worst = max(found, key=lambda p: _RANK[p.tone], default=None)
    troubles = [p for p in found if p.tone in ("bad", "warn")]
    if worst is None or all(p.tone == "idle" for p in found if p.key != "features"):
        return "idle", "Nothing runs here yet.", "Type tidemill run to turn the wheel for the first time."
    bad = [p for p in troubles if p.tone == "bad"]
    if bad:
        return "bad", "Something is wrong.", "; ".join(f"{p.name}: {p.detail}" for p in bad)
    rest = [p for p in troubles if not (held and p.key == "release")]
    if held and not rest:
        return "warn", "All right, and waiting for you.", f"{words.plural(held, 'release')} to look at."
    if troubles:
        waits = [f"{words.plural(held, 'release')} to approve"] if held else []
        return "warn", "Worth a look.", "; ".join([*(f"{p.name}: {p.detail}" for p in rest), *waits]) + "."
    busy = [p for p in found if p.tone == "busy"]
    if busy:
        return "ok", "Everything is all right.", "; ".join(f"{p.name}: {p.headline}, {p.detail}" for p in busy)
    return "ok", "Everything is all right.", "Nothing waits for anybody."
