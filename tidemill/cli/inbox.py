"""`tidemill inbox [--all] [--since-last]`, `tidemill inbox show | take-back`: what waits for you, and what you said on it."""

from __future__ import annotations

from dataclasses import asdict

import click

from tidemill.access.callers import local
from tidemill.cli.comment import under
from tidemill.cli.output import Answer, Column, Listing, Part, Table, command, fields
from tidemill.ops import approvals, changes, own_key
from tidemill.ops import inbox as verbs
from tidemill.ops.text import minute, plural
from tidemill.scope.project import Project

WAITING: dict[str, Column] = {
    "since": "since",
    "what": "text",
    "by": "by",
    "until": lambda item: item.due and minute(item.due),
    "answer": "do",
}
VOTES: dict[str, Column] = {
    "at": lambda one: minute(one.vote.at),
    "who": "name",
    "role": lambda one: one.vote.role,
    "says": lambda one: "yes" if one.vote.yes else "no",
    "reason": lambda one: one.vote.reason,
    "signed by": "signed_by",
    "counts": lambda one: "yes" if one.counts else f"no: {one.void}",
}
CHANGES: dict[str, Column] = {"at": "at", "what": "kind", "about": "subject", "by": "principal"}


@click.group(cls=Listing)
def inbox() -> None:
    """What waits for you: approvals, alarms, what names you; and what you asked for."""


@command(inbox, "ls")
@click.option("--all", "everything", is_flag=True, help="What waits for others, too.")
@click.option("--since-last", is_flag=True, help="What changed since you looked last, by your roles.")
def ls(project: Project, everything: bool, since_last: bool) -> Answer:
    """What waits for you, what has a deadline first; and how what you asked for stands."""
    caller = local(project)
    found = verbs.show(project, caller, everything)
    parts: list[Part] = [Table(WAITING, found.waiting, "nothing waits for you")]
    if found.left_off:
        parts.append(f"and {plural(found.left_off, 'other')} left off")
    if found.mentions:
        parts += ["\nwritten to you:", Table(WAITING, found.mentions)]
    if found.asked:
        stands: dict[str, Column] = {"asked": "since", "status": "status", "what": "text"}
        parts += ["\nyou asked for:", Table(stands, found.asked)]
    if not since_last:
        return Answer(found, parts)
    changed = changes.since_last(project, caller)
    since = f"\nsince {minute(changed.since)}:" if changed.since is not None else "\nof late:"
    parts += [since, Table(CHANGES, changed.events, "nothing")]
    if changed.left_off:
        parts.append("and more: tidemill status, or the page")
    return Answer({"inbox": found, "changed": changed}, parts)


@command(inbox)
@click.argument("approval")
def show(project: Project, approval: str) -> Answer:
    """One question: what is shown to who decides, and what was said on it."""
    found = told(approvals.show(project, approval))
    return Answer(found.value, [*found.parts, *under(project, found.value.approval.subject)])


@command(inbox, "take-back")
@click.argument("approval")
def take_back(project: Project, approval: str) -> Answer:
    """Take your own word back, while the question is open."""
    return told(approvals.take_back(project, local(project), approval))


@command(inbox)
@click.option("--endorse", "name", help="Where the approval key is: sign that the key at this account is theirs.")
def key(project: Project, name: str | None) -> Answer:
    """Make a key of your own on this machine: what you say is signed with it from now on. It stays here."""
    caller = local(project)
    found = own_key.make(project, caller) if name is None else own_key.endorse(project, caller, name)
    waits = "it counts from now on" if found.endorsed else f"it counts after: tidemill inbox key --endorse {found.name}"
    return Answer(found, [asdict(found), waits])


def told(found: approvals.ApprovalShown) -> Answer:
    """A question, as the command line shows it."""
    one = found.approval
    facts = {
        "approval": one.id,
        "kind": one.kind,
        "about": one.subject,
        "asked by": found.asked_by,
        "asked": minute(one.asked),
        "rule": one.rule,
        "why": one.why,
        "evidence": one.inputs_digest,
        **{name: value for name, value in one.inputs.items() if value not in ("", [], {}) and name != "gates"},
    }
    gates = [
        {"gate": gate, "verdict": said[0], "evidence": said[1]} for gate, said in one.inputs.get("gates", {}).items()
    ]
    parts: list[Part] = [{name: value for name, value in facts.items() if value}]
    parts += [Table(fields("gate", "verdict", "evidence"), gates)] if gates else []
    parts += [Table(VOTES, found.votes, "nobody has said anything yet"), found.text]
    return Answer(found, parts)
