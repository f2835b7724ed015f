"""Is everything all right? One look at the whole loop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter

from tidemill.api.asked import Served
from tidemill.api.scoped import reads
from tidemill.data.contract.freshness import stale_now
from tidemill.serve.client import trouble
from tidemill.serve.replay import LOOP
from tidemill.store.records import DatasetVersion, Decision, Event, Release
from tidemill.types import JsonObject, Micros

router = APIRouter(tags=["status"])
SHOWN = 10


@dataclass(frozen=True)
class Status:
    """The state of every part of the loop. Times are microseconds since 1970, UTC."""

    project: str
    purpose: str
    goal: JsonObject  # as [goal] says it: measure, owner, least_useful
    endpoint: str
    mode: str  # live | replay
    clock: Micros
    serving: JsonObject
    champion: Release | None
    canary: Release | None
    waiting: list[Release]  # for somebody's yes
    data: list[DatasetVersion]  # the latest version of each dataset
    stale: dict[str, str]  # of the datasets those that are older than their contract promises, and how much
    predictions: int
    outcomes: dict[str, int]  # by how they were joined
    decision: Decision | None
    events: list[Event]
    loop: Any
    trouble: dict[str, dict[str, Any]]  # of `tidemill up`'s processes those that do not stay up, and why


@reads(router, "/api/status")
def status(serving: Served) -> Status:
    """The loop at a glance."""
    project = serving.project
    store, endpoint = project.store, project.config.endpoint
    latest = {v.dataset: v for v in sorted(store.datasets.list(), key=lambda v: v.version)}
    return Status(
        project=project.config.project.name,
        purpose=project.config.project.purpose,
        goal=project.config.goal.json(),
        endpoint=endpoint,
        mode="replay" if project.replay else "live",
        clock=serving.clock.now(),
        serving=serving.predictor.status(),
        champion=store.releases.champion(endpoint),
        canary=next(iter(store.releases.list(endpoint, "canary")), None),
        waiting=list(store.releases.list(endpoint, "held")),
        data=[latest[name] for name in sorted(latest)],
        stale=stale_now(project, serving.clock.now()),
        predictions=project.live.predictions.count(),
        outcomes=project.live.outcomes.count(),
        decision=next(iter(store.decisions.list(limit=1)), None),
        events=list(store.events.list(limit=SHOWN)),
        loop=store.settings.get(LOOP),
        trouble=trouble(project.root),
    )
