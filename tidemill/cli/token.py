"""`tidemill token add | ls | revoke`: what programs show to be let in."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tidemill.cli.output import emit, facts, json_option, opened, project_option, table
from tidemill.errors import NotFound
from tidemill.types import DAY, did_you_mean, to_iso

if TYPE_CHECKING:
    from tidemill.store.records import Token

SCOPES = ("predict", "feedback", "read", "operate")
OURS = ("up", "session", "code")
"""Names of tokens that the server makes for itself and for the page."""


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
    from tidemill.access import tokens as auth

    if name in OURS:
        raise click.UsageError(f"{name!r} is a name that the server uses itself")
    wanted = scopes or ("predict", "feedback")
    with opened(folder) as project:
        secret = auth.issue(project.store, name, wanted, life=days * DAY if days else None)
    told = {"name": name, "scopes": list(wanted), "token": secret}
    emit(told, as_json, lambda: facts({**told, "scopes": ", ".join(wanted), "": "shown now and never again"}))


@token.command()
@project_option
@json_option
def ls(folder: Path, as_json: bool) -> None:
    """The tokens of programs; their secrets are not kept."""
    with opened(folder) as project:
        found = [t for t in project.store.tokens.list() if t.name not in OURS]
    told = [
        {"name": t.name, "scopes": list(t.scopes), "made": to_iso(t.created), "expires": _end(t), "expired": _over(t)}
        for t in found
    ]
    rows = [
        (t.name, ", ".join(t.scopes), to_iso(t.created), "expired" if _over(t) else _end(t) or "never") for t in found
    ]
    emit(
        told, as_json, lambda: table(("name", "scopes", "made", "expires"), rows, empty="no tokens: tidemill token add")
    )


def _end(known: Token) -> str | None:
    return to_iso(known.expires) if known.expires is not None else None


def _over(known: Token) -> bool:
    return known.expires is not None and known.expires <= time.time_ns() // 1_000


@token.command()
@click.argument("name")
@project_option
@json_option
def revoke(folder: Path, name: str, as_json: bool) -> None:
    """Take back every token called NAME; a running server lets it in no more."""
    from tidemill.access import tokens as auth
    from tidemill.cli.release import follow

    with opened(folder) as project:
        known = sorted({t.name for t in project.store.tokens.list() if t.name not in OURS})
        if name not in known:
            raise NotFound(f"no token {name!r}", hint=did_you_mean(name, known))
        gone = auth.revoke_named(project.store, name)
        follow(project)
    emit({"name": name, "revoked": gone}, as_json, lambda: click.echo(f"{gone} taken back"))
