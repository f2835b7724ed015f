"""`tidemill decisions ls | show | replay`: why did it retrain, and would it again?"""

from __future__ import annotations

from pathlib import Path

import click

from tidemill.cli.output import emit, facts, json_option, opened, project_option, said, table
from tidemill.types import to_iso


@click.group()
def decisions() -> None:
    """Why it retrained, and why not."""


@decisions.command("ls")
@click.option("--all", "everything", is_flag=True, help="Also the times it decided to wait.")
@project_option
@json_option
def ls(folder: Path, everything: bool, as_json: bool) -> None:
    """The decisions, oldest first."""
    with opened(folder) as project:
        found = project.store.decisions.list(action=None if everything else "retrain")
    rows = [(d.id, to_iso(d.at), d.action, d.reason, d.run) for d in found]
    emit(found, as_json, lambda: table(("decision", "at", "action", "reason", "run"), rows))


@decisions.command()
@click.argument("decision")
@project_option
@json_option
def show(folder: Path, decision: str, as_json: bool) -> None:
    """One decision with all its evidence."""
    with opened(folder) as project:
        found = project.store.decisions.get(decision)
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
    from tidemill.retrain.replay import BIASED, policies_of
    from tidemill.retrain.replay import replay as replay_decisions

    with opened(folder) as project:
        other = policies_of(policy) if policy else None
        found = replay_decisions(project, other)
    changed = [r for r in found if not r.same]

    def show() -> None:
        click.echo(f"{len(found)} decisions from stored evidence, {len(found) - len(changed)} the same")
        table(
            ("decision", "at", "was", "would be", "reason"),
            [(r.decision, to_iso(r.at), r.was, r.now, r.reason) for r in changed],
            empty="none differs",
        )
        if other is not None:
            click.echo(BIASED)

    biased = None if other is None else BIASED
    emit({"decisions": len(found), "differ": len(changed), "changed": changed, "biased": biased}, as_json, show)
    if changed and policy is None:
        raise click.exceptions.Exit(1)
