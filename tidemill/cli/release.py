"""`tidemill release start | status | advance | halt | rollback`, `tidemill approve`, `tidemill reject`, `tidemill rollback`."""

from __future__ import annotations

import getpass
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tidemill.cli.output import emit, facts, json_option, opened, project_option, table
from tidemill.errors import NotFound
from tidemill.types import to_iso

if TYPE_CHECKING:
    from tidemill.scope.project import Project


def follow(project: Project) -> None:
    """Ask the running server, if there is one, to look at the releases now rather than in a moment."""
    from tidemill.errors import ServeError
    from tidemill.serve.client import Client

    try:
        with closing(Client.of(project.root, timeout=10)) as client:
            client.post("/control/refresh", {})
    except ServeError:
        click.echo("no server runs: it will follow when it starts", err=True)


def _pick(project: Project, release_id: str | None, *statuses: str) -> str:
    """The release meant: the one named, or the only one in these states."""
    if release_id:
        try:
            return project.store.releases.get(release_id).id
        except NotFound as exc:
            hint = f"tidemill release status lists them; to say why, write --reason {release_id!r}"
            raise NotFound(exc.message, hint=hint) from exc
    found = [r for status in statuses for r in project.store.releases.list(project.endpoint().name, status)]
    if not found:
        hint = (
            "tidemill release status lists them all"
            if project.store.releases.list()
            else "tidemill run makes the first"
        )
        raise NotFound(f"no release is {' or '.join(statuses)}", hint=hint)
    if len(found) != 1:
        raise NotFound(f"{len(found)} releases are {' or '.join(statuses)}", hint="name one: tidemill release status")
    return found[0].id


@click.group()
def release() -> None:
    """Model versions on their way to, or at, the endpoint."""


@release.command()
@click.argument("model", default="latest")
@click.option("--force", "reason", help="Pass the gates by hand, and say why; it is recorded and signed as such.")
@project_option
@json_option
def start(folder: Path, model: str, reason: str | None, as_json: bool) -> None:
    """Gates, signatures, rollout: release MODEL (latest, 3, model:shop@3)."""
    from tidemill.model.registry import resolve, verdicts_of
    from tidemill.release.pipeline import release_candidate

    with opened(folder) as project:
        found = release_candidate(project, resolve(project, model).ref, override=reason, author=getpass.getuser())
        verdicts = verdicts_of(project, found)
        follow(project)

    def show() -> None:
        facts({"release": found.id, "model": found.model, "status": found.status, "override": found.override})
        gate_table(verdicts)

    emit({"release": found, "verdicts": verdicts}, as_json, show)
    if found.status == "refused":
        raise click.exceptions.Exit(7)


def gate_table(verdicts: Sequence[Any]) -> None:
    """What each gate said."""
    table(("gate", "verdict", "said"), [(v.gate, _word(v), v.evidence.get("said", "")) for v in verdicts])


def _word(verdict: Any) -> str:
    return "rubber stamp" if verdict.no_baseline else "passed" if verdict.passed else "refused"


@release.command()
@project_option
@json_option
def status(folder: Path, as_json: bool) -> None:
    """All releases, newest last; those refused with the gates' words."""
    from tidemill.model.registry import refusals

    with opened(folder) as project:
        found = project.store.releases.list(project.endpoint().name)
        why = {r.id: refusals(project, r) for r in found if r.status == "refused" or r.override}
    rows = [
        (r.id, r.model, r.status, f"{r.stage + 1}/{len(r.stages)}", to_iso(r.created), r.override or "") for r in found
    ]

    def show() -> None:
        table(("release", "model", "status", "stage", "made", "override"), rows)
        said = [(release_id, gate, words) for release_id, gates in why.items() for gate, words in gates.items()]
        if said:
            click.echo()
            table(("release", "refused by", "said"), said)

    emit([{**asdict(r), "refused_by": why.get(r.id, {})} for r in found], as_json, show)


@release.command()
@click.argument("release_id", required=False)
@project_option
@json_option
def advance(folder: Path, release_id: str | None, as_json: bool) -> None:
    """Look at the canary now: to its next stage, or back, or wait (the loop does this by itself)."""
    from tidemill.monitor.quality import evidence
    from tidemill.release.rollout.rollout import check, watched

    with opened(folder) as project:
        found = watched(project, project.endpoint().name)
        if found is None or (release_id and found.id != release_id):
            raise NotFound("no release is under way", hint="tidemill release status")
        now = project.clock.now()
        events = check(project, project.endpoint().name, now, evidence(project, found, now))
        follow(project)
    _tell(events, as_json)


@release.command()
@click.argument("release_id", required=False)
@click.option("--reason", default="by hand", show_default=True)
@project_option
@json_option
def halt(folder: Path, release_id: str | None, reason: str, as_json: bool) -> None:
    """Stop a canary without judging it."""
    from tidemill.release.rollout.rollout import halt as halt_release

    with opened(folder) as project:
        events = halt_release(project, _pick(project, release_id, "canary"), by=getpass.getuser(), reason=reason)
        follow(project)
    _tell(events, as_json)


@click.command()
@click.argument("release_id", required=False)
@click.option("--reason", default="by hand", show_default=True)
@project_option
@json_option
def rollback(folder: Path, release_id: str | None, reason: str, as_json: bool) -> None:
    """Take a canary or the champion back; the champion before it serves again."""
    from tidemill.release.rollout.rollout import roll_back

    with opened(folder) as project:
        canary = project.store.releases.list(project.endpoint().name, "canary")
        chosen = _pick(project, release_id, "canary" if canary else "champion")
        events = roll_back(project, chosen, by=getpass.getuser(), reason=reason)
        follow(project)
    _tell(events, as_json)


release.add_command(rollback)


def _decide(folder: Path, release_id: str | None, reason: str, role: str | None, yes: bool, as_json: bool) -> None:
    from tidemill.model.registry import verdicts_of
    from tidemill.release import approvals

    with opened(folder) as project:
        chosen = _pick(project, release_id, "held")
        verb = approvals.approve if yes else approvals.reject
        found = verb(project, chosen, who=getpass.getuser(), reason=reason, role=role)
        verdicts, goal = verdicts_of(project, found), project.goal
        follow(project)

    def show() -> None:
        facts({"release": found.id, "model": found.model, "status": found.status, **goal.told})
        gate_table(verdicts)

    emit({**asdict(found), "goal": goal.json(), "verdicts": verdicts}, as_json, show)


@click.command()
@click.argument("release_id", required=False)
@click.option("--reason", default="", help="Why.")
@click.option("--role", help="The role you act in.")
@project_option
@json_option
def approve(folder: Path, release_id: str | None, reason: str, role: str | None, as_json: bool) -> None:
    """Say yes to a release that is held; your own is recorded as self-approved."""
    _decide(folder, release_id, reason, role, True, as_json)


@click.command()
@click.argument("release_id", required=False)
@click.option("--reason", required=True, help="Why not.")
@click.option("--role", help="The role you act in.")
@project_option
@json_option
def reject(folder: Path, release_id: str | None, reason: str, role: str | None, as_json: bool) -> None:
    """Say no to a release that is held."""
    _decide(folder, release_id, reason, role, False, as_json)


def _tell(events: Sequence[Any], as_json: bool) -> None:
    rows = [(to_iso(e.at), e.kind, e.subject, e.data.get("reason", "")) for e in events]
    emit(events, as_json, lambda: table(("at", "what", "release", "why"), rows, empty="nothing to do yet"))
