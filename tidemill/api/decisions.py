"""What the retrain policy decided, and on what evidence."""

from __future__ import annotations

from fastapi import APIRouter

from tidemill.api.asked import Opened
from tidemill.api.paging import After, Limit, Page, page
from tidemill.api.scoped import reads
from tidemill.store.records import Decision

router = APIRouter(prefix="/api/decisions", tags=["decisions"])


@reads(router, "")
def decisions(project: Opened, action: str | None = None, limit: Limit = 100, after: After = None) -> Page[Decision]:
    """Decisions, the latest first."""
    found = list(reversed(project.store.decisions.list(action=action)))
    return page(found, lambda d: d.id, limit, after)


@reads(router, "/{decision}")
def show(project: Opened, decision: str) -> Decision:
    """One decision, whole."""
    return project.store.decisions.get(decision)
