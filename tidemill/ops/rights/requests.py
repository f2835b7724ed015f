"""What people ask for is taken down, with the day by which it has to be answered; and data that is held."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from msgspec import Meta

from tidemill.access.caller import Caller
from tidemill.access.needs import needs
from tidemill.errors import BadRequest, Conflict
from tidemill.ops.act import act, record
from tidemill.ops.rights.limits import Kind, Subject
from tidemill.rights import requests
from tidemill.rights.forget.kept import under_way
from tidemill.rights.limits.people import person
from tidemill.rights.requests import HOLD, MONTHS, MORE, later
from tidemill.scope.project import Project
from tidemill.store.records import Tx
from tidemill.store.rights import SubjectRequest
from tidemill.types import Micros, new_id, parse_time

REQUEST = "subject.request"
Why = Annotated[str, Meta(max_length=2_000)]
Asks = Literal["access", "portability", "rectify", "restrict", "object", "erase", "contest"]
Ended = Literal["done", "refused", "withdrawn"]
Day = Annotated[str, Meta(max_length=40, description="As 2026-11-20; left out: now")]


@dataclass(frozen=True)
class RequestShown:
    """``state``: waits | overdue | held | over (of a hold whose day has come) | done | refused | withdrawn | released."""

    id: str
    kind: str
    subject: str
    of: str
    received: Micros
    due: Micros | None
    state: str
    by: str
    why: str
    extended: str
    ended: Micros | None
    ended_by: str
    reason: str


@needs(REQUEST)
def take_down(
    project: Project, caller: Caller, subject: Subject, kind: Asks, of: Kind = "", why: Why = "", received: Day = ""
) -> RequestShown:
    """What a person asks for, from the day on which it came: to be answered within a month. Raises BadRequest, Conflict while it waits already."""
    who, now = person(project, subject, of), project.clock.now()
    came = parse_time(received, "received") if received else now
    if came > now:
        raise BadRequest("it cannot have come yet", place="received", hint="the day on which it came")

    def work(tx: Tx) -> SubjectRequest:
        for one in project.store.requests.list(is_open=True, mark=who.mark, tx=tx):
            if one.kind == kind:
                raise Conflict("the person has asked for it already", place=one.id, hint="tidemill subject requests")
        made = SubjectRequest(
            new_id("request"), who.kind, who.name, who.mark, kind, came, later(came, MONTHS), caller.by, why
        )
        project.store.requests.add(made, tx)
        record(project, "request_taken_down", {"request": made.id, "kind": kind, "due": made.due}, tx)
        return made

    return _shown(project, act(project, caller, REQUEST, work))


@needs("subject.read")
def ls(project: Project, caller: Caller, every: bool = False) -> list[RequestShown]:
    """What waits, the nearest day first, and what is held; ``every``: what has ended, too."""
    open_ = [*requests.waiting(project), *requests.holds(project)]
    ended = [one for one in project.store.requests.list()[::-1] if one not in open_] if every else []
    return [_shown(project, one) for one in (*open_, *ended)]


@needs(REQUEST)
def extend(project: Project, caller: Caller, request: str, why: Why) -> RequestShown:
    """Two months more, once, because it is complex; the person has to be told why within the first. Raises BadRequest, Conflict."""
    _must_say(why)

    def work(tx: Tx) -> SubjectRequest:
        found = _open(project, request, tx)
        if found.kind == HOLD or found.due is None:
            raise BadRequest(
                "a hold has no day by which it is answered", place=found.id, hint="tidemill subject release"
            )
        if found.extended:
            raise Conflict("it was given more time already", place=found.id, hint="once is all")
        if found.due <= project.clock.now():
            raise Conflict("its day is over", place=found.id, hint="answer it; it could have been extended before")
        due = later(found.received, MONTHS + MORE)
        changed = project.store.requests.change(found.id, tx, due=due, extended=why)
        record(project, "request_extended", {"request": found.id, "due": due}, tx)
        return changed

    return _shown(project, act(project, caller, REQUEST, work))


@needs(REQUEST)
def close(project: Project, caller: Caller, request: str, why: Why, how: Ended = "done") -> RequestShown:
    """It has ended: done by other means, refused, or withdrawn. Raises BadRequest, Conflict."""
    _must_say(why)

    def work(tx: Tx) -> SubjectRequest:
        found = _open(project, request, tx)
        if found.kind == HOLD:
            raise BadRequest("a hold is released", place=found.id, hint=f"tidemill subject release {found.id}")
        return _end(project, caller, found, how, why, tx)

    return _shown(project, act(project, caller, REQUEST, work))


@needs(REQUEST)
def hold(project: Project, caller: Caller, subject: Subject, why: Why, until: Day = "", of: Kind = "") -> RequestShown:
    """The person's data may not be erased, of no dataset, until then or until it is released. Raises BadRequest, Conflict."""
    _must_say(why)
    who, now = person(project, subject, of), project.clock.now()
    due = parse_time(until, "until") if until else None
    if due is not None and due <= now:
        raise BadRequest("that day is over", place="until", hint="a day to come, or none")
    half = under_way(project)
    if half is not None and half.mark == who.mark:
        hint = "what is left of it ends by: tidemill subject forget"
        raise Conflict("the person is being forgotten already", place="project:subjects", hint=hint)

    def work(tx: Tx) -> SubjectRequest:
        made = SubjectRequest(new_id("request"), who.kind, who.name, who.mark, HOLD, now, due, caller.by, why)
        project.store.requests.add(made, tx)
        record(project, "hold_begun", {"request": made.id, "until": due}, tx)
        return made

    return _shown(project, act(project, caller, REQUEST, work))


@needs(REQUEST)
def release(project: Project, caller: Caller, request: str, why: Why) -> RequestShown:
    """The hold stands no more. Raises BadRequest, Conflict."""
    _must_say(why)

    def work(tx: Tx) -> SubjectRequest:
        found = _open(project, request, tx)
        if found.kind != HOLD:
            raise BadRequest("it is no hold", place=found.id, hint=f"tidemill subject close {found.id}")
        return _end(project, caller, found, "released", why, tx)

    return _shown(project, act(project, caller, REQUEST, work))


def _open(project: Project, request: str, tx: Tx) -> SubjectRequest:
    return project.store.requests.get(project.store.requests.named(request).id, tx)


def _end(project: Project, caller: Caller, found: SubjectRequest, how: str, why: str, tx: Tx) -> SubjectRequest:
    now = project.clock.now()
    changed = project.store.requests.change(found.id, tx, ended=now, ended_by=caller.by, how=how, reason=why)
    kind = "hold_released" if how == "released" else "request_ended"
    record(project, kind, {"request": found.id, "kind": found.kind, "how": how}, tx)
    return changed


def _must_say(why: str) -> None:
    if not why.strip():
        raise BadRequest("why?", place="why", hint="--why TEXT: whoever looks at it later has to know")


def _shown(project: Project, one: SubjectRequest) -> RequestShown:
    over = one.due is not None and one.due <= project.clock.now()
    waits = ("over" if over else "held") if one.kind == HOLD else ("overdue" if over else "waits")
    return RequestShown(
        one.id,
        one.kind,
        one.subject,
        one.of,
        one.received,
        one.due,
        one.how or waits,
        one.by,
        one.why,
        one.extended,
        one.ended,
        one.ended_by,
        one.reason,
    )
