"""`tidemill move`."""

from __future__ import annotations

from pathlib import Path

import click

from tidemill.cli.output import Answer, Part, command
from tidemill.cli.progress import shown
from tidemill.ops import move as verbs
from tidemill.ops.text import plural
from tidemill.scope.project import find_root


@command(project=False)
@click.option("--metadata", help="postgresql://ROLE@HOST/DATABASE, or: files")
@click.option("--artifacts", help="s3://BUCKET/PREFIX, or: files")
@click.option("--tables", help="s3://BUCKET/PREFIX, or: files")
@click.option("--dry-run", is_flag=True, help="Look at both sides, and say what would be moved.")
@click.option("--cancel", is_flag=True, help="Give up a move that was cut short.")
@click.option("--project", "folder", type=click.Path(path_type=Path, exists=True, file_okay=False), default=Path())
def move(
    metadata: str | None,
    artifacts: str | None,
    tables: str | None,
    dry_run: bool,
    cancel: bool,
    folder: Path,
) -> Answer:
    """Move the project's stores, from files to a team's and back; what is not named stays where it is.

    Nothing may run meanwhile. All is compared before tidemill.toml is switched, and the old stores stay. Cut short, the same
    command goes on.
    """
    root = find_root(folder.resolve())
    if cancel:
        verbs.cancel(root)
        return Answer({"cancelled": True}, ["given up: the project goes on where it is"])
    named = {"metadata": metadata, "artifacts": artifacts, "tables": tables}
    to = {key: address for key, address in named.items() if address is not None}
    with shown() as progress:
        found = verbs.move(root, to, dry_run=dry_run, progress=progress)
    return Answer(found, _told(found))


def _told(found: verbs.Moved) -> list[Part]:
    facts = {key: f"{was or verbs.FILES} → {now or verbs.FILES}" for key, (was, now) in found.places.items()}
    if found.rows:
        facts["rows"] = f"{sum(found.rows.values()):,} in {plural(len(found.rows), 'table')}"
    if found.artifacts:
        facts["bytes"] = f"{plural(found.artifacts.number, 'artifact')}, {found.artifacts.size:,} bytes"
    for name, counted in found.tables.items():
        facts[name] = plural(counted.number, "version")
    if found.dry_run:
        before = [f"to be stopped before: {found.running}"] if found.running else []
        return [facts, "", *before, "nothing was done; without --dry-run it is"]
    deleted = ["", "the old stores are as they were; when nobody needs them:", *(f"  {line}" for line in found.left)]
    return [facts, "compared: every row, every file and every artifact is there", *deleted]
