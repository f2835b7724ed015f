"""`tidemill up` and `tidemill login`: the server, and a new address for the page."""

from __future__ import annotations

import json
import sys

import click

from tidemill.cli.output import Answer, command, wants_json
from tidemill.config.network import MOST_WORKERS
from tidemill.ops import server
from tidemill.scope.project import Project
from tidemill.serve.client import ROLES
from tidemill.types import JsonObject


@command()
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="127.0.0.1, localhost or ::1: this machine, and no other. Another address needs TLS, or a proxy that [serve] names.",
)
@click.option("--tls-cert", default="", metavar="FILE", help="The server's certificate, with those above it (PEM).")
@click.option("--tls-key", default="", metavar="FILE", help="Its key (PEM, without a password).")
@click.option("--port", default=8080, show_default=True, type=click.IntRange(0, 65535), help="0: any free port.")
@click.option("--no-loop", is_flag=True, help="A scorer alone: the loop runs on another machine of the team.")
@click.option("--no-scorer", is_flag=True, help="A loop alone: the scorers run on other machines of the team.")
@click.option(
    "--workers", type=click.IntRange(1, MOST_WORKERS), help="Scorers that share the port; else as [serve] says: 1."
)
def up(
    project: Project,
    host: str,
    port: int,
    tls_cert: str,
    tls_key: str,
    no_loop: bool,
    no_scorer: bool,
    workers: int | None,
) -> None:
    """Serve predictions, the page, the API and the loop, until Ctrl-C."""
    left_out = {"loop": no_loop, "scorer": no_scorer}
    as_json = wants_json()

    def ready(address: JsonObject) -> None:
        if as_json:
            click.echo(json.dumps(address))  # one line: whoever started us reads it while we run
            return
        if no_scorer:
            click.echo(f"the loop of {project.name} runs; Ctrl-C stops it")
            return
        many = sum(name.startswith("scorer") for name in address.get("pids", ()))
        how = f"{f', by {many} scorers' if many > 1 else ''}{', without a loop' if no_loop else ''}"
        click.echo(f"serving {project.name} on {address['url']}{how}")
        if sys.stdout.isatty():
            click.echo(f"the page, once: {address['login']}")
        else:  # kept in a file it would be a key that lies about
            click.echo("the page: an address that opens it once is printed by tidemill login")
        for name, health in address["health"].items():
            if health != "ok":
                click.echo(f"{name} does not answer as it should: {health}; tidemill doctor says why")
        click.echo("Ctrl-C stops it")

    roles = tuple(role for role in ROLES if not left_out[role])
    server.up(project, host, port, ready, tls_cert, tls_key, roles, workers or 0)


@command()
def login(project: Project) -> Answer:
    """Print a new address that opens the page once."""
    address = server.login_address(project)
    return Answer({"login": address}, [address])
