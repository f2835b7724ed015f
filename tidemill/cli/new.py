"""`tidemill new`."""

from __future__ import annotations

from pathlib import Path

import click

from tidemill.cli.output import Answer, command
from tidemill.ops.new import new as make


@command(project=False)
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--recipe", default="recommend", show_default=True, help="recommend | demand")
def new(folder: Path, recipe: str) -> Answer:
    """Make a project from a recipe; nothing that is there is overwritten."""
    made = make(folder, recipe)
    lines = [f"  {path}" for path in made.files]
    for data in made.data:
        lines.append(f"{data.dataset} is read from {data.source}; its columns ({data.contract}):")
        lines.append(f"  {', '.join(data.columns)}")
    next_ = f"next: cd {folder}, put files there, then: tidemill data check && tidemill run && tidemill up"
    return Answer(made, [*lines, next_])
