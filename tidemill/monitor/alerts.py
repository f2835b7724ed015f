"""Alarms that people read: which columns, how much, since when, and whether it hurts. One episode is one alarm.

However many columns move, a window raises one alarm; while it persists it is not raised again, but for a reminder
after four weeks. A new champion starts with a clean sheet: it is compared with its own training data.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tidemill.monitor.calibrate import PERSIST
from tidemill.monitor.monitors import monitors
from tidemill.store.records import Alarm, Event, Window
from tidemill.types import DAY, JsonObject, Micros, named_id, to_iso

if TYPE_CHECKING:
    from tidemill.scope.project import Project

REMIND: Micros = 28 * DAY
_LOOK_BACK: Micros = 91 * DAY


def raise_alarms(project: Project, windows: Sequence[Window], now: Micros) -> list[Event]:
    """The new alarms of these closed windows (of one or several monitors), each told as an event; each only once.

    Alarms whose episode has ended with one of these windows are closed.
    """
    raised = []
    for window in sorted(windows, key=lambda w: (w.start, w.monitor)):
        alarm = _alarm(project, window, now) if window.alarm else None
        if alarm is not None:
            raised.append(_write(project, alarm))
    _close(project, windows)
    return raised


def _write(project: Project, alarm: Alarm) -> Event:
    event = _event(alarm)

    def work(tx: Any) -> None:
        project.store.alarms.add(alarm, tx)
        project.store.events.add(event, tx)

    project.store.transact(work)
    return event


def _alarm(project: Project, window: Window, now: Micros) -> Alarm | None:
    """The alarm of this window, unless it is part of one that is known."""
    model = window.data.model
    past = _past(project, window)
    again = _persists(past)
    known = project.store.alarms.list(
        window.endpoint, monitor=window.monitor, model=model, since=window.start - _LOOK_BACK, limit=1
    )
    last = known[-1].window if known else None
    if last is not None and last >= window.end:  # a process that was killed came as far as this
        return None
    if again and last is not None and window.end - last < REMIND:
        return None
    monitor = monitors()[window.monitor]
    story = monitor.tell(project, window, past)
    return Alarm(
        id=named_id("event", window.endpoint, "alarm", window.monitor, str(window.start)),
        environment="",
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


def _event(alarm: Alarm) -> Event:
    """The alarm as people are told of it; it has the alarm's id."""
    data: JsonObject = {"monitor": alarm.kind, "model": alarm.model, "what": list(alarm.what), "since": alarm.since}
    data |= {**alarm.evidence, "since_iso": to_iso(alarm.since), "window": alarm.window, "again": alarm.again}
    return Event(alarm.id, alarm.opened, "alarm", alarm.model or f"endpoint:{alarm.endpoint}", data)


def _close(project: Project, windows: Sequence[Window]) -> None:
    """Close what none of these windows, nor as many before as an episode may pause, has seen again."""
    for endpoint in {w.endpoint for w in windows}:
        for alarm in project.store.alarms.list(endpoint, is_open=True):
            later = [w for w in windows if w.endpoint == endpoint and w.monitor == alarm.monitor and w.n]
            ended = (w.end for w in later if w.end > alarm.window and _is_over(project, alarm, w))
            if (end := min(ended, default=None)) is not None:
                project.store.alarms.close(alarm.id, end)


def _is_over(project: Project, alarm: Alarm, window: Window) -> bool:
    return window.data.model != alarm.model or not (window.alarm or _persists(_past(project, window)[1 - PERSIST :]))


def _past(project: Project, window: Window) -> list[Window]:
    """The windows before it of the same monitor and model that had something to look at, oldest first."""
    found = project.store.windows.list(
        window.endpoint, window.monitor, since=window.start - _LOOK_BACK, until=window.start
    )
    return [w for w in found if w.n and w.data.model == window.data.model]


def _persists(past: Sequence[Window]) -> bool:
    return any(w.alarm for w in past[-PERSIST:])
