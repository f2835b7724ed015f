"""`tidemill decisions ls | show | replay`: why did it retrain, and would it again? And `tidemill alarms`."""

from __future__ import annotations

from pathlib import Path

import click

from tidemill.cli.output import (
    emit,
    endpoint_option,
    facts,
    json_option,
    more,
    opened,
    paged,
    project_option,
    said,
    table,
)
from tidemill.types import to_iso


@click.group()
def decisions() -> None:
    """Why it retrained, and why not."""


@decisions.command("ls")
@click.option("--all", "everything", is_flag=True, help="Also the times it decided to wait.")
@paged(100)
@project_option
@json_option
def ls(folder: Path, everything: bool, limit: int, before: str | None, as_json: bool) -> None:
    """The decisions, newest last."""
    from tidemill.ops import records

    with opened(folder) as project:
        page = records.decisions(project, None if everything else "retrain", limit, before)
    found = page.items[::-1]
    rows = [(d.id, to_iso(d.at), d.action, d.reason, d.run) for d in found]

    def show() -> None:
        more(page)
        table(("decision", "at", "action", "reason", "run"), rows)

    emit(found, as_json, show)


@decisions.command()
@click.argument("decision")
@project_option
@json_option
def show(folder: Path, decision: str, as_json: bool) -> None:
    """One decision with all its evidence."""
    from tidemill.ops import records

    with opened(folder) as project:
        found = records.decision(project, decision)
    evidence = {k: v for k, v in found.evidence.items() if k not in ("at", "alarms", "attempts")}

    def show_decision() -> None:
        head = {"decision": found.id, "at": found.at, "action": found.action, "reason": found.reason, "run": found.run}
        facts({**head, **evidence, "policy": found.policy, "evidence": found.evidence_digest})
        for heading in ("alarms", "attempts"):
            rows = found.evidence.get(heading) or []
            click.echo(f"\n{heading}:")
            table(list(rows[0]) if rows else [], [[said(v, k) for k, v in r.items()] for r in rows], empty="none")

    emit(found, as_json, show_decision)


@decisions.command()
@click.option("--policy", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="Another tidemill.toml.")
@project_option
@json_option
def replay(folder: Path, policy: Path | None, as_json: bool) -> None:
    """Decide again from the stored evidence: the same policy gives the same decisions; of another it says what it assumes."""
    from tidemill.ops import records

    with opened(folder) as project:
        found = records.replay_with(project, policy)

    def show() -> None:
        click.echo(f"{found.decisions} decisions from stored evidence, {found.decisions - found.differ} the same")
        table(
            ("decision", "at", "was", "would be", "reason"),
            [(r.decision, to_iso(r.at), r.was, r.now, r.reason) for r in found.changed],
            empty="none differs",
        )
        if found.biased:
            click.echo(found.biased)

    emit(found, as_json, show)
    if found.differ and policy is None:
        raise click.exceptions.Exit(1)


@click.command()
@click.option("--open", "is_open", is_flag=True, help="Only those that go on.")
@paged(30)
@endpoint_option
@project_option
@json_option
def alarms(folder: Path, is_open: bool, endpoint: str | None, limit: int, before: str | None, as_json: bool) -> None:
    """The alarms of the monitors, the latest first: what moved, since when, and whether quality is affected."""
    from tidemill.ops import records

    with opened(folder) as project:
        page = records.alarms(project, is_open or None, limit, before, endpoint)
    rows = [
        (a.id, to_iso(a.opened), a.monitor, ", ".join(a.what), to_iso(a.since), a.hurts, a.closed and to_iso(a.closed))
        for a in page.items
    ]

    def show() -> None:
        headings = ("alarm", "opened", "monitor", "what", "since", "quality affected", "closed")
        table(headings, rows, empty="no alarm")
        more(page)

    emit(page.items, as_json, show)
