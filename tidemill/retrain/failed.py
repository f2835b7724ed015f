"""What went wrong in the loop: told when it begins, and counted while it goes on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from tidemill.errors import TidemillError
from tidemill.store.records import Event, Job, Tx
from tidemill.types import DAY, Micros, named_id

if TYPE_CHECKING:
    from tidemill.scope.project import Endpoint, Project


def job_of(project: Project, endpoint: str, kind: str, subject: str, now: Micros, decision: str | None = None) -> Job:
    """One that begins now; begun again at the same moment it is the same one."""
    id = named_id("job", kind, subject, str(now))
    return Job(id, project.environment, endpoint, kind, subject, "running", now, decision=decision)


def failed(project: Project, job: Job, why: TidemillError) -> list[Event]:
    """Write the failure down, and tell of it. The same one of the same job is counted where it stands, and told of no more."""
    done = replace(job, status="failed", ended=project.clock.now(), code=_code(why), error=str(why))
    told = {"endpoint": job.endpoint, "job": job.kind, "code": done.code, "reason": done.error}
    name = named_id("event", "failed", job.subject, job.kind, str(job.started))
    event = Event(name, job.started, "failed", job.subject, told)

    def work(tx: Tx) -> list[Event]:
        if (before := _going_on(project, done, tx)) is not None:
            again = (before.ended or before.started) < job.started  # else it is this very moment, done once more
            project.store.jobs.put(replace(before, ended=done.ended, times=before.times + again), tx)
            return []
        project.store.jobs.put(done, tx)
        return [event] if project.store.events.add_once(event, tx) else []

    return project.store.transact(work)


def failing(scope: Endpoint, now: Micros) -> Job | None:
    """What fails at this endpoint or with the data, the latest; nothing where two windows have gone by without it."""
    found = [job for name in ("", scope.name) for job in _failed(scope.project, name)]
    return max((job for job in found if _ended(job) >= now - _quiet(scope.project)), key=_ended, default=None)


def _going_on(project: Project, job: Job, tx: Tx) -> Job | None:
    """The record of the same failure, where no two windows have gone by without it."""
    since = job.started - _quiet(project)
    of = (job.kind, job.subject, job.error)
    found = _failed(project, job.endpoint, tx)
    return next((j for j in reversed(found) if (j.kind, j.subject, j.error) == of and _ended(j) >= since), None)


def _failed(project: Project, endpoint: str, tx: Tx = None) -> Sequence[Job]:
    return project.store.jobs.list(environment=project.environment, endpoint=endpoint, status="failed", tx=tx)


def _ended(job: Job) -> Micros:
    return job.started if job.ended is None else job.ended


def _quiet(project: Project) -> Micros:
    """Two windows of the endpoint that looks most seldom, and a day at least."""
    return 2 * max(DAY // 2, *(scope.monitor.span for scope in project.endpoints.values()))


def _code(why: TidemillError) -> str:
    return str(getattr(why, "cause", why.code))
