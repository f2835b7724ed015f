"""What waits for somebody, by their roles and permissions; what they asked for and how it stands; who wrote to them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tidemill.access.caller import Caller
from tidemill.access.needs import needs
from tidemill.ops.approvals import may_answer, names_of, shown
from tidemill.ref import short_name
from tidemill.release import approvals
from tidemill.release.asked import asked_of
from tidemill.scope.project import Project
from tidemill.store.people import Approval
from tidemill.types import Micros

MOST = 200
"""Of each list; what is left off is counted."""
RECENT = 50
"""Of what somebody asked for, the latest."""


@dataclass(frozen=True)
class Item:
    """One line: ``kind`` approval | alarm | mention, ``ref`` what it is about, ``do`` the command that answers it."""

    kind: str
    id: str
    ref: str
    text: str
    since: Micros
    do: str
    due: Micros | None = None
    by: str = ""
    mine: bool = True  # whether it waits for this very person
    status: str = "open"


@dataclass(frozen=True)
class Inbox:
    """``waiting``: for this person (or, where all is asked for, for anybody); ``asked``: what they asked for."""

    waiting: list[Item]
    asked: list[Item]
    mentions: list[Item]
    left_off: int = 0

    @property
    def mine(self) -> int:
        """How much waits for this very person."""
        return sum(item.mine for item in self.waiting)


@needs("inbox.read")
def show(project: Project, caller: Caller, everything: bool = False) -> Inbox:
    """What waits for whoever asks; ``everything``: what waits for others, too."""
    approvals.look_at_all(project, project.clock.now())
    waiting = sorted([*_approvals(project, caller, everything), *_alarms(project, caller, everything)], key=_urgent)
    mentions = list(_mentions(project, caller))
    left_off = max(len(waiting) - MOST, 0) + max(len(mentions) - MOST, 0)
    return Inbox(waiting[:MOST], _asked(project, caller), mentions[:MOST], left_off)


def open_here(project: Project) -> list[Approval]:
    """What is asked in this environment, the oldest first; of held releases of an earlier Tidemill, too."""
    for release in project.store.releases.list(status="held", environment=project.environment):
        if release.endpoint in project.endpoints:
            asked_of(project, release)
    found = project.store.approvals.list(status="open")
    return [one for one in found if one.environment in ("", project.environment)]


def _approvals(project: Project, caller: Caller, everything: bool) -> Iterator[Item]:
    for one in open_here(project):
        mine = caller.may_do("approval.vote") and may_answer(project, caller, one)
        if mine or everything:
            yield _item(project, one, mine)


def _item(project: Project, approval: Approval, mine: bool) -> Item:
    found = shown(project, approval)
    why = f": {approval.why}" if approval.why else ""
    model = str(approval.inputs.get("model", ""))
    text = f"{approval.kind} of {short_name(model) if model else approval.subject}{why}; {found.text}"
    do = f"tidemill approve {approval.id}"
    return Item(
        "approval",
        approval.id,
        approval.subject,
        text,
        approval.asked,
        do,
        approval.due,
        found.asked_by,
        mine,
        approval.status,
    )


def _alarms(project: Project, caller: Caller, everything: bool) -> Iterator[Item]:
    mine = caller.may_do("alarm.close")
    if not (mine or everything):
        return
    for alarm in project.store.alarms.list(is_open=True, environment=project.environment, limit=MOST + 1):
        text = f"{alarm.kind} at {alarm.endpoint}: {', '.join(alarm.what[:3])}"
        do = f"tidemill alarms close {alarm.id} --reason WHY"
        yield Item("alarm", alarm.id, f"alarm:{alarm.id}", text, alarm.opened, do, by="the loop", mine=mine)


def _asked(project: Project, caller: Caller) -> list[Item]:
    """What this person asked for, the latest first."""
    found = project.store.approvals.page(limit=10 * RECENT)
    mine = [one for one in found if _is_author(one, caller)]
    return [_item(project, one, False) for one in mine[:RECENT]]


def _is_author(approval: Approval, caller: Caller) -> bool:
    return approval.author == caller.principal if caller.principal else approval.who == caller.name


def _mentions(project: Project, caller: Caller) -> Iterator[Item]:
    """Comments that name this person, the latest first, of the last ones that there are."""
    if not caller.principal:
        return
    for one in project.store.comments.page(limit=1_000):
        if caller.principal in one.mentions and one.removed is None:
            by = names_of(project, [one.principal]).get(one.principal, one.who)
            do = f"tidemill comment {one.about} TEXT --reply-to {one.id}"
            yield Item("mention", one.id, one.about, one.text, one.at, do, by=by)


def _urgent(item: Item) -> tuple[bool, bool, Micros]:
    """What waits for this person first, then what has a deadline, the nearest first."""
    return not item.mine, item.due is None, item.since if item.due is None else item.due
