"""`tidemill new`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from tidemill.cli.output import emit, json_option


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--recipe", default="recommend", show_default=True, help="recommend | demand")
@json_option
def new(folder: Path, recipe: str, as_json: bool) -> None:
    """Make a project from a recipe; nothing that is there is overwritten."""
    from tidemill.recipes.new import new_project

    written = new_project(folder, recipe)
    data = _data(folder)

    def show() -> None:
        for path in written:
            click.echo(f"  {path}")
        for told in data:
            click.echo(f"{told['dataset']} is read from {told['source']}; its columns ({told['contract']}):")
            click.echo(f"  {', '.join(told['columns'])}")
        click.echo(f"next: cd {folder}, put files there, then: tidemill data check && tidemill run && tidemill up")

    emit({"folder": str(folder), "files": [str(path) for path in written], "data": data}, as_json, show)


def _data(folder: Path) -> list[dict[str, Any]]:
    """Of each dataset where its files are looked for, and what columns they have."""
    from tidemill.data.contract.contract import Contract
    from tidemill.scope.unopened import declared_data

    return [
        {
            "dataset": name,
            "source": data.source,
            "contract": data.contract,
            "columns": list(Contract.load(folder / data.contract).names),
        }
        for name, data in declared_data(folder).items()
    ]
