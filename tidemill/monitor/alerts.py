"""Alarms that people read: what is wrong, how much, since when, and whether it hurts. One episode is one alarm.

However many columns move, a window raises one alarm; while it persists it is not raised again, but for a reminder
after four weeks. One of quality is open until a person closes it, and meanwhile there is no other. A new champion starts
with a clean sheet: it is compared with its own training data, and with its own promise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from tidemill.monitor.calibrate import PERSIST
from tidemill.monitor.monitors import Monitor, monitors
from tidemill.monitor.windows import closed_of
from tidemill.monitor.worse import Worse
from tidemill.store.records import Alarm, Event, Tx, Window
from tidemill.types import DAY, JsonObject, Micros, named_id, to_iso

if TYPE_CHECKING:
    from tidemill.scope.project import Endpoint

REMIND: Micros = 28 * DAY
FIGURES = tuple(Worse.__dataclass_fields__)
"""What an alarm of quality says in fields, its event too."""
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
    if alarm.metric:
        data |= {name: getattr(alarm, name) for name in FIGURES}
    event = Event(alarm.id, alarm.opened, "alarm", alarm.model or f"endpoint:{alarm.endpoint}", data)

    def work(tx: Tx) -> None:
        scope.store.alarms.add(alarm, tx)
        scope.store.events.add(event, tx)

    scope.store.transact(work)
    return event


def _alarm(scope: Endpoint, window: Window, now: Micros) -> Alarm | None:
    """The alarm of this window, unless it is part of one that is known."""
    model, monitor = window.data.model, monitors()[window.monitor]
    past = _past(scope, window)
    back = None if monitor.stays else window.start - _LOOK_BACK
    known = scope.store.alarms.first(**scope.here, monitor=window.monitor, model=model, since=back)
    if known is not None and _is_known(monitor, known, window, _persists(past)):
        return None
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
        again=known is not None and _persists(past) and not monitor.stays,
        evidence={**story.evidence, "hurts": story.hurts},
        **asdict(story.worse) if story.worse else {},
    )


def _is_known(monitor: Monitor, known: Alarm, window: Window, persists: bool) -> bool:
    """The latest alarm tells of this window too: a process that was killed came as far, or it is of the same episode."""
    if known.window >= window.end:
        return True
    if monitor.stays:  # what a person has closed is of the windows until then
        return known.closed is None or window.end <= known.closed
    return persists and window.end - known.window < REMIND


def _close(scope: Endpoint, windows: Sequence[Window]) -> None:
    """Close what none of these windows, nor as many before as an episode may pause, has seen again."""
    for alarm in scope.store.alarms.list(**scope.here, is_open=True):
        later = [w for w in windows if w.monitor == alarm.monitor and w.n and w.complete and w.end >= alarm.window]
        ends = ((w.end, how) for w in later if (how := _how_ended(scope, alarm, w)))
        if (end := min(ends, default=None)) is not None:
            scope.store.alarms.update(alarm.id, closed=end[0], ended=end[1])


def _how_ended(scope: Endpoint, alarm: Alarm, window: Window) -> str:
    """How this window shows that it is over; nothing while it goes on."""
    if window.end == alarm.window:  # judged again, with the rows that came late
        return "" if window.alarm else "taken_back"
    if window.data.model != alarm.model:
        return "new_champion"
    if monitors()[alarm.monitor].stays or window.alarm or _persists(_past(scope, window)[1 - PERSIST :]):
        return ""
    return "over"


def _past(scope: Endpoint, window: Window) -> list[Window]:
    """The windows before it of the same monitor and model that had something to look at, oldest first."""
    found = closed_of(scope, window.monitor, since=window.start - _LOOK_BACK, until=window.start)
    return [w for w in found if w.n and w.complete and w.data.model == window.data.model]


def _persists(past: Sequence[Window]) -> bool:
    return any(w.alarm for w in past[-PERSIST:])
