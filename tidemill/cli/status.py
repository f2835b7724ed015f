"""`tidemill status`: is everything all right? `tidemill doctor`: what could go wrong here. `tidemill gc`: what may go."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tidemill.cli.output import emit, endpoint_option, facts, json_option, opened, project_option, table
from tidemill.types import JsonObject, to_iso

if TYPE_CHECKING:
    from tidemill.ops.status import Status


def _quality(found: JsonObject | None) -> str | None:
    """The live figure, and what the model promised."""
    from tidemill.learning.measures import measure

    if found is None:
        return None
    kind, promise = measure(found["metric"]), found["promised"]
    bound = f", promised {kind.text(promise)} {kind.bound}" if promise is not None else ""
    return f"{kind.name} {kind.text(found['value'])} over {found['answers']:,} answers{bound}"


@click.command()
@endpoint_option
@project_option
@json_option
def status(folder: Path, endpoint: str | None, as_json: bool) -> None:
    """Whether all is well: what serves, on which data, what was decided last, what waits. Exit code 9: not all right."""
    from tidemill.ops.status import NOT_ALL_RIGHT
    from tidemill.ops.status import status as look

    with opened(folder) as project:
        found, goal = look(project, endpoint=endpoint), project.goal.told
    emit(found, as_json, lambda: _show(found, goal))
    if not found.all_right:
        raise click.exceptions.Exit(NOT_ALL_RIGHT)


def _show(found: Status, goal: dict[str, str]) -> None:
    click.echo(f"{found.verdict.line} {found.verdict.why}\n")
    if len(found.endpoints) > 1:
        lines = [(e.endpoint, e.verdict.line, e.champion, e.waiting or None, e.verdict.why) for e in found.endpoints]
        table(("endpoint", "", "champion", "waiting", "why"), lines)
        click.echo(f"\nof {found.endpoint}:")
    retrained, alarm = found.retrained, found.alarms[0] if found.alarms else None
    facts(
        {
            "project": f"{found.project} ({found.mode}, {to_iso(found.clock)})",
            **goal,
            **{part.key: f"{part.headline}; {part.detail}" for part in found.parts},
            "champion": found.champion.model if found.champion else None,
            "canary": found.canary.model if found.canary else None,
            "waiting": ", ".join(r.id for r in found.waiting) or None,
            "datasets": ", ".join(f"{d.dataset}@{d.version}, {d.rows:,} rows" for d in found.data) or None,
            "predictions": f"{found.predictions:,}",
            "outcomes": ", ".join(f"{k or 'not joined yet'} {v:,}" for k, v in found.outcomes.items()) or "0",
            "quality": _quality(found.quality),
            "last alarm": to_iso(alarm.opened) if alarm else None,
            "retrained": f"{to_iso(retrained.at)}: {retrained.reason}" if retrained else None,
            "running": ", ".join(found.running) or None,
            "interrupted": ", ".join(f"{run}: tidemill runs resume {run}" for run in found.interrupted) or None,
        }
    )


@click.command()
@project_option
@json_option
def doctor(folder: Path, as_json: bool) -> None:
    """Look for what could go wrong, and say how to mend it. Exit code 9 when there is something."""
    from tidemill.ops.doctor import examine
    from tidemill.ops.status import NOT_ALL_RIGHT

    with opened(folder) as project:
        found = examine(project)
    rows = [("well" if f.well else "LOOK", f.what, f.message, "" if f.well else f.hint) for f in found]
    emit(found, as_json, lambda: table(("", "what", "found", "hint"), rows))
    if not all(f.well for f in found):
        raise click.exceptions.Exit(NOT_ALL_RIGHT)


@click.command()
@click.option("--dry-run", is_flag=True, help="Say what would be deleted, and delete nothing.")
@project_option
@json_option
def gc(dry_run: bool, folder: Path, as_json: bool) -> None:
    """Delete the artifacts that no record reaches: older runs' results, lost models' baselines, what kills left behind."""
    from tidemill.ops.gc import collect

    with opened(folder) as project:
        found = collect(project, dry_run=dry_run)
    verb = "would delete" if dry_run else "deleted"
    told = (
        f"{verb} {len(found.deleted):,} artifacts, {found.size / 1e6:,.1f} MB ({found.unrecorded:,} without a record)"
    )
    kept = f"kept {found.kept:,}" + (f", {found.young:,} of them only because they are of today" if found.young else "")
    emit(found, as_json, lambda: click.echo(f"{told}; {kept}"))
