"""What the loop wrote down: decisions, alarms, events, the monitors' windows."""

from __future__ import annotations

from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from typing import Any, Literal

import msgspec

from tidemill.access.caller import Caller
from tidemill.access.needs import needs
from tidemill.errors import BadRequest, ConfigError, Conflict, NotFound
from tidemill.ops.act import act
from tidemill.ops.page import Before, Limit, Page, page
from tidemill.ops.releases import Reason
from tidemill.retrain.replay import BIASED, Replayed
from tidemill.retrain.score import counted, unsettled
from tidemill.scope.project import Endpoint, Project
from tidemill.store.records import Alarm, Decision, Event, Settlement, Tx, Window
from tidemill.types import JsonObject, Micros, did_you_mean, new_id, parse_time

Action = Literal["retrain", "none"]


@dataclass(frozen=True)
class Replay:
    """Every decision taken again from its stored evidence. ``biased``: what a replay under another policy assumes."""

    decisions: int
    differ: int
    changed: list[Replayed]
    biased: str | None = None


@dataclass(frozen=True)
class WindowShown:
    """A closed window; what it holds is its monitor's own."""

    endpoint: str
    monitor: str
    start: Micros
    end: Micros
    n: int
    alarm: bool
    state: str  # alarm | quiet | incomplete (rows are still to come) | no rows
    revision: int  # how often it was judged again
    data: JsonObject


def decisions(
    project: Project,
    action: Action | None = None,
    limit: Limit = 100,
    before: Before = None,
    endpoint: str | None = None,
) -> Page[Decision]:
    """Decisions of the retrain policy, the latest first; of one endpoint, or of all."""
    name = endpoint and project.endpoint(endpoint).name
    return page(project.store.decisions.page, limit, before, action=action, endpoint=name)


def decision(project: Project, decision: str) -> Decision:
    """One decision with all its evidence."""
    return project.store.decisions.named(decision)


def replay(project: Project) -> Replay:
    """Decide again from the stored evidence: the same policy gives the same decisions."""
    return replay_with(project, None)


def replay_with(project: Project, policy: Path | None) -> Replay:
    """As `replay`, under the policy of another tidemill.toml; the answer says what it assumes."""
    from tidemill.retrain.replay import replay as decide_again

    found = decide_again(project, policy)
    changed = [r for r in found if not r.same]
    return Replay(len(found), len(changed), changed, BIASED if policy else None)


@dataclass(frozen=True)
class Score:
    """Whether alarms, refusals, promotions and roll backs were right: how many of each kind, and the latest of them."""

    counts: dict[str, dict[str, int]]  # kind -> right, wrong, undecidable
    open: int  # too young: their labels are not in
    items: list[Settlement]
    next: str | None


def score(project: Project, limit: Limit = 100, before: Before = None, endpoint: str | None = None) -> Score:
    """What came of alarms, refusals, promotions and roll backs of an endpoint, the latest first."""
    at = project.endpoint(endpoint)
    settled = project.store.settlements.list(**at.here)
    found = page(project.store.settlements.page, limit, before, **at.here)
    return Score(counted(settled), unsettled(at, project.clock.now(), settled), found.items, found.next)


def events(
    project: Project,
    kind: str | None = None,
    since: str | None = None,
    until: str | None = None,
    limit: Limit = 100,
    before: Before = None,
) -> Page[Event]:
    """What happened, the latest first: promotions, roll backs, everything a person may want to see."""
    start, end = moment(since, "since"), moment(until, "until")
    return page(project.store.events.page, limit, before, kind=kind, since=start, until=end)


def alarms(
    project: Project,
    is_open: bool | None = None,
    limit: Limit = 100,
    before: Before = None,
    endpoint: str | None = None,
) -> Page[Alarm]:
    """Alarms of the monitors, the latest first: what moved, since when, and whether quality is affected."""
    at = project.endpoint(endpoint)
    where: dict[str, Any] = {"endpoint": at.name, "environment": at.environment, "is_open": is_open}
    return page(project.store.alarms.page, limit, before, **where)


def affected(at: Endpoint, alarm: Alarm) -> JsonObject:
    """Whether quality is affected by what an alarm of this endpoint saw, by the labels of now: ``answer``, and why in ``words``."""
    from tidemill.monitor.quality import hurts

    if alarm.hurts != "yes" and alarm.model is not None:
        return hurts(at, alarm.model, alarm.since)
    known: JsonObject = alarm.evidence.get("hurts", {"answer": alarm.hurts})
    return known


@needs("alarm.close")
def close_alarm(project: Project, caller: Caller, alarm: str, reason: Reason) -> Alarm:
    """Close an alarm by hand: what goes on after it may be an alarm of its own. Raises NotFound, and Conflict where it is closed."""
    found, now = project.store.alarms.named(alarm), project.clock.now()
    alarm = found.id

    def work(tx: Tx) -> None:
        if project.store.alarms.get(alarm, tx).closed is not None:
            raise Conflict(
                f"alarm {alarm} is closed already",
                place="alarm",
                hint="tidemill alarms --open lists those that are not",
            )
        project.store.alarms.update(alarm, tx, closed=now, ended="by_hand")
        data: JsonObject = {"alarm": alarm, "monitor": found.kind, "model": found.model, "reason": reason}
        subject = found.model or f"endpoint:{found.endpoint}"
        project.store.events.add(Event(new_id("event"), now, "alarm_closed", subject, data), tx)

    act(project, caller, "alarm.close", work)
    return project.store.alarms.get(alarm)


def windows(
    project: Project, monitor: str, limit: Limit = 400, before: Before = None, endpoint: str | None = None
) -> Page[WindowShown]:
    """The closed windows of a monitor, the latest first."""
    from tidemill.monitor.monitors import monitors

    if monitor not in (known := monitors()):
        raise NotFound(f"no monitor {monitor!r}", hint=did_you_mean(monitor, known))
    at, last = project.endpoint(endpoint), moment(before, "before")
    where = {"endpoint": at.name, "monitor": monitor, "environment": at.environment}
    found = page(project.store.windows.page, limit, last, attrgetter("start"), **where)
    return Page([_shown(window) for window in found.items], found.next)


def _shown(w: Window) -> WindowShown:
    return WindowShown(
        w.endpoint, w.monitor, w.start, w.end, w.n, w.alarm, w.state, w.revision, msgspec.to_builtins(w.data)
    )


def moment(text: str | None, name: str) -> Micros | None:
    """A time in a question: ISO 8601, or whole microseconds. Raises BadRequest."""
    if text is None:
        return None
    if text.isascii() and text.isdecimal() and 8 < len(text) < 18:
        return int(text)
    try:
        return parse_time(text)
    except (ConfigError, OverflowError) as exc:
        raise BadRequest(f"{text[:80]!r} is not a time", place=name, hint="write it as 2011-01-31T12:00:00Z") from exc
