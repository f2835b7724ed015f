"""`tidemill people` and `tidemill whoami`: accounts, their roles and passwords. A password is asked for, or read from a file: never an argument."""

from __future__ import annotations

from pathlib import Path

import click

from tidemill.access.callers import local
from tidemill.cli.output import Answer, Column, Listing, Table, command
from tidemill.errors import BadRequest
from tidemill.ops import people as ops
from tidemill.ops.text import plural
from tidemill.scope.project import Project
from tidemill.types import to_iso

PEOPLE: dict[str, Column] = {
    "name": "name",
    "called": "display",
    "roles": lambda one: ", ".join(one.roles),
    "kind": lambda one: f"program of {one.owner}" if one.owner else one.kind,
    "logs in by": lambda one: one.issuer or ("password" if one.has_password else ""),
    "sessions": "sessions",
    "disabled": lambda one: one.disabled and to_iso(one.disabled),
}
LONGEST_FILE = 4_096


@click.group(cls=Listing)
def people() -> None:
    """Who may do what: people and their programs."""


def _password_option(function: click.decorators.FC) -> click.decorators.FC:
    kind = click.Path(path_type=Path, exists=True, dir_okay=False, allow_dash=True)
    text = "Read it from this file, - for stdin; asked for where not said."
    return click.option("--password-file", "file", type=kind, help=text)(function)


def _read(file: Path | None) -> str:
    """The password: the first line of the file, or what is typed twice. Raises BadRequest."""
    if file is None:
        return str(click.prompt("password", hide_input=True, confirmation_prompt=True, err=True))
    with click.open_file(str(file), encoding="utf-8") as opened:
        found: str = opened.read(LONGEST_FILE)
    if not (line := found.partition("\n")[0].rstrip("\r")):
        raise BadRequest(
            "the first line is empty", place=str(file), hint="write the password into it, and nothing else"
        )
    return line


@command(people)
@click.argument("name")
@click.option("--role", "roles", multiple=True, help="Repeat for several.")
@click.option("--display", default="", help="The name that people read.")
@click.option("--owner", default="", help="The person whose program it is: it shows tokens, and has no password.")
@click.option("--no-password", is_flag=True, help="They log in some other way, or not yet.")
@_password_option
def add(
    project: Project,
    name: str,
    roles: tuple[str, ...],
    display: str,
    owner: str,
    no_password: bool,
    file: Path | None,
) -> Answer:
    """Make an account called NAME. The first one manages people: from then on everybody who comes by the server has an account."""
    first = not project.store.principals.any()
    secret = "" if no_password or owner else _read(file)
    made = ops.add(project, local(project), name, roles, display, owner, secret)
    said = [
        f"{name} is the first, and an administrator: whoever makes, changes or disables accounts from now on needs that role."
    ]
    said += ["Who can read this project's folder still opens it here without one, and is nobody's second pair of eyes."]
    return Answer(made, [*(said if first else []), Table(PEOPLE, [made])])


@command(people)
def ls(project: Project) -> Answer:
    """All accounts."""
    found = ops.ls(project, local(project))
    return Answer(found, [Table(PEOPLE, found, "nobody: tidemill people add NAME")])


@command(people)
@click.argument("name")
def show(project: Project, name: str) -> Answer:
    """One account."""
    return _one(ops.show(project, local(project), name))


@command(people)
@click.argument("name")
@click.argument("roles", nargs=-1)
def roles(project: Project, name: str, roles: tuple[str, ...]) -> Answer:
    """Give NAME these ROLES, in place of those that it has; none takes them all away."""
    return _one(ops.roles(project, local(project), name, roles))


@command(people)
@click.argument("name")
@click.argument("new")
@click.option("--display", help="The name that people read.")
def rename(project: Project, name: str, new: str, display: str | None) -> Answer:
    """Call NAME something else: NEW. What they have done stays theirs."""
    return _one(ops.rename(project, local(project), name, new, display))


@command(people)
@click.argument("name")
def disable(project: Project, name: str) -> Answer:
    """NAME may do nothing from now on; sessions end."""
    return _one(ops.disable(project, local(project), name))


@command(people)
@click.argument("name")
def enable(project: Project, name: str) -> Answer:
    """NAME may again what its roles allow."""
    return _one(ops.enable(project, local(project), name))


@command(people)
@click.argument("name")
@_password_option
def password(project: Project, name: str, file: Path | None) -> Answer:
    """Give NAME a new password; sessions end."""
    return _one(ops.password(project, local(project), name, _read(file)))


@command(people, "log-out")
@click.argument("name")
def log_out(project: Project, name: str) -> Answer:
    """End all sessions of NAME."""
    before = ops.show(project, local(project), name).sessions
    found = ops.log_out(project, local(project), name)
    return Answer(found, [f"{plural(before, 'session')} of {name} ended"])


@command()
def whoami(project: Project) -> Answer:
    """Who you are to this project, and what you may do."""
    found = ops.whoami(project, local(project))
    may = "everything, for you can read the folder" if found.permissions is None else ", ".join(found.permissions)
    facts = {"name": found.name, "account": found.principal or "none", "roles": ", ".join(found.roles) or "none"}
    return Answer(found, [{**facts, "may": may}])


def _one(found: ops.PersonShown) -> Answer:
    return Answer(found, [Table(PEOPLE, [found])])
