"""`tidemill runs ls | show | why | resume | compare`."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import click

from tidemill.access.caller import Caller
from tidemill.cli.output import Answer, Column, Table, command, fields, listed, paged, wants_json
from tidemill.cli.run import prints_on_stderr
from tidemill.engine.explain import declared, undeclared
from tidemill.ops import runs as verbs
from tidemill.scope.project import Project
from tidemill.store.records import Step

RUNS: dict[str, Column] = {
    "run": "id",
    **fields("pipeline", "status", "started"),
    "seconds": lambda run: run.cost.get("wall_s"),
    "error": "error",
}


def _impure(step: Step) -> str:
    """What nobody said is meant, which is why it is not reused; or why it always runs, in its own words."""
    return ", ".join(undeclared(step)) or declared(step)


STEPS: dict[str, Column] = {
    "step": "name",
    "status": "status",
    "CPU s": lambda step: step.cpu_us / 1e6,
    "after": "after",
    "impure": _impure,
}


@click.group()
def runs() -> None:
    """Executions of pipelines."""


@command(runs)
@click.option("--pipeline", help="Only runs of this pipeline.")
@click.option("--status", type=click.Choice(("running", "done", "failed", "cancelled")))
@paged(30)
def ls(project: Project, pipeline: str | None, status: Any, limit: int, before: str | None) -> Answer:
    """The latest runs."""
    return listed(verbs.ls(project, pipeline, status, limit, before), RUNS)


@command(runs)
@click.argument("run_id")
def show(project: Project, run_id: str) -> Answer:
    """One run: its steps, what was cached, what it cost."""
    run, steps = verbs.show(project, run_id), verbs.steps(project, run_id).items
    facts = {
        "run": run.id,
        "pipeline": run.pipeline,
        "status": run.status,
        **{name: value for name, value in run.code.items() if value},
        "CPU s": run.cost.get("cpu_s"),
        "wall s": run.cost.get("wall_s"),
        "error": run.error,
    }
    return Answer({"run": run, "steps": steps}, [facts, Table(STEPS, steps)])


@command(runs)
@click.argument("run_id")
@click.argument("step")
def why(project: Project, run_id: str, step: str) -> Answer:
    """Why a step ran, or what it was reused from."""
    found = verbs.why(project, run_id, step)
    return Answer(found, [str(found)])


@command(runs)
@click.argument("run_id")
def resume(project: Project, run_id: str) -> Answer:
    """Go on with a run that was killed: it stays the same run, and finished steps are hits."""
    with prints_on_stderr() if wants_json() else nullcontext():
        found = verbs.resume(project, Caller.local(), run_id)
    return Answer(found, [{"run": found.id, "status": found.status}])


@command(runs)
@click.argument("one")
@click.argument("other")
def compare(project: Project, one: str, other: str) -> Answer:
    """What differs between two runs, step by step."""
    found = verbs.compare(project, one, other).items
    same: Column = lambda step: "same" if step.same else "differs"  # noqa: E731
    return Answer(
        found, [Table({"step": "step", "": same, one: "one", other: "other", "what differs": "differs"}, found)]
    )
