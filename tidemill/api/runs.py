"""Runs of the pipelines, and their steps."""

from __future__ import annotations

from fastapi import APIRouter

from tidemill.api.asked import Opened
from tidemill.api.paging import After, Limit, Page, page
from tidemill.api.scoped import reads
from tidemill.store.records import Run, Step

router = APIRouter(prefix="/api/runs", tags=["runs"])
MOST = 10_000


@reads(router, "")
def runs(
    project: Opened, pipeline: str | None = None, status: str | None = None, limit: Limit = 50, after: After = None
) -> Page[Run]:
    """Runs, the latest first."""
    found = sorted(
        project.store.runs.list(pipeline=pipeline, status=status, limit=MOST),
        key=lambda r: (r.started, r.id),
        reverse=True,
    )
    return page(found, lambda r: r.id, limit, after)


@reads(router, "/{run}")
def show(project: Opened, run: str) -> Run:
    """One run: its parameters, code, environment, cost, outputs."""
    return project.store.runs.get(run)


@reads(router, "/{run}/steps")
def steps(project: Opened, run: str) -> Page[Step]:
    """Its steps in order, with fingerprints, inputs and outputs."""
    project.store.runs.get(run)
    return Page(list(project.store.runs.steps(run)))
