"""`tidemill release start | status | advance | halt | rollback`, `tidemill approve`, `tidemill reject`, `tidemill rollback`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tidemill.access.caller import Caller
from tidemill.cli.output import emit, endpoint_option, facts, json_option, more, opened, paged, project_option, table
from tidemill.types import to_iso

if TYPE_CHECKING:
    from tidemill.scope.project import Project


def follow(project: Project) -> None:
    """Ask the running server, if there is one, to look at the releases now rather than in a moment."""
    from tidemill.ops.releases import follow as ask

    if not ask(project):
        click.echo("no server runs: it will follow when it starts", err=True)


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
    from tidemill.ops import releases

    with opened(folder) as project:
        made = releases.start(project, Caller.local(), model, reason)
        follow(project)
    found, verdicts = made.release, made.verdicts

    def show() -> None:
        facts({"release": found.id, "model": found.model, "status": found.status, "override": found.override})
        gate_table(verdicts)

    emit({"release": found, "verdicts": verdicts}, as_json, show)
    if found.status == "refused":
        raise click.exceptions.Exit(7)


def gate_table(verdicts: Sequence[Any]) -> None:
    """What each gate said."""
    table(("gate", "verdict", "evidence"), [(v.gate, _word(v), v.evidence.get("said", "")) for v in verdicts])


def _word(verdict: Any) -> str:
    return "no baseline" if verdict.no_baseline else "passed" if verdict.passed else "refused"


@release.command()
@paged(100)
@endpoint_option
@project_option
@json_option
def status(folder: Path, endpoint: str | None, limit: int, before: str | None, as_json: bool) -> None:
    """The releases, newest last; those refused with the gates' reasons."""
    from tidemill.ops import releases

    with opened(folder) as project:
        page = releases.ls(project, None, limit, before, endpoint)
        found = page.items[::-1]
        why = {r.id: releases.show(project, r.id).refused_by for r in found if r.status == "refused" or r.override}
    rows = [
        (r.id, r.model, r.status, f"{r.stage + 1}/{len(r.stages)}", to_iso(r.created), r.override or "") for r in found
    ]

    def show() -> None:
        more(page)
        table(("release", "model", "status", "stage", "made", "override"), rows)
        reasons = [(release_id, gate, text) for release_id, gates in why.items() for gate, text in gates.items()]
        if reasons:
            click.echo()
            table(("release", "refused by", "reason"), reasons)

    emit([{**asdict(r), "refused_by": why.get(r.id, {})} for r in found], as_json, show)


@release.command()
@click.argument("release_id", required=False)
@endpoint_option
@project_option
@json_option
def advance(folder: Path, release_id: str | None, endpoint: str | None, as_json: bool) -> None:
    """Look at the canary now: to its next stage, or back, or wait (the loop does this by itself)."""
    from tidemill.ops import releases

    with opened(folder) as project:
        events = releases.advance(project, Caller.local(), release_id, endpoint)
        follow(project)
    _report(events, as_json)


@release.command()
@click.argument("release_id", required=False)
@click.option("--reason", default="by hand", show_default=True)
@endpoint_option
@project_option
@json_option
def halt(folder: Path, release_id: str | None, endpoint: str | None, reason: str, as_json: bool) -> None:
    """Stop a canary without judging it."""
    from tidemill.ops import releases

    with opened(folder) as project:
        chosen = releases.pick(project, release_id, "canary", endpoint=endpoint)
        events = releases.halt(project, Caller.local(), chosen, reason)
        follow(project)
    _report(events, as_json)


@click.command()
@click.argument("release_id", required=False)
@click.option("--reason", default="by hand", show_default=True)
@endpoint_option
@project_option
@json_option
def rollback(folder: Path, release_id: str | None, endpoint: str | None, reason: str, as_json: bool) -> None:
    """Take a canary or the champion back; the champion before it serves again."""
    from tidemill.ops import releases

    with opened(folder) as project:
        chosen = releases.pick(project, release_id, "canary", "champion", endpoint=endpoint)
        events = releases.roll_back(project, Caller.local(), chosen, reason)
        follow(project)
    _report(events, as_json)


release.add_command(rollback)


def _decide(
    folder: Path, release_id: str | None, endpoint: str | None, reason: str, role: str | None, yes: bool, as_json: bool
) -> None:
    from tidemill.ops import releases

    with opened(folder) as project:
        verb = releases.approve if yes else releases.reject
        found = verb(
            project, Caller.local(), releases.pick(project, release_id, "held", endpoint=endpoint), reason, role
        )
        verdicts, goal = releases.show(project, found.id).verdicts, project.goal
        follow(project)

    def show() -> None:
        facts({"release": found.id, "model": found.model, "status": found.status, **goal.told})
        gate_table(verdicts)

    emit({**asdict(found), "goal": goal.json(), "verdicts": verdicts}, as_json, show)


@click.command()
@click.argument("release_id", required=False)
@click.option("--reason", default="", help="Why.")
@click.option("--role", help="The role you act in.")
@endpoint_option
@project_option
@json_option
def approve(
    folder: Path, release_id: str | None, endpoint: str | None, reason: str, role: str | None, as_json: bool
) -> None:
    """Say yes to a release that is held; your own is recorded as self-approved."""
    _decide(folder, release_id, endpoint, reason, role, True, as_json)


@click.command()
@click.argument("release_id", required=False)
@click.option("--reason", required=True, help="Why not.")
@click.option("--role", help="The role you act in.")
@endpoint_option
@project_option
@json_option
def reject(
    folder: Path, release_id: str | None, endpoint: str | None, reason: str, role: str | None, as_json: bool
) -> None:
    """Say no to a release that is held."""
    _decide(folder, release_id, endpoint, reason, role, False, as_json)


def _report(events: Sequence[Any], as_json: bool) -> None:
    rows = [(to_iso(e.at), e.kind, e.subject, e.data.get("reason", "")) for e in events]
    emit(events, as_json, lambda: table(("at", "what", "release", "why"), rows, empty="nothing to do yet"))
