"""Windows in event time: which are due, and which are closed.

Windows are cut at whole multiples of their length since 1970 in UTC (days end at midnight). A window closes when its
end has come; one about labels a day later, when the labels are mature. Closing a window again gives the same window.
"""

from __future__ import annotations

from collections.abc import Sequence

from tidemill.scope.project import Endpoint
from tidemill.store.payloads import WindowData
from tidemill.store.records import Tx, Window
from tidemill.types import Micros

DRIFT, PARITY = "drift", "parity"
MOST = 400
"""Windows closed in one go: a loop that slept for years catches up with the latest."""


def next_end(scope: Endpoint, now: Micros) -> Micros:
    """The first end of a window strictly after this moment."""
    span = scope.monitor.span
    return (now // span + 1) * span


def due(scope: Endpoint, monitor: str, now: Micros, lag: Micros = 0) -> list[tuple[Micros, Micros]]:
    """(start, end) of every window of this monitor that can be closed and is not, oldest first.

    The first window is the one in which the endpoint's first champion started to serve.
    """
    span = scope.monitor.span
    closed = scope.store.windows.first(**scope.here, monitor=monitor)
    last = closed.end if closed else min((r.started for r in scope.releases() if r.started is not None), default=None)
    if last is None:
        return []
    ends = range((last // span + 1) * span, now - lag + 1, span)
    return [(end - span, end) for end in ends[-MOST:]]


def close(
    scope: Endpoint,
    monitor: str,
    start: Micros,
    end: Micros,
    n: int,
    data: WindowData,
    *,
    alarm: bool,
    tx: Tx = None,
) -> Window:
    """Keep what a monitor found in a window of this endpoint; ``n``: how much it had to look at."""
    window = Window(scope.name, monitor, start, end, n, data, alarm, scope.environment)
    scope.store.windows.put(window, tx)
    return window


def closed_of(
    scope: Endpoint, monitor: str, *, since: Micros | None = None, until: Micros | None = None
) -> Sequence[Window]:
    """The endpoint's closed windows of this monitor, oldest first."""
    return scope.store.windows.list(**scope.here, monitor=monitor, since=since, until=until)
