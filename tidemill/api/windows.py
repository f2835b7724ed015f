"""The closed windows of the monitors: drift, quality, platform, parity, and those that packages bring."""

from __future__ import annotations

from fastapi import APIRouter

from tidemill.api.asked import Opened, moment
from tidemill.api.paging import After, Limit, Page, page
from tidemill.api.scoped import reads
from tidemill.errors import NotFound
from tidemill.monitor.monitors import monitors
from tidemill.store.records import Window
from tidemill.types import did_you_mean

router = APIRouter(prefix="/api/windows", tags=["windows"])


@reads(router, "/{monitor}")
def windows(
    project: Opened,
    monitor: str,
    since: str | None = None,
    until: str | None = None,
    limit: Limit = 400,
    after: After = None,
) -> Page[Window]:
    """A monitor's windows, oldest first."""
    if monitor not in monitors():
        raise NotFound(f"no monitor {monitor!r}", hint=did_you_mean(monitor, monitors()))
    found = project.store.windows.list(
        project.endpoint().name, monitor, since=moment(since, "since"), until=moment(until, "until")
    )
    return page(found, lambda w: str(w.start), limit, after)
