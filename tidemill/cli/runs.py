"""`tidemill runs ls | show | why | resume | compare`."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tidemill.cli.output import emit, facts, json_option, more, number, opened, paged, project_option, table
from tidemill.types import to_iso

if TYPE_CHECKING:
    from tidemill.store.records import Step


@click.group()
def runs() -> None:
    """Executions of pipelines."""


@runs.command("ls")
@click.option("--pipeline", help="Only runs of this pipeline.")
@click.option("--status", type=click.Choice(("running", "done", "failed", "cancelled")))
@paged(30)
@project_option
@json_option
def ls(folder: Path, pipeline: str | None, status: Any, limit: int, before: str | None, as_json: bool) -> None:
    """The latest runs."""
    from tidemill.ops import runs as verbs

    with opened(folder) as project:
        found = verbs.ls(project, pipeline, status, limit, before)
    rows = [
        (r.id, r.pipeline, r.status, to_iso(r.started), number(r.cost.get("wall_s"), 2), r.error) for r in found.items
    ]

    def show() -> None:
        table(("run", "pipeline", "status", "started", "seconds", "error"), rows)
        more(found)

    emit(found.items, as_json, show)


@runs.command()
@click.argument("run_id")
@project_option
@json_option
def show(folder: Path, run_id: str, as_json: bool) -> None:
    """One run: its steps, what was cached, what it cost."""
    from tidemill.ops import runs as verbs

    with opened(folder) as project:
        run, steps = verbs.show(project, run_id), verbs.steps(project, run_id).items

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
    from tidemill.ops import runs as verbs

    with opened(folder) as project:
        found = verbs.why(project, run_id, step)
    emit(found, as_json, lambda: click.echo(str(found)))


runs.add_command(why)


@runs.command()
@click.argument("run_id")
@project_option
@json_option
def resume(folder: Path, run_id: str, as_json: bool) -> None:
    """Go on with a run that was killed: it stays the same run, and finished steps are hits."""
    from tidemill.cli.run import prints_on_stderr
    from tidemill.ops import runs as verbs

    with opened(folder) as project, prints_on_stderr() if as_json else nullcontext():
        found = verbs.resume(project, run_id)
    emit(found, as_json, lambda: facts({"run": found.id, "status": found.status}))


@runs.command()
@click.argument("one")
@click.argument("other")
@project_option
@json_option
def compare(folder: Path, one: str, other: str, as_json: bool) -> None:
    """What differs between two runs, step by step."""
    from tidemill.ops import runs as verbs

    with opened(folder) as project:
        found = verbs.compare(project, one, other).items
    rows = [(d.step, "same" if d.same else "differs", d.one, d.other, ", ".join(d.differs)) for d in found]
    emit(found, as_json, lambda: table(("step", "", one, other, "what differs"), rows))
