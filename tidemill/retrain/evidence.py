"""Gathers from the stores what a decision is taken from, as JSON: see `tidemill.retrain.decide` for its keys."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from tidemill.errors import NotFound
from tidemill.model.redacted import redaction_of
from tidemill.model.registry import HOLDOUT
from tidemill.monitor.alerts import TAKEN_BACK
from tidemill.monitor.platform import PLATFORM
from tidemill.ref import Ref
from tidemill.store.records import Release
from tidemill.types import DAY, JsonObject, Micros

if TYPE_CHECKING:
    from tidemill.scope.project import Endpoint

MEMORY: Micros = 91 * DAY  # How far back alarms and attempts are told
_MOST = 20
_JOBS = ("model", "release")
_RUNS = 200  # of each of these pipelines: far more than attempts are told
_UNIT = 0.36  # seconds: a ten-thousandth of an hour
_LOOKED_AT = 10  # releases: the last refit is one of the latest
_UNDER_WAY = ("canary", "held", "shadow")


def gather(scope: Endpoint, now: Micros, previous: Micros | None) -> JsonObject:
    """The evidence for a decision at this moment; ``previous`` is the moment of the one before."""
    champion = scope.champion()
    return _forgotten(scope, champion) | {
        "at": now,
        "previous": previous,
        "endpoint": scope.name,
        "champion": champion.model if champion else None,
        "rows": _rows(scope, champion),
        "alarms": _alarms(scope, champion, now),
        "attempts": _attempts(scope, now),
        "under_way": _under_way(scope),
        "fresh": _fresh(scope),
        "expects": _expects(scope, champion),
    }


def _forgotten(scope: Endpoint, champion: Release | None) -> JsonObject:
    found = redaction_of(scope.project, scope.store.models.get(champion.model)) if champion else None
    return {"forgotten": found.at} if found else {}


def _fresh(scope: Endpoint) -> bool:
    """Whether any dataset of the model has a version that its newest version did not learn from; by hand is no learning."""
    trained = [m for m in scope.store.models.list(name=scope.model.name) if m.kind != "manual" and m.author != HOLDOUT]
    if not trained:
        return True
    known = dict(Ref.versioned("dataset", ref) for ref in trained[-1].data)
    try:
        return any(scope.store.datasets.get(name).version != known.get(name) for name in scope.model.datasets)
    except NotFound:
        return False


def _expects(scope: Endpoint, champion: Release | None) -> JsonObject | None:
    """What refits of the champion's recipe gained, as the gate of the last one measured it; nothing where it has too few."""
    for release in sorted(scope.releases(), key=lambda r: (r.created, r.id), reverse=True)[:_LOOKED_AT]:
        for verdict in scope.store.verdicts.list(model=release.model):
            prior = verdict.evidence.get("prior") or {}
            if verdict.gate == "refit" and verdict.attestation in release.attestations and prior.get("windows"):
                return _of(scope, champion, release, prior)
    return None


def _of(scope: Endpoint, champion: Release | None, release: Release, prior: JsonObject) -> JsonObject | None:
    recipes = [scope.store.models.get(r.model).recipe for r in (release, champion) if r is not None]
    if len(recipes) < 2 or recipes[0] != recipes[1]:
        return None
    return {"gain": prior["mean"], "spread": prior["spread"], "windows": prior["windows"], "model": release.model}


def _rows(scope: Endpoint, champion: Release | None) -> JsonObject:
    name = scope.model.dataset.name
    try:
        now = scope.store.datasets.get(name).rows
    except NotFound:
        now = 0
    trained = 0
    if champion is not None:
        versions = dict(Ref.versioned("dataset", ref) for ref in scope.store.models.get(champion.model).data)
        trained = scope.store.datasets.get(name, versions[name]).rows if name in versions else 0
    return {"now": now, "trained": trained}


def _alarms(scope: Endpoint, champion: Release | None, now: Micros) -> list[JsonObject]:
    """Alarms about what serves now, oldest first; of every monitor but the platform's, which measures wall time. Those that
    later rows or labels have taken back were none."""
    if champion is None:
        return []
    found = scope.store.alarms.list(**scope.here, model=champion.model, since=now - MEMORY, until=now + 1)
    alarms: list[JsonObject] = [
        {"monitor": a.kind, "at": a.opened, "since": a.since, "what": list(a.what), "hurts": a.hurts}
        for a in [a for a in found if a.kind != PLATFORM and a.ended != TAKEN_BACK][-_MOST:]
    ]
    if (
        worse := champion.evidence.no_way_back
    ) is not None:  # as an alarm of decay: it would be taken back, and cannot be
        at = worse["at"]
        alarms.append({"monitor": "decay", "at": at, "since": at, "what": [worse["reason"]], "hurts": "yes"})
    return sorted(alarms, key=lambda alarm: alarm["at"])


def _attempts(scope: Endpoint, now: Micros) -> list[JsonObject]:
    """Earlier decisions to retrain and how they went, oldest first."""
    taken = scope.store.decisions.list(**scope.here, action="retrain")
    made = [d for d in taken if now - MEMORY < d.at < now]
    jobs = scope.store.jobs.list(**scope.here, status="failed", since=now - MEMORY)
    failed = {job.decision for job in jobs}
    spent = None if scope.project.replay else _cpu_seconds(scope)
    return [
        {
            "at": decision.at,
            "rows": decision.evidence.get("rows", {}).get("now", 0),
            "cpu_hours": None if spent is None else _hours(spent.get(decision.id, 0.0)),
            "status": "failed" if decision.id in failed else "done",
        }
        for decision in made[-_MOST:]
    ]


def _cpu_seconds(scope: Endpoint) -> dict[str, float]:
    """By decision: what its training and its gates took, failed ones too.

    Asked outside a replay only: there a year passes in minutes, and CPU time differs from one telling to the next.
    """
    spent: dict[str, float] = {}
    for pipeline in _JOBS:
        for run in scope.store.runs.page(pipeline=pipeline, limit=_RUNS):
            if run.parent is not None:
                spent[run.parent] = spent.get(run.parent, 0.0) + float(run.cost.get("cpu_s", 0.0))
    return spent


def _hours(seconds: float) -> float:
    """CPU hours, rounded up to the next 0.36 s: a short job is never free.

    >>> _hours(0.0), _hours(0.1), _hours(90.0), _hours(3600.0)
    (0.0, 0.0001, 0.025, 1.0)
    """
    return math.ceil(round(seconds / _UNIT, 6)) / 10_000


def _under_way(scope: Endpoint) -> JsonObject | None:
    """The latest; a shadow only where nothing else is, for an alarm does not wait for that one."""
    found = (r for status in _UNDER_WAY for r in scope.releases(status))
    latest = max(found, key=lambda r: (r.status != "shadow", r.created, r.id), default=None)
    if latest is None:
        return None
    paused = latest.status == "canary" and latest.evidence.paused is not None
    return {"model": latest.model, "status": "paused" if paused else latest.status, "since": latest.created}
