"""`tidemill token add | ls | revoke`: what programs show to be let in. And `tidemill trust`: whose signatures count."""

from __future__ import annotations

import click

from tidemill.access.callers import local
from tidemill.cli.output import Answer, Column, Table, command
from tidemill.errors import NOT_ALL_RIGHT
from tidemill.ops import tokens
from tidemill.ops.text import plural
from tidemill.scope.project import Project
from tidemill.types import to_iso

TOKENS: dict[str, Column] = {
    "name": "name",
    "scopes": "scopes",
    "for": "whose",
    "made": "created",
    "expires": lambda token: "expired" if token.expired else token.expires and to_iso(token.expires),
}


@click.group()
def token() -> None:
    """Tokens of programs that ask the server: kept as hashes, good for what they say and nothing else."""


@command(token)
@click.argument("name")
@click.option("--scope", "scopes", multiple=True, type=click.Choice(tokens.SCOPES), help="Repeat for several.")
@click.option("--days", type=click.IntRange(1, 3_650), help="Until it expires; never, if not said.")
@click.option("--for", "person", help="The person or program whose it is; your own, if not said.")
def add(project: Project, name: str, scopes: tuple[str, ...], days: int | None, person: str | None) -> Answer:
    """Make a token called NAME, good for predict and feedback if no --scope is given. It is shown once."""
    scopes = scopes or tokens.USUAL
    secret = tokens.add(project, local(project), name, scopes, days, person)
    made = {"name": name, "scopes": scopes, "token": secret}
    return Answer(made, [{**made, "": "shown now and never again"}])


@command(token)
def ls(project: Project) -> Answer:
    """The tokens of programs; their secrets are not kept."""
    found = tokens.ls(project)
    return Answer(found, [Table(TOKENS, found, "no tokens: tidemill token add")])


@command(token)
@click.argument("name")
def revoke(project: Project, name: str) -> Answer:
    """Take back every token called NAME; done when every scorer that is alive lets it in no more."""
    found = tokens.revoke(project, local(project), name)
    said = f"{found.revoked} taken back; {plural(found.confirmed, 'scorer')} refuse it by now"
    said += f", {found.ended} whose lease ended answer nobody until they do" if found.ended else ""
    late = [f"NOT YET refused by {', '.join(found.waiting)}: stop it there"] if found.waiting else []
    return Answer(found, [said, *late], 0 if found.everywhere else NOT_ALL_RIGHT)


@command(token)
@click.option("--rotate", is_flag=True, help="Make another one; for a day callbacks bear the signature of both.")
def callbacks(project: Project, rotate: bool) -> Answer:
    """The key by which callbacks are signed (Standard Webhooks): for the program that checks them."""
    key = (tokens.rotate_callbacks if rotate else tokens.callbacks)(project, local(project))
    return Answer({"key": key}, [key])


@command()
@click.argument("fingerprint", required=False)
def trust(project: Project, fingerprint: str | None) -> Answer:
    """Show the fingerprint of the project's signing keys; with FINGERPRINT, take them for the project's own here.

    A folder that came from another machine serves nothing until this was said once. Compare with what the same command
    shows there: who can write the folder can also replace the keys in it.
    """
    from tidemill.ops import releases  # 0.1 s that tokens do not need

    if fingerprint is not None:
        releases.trust(project, local(project), fingerprint)
    found = releases.keys(project)
    answer = "yes" if found.trusted else "no: if it is right, tidemill trust FINGERPRINT"
    return Answer(found, [{"project": found.project, "fingerprint": found.fingerprint, "trusted": answer}])
