"""Batches that the loop has answered when their time comes: by a schedule, or after rows came in. One that was missed is caught up once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tidemill.retrain.failed import failed, job_of
from tidemill.retrain.jobs import JobFailed, Jobs
from tidemill.store.records import Event
from tidemill.types import SECOND, JsonObject, Micros, named_id

if TYPE_CHECKING:
    from tidemill.config.batches import BatchSection
    from tidemill.scope.project import Project

AGAIN: Micros = 600 * SECOND
"""One that failed is tried again after so long: it reads its rows anew each time."""


@dataclass(frozen=True, slots=True)
class Due:
    """A batch whose time has come: the moment that it is of, and the version of its dataset, if that is why."""

    batch: BatchSection
    at: Micros
    version: int = 0


def state_of(project: Project, name: str) -> JsonObject:
    """What is known of a batch: ``{"done": moment, "version", "run", "rows", "errors", "tried"}``; empty before it was first seen."""
    kept = project.store.settings.get(_key(project, name))
    return dict(kept) if isinstance(kept, dict) else {}


def due(project: Project, now: Micros) -> list[Due]:
    """Those whose time has come. A schedule begins when it is first seen."""
    found = []
    for batch in project.batches.values():
        state = state_of(project, batch.name)
        if batch.schedule and "done" not in state:
            _keep(project, batch.name, {**state, "done": now})
            continue
        if now < state.get("tried", now - AGAIN) + AGAIN:
            continue
        if batch.schedule:
            at = batch.due(state["done"], now)
            found += [Due(batch, at)] if at is not None else []
        elif (version := _version(project, batch)) > state.get("version", 0):
            found.append(Due(batch, now, version))
    return found


def do_due(project: Project, jobs: Jobs, now: Micros) -> list[Event]:
    """Have them answered, one after the other; the events of what became of them. One that fails holds up no other."""
    events: list[Event] = []
    for one in due(project, now):
        name = one.batch.name
        endpoint = one.batch.endpoint or next(iter(project.endpoints))
        job = job_of(project, endpoint, "batch", f"batch:{name}", one.at)
        project.store.jobs.put(job)
        _keep(project, name, {**state_of(project, name), "tried": now})
        try:
            told = jobs.run("batch", {"name": name, "at": one.at}, project.limit("batch"))
        except JobFailed as exc:
            events += failed(project, job, exc)
            continue
        project.store.jobs.put(replace(job, status="done", ended=project.clock.now()))
        _keep(project, name, {"done": one.at, "version": one.version, **told})
        events += _tell(project, one, endpoint, told)
    return events


def next_batch(project: Project, now: Micros) -> list[Micros]:
    """When the schedules come next."""
    return [at for batch in project.batches.values() if (at := batch.next(now)) is not None]


def _tell(project: Project, one: Due, endpoint: str, told: JsonObject) -> list[Event]:
    name, data = one.batch.name, {"endpoint": endpoint, "name": one.batch.name, **told}
    event = Event(named_id("event", "batch", name, str(one.at)), one.at, "batch", f"run:{told['run']}", data)
    return [event] if project.store.events.add_once(event) else []


def _version(project: Project, batch: BatchSection) -> int:
    from tidemill.data.tables.tables import open_tables  # the server shows what is due, and loads no tables

    tables = open_tables(project)
    return tables.version(batch.dataset) if tables.exists(batch.dataset) else 0


def _key(project: Project, name: str) -> str:
    return "@".join((f"batch:{name}", *filter(None, (project.environment,))))


def _keep(project: Project, name: str, state: dict[str, Any]) -> None:
    project.store.settings.set(_key(project, name), state)


def answer(project: Project, name: str, at: Micros) -> JsonObject:
    """A batch of the configuration, answered; the job's work. ``at``: the moment that it is of."""
    from tidemill.serve.batch.pipeline import scheduled
    from tidemill.store.artifacts.codecs import load

    run = scheduled(project, project.batches[name], at)
    told: JsonObject = load(project.artifacts.plain, run.outputs["answers"], "json")
    return {"run": run.id, **{key: told[key] for key in ("batch", "rows", "errors", "met", "out")}}
