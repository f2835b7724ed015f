"""What people ask for, until when it has to be answered, and whose data is held.

A month from the day on which it came, and two more where it is said why (Article 12(3) of Regulation (EU) 2016/679). A person is known by a mark, and
by the name until they are forgotten. What a verb does for a person ends the open request for just that.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tidemill.errors import Conflict
from tidemill.store.records import Tx
from tidemill.store.rights import SubjectRequest
from tidemill.types import Micros, to_iso

if TYPE_CHECKING:
    from tidemill.scope.project import Project

ACCESS, PORTABILITY, RECTIFY, RESTRICT, OBJECT, ERASE, CONTEST = KINDS = (
    "access",
    "portability",
    "rectify",
    "restrict",
    "object",
    "erase",
    "contest",
)
HOLD = "hold"
"""Data that may not be erased: for a lawsuit, say. It is asked for as the others are, by somebody else than the person."""
MONTHS, MORE = 1, 2


def later(at: Micros, months: int) -> Micros:
    """The same day and time so many months on; of a month without that day its last.

    >>> to_iso(later(1296432000000000, 1))[:10]  # from 31 January 2011
    '2011-02-28'
    """
    moment = datetime.fromtimestamp(at // 1_000_000, UTC)
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    day = min(moment.day, calendar.monthrange(year, month + 1)[1])
    return int(moment.replace(year=year, month=month + 1, day=day).timestamp()) * 1_000_000 + at % 1_000_000


def waiting(project: Project, tx: Tx = None) -> list[SubjectRequest]:
    """What has to be answered, the nearest day first; no holds."""
    found = [one for one in project.store.requests.list(is_open=True, tx=tx) if one.kind != HOLD]
    return sorted(found, key=lambda one: (one.due or 0, one.received))


def holds(project: Project, mark: str = "", tx: Tx = None) -> list[SubjectRequest]:
    """Those that stand now (on this person)."""
    now = project.clock.now()
    found = project.store.requests.list(is_open=True, kind=HOLD, mark=mark or None, tx=tx)
    return [one for one in found if one.due is None or one.due > now]


def must_not_be_held(project: Project, mark: str, tx: Tx = None) -> None:
    """Raises Conflict, which names the hold."""
    for one in holds(project, mark, tx):
        until = f"until {to_iso(one.due)}" if one.due else "until it is released"
        hint = f"tidemill subject release {one.id} --why …"
        raise Conflict(f"the person's data is held {until}: {one.why}", place=one.id, hint=hint)


def answer(project: Project, mark: str, kinds: Iterable[str], what: str, by: str, tx: Tx = None) -> list[str]:
    """End the open requests of these kinds of this person: it was done, by this act; their ids."""
    wanted = set(kinds)
    open_ = [one for one in project.store.requests.list(is_open=True, mark=mark, tx=tx) if one.kind in wanted]
    for one in open_:
        project.store.requests.change(one.id, tx, ended=project.clock.now(), ended_by=by, how="done", reason=what)
    return [one.id for one in open_]
