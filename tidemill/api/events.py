"""What happened: alarms, promotions, roll backs, everything a person may want to see."""

from __future__ import annotations

from fastapi import APIRouter

from tidemill.api.asked import Opened, moment
from tidemill.api.paging import After, Limit, Page, page
from tidemill.api.scoped import reads
from tidemill.store.records import Event

router = APIRouter(tags=["events"])


@reads(router, "/api/events")
def events(
    project: Opened,
    kind: str | None = None,
    since: str | None = None,
    until: str | None = None,
    limit: Limit = 100,
    after: After = None,
) -> Page[Event]:
    """Events, the latest first."""
    found = project.store.events.list(kind=kind, since=moment(since, "since"), until=moment(until, "until"))
    return page(list(reversed(found)), lambda e: e.id, limit, after)


@reads(router, "/api/alarms")
def alarms(project: Opened, limit: Limit = 100, after: After = None) -> Page[Event]:
    """Alarms alone, the latest first."""
    return page(list(reversed(project.store.events.list(kind="alarm"))), lambda e: e.id, limit, after)
