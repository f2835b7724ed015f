"""`tidemill run`: one turn of the loop by hand, or a pipeline of the project's own. `tidemill runs ls | show | why | resume | compare`."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, redirect_stdout
from dataclasses import asdict
from pathlib import Path
from time import monotonic
from typing import Any, get_args

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from tidemill.access.callers import local
from tidemill.cli.comment import under
from tidemill.cli.output import Answer, Column, Part, Table, command, fields, listed, paged, wants_json
from tidemill.cli.release import NOT_RELEASED
from tidemill.engine.explain import declared, undeclared
from tidemill.errors import ReleaseError
from tidemill.ops import runs as verbs
from tidemill.ops.runs import OnEvent
from tidemill.process.memory import memory_within
from tidemill.scope.project import Project
from tidemill.serve.json_keys import once
from tidemill.store.records import Step
from tidemill.types import JsonObject


@command()
@click.argument("pipeline", required=False)
@click.option(
    "--param", "-p", "params", multiple=True, help="name=value, for a pipeline of your own; the value is JSON or text."
)
def run(project: Project, pipeline: str | None, params: tuple[str, ...]) -> Answer | None:
    """Turn the wheel once: data → model → release, finished steps reused; or run PIPELINE, as steps:NAME."""
    if params and not pipeline:
        raise click.UsageError("--param is for a pipeline of your own: name it, as steps:NAME")
    with memory_within(project.memory), steps_shown(wants_json()) as on_event:
        if pipeline:
            made = verbs.start(project, local(project), pipeline, _given(params), on_event)
            found = {"run": made.id, "status": made.status, **made.outputs}
            return Answer(found, [found])
        turn = verbs.run_all(project, local(project), on_event)
    wrong = [*turn.unread.items(), *turn.failed.items()]
    for line in (*turn.notices, *(f"error: {name}: {error}" for name, error in wrong[:-1])):
        click.echo(line, err=True)
    error = wrong[-1][1] if wrong else None
    if error is not None and not turn.made:
        raise error
    shown = {name: asdict(made) for name, made in turn.made.items()}
    open_ = any(made["status"] in NOT_RELEASED or made["held_by"] for made in shown.values())
    code = ReleaseError.exit_code if open_ else 0
    if len(turn.made) + len(turn.failed) == 1:
        (only,) = shown.values()
        return Answer(only, _made(only), code, error)
    parts = [part for name, made in shown.items() for part in (f"{name}:", *_made(made))]
    return Answer(shown, parts, code, error)


ALLOW = 'allow it: tidemill approve --reason "why it may serve"'
LEAVE_OUT = 'leave the column out, [model] inputs = { exclude = ["COLUMN"] }, and run again; or '


def _made(made: JsonObject) -> list[Part]:
    """What was made, and below it why it was refused, or what somebody has to decide."""
    parts: list[Part] = [{name: value for name, value in made.items() if value and not isinstance(value, dict)}]
    refused = "could not decide; it is in shadow" if made["status"] == "shadow" else "refused it"
    for said, gates in (
        (f"the gates {refused}:", made["refused_by"]),
        ("held until somebody decides:", made["held_by"]),
    ):
        if gates:
            parts += [f"\n{said}", {f"  {gate}": reason for gate, reason in gates.items()}]
    decide = (LEAVE_OUT if "leakage" in made["held_by"] else "") + ALLOW
    return [*parts, f"\n{decide}"] if made["held_by"] else parts


def _given(params: tuple[str, ...]) -> JsonObject:
    given: JsonObject = {}
    for param in params:
        key, equals, value = param.partition("=")
        if not equals:
            raise click.UsageError(f"--param {param!r}: write it as name=value")
        if key in given:
            raise click.UsageError(f"--param {key} is given twice")
        try:
            given[key] = json.loads(value, object_pairs_hook=once)
        except ValueError:
            given[key] = value
    return given


@contextmanager
def prints_on_stderr() -> Iterator[None]:
    """What steps print, in this process or in children, goes to stderr: stdout is for the answer in JSON alone."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


@contextmanager
def steps_shown(quiet: bool) -> Iterator[OnEvent]:
    """A listener that shows each step as it goes: a bar on a terminal, a line each elsewhere. ``quiet``: for JSON."""
    if quiet:
        with prints_on_stderr():
            yield lambda kind, data: None
        return

    class Unheard(Console):
        """When nobody reads any more (``2>&1 | head -1``) the run goes on unheard; rich would exit."""

        def on_broken_pipe(self) -> None:
            self.quiet = True
            with Path(os.devnull).open("w") as nowhere:
                os.dup2(nowhere.fileno(), sys.stderr.fileno())

    console = Unheard(highlight=False, stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description:<30}"), BarColumn(30), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        yield StepPrinter(progress)


class StepPrinter:
    """Shows each step of a run: a bar as it goes, and a line when it has ended."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._bars: dict[str, Any] = {}
        self._began: dict[str, float] = {}

    def __call__(self, kind: str, data: JsonObject) -> None:
        step, say = str(data.get("step") or ""), self._progress.console.print
        if kind == "started":
            self._began[step], self._bars[step] = monotonic(), self._progress.add_task(step, total=None)
        elif kind == "progress" and step in self._bars:
            text, done = f"{step} {data['text'] or ''}"[:30], data["done"]
            self._progress.update(self._bars[step], completed=done, total=data["total"], description=text)
        elif kind == "told":
            say(f"  {data['text']}")
        elif kind == "waiting":
            say(f"  {step:<24} still at work: waiting up to {data['seconds']:.0f} s, Ctrl-C again leaves it")
        elif kind in ("finished", "cached", "skipped", "failed"):
            if step in self._bars:
                self._progress.remove_task(self._bars.pop(step))
            timed = step in self._began and kind in ("finished", "failed")
            say(f"  {step:<24} {kind:<9} {f'{monotonic() - self._began[step]:.2f} s' if timed else ''}")


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
@click.option("--status", type=click.Choice(get_args(verbs.Status)))
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
    return Answer({"run": run, "steps": steps}, [facts, Table(STEPS, steps), *under(project, f"run:{run.id}")])


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
        found = verbs.resume(project, local(project), run_id)
    return Answer(found, [{"run": found.id, "status": found.status}])


@command(runs)
@click.argument("one")
@click.argument("other")
def compare(project: Project, one: str, other: str) -> Answer:
    """What differs between two runs, step by step."""
    found = verbs.compare(project, one, other).items
    columns: dict[str, Column] = {"step": "step", "": lambda step: "same" if step.same else "differs"}
    columns |= {one: "one", other: "other", "what differs": "differs"}
    return Answer(found, [Table(columns, found)])
