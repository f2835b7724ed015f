"""What waits for me, what is it worth, what did it do by itself."""

from __future__ import annotations

from collections import Counter

from tidemill.access.caller import Caller
from tidemill.ops import inbox
from tidemill.ops.experiments import ls as experiments
from tidemill.ops.experiments import said_of_worth, worth
from tidemill.ops.questions.answered import Answered, Row, cut, unknown
from tidemill.ops.snapshot import WEEK
from tidemill.ops.text import ago, label, minute, plural
from tidemill.ref import short_name
from tidemill.scope.project import Project

BY_ITSELF = {
    "retrain": "retrained",
    "promoted": "promoted",
    "rolled_back": "rolled back",
    "refused": "refused by its gates",
    "halted": "halted",
    "held": "held for approval",
    "experiment_ended": "A/B ended",
}
"""What the loop does with versions, and how that is said."""


def waits(project: Project, who: Caller) -> Answered:
    """What waits for me? What is asked of me, the most urgent first."""
    key, question = "waits", "What waits for me?"
    if not who.may_do("inbox.read"):
        return unknown(key, question, "none of your roles may read what is asked", "/")
    now, found = project.clock.now(), inbox.show(project, who)
    mine = [item for item in found.waiting if item.mine]
    asked = [item for item in mine if item.kind == "approval"]
    rows = [
        Row(
            (
                item.text,
                item.by or "–",
                minute(item.due) if item.due else f"since {ago(item.since, now)}".replace("since just now", "new"),
            ),
            f"approval:{item.id}" if item.kind == "approval" else item.ref,
        )
        for item in [*asked, *(item for item in mine if item.kind != "approval"), *found.mentions]
    ]
    shown, more = cut(rows)
    if not rows:
        return Answered(key, question, "Nothing: nobody has asked you for anything.", "ok", "/inbox")
    parts = [
        plural(len(asked), "approval"),
        plural(len(mine) - len(asked), "alarm"),
        plural(len(found.mentions), "mention"),
    ]
    said = ", ".join(part for part in parts if not part.startswith("0 "))
    return Answered(
        key,
        question,
        f"{said}: first {rows[0].cells[0].rstrip('.')}.",
        "waiting",
        "/inbox",
        True,
        ("what", "by", "until"),
        shown,
        more,
    )


def its_worth(project: Project) -> Answered:
    """What is it worth? The loop beside the holdout, and the last A/Bs with what they found."""
    key, question, now = "worth", "What is it worth?", project.clock.now()
    found = worth(project)
    tests = experiments(project, limit=5).items
    if not found and not tests:
        why = "nobody is held out and no A/B was made: `[holdout]` in tidemill.toml, or `tidemill experiment start`, measures it"
        return unknown(key, question, why, "/experiments")
    said = [f"{said_of_worth(one)}".capitalize() for one in found]
    rows = [
        Row(
            (
                one.endpoint,
                " beside ".join(short_name(m) for m in reversed(one.models)),
                label(one.status),
                f"since {minute(one.started)}",
            ),
            f"experiment:{one.id}",
        )
        for one in tests
    ]
    if not said:
        said = [
            f"Nobody is held out; {plural(len(tests), 'A/B')} told of releases, the last {ago(tests[0].started, now)} and {label(tests[0].status)}"
        ]
    shown, more = cut(rows)
    known = not found or any(one.estimate is not None for one in found)
    return Answered(
        key,
        question,
        f"{'. '.join(said)}.",
        "ok" if known else "idle",
        "/experiments",
        True,
        ("endpoint", "what", "state", "when"),
        shown,
        more,
    )


def by_itself(project: Project) -> Answered:
    """What did it do by itself? The loop's acts of the last week, and what they rested on."""
    key, question, now = "did", "What did it do by itself?", project.clock.now()
    events = [e for e in project.store.events.list(since=now - WEEK, limit=300) if e.kind in BY_ITSELF]
    if not events:
        last = next(iter(project.store.decisions.list(limit=1)), None)
        if last is None:
            return unknown(key, question, "the loop has decided nothing: `tidemill up` starts it", "/decisions")
        return Answered(key, question, f"Nothing this week: {last.reason.rstrip('.')}.", "ok", "/decisions")
    counted = Counter(event.kind for event in events)
    said = ", ".join(f"{n} × {BY_ITSELF[kind]}" if n > 1 else BY_ITSELF[kind] for kind, n in counted.items())
    rows = [
        Row(
            (
                f"{BY_ITSELF[event.kind]} {short_name(str(event.data.get('model') or '')) or event.subject}",
                str(event.data.get("reason") or event.principal or "–"),
                ago(event.at, now),
            ),
            event.subject,
        )
        for event in reversed(events)
    ]
    shown, more = cut(rows)
    state = "warn" if counted["rolled_back"] else "ok"
    return Answered(key, question, f"This week: {said}.", state, "/events", True, ("what", "why", "when"), shown, more)
