"""Alarms that people read: which columns, how much, since when, and whether it hurts. One episode is one alarm.

However many columns move, a window raises one alarm; while it persists it is not raised again, but for a reminder
after four weeks. A new champion starts with a clean sheet: it is compared with its own training data.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tidemill.monitor.calibrate import PERSIST
from tidemill.monitor.monitors import monitors
from tidemill.monitor.windows import closed_of
from tidemill.store.records import Alarm, Event, Tx, Window
from tidemill.types import DAY, JsonObject, Micros, named_id, to_iso

if TYPE_CHECKING:
    from tidemill.scope.project import Endpoint

REMIND: Micros = 28 * DAY
_LOOK_BACK: Micros = 91 * DAY


def raise_alarms(scope: Endpoint, windows: Sequence[Window], now: Micros) -> list[Event]:
    """The new alarms of these closed windows of an endpoint (of one or several monitors), each told as an event; each only once.

    Alarms whose episode has ended with one of these windows are closed.
    """
    raised = []
    for window in sorted(windows, key=lambda w: (w.start, w.monitor)):
        alarm = _alarm(scope, window, now) if window.alarm else None
        if alarm is not None:
            raised.append(_write(scope, alarm))
    _close(scope, windows)
    return raised


def _write(scope: Endpoint, alarm: Alarm) -> Event:
    """Keep it, with the event by which people are told of it; that has the alarm's id."""
    data: JsonObject = {"monitor": alarm.kind, "model": alarm.model, "what": list(alarm.what), "since": alarm.since}
    data |= {**alarm.evidence, "since_iso": to_iso(alarm.since), "window": alarm.window, "again": alarm.again}
    event = Event(alarm.id, alarm.opened, "alarm", alarm.model or f"endpoint:{alarm.endpoint}", data)

    def work(tx: Tx) -> None:
        scope.store.alarms.add(alarm, tx)
        scope.store.events.add(event, tx)

    scope.store.transact(work)
    return event


def _alarm(scope: Endpoint, window: Window, now: Micros) -> Alarm | None:
    """The alarm of this window, unless it is part of one that is known."""
    model = window.data.model
    past = _past(scope, window)
    again = _persists(past)
    known = scope.store.alarms.first(**scope.here, monitor=window.monitor, model=model, since=window.start - _LOOK_BACK)
    last = known.window if known else None
    if last is not None and last >= window.end:  # a process that was killed came as far as this
        return None
    if again and last is not None and window.end - last < REMIND:
        return None
    monitor = monitors()[window.monitor]
    story = monitor.tell(scope, window, past)
    return Alarm(
        id=named_id("event", *scope.salt, "alarm", window.monitor, str(window.start)),
        environment=window.environment,
        endpoint=window.endpoint,
        monitor=window.monitor,
        kind=monitor.kind,
        model=model,
        window=window.end,
        opened=now,
        since=story.since,
        what=story.what,
        hurts=story.hurts["answer"],
        again=again and last is not None,
        evidence={**story.evidence, "hurts": story.hurts},
    )


def _close(scope: Endpoint, windows: Sequence[Window]) -> None:
    """Close what none of these windows, nor as many before as an episode may pause, has seen again."""
    for alarm in scope.store.alarms.list(**scope.here, is_open=True):
        later = [w for w in windows if w.monitor == alarm.monitor and w.n]
        ended = (w.end for w in later if w.end > alarm.window and _is_over(scope, alarm, w))
        if (end := min(ended, default=None)) is not None:
            scope.store.alarms.update(alarm.id, closed=end)


def _is_over(scope: Endpoint, alarm: Alarm, window: Window) -> bool:
    return window.data.model != alarm.model or not (window.alarm or _persists(_past(scope, window)[1 - PERSIST :]))


def _past(scope: Endpoint, window: Window) -> list[Window]:
    """The windows before it of the same monitor and model that had something to look at, oldest first."""
    found = closed_of(scope, window.monitor, since=window.start - _LOOK_BACK, until=window.start)
    return [w for w in found if w.n and w.data.model == window.data.model]


def _persists(past: Sequence[Window]) -> bool:
    return any(w.alarm for w in past[-PERSIST:])
