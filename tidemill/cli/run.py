"""`tidemill run`: one turn of the loop by hand, or a pipeline of the project's own."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import asdict
from pathlib import Path
from time import monotonic
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from tidemill.access.caller import Caller
from tidemill.cli.output import Answer, Part, command, endpoint_option, wants_json
from tidemill.ops import runs
from tidemill.ops.runs import OnEvent
from tidemill.scope.project import Project
from tidemill.types import JsonObject


@command()
@click.argument("pipeline", required=False)
@click.option(
    "--param", "-p", "params", multiple=True, help="name=value, for a pipeline of your own; the value is JSON or text."
)
@endpoint_option
def run(project: Project, pipeline: str | None, params: tuple[str, ...], endpoint: str | None) -> Answer | None:
    """Turn the wheel once: data → model → release, finished steps reused; or run PIPELINE, as steps:NAME."""
    with steps_shown(wants_json()) as on_event:
        if pipeline:
            made = runs.start(project, Caller.local(), pipeline, _given(params), on_event)
            found = {"run": made.id, "status": made.status, **made.outputs}
            return Answer(found, [found])
        turn = runs.run_all(project, Caller.local(), on_event, endpoint)
    for line in (*turn.notices, *(f"error: {name}: {error}" for name, error in list(turn.failed.items())[:-1])):
        click.echo(line, err=True)
    error = next(reversed(turn.failed.values()), None)
    if error is not None and not turn.made:
        raise error
    shown = {name: asdict(made) for name, made in turn.made.items()}
    if len(turn.made) + len(turn.failed) == 1:
        (only,) = shown.values()
        return Answer(only, _made(only), error=error)
    return Answer(shown, [part for name, made in shown.items() for part in (f"{name}:", *_made(made))], error=error)


def _made(made: JsonObject) -> list[Part]:
    """What was made, and below it why it was refused."""
    facts = {name: value for name, value in made.items() if name != "refused_by"}
    refused = {f"  {gate}": reason for gate, reason in made["refused_by"].items()}
    return [facts, "\nthe gates refused it:", refused] if refused else [facts]


def _given(params: tuple[str, ...]) -> JsonObject:
    given: JsonObject = {}
    for param in params:
        key, equals, value = param.partition("=")
        if not equals:
            raise click.UsageError(f"--param {param!r}: write it as name=value")
        try:
            given[key] = json.loads(value)
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
        elif kind == "waiting":
            say(f"  {step:<24} still at work: waiting up to {data['seconds']:.0f} s, Ctrl-C again leaves it")
        elif kind in ("finished", "cached", "skipped", "failed"):
            if step in self._bars:
                self._progress.remove_task(self._bars.pop(step))
            timed = step in self._began and kind in ("finished", "failed")
            say(f"  {step:<24} {kind:<9} {f'{monotonic() - self._began[step]:.2f} s' if timed else ''}")
