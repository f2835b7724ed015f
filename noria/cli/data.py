"""`noria data ls | show | diff | check | infer`."""

from __future__ import annotations

from pathlib import Path

import click

from noria.cli.output import emit, json_option, opened, project_option, table
from noria.types import to_iso


@click.group()
def data() -> None:
    """Datasets and their versions."""


@data.command("ls")
@click.argument("dataset", required=False)
@project_option
@json_option
def ls(folder: Path, dataset: str | None, as_json: bool) -> None:
    """Versions, newest last."""
    with opened(folder) as project:
        found = project.store.datasets.list(dataset)
    rows = [
        (
            f"{d.dataset}@{d.version}",
            f"{d.rows:,}",
            f"{d.quarantined:,}",
            d.time_max and to_iso(d.time_max),
            to_iso(d.created),
            d.ingest,
        )
        for d in found
    ]
    emit(found, as_json, lambda: table(("version", "rows", "quarantined", "through", "made", "ingest"), rows))
