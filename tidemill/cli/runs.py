"""`tidemill runs ls | show | why | resume | compare`."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tidemill.cli.output import emit, facts, json_option, number, opened, project_option, table
from tidemill.types import to_iso

if TYPE_CHECKING:
    from tidemill.store.records import Step


@click.group()
def runs() -> None:
    """Executions of pipelines."""


@runs.command("ls")
@click.option("--pipeline", help="Only runs of this pipeline.")
@click.option("--status", help="running | done | failed | cancelled")
@click.option("--limit", default=30, show_default=True, type=click.IntRange(1, 10_000))
@project_option
@json_option
def ls(folder: Path, pipeline: str | None, status: str | None, limit: int, as_json: bool) -> None:
    """The latest runs."""
    with opened(folder) as project:
        found = project.store.runs.list(pipeline=pipeline, status=status, limit=limit)
    rows = [(r.id, r.pipeline, r.status, to_iso(r.started), number(r.cost.get("wall_s"), 2), r.error) for r in found]
    emit(found, as_json, lambda: table(("run", "pipeline", "status", "started", "seconds", "error"), rows))


@runs.command()
@click.argument("run_id")
@project_option
@json_option
def show(folder: Path, run_id: str, as_json: bool) -> None:
    """One run: its steps, what was cached, what it cost."""
    with opened(folder) as project:
        run = project.store.runs.get(run_id)
        steps = project.store.runs.steps(run_id)

    def show_run() -> None:
        facts(
            {
                "run": run.id,
                "pipeline": run.pipeline,
                "status": run.status,
                **{name: value for name, value in run.code.items() if value},
                "CPU s": number(run.cost.get("cpu_s"), 2),
                "wall s": number(run.cost.get("wall_s"), 2),
                "error": run.error,
            }
        )
        rows = [(s.name, s.status, number(s.cpu_us / 1e6, 2), ", ".join(s.after), _impure(s)) for s in steps]
        table(("step", "status", "CPU s", "after", "impure"), rows)

    emit({"run": run, "steps": steps}, as_json, show_run)


def _impure(step: Step) -> str:
    """What nobody said is meant, which is why it is not reused; or why it always runs, in its own words."""
    from tidemill.engine.explain import declared, undeclared

    return ", ".join(undeclared(step)) or declared(step)


@click.command()
@click.argument("run_id")
@click.argument("step")
@project_option
@json_option
def why(folder: Path, run_id: str, step: str, as_json: bool) -> None:
    """Why a step ran, or what it was reused from."""
    from tidemill.engine import why as explain

    with opened(folder) as project:
        found = explain(project.store, run_id, step)
    emit(found, as_json, lambda: click.echo(str(found)))


runs.add_command(why)


@runs.command()
@click.argument("run_id")
@project_option
@json_option
def resume(folder: Path, run_id: str, as_json: bool) -> None:
    """Go on with a run that was killed: it stays the same run, and finished steps are hits."""
    from tidemill.cli.run import prints_on_stderr, resume_run

    with opened(folder) as project, prints_on_stderr() if as_json else nullcontext():
        found = resume_run(project, run_id)
    emit(found, as_json, lambda: facts({"run": found.id, "status": found.status}))


@runs.command()
@click.argument("one")
@click.argument("other")
@project_option
@json_option
def compare(folder: Path, one: str, other: str, as_json: bool) -> None:
    """What differs between two runs, step by step."""
    with opened(folder) as project:
        pair = [{s.name: s for s in project.store.runs.steps(r)} for r in (one, other)]
    names = list(dict.fromkeys([*pair[0], *pair[1]]))
    rows: list[dict[str, Any]] = [
        {
            "step": name,
            "same": bool(a and b and a.fingerprint == b.fingerprint),
            one: a.status if a else None,
            other: b.status if b else None,
            "differs": sorted(
                k
                for k in {*a.fingerprint_inputs, *b.fingerprint_inputs}
                if a.fingerprint_inputs.get(k) != b.fingerprint_inputs.get(k)
            )
            if a and b
            else [],
        }
        for name in names
        for a, b in [(pair[0].get(name), pair[1].get(name))]
    ]
    shown = [(r["step"], "same" if r["same"] else "differs", r[one], r[other], ", ".join(r["differs"])) for r in rows]
    emit(rows, as_json, lambda: table(("step", "", one, other, "what differs"), shown))
