"""Alarms that people read: which columns, how much, since when, and whether it hurts. One episode is one alarm.

However many columns move, a window raises one alarm; while it persists it is not raised again, but for a reminder
after four weeks. A new champion starts with a clean sheet: it is compared with its own training data.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tidemill.monitor.calibrate import PERSIST
from tidemill.monitor.platform import PLATFORM
from tidemill.monitor.quality import QUALITY, hurts
from tidemill.monitor.windows import DRIFT
from tidemill.store.records import Event, Window
from tidemill.types import DAY, JsonObject, Micros, named_id, to_iso

if TYPE_CHECKING:
    from tidemill.scope.project import Project

DECAY = "decay"
REMIND: Micros = 28 * DAY
_LOOK_BACK: Micros = 91 * DAY
_NAMES = {DRIFT: DRIFT, QUALITY: DECAY, PLATFORM: PLATFORM}


def raise_alarms(project: Project, windows: Sequence[Window], now: Micros) -> list[Event]:
    """The new alarms of these closed windows (of one or several monitors), written down as events; each only once."""
    raised = []
    for window in sorted(windows, key=lambda w: (w.start, w.monitor)):
        if window.alarm:
            event = _alarm(project, window, now)
            if event is not None:
                project.store.events.add(event)
                raised.append(event)
    return raised


def _alarm(project: Project, window: Window, now: Micros) -> Event | None:
    """The alarm of this window, unless it is part of one that is known."""
    past = _past(project, window)
    again = _persists(past)
    last = _last_event(project, window)
    if last is not None and int(last.data["window"]) >= window.end:  # a process that was killed came as far as this
        return None
    if again and last is not None and window.end - int(last.data["window"]) < REMIND:
        return None
    data = _TELLS[window.monitor](project, window, past)
    told: JsonObject = {"monitor": _NAMES[window.monitor], "model": window.data.get("model"), **data}
    told |= {"since_iso": to_iso(data["since"]), "window": window.end, "again": again and last is not None}
    return Event(
        named_id("event", window.endpoint, "alarm", window.monitor, str(window.start)),
        now,
        "alarm",
        str(window.data.get("model") or f"endpoint:{window.endpoint}"),
        told,
    )


def _past(project: Project, window: Window) -> list[Window]:
    """The windows before it of the same monitor and model that had something to look at, oldest first."""
    found = project.store.windows.list(
        window.endpoint, window.monitor, since=window.start - _LOOK_BACK, until=window.start
    )
    return [w for w in found if w.n and w.data.get("model") == window.data.get("model")]


def _persists(past: Sequence[Window]) -> bool:
    return any(w.alarm for w in past[-PERSIST:])


def _last_event(project: Project, window: Window) -> Event | None:
    events = project.store.events.list(kind="alarm", since=window.start - _LOOK_BACK)
    name, model = _NAMES[window.monitor], window.data.get("model")
    return next((e for e in reversed(events) if e.data["monitor"] == name and e.data["model"] == model), None)


def _tell_drift(project: Project, window: Window, past: Sequence[Window]) -> JsonObject:
    columns: dict[str, Any] = window.data["columns"]
    which = window.data["which"]
    since = window.start
    for earlier in reversed(past):
        if not any(earlier.data["columns"].get(name, {}).get("p", 1.0) < 0.05 for name in which):
            break
        since = earlier.start
    calibration = window.data["calibration"]
    return {
        "columns": which,
        "what": [columns[name]["words"] for name in which],
        "since": since,
        "hurts": hurts(project, window.data["model"], since),
        "score": window.data["score"],
        "threshold": window.data["threshold"],
        "false_alarms": {name: calibration[name] for name in ("promised", "expected", "realised", "method")},
    }


def _tell_decay(project: Project, window: Window, past: Sequence[Window]) -> JsonObject:
    since = window.start
    for earlier in reversed(past):
        if earlier.data.get("evidence", 0.0) <= 2.0:
            break
        since = earlier.start
    found = hurts(project, window.data["model"], since)
    return {
        "columns": [],
        "what": [found["words"]],
        "since": since,
        "hurts": {**found, "answer": "yes"},
        "score": window.data["evidence"],
        "threshold": window.data["limit"],
    }


def _tell_platform(project: Project, window: Window, past: Sequence[Window]) -> JsonObject:
    since = window.start
    for earlier in reversed(past):
        if not earlier.alarm:
            break
        since = earlier.start
    return {"columns": [], "what": window.data["which"], "since": since, "hurts": {"answer": "not known yet"}}


_TELLS = {DRIFT: _tell_drift, QUALITY: _tell_decay, PLATFORM: _tell_platform}
