"""`tidemill token add | ls | revoke`: what programs show to be let in."""

from __future__ import annotations

from pathlib import Path

import click

from tidemill.access.caller import Caller
from tidemill.cli.output import emit, facts, json_option, opened, project_option, table
from tidemill.types import to_iso

SCOPES = ("predict", "feedback", "read", "operate")


@click.group()
def token() -> None:
    """Tokens of programs that ask the server: kept as hashes, good for what they say and nothing else."""


@token.command()
@click.argument("name")
@click.option("--scope", "scopes", multiple=True, type=click.Choice(SCOPES), help="Repeat for several.")
@click.option("--days", type=click.IntRange(1, 3_650), help="Until it expires; never, if not said.")
@project_option
@json_option
def add(folder: Path, name: str, scopes: tuple[str, ...], days: int | None, as_json: bool) -> None:
    """Make a token called NAME, good for predict and feedback if no --scope is given. It is shown once."""
    from tidemill.ops import tokens

    wanted = scopes or ("predict", "feedback")
    with opened(folder) as project:
        secret = tokens.add(project, Caller.local(), name, wanted, days)
    told = {"name": name, "scopes": list(wanted), "token": secret}
    emit(told, as_json, lambda: facts({**told, "scopes": ", ".join(wanted), "": "shown now and never again"}))


@token.command()
@project_option
@json_option
def ls(folder: Path, as_json: bool) -> None:
    """The tokens of programs; their secrets are not kept."""
    from tidemill.ops import tokens

    with opened(folder) as project:
        found = tokens.ls(project)
    rows = [
        (t.name, ", ".join(t.scopes), to_iso(t.created), "expired" if t.expired else t.expires and to_iso(t.expires))
        for t in found
    ]
    headings = ("name", "scopes", "made", "expires")
    emit(found, as_json, lambda: table(headings, rows, empty="no tokens: tidemill token add"))


@token.command()
@click.argument("name")
@project_option
@json_option
def revoke(folder: Path, name: str, as_json: bool) -> None:
    """Take back every token called NAME; a running server lets it in no more."""
    from tidemill.cli.release import follow
    from tidemill.ops import tokens

    with opened(folder) as project:
        gone = tokens.revoke(project, Caller.local(), name)
        follow(project)
    emit({"name": name, "revoked": gone}, as_json, lambda: click.echo(f"{gone} taken back"))
