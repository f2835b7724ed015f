"""`tidemill demo`: two years of a real shop, shown as it happens."""

from __future__ import annotations

import os
import shlex
import signal
from pathlib import Path

import click

from tidemill.cli.demo_output import DemoPrinter, summary_parts
from tidemill.cli.output import Answer
from tidemill.errors import BadRequest
from tidemill.ops.server import login_address
from tidemill.recipes.recommend.demo import run_demo
from tidemill.recipes.recommend.story import LAST_DAY, RIGHTS, Begin, Story
from tidemill.scope.project import Project
from tidemill.serve.client import Client
from tidemill.types import JsonObject

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.option("--once", is_flag=True, help="Exit at the end instead of leaving the server up to look at.")
@click.option("--days", type=click.IntRange(1, LAST_DAY), help="Play fewer days; up to there it is the same story.")
@click.option(
    "--seed",
    default=0,
    show_default=True,
    type=click.IntRange(0, 2**32 - 1),
    help="Another story: canaries and bootstraps are drawn from it.",
)
@click.option(
    "--fresh", is_flag=True, help="Start anew in a folder that a demo made; without it the replay there goes on."
)
@click.option(
    "--rights",
    is_flag=True,
    help="With the chapter on people's rights, and a bad file that is recalled: days 40 to 45.",
)
@click.option("--json", "json_file", type=_FILE, help="Write the summary here.")
@click.option("--log", "log_file", type=_FILE, help="Write a Parquet row a request here.")
@click.option(
    "--folder",
    type=click.Path(path_type=Path),
    default=Path("shop"),
    show_default=True,
    help="Absent, empty, or made by a demo.",
)
@click.option("--port", default=8080, show_default=True, type=click.IntRange(0, 65535), help="0: any free port.")
def demo(
    once: bool,
    days: int | None,
    seed: int,
    fresh: bool,
    rights: bool,
    json_file: Path | None,
    log_file: Path | None,
    folder: Path,
    port: int,
) -> None:
    """Two years of a real shop in a few minutes: build, release, serve, watch, retrain, roll back."""
    printer = DemoPrinter()

    def afterwards(project: Project, client: Client, summary: JsonObject) -> None:
        printer.progress.stop()
        Answer(summary, summary_parts(summary)).give(as_json=False)
        again = f"tidemill up --project {shlex.quote(os.path.relpath(project.root))}"
        if once:
            printer.console.print(f"\nthe project: {project.root}/ - look at it: {again}", markup=False)
        else:
            _stay_up(printer, project, again)

    if rights and days is not None and days < RIGHTS + 6:
        raise BadRequest(
            f"the chapter ends with day {RIGHTS + 6}", place="--rights", hint=f"--days {RIGHTS + 6} or more"
        )
    begin: Begin | None = None
    if rights:
        from tidemill.cli.demo_rights import Rights  # here: what writes tables, and what forgets

        begin = Rights
    story = Story(folder.resolve(), days, seed)
    with printer.progress:
        run_demo(
            story,
            fresh=fresh,
            port=port,
            json_file=json_file,
            log_file=log_file,
            tell=printer,
            afterwards=afterwards,
            begin=begin,
        )


def _stay_up(printer: DemoPrinter, project: Project, again: str) -> None:
    printer.console.print("\nlook at all of it (the address opens once, within an hour; Ctrl-C ends the server):")
    printer.console.print(login_address(project), style="bold", soft_wrap=True)
    try:
        signal.pause()
    except KeyboardInterrupt:
        printer.console.print(f"stopped; look at it again: {again}", markup=False)
