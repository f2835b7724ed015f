"""Who was asked about, what is due, who looked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tidemill.access.caller import Caller
from tidemill.ops import inbox
from tidemill.ops.looked import KIND
from tidemill.ops.questions.answered import Answered, Row, cut, unknown
from tidemill.ops.text import ago, label, minute, plural
from tidemill.rights.requests import waiting
from tidemill.scope.project import Project
from tidemill.store.records import Event
from tidemill.types import DAY, Micros

MONTH: Micros = 30 * DAY
ALONE = "the project has no accounts, so nobody writes down who looks: `tidemill people add` makes one"


def _looks(project: Project) -> Sequence[Event]:
    """Of the last month, the latest first."""
    return project.store.events.list(kind=KIND, since=project.clock.now() - MONTH, limit=1_000)[::-1]


def _alone(project: Project) -> bool:
    return not project.store.principals.list(limit=1)


def asked_about(project: Project, who: Caller) -> Answered:
    """Who was asked about? The people whose data was looked at in the last month, each by a digest that says no name."""
    key, question, now, found = "asked", "Who was asked about?", project.clock.now(), _looks(project)
    if not found and _alone(project):
        return unknown(key, question, ALONE, "/trace")
    if not found:
        return Answered(
            key,
            question,
            "Nobody: no trace of a person was read in the last 30 days, and nothing was exported.",
            "ok",
            "/trace",
        )
    people = Counter(str(e.data.get("person") or "") for e in found)
    whole = people.pop("", 0)
    first = f"{plural(len(people), 'person', 'people')} in {plural(sum(people.values()), 'look')} in the last 30 days"
    answer = f"{first}, and {plural(whole, 'export')} of many" if whole else first
    rows = [
        Row(
            (
                str(e.data.get("person") or "many people"),
                label(str(e.data.get("what", ""))),
                e.principal or "–",
                ago(e.at, now),
            ),
            e.subject,
        )
        for e in found
    ]
    shown, more = cut(rows)
    page = f"/events?kind={KIND}"
    return Answered(
        key, question, f"{answer}.", "ok", page, True, ("person", "what was read", "by", "when"), shown, more
    )


def due(project: Project, who: Caller) -> Answered:
    """What is due? Erasures and other questions that wait, the nearest deadline first; and until when answers are kept."""
    key, question, now = "due", "What is due?", project.clock.now()
    open_ = sorted(
        inbox.open_here(project), key=lambda one: (one.kind != "erasure", one.due is None, one.due or one.asked)
    )
    asked = waiting(project)
    late = [one for one in open_ if one.due is not None and one.due < now]
    overdue = [one for one in asked if one.due is not None and one.due <= now]
    rows = [
        Row(
            (f"{one.kind}, asked for {minute(one.received)}", "whoever answers people", minute(one.due or 0)),
            f"request:{one.id}",
        )
        for one in asked
    ]
    rows += [
        Row(
            (
                f"{one.kind} of {one.subject}",
                " or ".join(one.roles) or "anybody",
                minute(one.due) if one.due else "no deadline",
            ),
            f"approval:{one.id}",
        )
        for one in open_
    ]
    erasures = sum(one.kind == "erasure" for one in open_)
    kept = (
        f"answers from before {minute(project.kept_since)} are deleted"
        if project.kept_since
        else "answers are kept for ever: [serve] keep says how long"
    )
    first = (
        f"{plural(erasures, 'erasure')} and {plural(len(open_) - erasures, 'other question')} wait"
        if open_
        else "Nothing waits"
    )
    if asked:
        first = f"{plural(len(asked), 'request')} of people, {len(overdue)} overdue; {first[0].lower()}{first[1:]}"
    shown, more = cut(rows)
    state = "bad" if late or overdue else "waiting" if open_ or asked else "ok"
    return Answered(
        key, question, f"{first}; {kept}.", state, "/inbox?all=1", True, ("what", "of whom", "until"), shown, more
    )


def who_looked(project: Project, who: Caller) -> Answered:
    """Who looked? Each person who read a trace or made an export in the last month, how often, and when last."""
    key, question, now, found = "looked", "Who looked?", project.clock.now(), _looks(project)
    if not found and _alone(project):
        return unknown(key, question, ALONE, "/ledger")
    if not found:
        return Answered(key, question, "Nobody in the last 30 days.", "ok", "/ledger")
    by = Counter(e.principal or "nobody with an account" for e in found)
    last = {(e.principal or "nobody with an account"): e.at for e in reversed(found)}
    exports = Counter(e.principal or "nobody with an account" for e in found if e.data.get("what") == "export")
    most, times = by.most_common(1)[0]
    rows = [Row((name, str(n), str(exports[name]), ago(last[name], now))) for name, n in by.most_common()]
    shown, more = cut(rows)
    answer = f"{plural(len(by), 'person', 'people')} {plural(len(found), 'time')} in the last 30 days, most often {most} ({times})."
    return Answered(
        key,
        question,
        answer,
        "ok",
        f"/events?kind={KIND}",
        True,
        ("who", "looks", "of them exports", "last"),
        shown,
        more,
    )


QUESTIONS = (asked_about, due, who_looked)
