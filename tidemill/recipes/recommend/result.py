"""What came of a story: the JSON that `--json` writes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import msgspec
import numpy as np

from tidemill.recipes.recommend.replay import Replay
from tidemill.recipes.recommend.story import Story
from tidemill.recipes.recommend.summary import ARMS, difference, months
from tidemill.retrain.score import counted, explained, unsettled
from tidemill.scope.project import Project
from tidemill.store.records import Event
from tidemill.types import JsonObject, Micros, to_iso


def summarise(project: Project, replay: Replay, story: Story) -> JsonObject:
    """The story's days as the JSON that `--json` writes; what the folder holds beyond them is left out."""
    acknowledged = {one.prediction for one in replay.scored}
    stored = project.live.predictions.find(acknowledged)
    outcomes = project.live.outcomes.known(replay.told)
    events = project.store.events.list(until=story.end + 1)
    decisions = [d for d in project.store.decisions.list() if d.at <= story.end]
    kinds = Counter(event.kind for event in events)
    p50, p99 = np.quantile([p.latency_us for p in stored.values()] or [0], [0.5, 0.99]) / 1000
    return {
        "days": story.length,
        "seed": story.seed,
        "seconds": round(replay.seconds, 1),
        "requests": len(replay.scored),
        "predictions": len(stored),
        "outcomes": len(outcomes),
        "lost": len(acknowledged - set(stored)) + len(replay.told - outcomes),
        "alarms": [{"at": to_iso(e.at), **e.data} for e in events if e.kind == "alarm"],
        "decisions": [
            {"at": to_iso(d.at), "action": d.action, "reason": d.reason, "evidence": d.evidence} for d in decisions
        ],
        "retrains": sum(d.action == "retrain" for d in decisions),
        "refused": kinds["refused"],
        "promoted": kinds["promoted"],
        "rolled_back": kinds["rolled_back"],
        "rollbacks": _rollbacks(events),
        "score": _score(project, story.end),
        "latency_ms": {"p50": float(p50), "p99": float(p99)},
        "months": months(replay.scored),
        "difference": {f"loop_{arm}": difference(replay.scored, arm, story.seed) for arm in list(ARMS)[1:]},
    }


def _score(project: Project, end: Micros) -> JsonObject:
    """What of the story was right, by the labels of the weeks after it."""
    scope = project.endpoint()
    settled = [one for one in project.store.settlements.list(**scope.here) if one.when <= end]
    items = [
        {**msgspec.to_builtins(one), "explained": explained(one) if one.kind == "alarm" else ""} for one in settled
    ]
    return {"counts": counted(settled), "open": unsettled(scope, end, settled), "items": items}


def _rollbacks(events: Sequence[Event]) -> list[JsonObject]:
    """Each release that was taken back: when and why, and when and with which words somebody overrode it, if so."""
    override = {e.subject: {"at": to_iso(e.at), "reason": e.data["reason"]} for e in events if e.kind == "override"}
    return [
        {"at": to_iso(e.at), "model": e.data["model"], "reason": e.data["reason"], "override": override.get(e.subject)}
        for e in events
        if e.kind == "rolled_back"
    ]
