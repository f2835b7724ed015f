"""Alarms that people read: what is wrong, how much, since when, and whether it hurts. One episode is one alarm.

However many columns move, a window raises one alarm; while it persists it is not raised again, but for a reminder
after four weeks. One of quality is open until a person closes it, and meanwhile there is no other. A new champion starts
with a clean sheet: it is compared with its own training data, and with its own promise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from tidemill.monitor.calibrate import PERSIST
from tidemill.monitor.monitors import monitors
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
OVER, NEW_CHAMPION, TAKEN_BACK, BY_HAND = "over", "new_champion", "taken_back", "by_hand"
"""How an alarm was closed."""


def raise_alarms(scope: Endpoint, windows: Sequence[Window], now: Micros) -> list[Event]:
    """The new alarms of these closed windows of an endpoint (of one or several monitors), each told as an event; each only once.

    Alarms whose episode has ended with one of these windows are closed. Where some were judged again, alarms are afterwards
    what they would be if these had been found so at once: one that its window does not show any more, or that an earlier one
    tells of now, is taken back, and what only that one has kept quiet is raised. What a person has closed stays as it is.
    """
    again = _judged_again(windows)
    later = [w for monitor, first in again.items() for w in closed_of(scope, monitor, since=first)]
    all_ = {(w.start, w.monitor): w for w in [*windows, *later]}
    raised = []
    for _, window in sorted(all_.items()):
        if window.alarm or window.start >= again.get(window.monitor, window.end):
            raised += _look(scope, window, now, again=window.monitor in again)
    _close(scope, [*all_.values()], again)
    return raised


def _judged_again(windows: Sequence[Window]) -> dict[str, Micros]:
    """By monitor the start of the first of them that was."""
    first: dict[str, Micros] = {}
    for window in windows:
        if window.revision:
            first[window.monitor] = min(window.start, first.get(window.monitor, window.start))
    return first


def _look(scope: Endpoint, window: Window, now: Micros, *, again: bool) -> list[Event]:
    """Raise this window's alarm, or take it back, so that there is one exactly where there has to be."""
    past, found = _past(scope, window), _of(scope, window)
    own = next((alarm for alarm in found if alarm.window == window.end), None)
    known = max((a for a in found if a.window < window.end and a.ended != TAKEN_BACK), key=_window, default=None)
    is_new = window.alarm and not _is_known(window, known, _persists(past))
    if own is None or own.ended == TAKEN_BACK:
        return [_write(scope, _alarm(scope, window, past, known, now), own)] if is_new else []
    if again and own.ended != BY_HAND:
        if is_new:
            _tell_anew(scope, own, _alarm(scope, window, past, known, now))
        else:
            _take_back(scope, own, now)
    return []


def _tell_anew(scope: Endpoint, old: Alarm, new: Alarm) -> None:
    """What it says by what is known now; how it looked when it was opened stays in its event."""
    kept = {name: getattr(old, name) for name in ("opened", "closed", "ended", "hurts", "again")}
    evidence = {**new.evidence, "hurts": old.evidence.get("hurts", {})}
    told = replace(new, evidence=evidence, **kept)
    if told != old:
        scope.store.alarms.put(told)


def _take_back(scope: Endpoint, alarm: Alarm, now: Micros) -> None:
    """Nobody is told again what was told wrongly, but it is written down."""
    why = "its window was judged again and shows it no more, or it is part of an earlier one"
    data: JsonObject = {"alarm": alarm.id, "monitor": alarm.kind, "model": alarm.model, "reason": why}
    subject = alarm.model or f"endpoint:{alarm.endpoint}"
    event = Event(named_id("event", "back", alarm.id, str(now)), now, "alarm_taken_back", subject, data)

    def work(tx: Tx) -> None:
        scope.store.alarms.update(alarm.id, tx, closed=alarm.window, ended=TAKEN_BACK)
        scope.store.events.add_once(event, tx)

    scope.store.transact(work)


def _of(scope: Endpoint, window: Window) -> Sequence[Alarm]:
    """The alarms of this window's monitor and model, as far back as it matters."""
    stays, model = monitors()[window.monitor].stays, window.data.model
    back = None if stays else window.start - _LOOK_BACK
    return scope.store.alarms.list(**scope.here, monitor=window.monitor, model=model, since=back)


def _window(alarm: Alarm) -> Micros:
    return alarm.window


def _write(scope: Endpoint, alarm: Alarm, taken_back: Alarm | None) -> Event:
    """Keep it, with the event by which people are told of it; that has the alarm's id, unless it was told of and taken back before."""
    data: JsonObject = {"alarm": alarm.id, "monitor": alarm.kind, "model": alarm.model}
    data |= {"what": list(alarm.what), "since": alarm.since}
    data |= {**alarm.evidence, "since_iso": to_iso(alarm.since), "window": alarm.window, "again": alarm.again}
    if alarm.metric:
        data |= {name: getattr(alarm, name) for name in FIGURES}
    name = named_id("event", alarm.id, str(alarm.opened)) if taken_back else alarm.id
    event = Event(name, alarm.opened, "alarm", alarm.model or f"endpoint:{alarm.endpoint}", data)

    def work(tx: Tx) -> None:
        scope.store.alarms.put(alarm, tx)
        scope.store.events.add(event, tx)

    scope.store.transact(work)
    return event


def _alarm(scope: Endpoint, window: Window, past: Sequence[Window], known: Alarm | None, now: Micros) -> Alarm:
    """The alarm of this window. ``known``: the one before."""
    monitor = monitors()[window.monitor]
    story = monitor.tell(scope, window, past)
    return Alarm(
        id=named_id("event", *scope.salt, "alarm", window.monitor, str(window.start)),
        environment=window.environment,
        endpoint=window.endpoint,
        monitor=window.monitor,
        kind=monitor.kind,
        model=window.data.model,
        window=window.end,
        opened=now,
        since=story.since,
        what=story.what,
        hurts=story.hurts["answer"],
        again=known is not None and _persists(past) and not monitor.stays,
        evidence={**story.evidence, "hurts": story.hurts},
        **asdict(story.worse) if story.worse else {},
    )


def _is_known(window: Window, known: Alarm | None, persists: bool) -> bool:
    """The alarm before tells of this window too: it is of the same episode."""
    if known is None:
        return False
    if monitors()[window.monitor].stays:  # what a person has closed is of the windows until then
        return known.closed is None or window.end <= known.closed
    return persists and window.end - known.window < REMIND


def _close(scope: Endpoint, windows: Sequence[Window], again: Mapping[str, Micros]) -> None:
    """Close what none of these windows, nor as many before as an episode may pause, has seen again.

    Where windows were judged again it may have ended earlier, later, or not at all.
    """
    for alarm in [*scope.store.alarms.list(**scope.here, is_open=True), *_closed_in(scope, again)]:
        later = [w for w in windows if w.monitor == alarm.monitor and w.n and w.complete and w.end > alarm.window]
        ends = ((w.end, how) for w in later if (how := _how_ended(scope, alarm, w)))
        closed, ended = min(ends, default=(None, ""))
        if (closed, ended) != (alarm.closed, alarm.ended):
            scope.store.alarms.update(alarm.id, closed=closed, ended=ended)


def _closed_in(scope: Endpoint, again: Mapping[str, Micros]) -> list[Alarm]:
    """The alarms whose end rests on windows that were judged again."""
    found = [alarm for monitor in again for alarm in scope.store.alarms.list(**scope.here, monitor=monitor)]
    ends = (OVER, NEW_CHAMPION)
    return [a for a in found if a.closed is not None and a.ended in ends and a.closed > again[a.monitor]]


def _how_ended(scope: Endpoint, alarm: Alarm, window: Window) -> str:
    """How this window shows that it is over; nothing while it goes on."""
    if window.data.model != alarm.model:
        return NEW_CHAMPION
    if monitors()[alarm.monitor].stays or window.alarm or _persists(_past(scope, window)[1 - PERSIST :]):
        return ""
    return OVER


def _past(scope: Endpoint, window: Window) -> list[Window]:
    """The windows before it of the same monitor and model that had something to look at, oldest first."""
    found = closed_of(scope, window.monitor, since=window.start - _LOOK_BACK, until=window.start)
    return [w for w in found if w.n and w.complete and w.data.model == window.data.model]


def _persists(past: Sequence[Window]) -> bool:
    return any(w.alarm for w in past[-PERSIST:])
