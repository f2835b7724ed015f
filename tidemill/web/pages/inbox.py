"""What waits for somebody: questions with what they rest on, alarms, mentions; and what changed since they last looked."""

from __future__ import annotations

from typing import Any

from tidemill.ops import approvals, changes, inbox
from tidemill.ops.approvals import ApprovalShown
from tidemill.web import format as words
from tidemill.web.site import Ask, Page, Shown, home_of
from tidemill.web.talk import talk
from tidemill.web.timeline import line

TONES = {"open": "warn", "approved": "ok", "rejected": "bad", "expired": "idle", "withdrawn": "idle", "served": "ok"}


def waits(ask: Ask) -> Shown:
    everything = ask.text("all") == "1"
    found = inbox.show(ask.project, ask.caller, everything)
    since = changes.since_last(ask.project, ask.caller)
    values = {
        "inbox": found,
        "everything": everything,
        "tones": TONES,
        "since": since,
        "news": [line(event) for event in since.events[:12]],
        "homes": {item.id: _home(item) for item in (*found.waiting, *found.asked, *found.mentions)},
    }
    return Shown("Inbox", values)


def _home(item: inbox.Item) -> str | None:
    return f"/approvals/{item.id}" if item.kind == "approval" else home_of(item.ref)


def approval(ask: Ask) -> Shown:
    shown = approvals.show(ask.project, ask.params["approval"])
    found = shown.approval
    may = found.status == "open" and ask.may("approval.vote")
    mine = may and approvals.may_answer(ask.project, ask.caller, found)
    values = {
        "a": shown,
        "tone": TONES.get(found.status, "idle"),
        "inputs": _inputs(found.inputs),
        "about": home_of(found.subject),
        "may_vote": mine,
        "why_not": _why_not(ask, shown) if found.status == "open" and not mine else "",
        "roles": [role for role in found.roles if not ask.caller.principal or role in ask.caller.roles],
        "voted": may
        and any(
            one.vote.principal == ask.caller.principal and one.vote.who in ("", ask.caller.name) for one in shown.votes
        ),
        "talk": talk(ask, f"approval:{found.id}"),
    }
    return Shown(f"{words.label(found.kind).capitalize()} to approve", values)


def _inputs(inputs: dict[str, Any]) -> list[tuple[str, str, str | None]]:
    """What whoever decides is shown: each by its name, and the page about it."""
    return [
        (words.label(name), words.text(value), home_of(value) if isinstance(value, str) and ":" in value else None)
        for name, value in inputs.items()
    ]


def _why_not(ask: Ask, shown: ApprovalShown) -> str:
    """Why there is no button: said, so that nobody looks for it."""
    found, caller = shown.approval, ask.caller
    if not ask.may("approval.vote"):
        return "None of your roles may vote."
    if any(one.vote.principal == caller.principal and caller.principal for one in shown.votes):
        return "You have said your word; it can be taken back while the question is open."
    if found.roles and not set(found.roles) & set(caller.roles) and caller.principal:
        return f"It waits for {' or '.join(found.roles)}, and that is no role of yours."
    if found.four_eyes and caller.principal and caller.principal == found.author:
        return "You asked for it: somebody else has to say yes."
    return "Your word would not count here: it is one person's with who asked, or with one that is there already."


PAGES = (
    Page("/inbox", "inbox.html", "inbox", waits, "inbox.read"),
    Page("/approvals/{approval}", "approval.html", "inbox", approval, "inbox.read"),
)
