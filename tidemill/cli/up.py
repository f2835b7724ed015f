"""`tidemill up` and `tidemill login`: the server, and a new address for the page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tidemill.cli.output import emit, json_option, opened, project_option
from tidemill.types import JsonObject

if TYPE_CHECKING:
    from tidemill.scope.project import Project


@click.command()
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="127.0.0.1, localhost or ::1: this machine, and no other."
)
@click.option("--port", default=8080, show_default=True, type=click.IntRange(0, 65535), help="0: any free port.")
@project_option
@json_option
def up(folder: Path, host: str, port: int, as_json: bool) -> None:
    """Serve predictions, the page, the API and the loop, until Ctrl-C."""
    from tidemill.serve.supervisor import login_address as address
    from tidemill.serve.supervisor import up as serve

    with opened(folder) as project:

        def ready(told: JsonObject) -> None:
            login = address(project, told["host"], told["port"])
            if as_json:
                click.echo(json.dumps({**told, "login": login}))  # one line: whoever started us reads it while we run
                return
            click.echo(f"serving {project.name} on {told['url']}")
            click.echo(f"the page, once: {login}")
            click.echo("Ctrl-C stops it")

        serve(project, host, port, replay=project.replay, on_ready=ready)


def login_address(project: Project) -> str:
    """A one-use address of the running server's page. Raises ServeError when none runs."""
    from tidemill.serve.client import Client
    from tidemill.serve.supervisor import login_address as address

    Client.of(project.root).close()  # says how to start one when none runs
    told = json.loads((project.state / "up.json").read_text("utf-8"))
    return address(project, told["host"], told["port"])


@click.command()
@project_option
@json_option
def login(folder: Path, as_json: bool) -> None:
    """Print a new address that opens the page once."""
    with opened(folder) as project:
        found = login_address(project)
    emit({"login": found}, as_json, lambda: click.echo(found))
