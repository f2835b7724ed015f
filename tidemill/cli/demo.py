"""`tidemill demo`: two years of a real shop, told as it happens."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tidemill.cli.teller import Teller, show_summary
from tidemill.recipes.recommend.story import LAST_DAY
from tidemill.types import JsonObject

if TYPE_CHECKING:
    from tidemill.scope.project import Project
    from tidemill.serve.client import Client


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
@click.option("--json", "json_file", type=click.Path(path_type=Path, dir_okay=False), help="Write the summary here.")
@click.option(
    "--log", "log_file", type=click.Path(path_type=Path, dir_okay=False), help="Write a Parquet row a request here."
)
@click.option(
    "--folder",
    type=click.Path(path_type=Path),
    default=Path("shop"),
    show_default=True,
    help="Absent, empty, or made by a demo.",
)
@click.option("--port", default=8080, show_default=True, type=click.IntRange(0, 65535), help="0: any free port.")
@click.option("--shuffle-customers", is_flag=True, hidden=True)
def demo(
    once: bool,
    days: int | None,
    seed: int,
    fresh: bool,
    json_file: Path | None,
    log_file: Path | None,
    folder: Path,
    port: int,
    shuffle_customers: bool,
) -> None:
    """Two years of a real shop in a few minutes: build, release, serve, watch, retrain, roll back."""
    from tidemill.recipes.recommend.demo import Story, run_demo

    story = Story(folder.resolve(), days, seed, shuffle_customers)
    teller = Teller()
    with teller:
        run_demo(
            story,
            fresh=fresh,
            port=port,
            json_file=json_file,
            log_file=log_file,
            tell=teller,
            afterwards=lambda project, client, summary: _afterwards(teller, project, client, summary, once),
        )


def _afterwards(teller: Teller, project: Project, client: Client, summary: JsonObject, once: bool) -> None:
    teller.progress.stop()
    show_summary(teller.console, summary)
    where = shlex.quote(os.path.relpath(project.root))
    if once:
        teller.console.print(
            f"\nthe project: {project.root}/ - look at it: tidemill up --project {where}", markup=False
        )
        return
    from tidemill.cli.up import login_address

    teller.console.print("\nlook at all of it (the address opens once, within an hour; Ctrl-C ends the server):")
    teller.console.print(login_address(project), style="bold", soft_wrap=True)
    import signal

    try:
        signal.pause()
    except KeyboardInterrupt:
        teller.console.print(f"stopped; look at it again: tidemill up --project {where}", markup=False)
