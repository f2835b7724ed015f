"""The state of each part of the loop, in the order that data goes: what it is, in a code for programs and in words for people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tidemill.data.contract.freshness import stale_now
from tidemill.data.ingest.refused import Refused
from tidemill.ledger.anchors import failing as failing_anchors
from tidemill.ledger.keep import unsigned
from tidemill.ops.policy import troubles
from tidemill.ops.releases import in_shadow, pairs_of
from tidemill.ops.scorers import GONE, saying
from tidemill.ops.snapshot import WEEK, Snapshot, leader_of, new_rows
from tidemill.ops.text import about, ago, count, minute, plural, quantile, share, span
from tidemill.ref import short_name
from tidemill.release import variants
from tidemill.release.promotion import waiting
from tidemill.retrain.failed import failing
from tidemill.scope.project import Project
from tidemill.serve.client import here, trouble, troubled
from tidemill.store.payloads import QualityWindow
from tidemill.store.records import Event
from tidemill.tasks.table import task_of
from tidemill.types import DAY, SECOND, Micros

OLD: Micros = 365 * DAY
"""A newest row older than this is pointed out where the contract promises no freshness."""
MANY_BAD = 0.1  # The share of an ingest in quarantine from which it is pointed out
AWAITED = 3
"""So many windows without their labels are no matter of a day on which nothing happened."""
MOST_APART: Micros = 60 * SECOND
"""A machine's clock and the database's: more, and its logs and certificates are of another time than the records."""
_REFUSES = {
    "not_writing": "the server cannot write them down: the disk is full, or does not answer",
    "damaged": "a database of the server is not the file in the state folder any more",
}
NEXT = {
    "data.none": "tidemill run",
    "data.blocked": "tidemill data quarantine shows the rows; mend the file or the contract: tidemill run",
    "data.unread": "export the file again; as it is it is not read again, but for tidemill data retry",
    "data.stale": "put the newest file where its source is: tidemill data check",
    "data.old": "put the newest file where its source is, or promise `freshness` in the contract: tidemill data check",
    "data.bad_rows": "tidemill data quarantine shows them with their reasons",
    "features.skew": "tidemill data show: look for rows that only the files or only the server have",
    "model.none": "tidemill run",
    "release.not_trusted": "compare the fingerprint where it was released: tidemill trust",
    "release.refused": "tidemill release status has the gates' reasons",
    "release.none": "tidemill run",
    "release.promotion": "it is promoted by itself: tidemill release status",
    "release.paused": "tidemill release resume, or tidemill release halt",
    "release.no_verdict": "tidemill experiment show; tidemill doctor says what some scorer does not serve",
    "release.held": "tidemill approve, or tidemill reject",
    "release.leakage": "tidemill release status says what was found: exclude the column, or tidemill approve --reason WHY",
    "release.undecided": "tidemill release status says what nobody can tell yet: tidemill approve --reason WHY, or tidemill reject",
    "release.candidate_refused": "tidemill release status has the gates' reasons",
    "serve.degraded": "tidemill doctor",
    "serve.fallback": "tidemill doctor; the reason is in .tidemill/logs/scorer.log",
    "serve.none": "tidemill run",
    "serve.promotion": "tidemill release status says what it waits for",
    "serve.held": "tidemill release status says what holds it: tidemill approve, or tidemill reject",
    "serve.refused": "tidemill release status has the gates' reasons",
    "serve.down": "tidemill up",
    "serve.no_model": "tidemill doctor",
    "serve.lags": "a moment after a release this ends by itself; else look into .tidemill/logs/scorer.log there",
    "serve.gone": "look at that machine: tidemill up; one that is not to come back is forgotten in an hour",
    "serve.not_writing": "make room; the reason is in .tidemill/logs/scorer.log",
    "serve.damaged": "stop tidemill up, restore the file from a backup, and start it again",
    "monitor.alarms": "tidemill alarms",
    "feedback.no_labels": "tell what happened: POST /feedback, or tidemill feedback FILE",
    "feedback.labels_late": "tell what happened, or say in [monitor] outcomes_within how late it is known: tidemill feedback FILE",
    "feedback.unknown_labels": "send labels as the files have them; the next training learns a new one that files bring: tidemill run",
    "policy.broken": "mend policy.toml: what was read before goes on, and nothing but stops is done: tidemill policy check",
    "policy.lacking": "tidemill policy check",
    "decide.clock": "set it by NTP: nothing is decided by it, but logs and certificates are",
    "decide.ledger": "mend what it says; it is told again by itself, or now: tidemill ledger head",
    "decide.no_loop": "tidemill up on a machine, without --no-loop; where one led, another takes over within seconds",
    "decide.process_down": "look into .tidemill/logs",
    "decide.job_failed": "mend what it says, and look into .tidemill/logs/loop.log; it is tried again by itself",
}
"""What to do about a part's state, where there is something to do: by its key and code."""
_STAY = {
    "quality": "quality below the promise",
    "fairness": "a gap between groups",
    "exposure": "a gap between suppliers",
}
"""What is wrong while an alarm of this monitor is open, which a person closes; the worst first."""
NEEDED = ("data", "model", "release", "serve")
"""Parts without which an endpoint answers nothing: not there yet is not all right."""


@dataclass(frozen=True, slots=True)
class Part:
    """The state of one part of the loop. ``state``: ok | busy | waiting | idle | warn | bad; ``code``: why, for programs."""

    key: str
    state: str
    code: str
    headline: str
    detail: str

    next: str = ""  # what to do about it; of a part that is not all right there always is something

    @property
    def name(self) -> str:
        return self.key.capitalize()

    @property
    def all_right(self) -> bool:
        return self.state in ("ok", "busy", "waiting") or (self.state == "idle" and self.key not in NEEDED)


def parts(at: Snapshot) -> list[Part]:
    """The eight parts; and the policy, where it is not all right."""
    found = [look(at) for look in (_data, _features, _model, _release, _serve, _monitor, _feedback, _decide)]
    found += _policy(at)
    return [replace(part, next=NEXT.get(f"{part.key}.{part.code}", "")) for part in found]


def _policy(at: Snapshot) -> list[Part]:
    if not (lacks := troubles(at.project)):
        return []
    first, more = lacks[0], f", and {len(lacks) - 1} more" if len(lacks) > 1 else ""
    detail = f"{first.place}: {first.message}{more}"
    if not first.rule:
        return [Part("policy", "warn", "broken", "cannot be read", detail)]
    return [Part("policy", "warn", "lacking", "cannot be kept to", detail)]


def apart(skew: Micros) -> str:
    """How far a clock is from the one that counts.

    >>> apart(-7_200_000_000)
    '2 h behind'
    """
    return f"{about(abs(skew))} {'ahead of' if skew > 0 else 'behind'}"


def reason(event: Event) -> str:
    """Why, in an event's own words."""
    found = next((event.data[k] for k in ("reason", "what", "message") if event.data.get(k)), "")
    return ", ".join(map(str, found)) if isinstance(found, list | tuple) else str(found)


def _data(at: Snapshot) -> Part:
    if at.refused and not at.running_pipeline("data"):
        return _refused(list(at.refused.values()))
    if not at.versions:
        return Part("data", "idle", "none", "no data yet", "no file was taken in")
    last = at.versions[-1]
    rows, detail = f"{count(last.rows)} rows", f"version {last.version}, {ago(last.created, at.now)}"
    if at.running_pipeline("data"):
        return Part("data", "busy", "ingesting", rows, f"{detail}; a run is at work")
    if stale := stale_now(at.project, at.now):
        return Part("data", "warn", "stale", "stale", "; ".join(stale.values()))
    if last.time_max is not None and at.now - last.time_max > OLD:
        age = f"the newest row is {about(at.now - last.time_max)} old, and the contract promises no `freshness`"
        return Part("data", "warn", "old", "old", age)
    taken = new_rows(at.versions)[-1] + last.quarantined
    if last.quarantined > MANY_BAD * taken:
        bad = f"{count(last.quarantined)} of the last {count(taken)} rows are bad"
        return Part("data", "warn", "bad_rows", rows, bad)
    return Part("data", "ok", "ok", rows, detail)


def _refused(files: Sequence[Refused]) -> Part:
    """Files that are not taken in: one that is not read again needs somebody first."""
    first = next((f for f in files if f.reader), files[0])
    why = f"{first.file} is refused: {first.message}" + f" (and {count(len(files) - 1)} more)" * (len(files) > 1)
    return Part("data", "bad", "unread" if first.reader else "blocked", "blocked", why)


def _features(at: Snapshot) -> Part:
    views = at.serving.model.views
    if not views:
        return Part("features", "idle", "none", "none declared", "the model reads the columns as they are")
    parity = at.latest("parity", "skew")
    if parity is not None and parity.data.get("ok") is False:
        return Part("features", "bad", "skew", "skewed", reason(parity) or "offline and online values differ")
    # beside the part's name there is room for no more: the left edge of the wheel cuts it
    line = f"{count(sum(len(v.features) for v in views.values()))} in {plural(len(views), 'view')}"
    return Part("features", "ok", "ok", line, "one definition, offline and online")


def _model(at: Snapshot) -> Part:
    if at.running_pipeline("model"):
        return Part("model", "busy", "training", "training", f"{plural(len(at.models), 'version')} so far")
    if not at.models:
        return Part("model", "idle", "none", "no model yet", "none was trained")
    newest = f"{short_name(at.models[-1].ref)} is the newest"
    return Part("model", "ok", "ok", plural(len(at.models), "version"), newest)


def _release(at: Snapshot) -> Part:
    if (doubt := at.doubted) is not None:
        return Part("release", "bad", "not_trusted", "signing keys not trusted", doubt)
    if asked := next((r for r in at.held if "leakage" in r.evidence.waits), None):
        what = (
            f"{short_name(asked.model)} may know the label from its inputs: it is not released until somebody decides"
        )
        return Part("release", "warn", "leakage", "held for leakage", what)
    if asked := next((r for r in at.held if r.evidence.waits), None):
        gates = " and ".join(asked.evidence.waits)
        what = f"no figure decides {gates} of {short_name(asked.model)}: it is not released until somebody does"
        return Part("release", "warn", "undecided", f"held for {gates}", what)
    if at.held:
        return Part("release", "waiting", "held", "waits for approval", f"{plural(len(at.held), 'release')} to approve")
    if (running := at.experiment) is not None and at.champion is not None:
        what = " beside ".join(short_name(model) for model in reversed(running.models))
        if running.reason:
            return Part("release", "warn", "no_verdict", "A/B without a verdict", f"{what}: {running.reason}")
        if at.canary is None:
            return Part(
                "release",
                "busy",
                "experiment",
                f"A/B {share(running.share)}",
                f"{what}, since {ago(running.started, at.now)}",
            )
    if at.canary is not None:
        stage = at.canary.stages[at.canary.stage] if at.canary.stages else {}
        if at.canary.evidence.paused is not None:
            pause = at.canary.evidence.paused
            why = f"{short_name(at.canary.model)} was paused {ago(pause.since, at.now)} and answers nobody: {pause.reason}"
            return Part("release", "warn", "paused", "paused", why)
        if variants.in_shadow(at.canary):
            said = in_shadow(at.canary, None)
            return Part("release", "busy", "mirrored", "in shadow", f"{short_name(at.canary.model)}: {said}")
        line = f"canary {share(float(stage.get('share', 0)))}"
        return Part("release", "busy", "canary", line, f"{short_name(at.canary.model)} is on its way")
    if at.champion is None:
        return _nothing_released(at)
    if at.shadow is not None:
        said = in_shadow(at.shadow, pairs_of(at.project, at.shadow))
        return Part("release", "ok", "shadow", "candidate in shadow", f"{short_name(at.shadow.model)}: {said}")
    if coming := waiting(at.serving):
        return Part("release", "ok", "promotion", "waits to be promoted", coming)
    if back := at.latest("rolled_back"):
        return Part("release", "ok", "rolled_back", "rolled back", f"{ago(back.at, at.now)}: {reason(back)}")
    since = ago(at.champion.stage_since, at.now)
    if at.releases[-1].status == "refused":
        refused = f"{short_name(at.releases[-1].model)} did not pass its gates, {ago(at.releases[-1].created, at.now)}"
        serves = f"{short_name(at.champion.model)} serves since {since}"
        return Part("release", "ok", "candidate_refused", "candidate refused", f"{refused}; {serves}")
    return Part("release", "ok", "ok", "champion only", f"{short_name(at.champion.model)}, since {since}")


def _nothing_released(at: Snapshot) -> Part:
    last = at.releases[-1] if at.releases else None
    if last is not None and last.status == "refused":
        why = f"{short_name(last.model)} did not pass its gates, and every request is answered 503"
        return Part("release", "bad", "refused", "nothing released", why)
    if coming := waiting(at.serving):
        return Part("release", "idle", "promotion", "waits to be promoted", coming)
    return Part("release", "idle", "none", "nothing released", "no model was released")


def _serve(at: Snapshot) -> Part:
    if at.health == "degraded":
        refused = at.latest("not_served", "damaged")
        why = reason(refused) if refused else "it cannot be loaded"
        return Part("serve", "bad", "degraded", "champion refused", f"{why}{_where(at)}")
    if at.health == "fallback":
        why = "the champion does not answer, or not in time, and what is usual is answered in its place"
        return Part("serve", "bad", "fallback", "answers by its fallback", f"{why}{_where(at)}")
    if at.health in _REFUSES:
        return Part("serve", "bad", at.health, "answers are refused", f"{_REFUSES[at.health]}{_where(at)}")
    if at.champion is None:
        return _no_model(at)
    if at.health == "down":
        return Part("serve", "warn", "down", "no server", "no server runs for this project")
    if at.health == "no_model":
        why = f"the server does not serve {short_name(at.champion.model)} and answers 503"
        return Part("serve", "bad", "no_model", "answers 503", f"{why}{_where(at)}")
    if at.health == "lags":
        return Part("serve", "warn", "lags", "lags", f"what others have written is not known yet{_where(at)}")
    if gone := [one.name for one in at.answering if one.state == GONE]:
        return Part("serve", "warn", "gone", "a scorer is gone", f"without a word: {', '.join(gone)}")
    if not at.recent:
        return Part("serve", "ok", "ok", "ready", "no request yet")
    took = [p.latency_us for p in at.recent if p.latency_us]
    if not took:
        return Part("serve", "ok", "ok", "ready", f"last answer {ago(at.recent[0].at, at.now)}, of a batch")
    p99 = quantile(took, 0.99)
    return Part("serve", "ok", "ok", f"p99 {span(p99)}", f"last answer {ago(at.recent[0].at, at.now)}")


def _where(at: Snapshot) -> str:
    """Of several scorers, which."""
    return saying(at.answering, at.endpoint, at.health)


def _no_model(at: Snapshot) -> Part:
    """Why there is none: what the last candidate waits for, and who decides it."""
    if at.held:
        asked = at.serving.gates.approval
        who = f"whoever is {' or '.join(asked.roles)}" if asked else "you"
        what = f"{short_name(at.held[-1].model)} is held until {who} decides; until then every request is answered 503"
        return Part("serve", "idle", "held", "no model", what)
    if at.releases and at.releases[-1].status == "refused":
        what = f"the gates refused {short_name(at.releases[-1].model)}; every request is answered 503"
        return Part("serve", "idle", "refused", "no model", what)
    if at.serving.before is not None:
        what = f"the first comes from {at.serving.project.promoted_from}; until then every request is answered 503"
        return Part("serve", "idle", "promotion", "no model", what)
    return Part("serve", "idle", "none", "no model", "an endpoint without a champion answers 503")


def _monitor(at: Snapshot) -> Part:
    closed = [w for name in ("drift", "requests", "attribution", "quality") for w in at.windows(name)]
    if not closed:
        return Part("monitor", "idle", "none", "no window yet", "windows close at midnight")
    if open_ := [a for a in at.project.store.alarms.list(**at.serving.here, is_open=True) if a.monitor in _STAY]:
        headline = _STAY[min(open_, key=lambda a: [*_STAY].index(a.monitor)).monitor]
        return Part("monitor", "warn", "alarms", headline, "; ".join(what for a in open_ for what in a.what))
    alarms = [w for w in closed if w.alarm and w.end > at.now - WEEK]
    if alarms:
        columns = sorted({str(name) for w in alarms for name in getattr(w.data, "which", ())})
        what = f"drift of {', '.join(columns)}" if columns else "quality below what was promised"
        return Part("monitor", "warn", "alarms", plural(len(alarms), "alarm"), f"{what} this week")
    if not (looked_at := [w.end for w in closed if w.state in ("quiet", "alarm")]):
        return Part("monitor", "ok", "no_rows", "no rows yet", "no window that has closed had anything to look at")
    return Part("monitor", "ok", "ok", "quiet", f"last window with rows closed {ago(max(looked_at), at.now)}")


def _feedback(at: Snapshot) -> Part:
    counts, n = at.outcomes, sum(at.outcomes.values())
    if missed := at.unlabelled:
        why = f"none of the last {plural(missed, 'answer')} has an outcome, {about(at.within)} and more after it was given"
        return Part("feedback", "warn", "no_labels", "labels do not come", f"{why}{_labels_through(at)}")
    if len(at.awaited) >= AWAITED and not task_of(at.serving.model.task).history:
        why = f"{plural(len(at.awaited), 'window')} since {minute(at.awaited[0].start)} wait for theirs"
        return Part("feedback", "warn", "labels_late", "labels are late", f"{why}{_labels_through(at)}")
    unknown, known = _labels(at)
    if unknown > MANY_BAD * (unknown + known):
        why = f"{count(unknown)} of the last {count(unknown + known)} labels are none that the model can answer with; they score no answer"
        return Part("feedback", "warn", "unknown_labels", "unknown labels", why)
    if not n:
        return Part("feedback", "idle", "none", "no outcome yet", "POST /feedback reports what really happened")
    lost = counts.get("unattributed", 0)
    joined = n - lost - counts.get("", 0)
    detail = f"{plural(n, 'outcome')}, {count(lost)} without a prediction"
    return Part("feedback", "ok", "ok", f"{share(joined / n)} joined", detail)


def _labels_through(at: Snapshot) -> str:
    through = at.labels_through
    return f"; the newest answer that has one is of {minute(through)}" if through else ""


def _labels(at: Snapshot) -> tuple[int, int]:
    """Of this week's outcomes how many have a label that no answer could have said, and how many are scored."""
    closed = [w for w in at.windows("quality") if w.end > at.now - WEEK]
    figures = [w.data.figures for w in closed if isinstance(w.data, QualityWindow)]
    return sum(int(each.get("unknown_labels", 0)) for each in figures), sum(w.n for w in closed)


def _unled(project: Project) -> bool:
    """Whether no machine's loop leads; of stores in the folder, whether `tidemill up` was asked for none."""
    return not leader_of(project) if project.store.remote else here(project.root) == ["scorer"]


def _ledger(project: Project) -> str:
    """What keeps the ledger's heads from being signed or told."""
    if why := unsigned(project):
        return f"its head is not signed: {why}"
    failed = failing_anchors(project)
    return "; ".join(
        f"{one.anchor.partition('?')[0]} has not taken its head since {minute(one.since)}: {one.error}"
        for one in failed
    )


def _decide(at: Snapshot) -> Part:
    for name, down in trouble(at.project.root).items():
        return Part("decide", "bad", "process_down", f"the {name} is down", troubled(name, down))
    if abs(skew := at.project.store.skew()) > MOST_APART:
        return Part("decide", "warn", "clock", "a clock is wrong", f"this machine's is {apart(skew)} the database's")
    if said := _ledger(at.project):
        return Part("decide", "warn", "ledger", "the ledger is not anchored", said)
    if at.health != "down" and _unled(at.project):
        return Part("decide", "warn", "no_loop", "no loop", "no loop runs: nothing is watched or retrained")
    run = next((r for r in at.running if (r.parent or "").startswith("decision_")), None)
    if run is not None:
        return Part("decide", "busy", "retraining", "retraining", f"since {ago(run.started, at.now)}")
    if (job := failing(at.serving, at.now)) is not None:
        often = f" ({count(job.times)} times since {minute(job.started)})" if job.times > 1 else ""
        return Part("decide", "warn", "job_failed", "a job failed", f"{job.kind}: {job.error}{often}")
    last = at.project.store.decisions.list(limit=1)
    if not last:
        return Part("decide", "idle", "none", "no decision yet", "the policy decides after every window")
    retrained = at.project.store.decisions.list(action="retrain", limit=1)
    line = f"retrained {ago(retrained[-1].at, at.now)}" if retrained else "waits"
    return Part("decide", "ok", "ok", line, last[-1].reason)
