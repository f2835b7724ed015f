"""`tidemill run`: one turn of the wheel by hand, or a pipeline of the project's own."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

import click

from tidemill.cli.output import emit, facts, json_option, opened, project_option
from tidemill.errors import TidemillError
from tidemill.types import JsonObject

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidemill.retrain.run_all import RunSummary
    from tidemill.scope.project import Project


@click.command()
@click.argument("pipeline", required=False)
@click.option(
    "--param", "-p", "params", multiple=True, help="name=value, for a pipeline of your own; the value is JSON or text."
)
@project_option
@json_option
def run(folder: Path, pipeline: str | None, params: tuple[str, ...], as_json: bool) -> None:
    """Turn the wheel once: data → model → release, finished steps reused; or run PIPELINE, as steps:NAME."""
    with opened(folder) as project, steps_shown(as_json) as tell:
        found, failed = (_own(project, pipeline, params, tell), None) if pipeline else _cycle(project, tell)
    if found or failed is None:
        emit(found, as_json, lambda: _show(found))
    if failed is not None:
        raise failed


def _show(found: JsonObject) -> None:
    """The facts, and below them why it was refused; of several endpoints, one after the other."""
    if found and all(isinstance(value, dict) for value in found.values()):
        for name, own in found.items():
            click.echo(f"{name}:")
            _show(own)
        return
    why = found.get("refused_by") or {}
    facts({name: value for name, value in found.items() if name != "refused_by"})
    if why:
        click.echo("\nthe gates refused it:")
        facts({f"  {gate}": said for gate, said in why.items()})


def _cycle(project: Project, tell: Any) -> tuple[JsonObject, TidemillError | None]:
    """What was made: of the only endpoint, or by the name of each. Where one fails the others are made all the same, and its error is given."""
    from tidemill.retrain.run_all import run_every

    told = {event.id for event in project.store.events.list(kind="again")}
    made = run_every(project, on_event=tell)
    for event in project.store.events.list(kind="again"):
        if event.id not in told:
            click.echo(f"  {event.data['message']}", err=True)
    failed = {name: error for name, error in made.items() if isinstance(error, TidemillError)}
    for name, error in list(failed.items())[:-1]:
        click.echo(f"error: {name}: {error}", err=True)
    found = {name: _made(project, one) for name, one in made.items() if not isinstance(one, TidemillError)}
    shown: JsonObject = next(iter(found.values()), {}) if len(made) == 1 else found
    return shown, next(reversed(failed.values()), None)


def _made(project: Project, turned: RunSummary) -> JsonObject:
    from tidemill.model.registry import refusals

    return {
        "dataset": f"{turned.dataset.dataset}@{turned.dataset.version}",
        "model": turned.model.ref,
        "release": turned.release.id,
        "status": turned.release.status,
        "refused_by": refusals(project, turned.release),
    }


def _own(project: Project, name: str, params: tuple[str, ...], tell: Any) -> JsonObject:
    """A pipeline that the project's steps.py declares."""
    from tidemill.ops import runs

    made = runs.start(project, name, _given(params), tell)
    return {"run": made.id, "status": made.status, **made.outputs}


def _given(params: tuple[str, ...]) -> JsonObject:
    import json

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
def steps_shown(quiet: bool) -> Iterator[Any]:
    """A listener that shows each step as it goes: a bar on a terminal, a line each elsewhere. ``quiet``: for JSON."""
    if quiet:
        with prints_on_stderr():
            yield lambda kind, data: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    class Unheard(Console):
        """When nobody reads any more (``2>&1 | head -1``) the run goes on unheard; rich would exit."""

        def on_broken_pipe(self) -> None:
            self.quiet = True
            with Path(os.devnull).open("w") as nowhere:
                os.dup2(nowhere.fileno(), sys.stderr.fileno())

    console = Unheard(highlight=False, stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description:<30}"), BarColumn(30), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        bars: dict[str, Any] = {}
        began: dict[str, float] = {}

        def tell(kind: str, data: JsonObject) -> None:
            step = str(data.get("step") or "")
            if kind == "started":
                began[step] = monotonic()
                bars[step] = progress.add_task(step, total=None)
            elif kind == "progress" and step in bars:
                progress.update(
                    bars[step],
                    completed=data.get("done", 0),
                    total=data.get("total"),
                    description=f"{step} {data.get('text', '')}"[:30],
                )
            elif kind == "waiting":
                console.print(
                    f"  {step:<24} still at work: waiting up to {data['seconds']:.0f} s, Ctrl-C again leaves it"
                )
            elif kind in ("finished", "cached", "skipped", "failed"):
                if step in bars:
                    progress.remove_task(bars.pop(step))
                waited = monotonic() - began[step] if step in began else None
                spent = f"{waited:.2f} s" if waited is not None and kind in ("finished", "failed") else ""
                console.print(f"  {step:<24} {kind:<9} {spent}")

        yield tell
