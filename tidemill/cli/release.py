"""`tidemill release start | promote | status | advance | halt | rollback`, `tidemill approve`, `tidemill reject`, `tidemill rollback`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from tidemill.access.callers import local
from tidemill.cli.inbox import told
from tidemill.cli.listed import write_rows
from tidemill.cli.output import Answer, Column, F, Part, Table, command, endpoint_option, fields, listed, paged
from tidemill.errors import ReleaseError
from tidemill.ops import approvals, own_key, releases, server
from tidemill.ops.page import Page
from tidemill.ops.text import minute, plural
from tidemill.scope.project import Project
from tidemill.store.records import Event, Release, Verdict

RELEASES: dict[str, Column] = {
    "release": "id",
    **fields("model", "status"),
    "stage": lambda r: f"{r['stage'] + 1}/{len(r['stages'])}",
    "made": "created",
    "override": "override",
}
NOT_RELEASED = ("refused", "shadow")
"""What a model that was to be released ends as where it is not: `tidemill run` and `release start` then end with 7."""
EVENTS: dict[str, Column] = {
    "at": "at",
    "what": "kind",
    "release": "subject",
    "why": lambda event: event.data.get("reason"),
}


def follow(project: Project) -> None:
    """Ask the running server, if there is one, to look at the releases now rather than in a moment."""
    if not server.refresh(project):
        click.echo("no server runs: it will follow when it starts", err=True)


@click.group()
def release() -> None:
    """Model versions on their way to, or at, the endpoint."""


@command(release)
@click.argument("model", default="latest")
@click.option("--force", "reason", help="Pass the gates by hand, and say why; it is recorded and signed as such.")
@endpoint_option
def start(project: Project, model: str, reason: str | None, endpoint: str | None) -> Answer:
    """Gates, signatures, rollout: release MODEL (latest, 3, model:shop@3)."""
    return _released(project, releases.start(project, local(project), model, reason, endpoint))


@command(release)
@endpoint_option
def promote(project: Project, endpoint: str | None) -> Answer:
    """What serves in the environment before, through this one's gates, approval and rollout (the loop does this by itself)."""
    return _released(project, releases.promote(project, local(project), endpoint))


def _released(project: Project, made: releases.ReleaseShown) -> Answer:
    found = made.release
    if not made.already:
        follow(project)
    facts = {"release": found.id, "model": found.model, "status": found.status, "override": found.override}
    code = ReleaseError.exit_code if found.status in NOT_RELEASED or made.held_by else 0
    said: list[Part] = [f"\n{made.text}"] if made.text else []
    value = {"release": found, "verdicts": made.verdicts, "already": made.already}
    return Answer(value, [facts, gate_table(made.verdicts), *said], code)


def gate_table(verdicts: Sequence[Verdict]) -> Table:
    """What each gate said."""
    return Table({"gate": "gate", "verdict": releases.word, "evidence": lambda v: v.evidence.get("said")}, verdicts)


@command(release)
@paged(100)
@endpoint_option
def status(project: Project, endpoint: str | None, limit: int, before: str | None) -> Answer:
    """The releases, newest last; those refused, held or not decided on, with the gates' reasons."""
    page = releases.ls(project, None, limit, before, endpoint)
    found = [_listed(project, r) for r in page.items]
    answer = listed(Page(found, page.next), RELEASES, newest_last=True)
    reasons = [
        {"release": r["id"], "how": how, "gate": gate, "reason": reason}
        for r in answer.value
        for how, said in (("passed by hand" if r["override"] else "refused", "refused_by"), ("held", "held_by"))
        for gate, reason in r[said].items()
    ]
    why: list[Part] = ["", Table({"release": "release", "": "how", "by": "gate", "reason": "reason"}, reasons)]
    dark: list[Part] = [f"\n{r['model']} is in shadow: {r['shadow']}" for r in answer.value if r["shadow"]]
    coming: list[Part] = [f"\n{said}" for said in releases.waiting(project, endpoint).values()]
    held = [(r["model"], r["evidence"]["paused"]) for r in answer.value if r["status"] == "canary"]
    still: list[Part] = [f"\n{model} is paused: {pause['reason']}" for model, pause in held if pause]
    return Answer(answer.value, [*answer.parts, *(why if reasons else []), *dark, *still, *coming])


def _listed(project: Project, release: Release) -> dict[str, Any]:
    pairs = releases.pairs_of(project, release)
    told = {"refused_by": releases.refused_by(project, release), "held_by": releases.held_by(project, release)}
    return {**asdict(release), **told, "pairs": pairs, "shadow": releases.in_shadow(release, pairs)}


def _named(command: F) -> F:
    """The release that is meant; the only one in its state may go without a name."""
    return click.argument("release_id", required=False)(endpoint_option(command))


_by_hand = click.option("--reason", default="by hand", show_default=True)


@command(release)
@_named
def advance(project: Project, release_id: str | None, endpoint: str | None) -> Answer:
    """Look at the canary now: to its next stage, or back, or wait (the loop does this by itself)."""
    chosen = releases.pick(project, release_id, "canary", "champion", endpoint=endpoint)
    return _events(project, releases.advance(project, local(project), chosen))


@command(release)
@_by_hand
@_named
def halt(project: Project, release_id: str | None, endpoint: str | None, reason: str) -> Answer:
    """Stop a canary, or a shadow, without judging it; done when every live scorer has switched."""
    chosen = releases.pick(project, release_id, "canary", "shadow", endpoint=endpoint)
    return _switched(releases.halt(project, local(project), chosen, reason))


@command(release)
@_by_hand
@_named
def pause(project: Project, release_id: str | None, endpoint: str | None, reason: str) -> Answer:
    """Have a canary answer nobody until it is resumed; its stage's time stands still."""
    chosen = releases.pick(project, release_id, "canary", endpoint=endpoint)
    return _switched(releases.pause(project, local(project), chosen, reason))


@command(release)
@_by_hand
@_named
def resume(project: Project, release_id: str | None, endpoint: str | None, reason: str) -> Answer:
    """Let a paused canary go on where it was, with the same subjects."""
    chosen = releases.pick(project, release_id, "canary", endpoint=endpoint)
    return _switched(releases.resume(project, local(project), chosen, reason))


@command(release)
@_by_hand
@_named
def rollback(project: Project, release_id: str | None, endpoint: str | None, reason: str) -> Answer:
    """Take a canary or the champion back; the champion before it serves again."""
    chosen = releases.pick(project, release_id, "canary", "champion", endpoint=endpoint)
    return _switched(releases.roll_back(project, local(project), chosen, reason))


@command(release)
@click.option(
    "--out", type=click.Path(path_type=Path), help="A file for the list: .csv, or .jsonl with an object a line."
)
@_named
def saw(project: Project, release_id: str | None, endpoint: str | None, out: Path | None) -> Answer:
    """Who was answered by a release: how many, from when to when; with --out each answer with its id, subject and time."""
    chosen = releases.pick(project, release_id, "rolled_back", "halted", "canary", "champion", endpoint=endpoint)
    found = releases.saw(project, chosen)
    told: list[Part] = [f"{found.release} of {found.model} ({found.status.replace('_', ' ')}): {found.text}"]
    value: dict[str, Any] = asdict(found)
    if out is not None:
        value |= {"out": str(out), "listed": write_rows(releases.seen_by(project, chosen), out)}
        told.append(f"{plural(value['listed'], 'answer')} written to {out}")
    if found.kept_since:
        told.append(f"what was answered before {minute(found.kept_since)} is not kept any more ([serve] keep)")
    return Answer(value, told)


def _switched(found: releases.Switched) -> Answer:
    """What was changed; ends with 7 while a live scorer has not said that it goes by it."""
    told: list[Part] = [Table(EVENTS, found.events)]
    if not (found.confirmed or found.ended or found.waiting):
        told.append("no server runs: it will follow when it starts")
    elif found.everywhere:
        late = f"; of {plural(found.ended, 'other')} the lease has ended" if found.ended else ""
        told.append(f"{plural(found.confirmed, 'scorer')} switched{late}")
    else:
        told.append(f"NOT switched yet: {', '.join(found.waiting)}; tidemill doctor says why")
    return Answer(asdict(found), told, 0 if found.everywhere else ReleaseError.exit_code)


def _events(project: Project, events: Sequence[Event]) -> Answer:
    follow(project)
    return Answer(events, [Table(EVENTS, events, "nothing to do yet")])


def _word(command: F) -> F:
    """What is decided on: a release that is held, or a question of the inbox; and what else is said with it."""
    command = click.option("--seen", help="The digest of the evidence that you have looked at: tidemill inbox show.")(
        command
    )
    command = click.option("--role", help="The role you act in.")(command)
    return click.argument("what", required=False)(endpoint_option(command))


@command()
@click.option("--reason", default="", help="Why.")
@_word
def approve(project: Project, what: str | None, reason: str, **said: str | None) -> Answer:
    """Say yes to a release that is held, or to a question of the inbox; your own is recorded as self-approved."""
    return _decided(project, what, True, reason, **said)


@command()
@click.option("--reason", required=True, help="Why not.")
@_word
def reject(project: Project, what: str | None, reason: str, **said: str | None) -> Answer:
    """Say no to a release that is held, or to a question of the inbox."""
    return _decided(project, what, False, reason, **said)


def _decided(
    project: Project,
    what: str | None,
    yes: bool,
    reason: str,
    endpoint: str | None,
    role: str | None,
    seen: str | None,
) -> Answer:
    """Signed with one's own key where this machine has it, else with the project's."""
    asked = what is not None and what.startswith("approval")
    chosen = str(what) if asked else releases.pick(project, what, "held", endpoint=endpoint)
    caller = local(project)
    envelope = own_key.sign(project, caller, chosen, yes, reason, role)
    found = approvals.vote(project, caller, chosen, yes, reason, role, seen, envelope)
    follow(project)
    return _of_release(project, found) if found.approval.subject.startswith("release:") else told(found)


def _of_release(project: Project, voted: approvals.ApprovalShown) -> Answer:
    found = project.store.releases.named(voted.approval.subject)
    verdicts = releases.show(project, found.id).verdicts
    facts: dict[str, Any] = {"release": found.id, "model": found.model, "status": found.status, **project.goal.told}
    value = {**asdict(found), "goal": project.goal.json(), "verdicts": verdicts, "approval": voted.approval.id}
    waits = [told(voted).parts[-1]] if voted.approval.status == "open" else []
    return Answer({**value, "missing": voted.missing}, [facts, gate_table(verdicts), *waits])
