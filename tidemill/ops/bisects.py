"""What made a version worse, found by halves: look for it, the list, one of them. A bisect is a run of its pipeline."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial

import msgspec

from tidemill.access.caller import Caller
from tidemill.access.needs import needs
from tidemill.config.amounts import some_time
from tidemill.errors import BadRequest, NotFound, StoreError
from tidemill.model import registry
from tidemill.ops import runs
from tidemill.ops.page import Before, Limit, Page, walk
from tidemill.ops.runs import OnEvent
from tidemill.rebuild.bisect.asked import BISECT, Bisected, By
from tidemill.rebuild.bisect.traced import sentences
from tidemill.scope.project import Project
from tidemill.store.artifacts.codecs import load
from tidemill.store.records import Run
from tidemill.types import SECOND, JsonObject, Micros


@dataclass(frozen=True)
class Asked:
    """What is asked: two versions, or an alarm in their place. ``budget``: how long all rebuilds may take; ``rebuilds``: how many."""

    good: str = ""
    bad: str = ""
    alarm: str = ""
    by: By | None = None
    budget: str = "10 minutes"
    rebuilds: int | None = None


@dataclass(frozen=True)
class Bisect:
    """One bisect that is done. ``said``: what it shows, in sentences."""

    run: str
    created: Micros
    report: Bisected
    said: list[str]


@needs("model.examine")
def bisect(project: Project, caller: Caller, asked: Asked, on_event: OnEvent) -> Bisect:
    """Look for what made a version worse. Killed, or asked again with more budget, it goes on with the rebuilds that it has.

    Raises NotFound, BadRequest (nothing differs, versions of two models).
    """
    from tidemill.rebuild.bisect.bisect import Bounds, bisect_pipeline, of_alarm, parameters

    bounds = Bounds(asked.rebuilds, some_time(asked.budget, "--budget") / SECOND)
    named = bool(asked.good) + bool(asked.bad)
    if named != (0 if asked.alarm else 2):
        raise BadRequest("two versions, or an alarm", place="--good", hint="--good MODEL --bad MODEL, or --alarm ID")
    if asked.alarm:
        params = of_alarm(project, project.store.alarms.named(asked.alarm), asked.by, bounds)
    else:
        good, bad = registry.resolve(project, asked.good), registry.resolve(project, asked.bad)
        params = parameters(project, good, bad, asked.by, bounds)
    return show(project, runs.run_pipeline(project, bisect_pipeline, params, on_event).id)


def ls(project: Project, limit: Limit = 50, before: Before = None) -> Page[Run]:
    """Bisects, the latest first."""
    return runs.ls(project, BISECT, None, limit, before)


def show(project: Project, bisect: str) -> Bisect:
    """One that is done, by its run. Raises NotFound."""
    run = runs.show(project, bisect)
    if (run.pipeline, run.status) != (BISECT, "done"):
        raise NotFound(f"{run.id} is no bisect that is done: {run.pipeline}, {run.status}", hint="tidemill bisect ls")
    report = msgspec.convert(load(project.artifacts.plain, run.outputs["report"], "json"), Bisected)
    said = sentences(report)
    return Bisect(run.id, run.started, replace(report, said=said), said)


def of_model(project: Project, model: str) -> Bisect | None:
    """The last bisect that is done of which this version (a ref) is the later one; None without one, and where it is gone."""
    done = walk(partial(project.store.runs.page, pipeline=BISECT, status="done"))
    run = next((run for run in done if run.params["models"][1] == model), None)
    with suppress(StoreError):
        return show(project, run.id) if run else None
    return None


def left_out(report: Bisected, one: JsonObject) -> str:
    """What a rebuild left out, in short."""
    names = [report.names[place] for place in one["excluded"]]
    return names[0] if len(names) == 1 else f"{len(names)}: {names[0]} … {names[-1]}"
