"""The first page of a role: its three questions, each with its answer, something to look at, and the page behind."""

from __future__ import annotations

from typing import Any

from tidemill.ops.me import me
from tidemill.ops.questions.answered import Answered
from tidemill.ops.questions.asked import name_of, questions
from tidemill.ops.status import Health, answer, snapshots
from tidemill.web import format as words
from tidemill.web.charts import bars
from tidemill.web.site import Ask, Page, Shown

CHART = 520.0


def role(ask: Ask) -> Shown:
    return of_role(ask, ask.params["role"])


def of_role(ask: Ask, name: str) -> Shown:
    """The page of this role. Raises NotFound."""
    found = questions(ask.project, ask.caller, name, Health(dict(ask.health)))
    _, verdict = answer(snapshots(ask.project, ask.health))
    mine = me(ask.project, ask.caller)
    values = {
        "role": name,
        "views": mine.views,
        "kept": bool(mine.principal),
        "verdict": verdict,
        "questions": [_shown(q) for q in found.questions],
    }
    return Shown(name_of(name), values, template="role.html")


def _shown(one: Answered) -> dict[str, Any]:
    return {"q": one, "picture": _picture(one)}


def _picture(one: Answered) -> Any:
    if one.series is None:
        return None
    s = one.series
    return bars.bars(s.name, s.points, x=s.x, y=s.y, show=words.brief, height=150, width=CHART)


PAGES = (Page("/as/{role}", "role.html", "overview", role, "project.read"),)
