"""`tidemill backup FOLDER | ls | check` and `tidemill restore`."""

from __future__ import annotations

from pathlib import Path

import click

from tidemill.access.callers import local
from tidemill.cli.output import Answer, Column, Listing, Part, Table, command, fields
from tidemill.cli.progress import shown
from tidemill.errors import NOT_ALL_RIGHT
from tidemill.ops import backup as verbs
from tidemill.ops.text import plural
from tidemill.scope.project import Project
from tidemill.types import to_iso

BACKUPS: dict[str, Column] = {
    "backup": "id",
    "taken": lambda one: to_iso(one.taken),
    **fields("expires"),
    "tried out": lambda one: "yes" if one.verified else "NO",
    "rows": "rows:,",
    "artifacts": "artifacts:,",
    "tables": "tables",
    "bytes": "size:,",
}
_folder = click.argument("where", metavar="FOLDER", type=click.Path(path_type=Path))


class Backups(Listing):
    """A group that makes one where no command of it is named."""

    default = "make"


@click.group(cls=Backups)
def backup() -> None:
    """The project kept in a folder elsewhere: encrypted, what is there already kept once, each tried out when it is made."""


@command(backup)
@_folder
@click.option("--keep", default=verbs.KEEP, show_default=True, help="How long, as 90 days or 1 year.")
@click.option("--no-verify", is_flag=True, help="Do not lay it into a scratch folder to see that all is there.")
def make(project: Project, where: Path, keep: str, no_verify: bool) -> Answer:
    """Make a backup in FOLDER, while everything goes on; those whose time is over are deleted."""
    with shown() as progress:
        found = verbs.make(project, local(project), where, keep, not no_verify, progress)
    parts: list[Part] = [Table(BACKUPS, [found.backup])]
    if not found.backup.keys:
        parts.append(
            "NO KEY of the project is on this machine: none is in it, and what is restored serves only where they are"
        )
    parts += [f"left out, as too large: {name}" for name in found.backup.left_out]
    parts += (
        [f"{plural(len(found.expired), 'backup')} expired and deleted: {found.freed:,} bytes"] if found.expired else []
    )
    parts += [f"keep the key elsewhere too, without it nobody can read this: {found.key}", "not in it: the source data"]
    return Answer(found, parts)


@command(backup, project=False)
@_folder
def ls(where: Path) -> Answer:
    """The backups in FOLDER, the latest first."""
    found = verbs.ls(where)
    return Answer(found, [Table(BACKUPS, found, "no backup yet")])


@command(backup, project=False)
@_folder
@click.option("--backup", "id", help="Which; the last one, if not said.")
def check(where: Path, id: str | None) -> Answer:
    """Read every byte of a backup in FOLDER, and compare it."""
    found = verbs.check(where, id)
    return Answer(found, [Table(BACKUPS, [found]), "every byte is what was kept"])


@command(project=False)
@_folder
@click.option("--to", type=click.Path(path_type=Path), required=True, help="A new folder.")
@click.option("--backup", "id", help="Which; the last one, if not said.")
def restore(where: Path, to: Path, id: str | None) -> Answer:
    """Bring a backup in FOLDER back, as a project in a new folder; who was forgotten since is taken out again first."""
    with shown() as progress:
        found = verbs.restore(where, to, id, progress)
    known = f", as far as is known here: the last was forgotten {to_iso(found.known)}" if found.known else ""
    left = [f"NOT FORGOTTEN YET: {one.store} {one.place} still names one of them" for one in found.remaining]
    parts: list[Part] = [
        Table(BACKUPS, [found.backup]),
        *left,
        f"{plural(found.forgotten, 'person', 'people')} forgotten again{known}",
        f"restored in {found.folder}; look at it: cd {found.folder} && tidemill doctor",
    ]
    return Answer(found, parts, 0 if found.done else NOT_ALL_RIGHT)
