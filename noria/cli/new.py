"""`noria new`."""

from __future__ import annotations

from pathlib import Path

import click

from noria.cli.output import emit, json_option


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--recipe", default="recommend", show_default=True, help="recommend | demand")
@json_option
def new(folder: Path, recipe: str, as_json: bool) -> None:
    """Make a project from a recipe; nothing that is there is overwritten."""
    from noria.recipes.new import new_project

    written = new_project(folder, recipe)

    def show() -> None:
        for path in written:
            click.echo(f"  {path}")
        click.echo(f"next: cd {folder} && put data into data/ && noria run && noria up")

    emit({"folder": str(folder), "files": [str(path) for path in written]}, as_json, show)
