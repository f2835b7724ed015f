"""Windows in event time: which are due, which are closed, and which have to be judged again.

Windows are cut at whole multiples of their length since 1970 in UTC (days end at midnight). A window closes when its
end has come; one about labels a day later, when the labels are mature. Closing a window again gives the same window. One
of rows that are still to come is kept as incomplete, raises no alarm, and is judged when they are there; rows that come
later still have it judged again: the same record, one revision on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tidemill.data.contract.freshness import complete_through
from tidemill.scope.project import Endpoint
from tidemill.store.payloads import DriftWindow, WindowData
from tidemill.store.records import Tx, Window
from tidemill.types import Micros

DRIFT, REQUESTS, PARITY, ESTIMATE, EXPOSURE = "drift", "requests", "parity", "estimate", "exposure"
ATTRIBUTION, FAIRNESS = "attribution", "fairness"
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


def outdated(scope: Endpoint, monitor: str, now: Micros) -> bool:
    """Whether windows of the dataset's rows may be another thing by now: it has a newer version than this monitor has looked
    at last, or the time has come by which its rows are said to be there."""
    last = scope.store.windows.first(**scope.here, monitor=monitor)
    newest = scope.store.datasets.first(dataset=scope.model.dataset.name)
    if last is None or newest is None:
        return False
    return getattr(last.data, "version", 0) < newest.version or (
        not last.complete and last.end <= whole_until(scope, now)
    )


def whole_until(scope: Endpoint, now: Micros, quiet: Micros = 0) -> Micros:
    """Until when windows are whole. ``quiet``: how long before a window's end its last row may come, where the dataset does
    not say itself how late rows are."""
    dataset = scope.model.dataset
    through = complete_through(scope.project, dataset.name, now) or 0
    return through if dataset.complete_after is not None else through + quiet


def close(
    scope: Endpoint,
    monitor: str,
    start: Micros,
    end: Micros,
    n: int,
    data: WindowData,
    *,
    alarm: bool,
    complete: bool = True,
    before: Window | None = None,
    tx: Tx = None,
) -> Window:
    """Keep what a monitor found in a window of this endpoint; ``n``: how much it had to look at.

    ``before``: the window as it was judged before. It is one revision on, unless the same was found.
    """
    window = Window(scope.name, monitor, start, end, n, data, alarm and complete, scope.environment, complete)
    if before is not None and _same(before, window):
        window = replace(window, revision=before.revision, judged=before.judged)
    else:
        window = replace(window, revision=before.revision + 1 if before else 0, judged=scope.clock.now())
    if window != before:
        scope.store.windows.put(window, tx)
    return window


def _same(before: Window, after: Window) -> bool:
    """Whether the same was found, of whatever version of the dataset."""
    found = (replace(window, revision=0, judged=0, data=_dateless(window.data)) for window in (before, after))
    return len(set(map(repr, found))) == 1


def _dateless(data: WindowData) -> WindowData:
    return replace(data, version=0) if isinstance(data, DriftWindow) else data


def closed_of(
    scope: Endpoint, monitor: str, *, since: Micros | None = None, until: Micros | None = None
) -> Sequence[Window]:
    """The endpoint's closed windows of this monitor, oldest first."""
    return scope.store.windows.list(**scope.here, monitor=monitor, since=since, until=until)


def of_drift(window: Window) -> DriftWindow:
    """What a window of rows, or of requests, holds."""
    assert isinstance(window.data, DriftWindow), window.monitor
    return window.data
