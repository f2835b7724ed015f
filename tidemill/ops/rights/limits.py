"""A person's data may not be used any more, or may again: acknowledged when every scorer that is alive goes by it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta

from tidemill.access.acknowledged import limited
from tidemill.access.caller import Caller
from tidemill.access.needs import needs
from tidemill.errors import Conflict
from tidemill.ops.act import act, record
from tidemill.ops.server import refresh
from tidemill.rights.limits.people import Person, person
from tidemill.rights.requests import answer
from tidemill.scope.project import Project
from tidemill.serve.client import here
from tidemill.store.records import Tx
from tidemill.store.rights import SubjectLimit
from tidemill.types import Micros, new_id

LIMIT = "subject.limit"
RESTRICT, OBJECT, CONSENT = "restrict", "object", "consent"
Subject = Annotated[str, Meta(min_length=1, max_length=256, description="Whom it is about, as the rows name them")]
Kind = Annotated[
    str, Meta(max_length=256, description="The name of the contract's subject column, where there are several")
]
Purpose = Annotated[str, Meta(max_length=256, description="What for; every purpose, if not said")]


@dataclass(frozen=True)
class LimitShown:
    """A limit, and whom it is on."""

    id: str
    kind: str  # restrict | object | consent
    subject: str
    of: str
    purpose: str
    since: Micros
    by: str
    ended: Micros | None
    ended_by: str


@dataclass(frozen=True)
class Limited:
    """What was begun or lifted, and who goes by it. ``seen``: whether the live stores know the person at all: a name that was misspelt
    limits nobody."""

    limit: LimitShown
    seen: bool
    confirmed: int  # scorers that go by it
    ended: int  # scorers whose lease ended before they said so: they answer nobody until they know it
    waiting: tuple[str, ...]  # hosts of scorers that have not said so

    @property
    def everywhere(self) -> bool:
        return not self.waiting


@needs(LIMIT)
def restrict(project: Project, caller: Caller, subject: Subject, of: Kind = "") -> Limited:
    """Keep the person's data and use it for nothing (Art. 18 GDPR): from the next request on, and in no training, evaluation or monitor."""
    return _begin(project, caller, RESTRICT, subject, of, "")


@needs(LIMIT)
def object_to(project: Project, caller: Caller, subject: Subject, of: Kind = "", purpose: Purpose = "") -> Limited:
    """The person objects (Art. 21 GDPR): nothing of theirs is used for this purpose, from the next request on."""
    return _begin(project, caller, OBJECT, subject, of, purpose)


@needs(LIMIT)
def withdraw(project: Project, caller: Caller, subject: Subject, of: Kind = "", purpose: Purpose = "") -> Limited:
    """The person's consent to this purpose is withdrawn (Art. 7 GDPR): nothing of theirs is used for it, from the next request on."""
    return _begin(project, caller, CONSENT, subject, of, purpose)


@needs(LIMIT)
def lift(project: Project, caller: Caller, limit: str) -> Limited:
    """The limit stands no more: the person's data is used again, what was kept meanwhile too. Raises NotFound, Conflict."""
    one = project.store.limits.named(limit)

    def work(tx: Tx) -> SubjectLimit:
        over = project.store.limits.end(one.id, project.clock.now(), caller.by, tx)
        record(project, "limit_lifted", {"limit": over.id, "kind": over.kind, "purpose": over.purpose}, tx)
        return over

    return _followed(project, act(project, caller, LIMIT, work))


@needs("subject.read")
def ls(project: Project, caller: Caller, every: bool = False) -> list[LimitShown]:
    """The limits that stand; ``every``: those too that were lifted."""
    store = project.store.limits
    return [_shown(one) for one in (store.list() if every else store.standing())]


def _begin(project: Project, caller: Caller, kind: str, subject: str, of: str, purpose: str) -> Limited:
    """The same again is the limit that stands."""
    who = person(project, subject, of)

    def work(tx: Tx) -> SubjectLimit:
        stands = _standing(project, kind, who, purpose, tx)
        if stands is not None:
            raise _Stands(stands)
        at = project.clock.now()
        made = SubjectLimit(new_id("limit"), who.kind, who.name, who.mark, kind, purpose, at, caller.by)
        record(project, "limit_begun", {"limit": made.id, "kind": kind, "purpose": purpose}, tx)
        answer(project, who.mark, (RESTRICT if kind == RESTRICT else OBJECT,), "limit_begun", caller.by, tx)
        return project.store.limits.begin(made, tx)

    try:
        return _followed(project, act(project, caller, LIMIT, work))
    except _Stands as exc:
        return _followed(project, exc.limit)


class _Stands(Conflict):
    """It was begun before: nothing is written, and nothing is an act."""

    def __init__(self, limit: SubjectLimit) -> None:
        super().__init__("it stands already", place=limit.id)
        self.limit = limit


def _standing(project: Project, kind: str, who: Person, purpose: str, tx: Tx) -> SubjectLimit | None:
    found = project.store.limits.list(mark=who.mark, kind=kind, is_open=True, tx=tx)
    return next((one for one in found if one.purpose == purpose), None)


def _followed(project: Project, limit: SubjectLimit, follow: Callable[[Project], bool] = refresh) -> Limited:
    """When each scorer that is alive goes by the limits as they are now."""
    seen = bool(limit.subject) and any(holder.find(limit.subject) for holder in project.live.holders())
    if not (project.store.remote or project.store.scorers.live()):
        alone = "scorer" in here(project.root)
        told = alone and follow(project)
        return Limited(_shown(limit), seen, int(told), 0, ("this machine",) if alone and not told else ())
    found = limited(project.store)
    return Limited(_shown(limit), seen, found.confirmed, found.ended, found.waiting)


def _shown(one: SubjectLimit) -> LimitShown:
    return LimitShown(one.id, one.kind, one.subject, one.of, one.purpose, one.since, one.by, one.ended, one.ended_by)
