"""A subject in the Delta tables: its rows by the contract's subject column, and the rows in quarantine that name it.

As a child process, ``… ROOT``, it looks for one who must not load what reads tables: asked ``{"subject": …}`` it answers with
how many ``rows`` there are and in which ``files`` they came, or with an ``error``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from tidemill.data.contract.contract import Contract
from tidemill.data.tables.tables import QUARANTINE, open_tables
from tidemill.errors import TidemillError
from tidemill.process.guarded import parent
from tidemill.scope.project import open_project
from tidemill.store.holder import Holding, worded
from tidemill.types import JsonObject

if TYPE_CHECKING:
    from tidemill.scope.project import Project


class TableSubjects:
    """Implements `DataHolder`. A row is never taken out of a version: the table's next generation leaves it out."""

    def __init__(self, project: Project) -> None:
        self._project = project

    def find(self, subject: str) -> list[Holding]:
        found = [(store, name, rows.height) for store, name, rows in self._found(subject)]
        return [Holding(store, name, n) for store, name, n in found if n]

    def export(self, subject: str) -> Iterator[JsonObject]:
        for store, name, rows in self._found(subject):
            for row in rows.iter_rows(named=True):
                plain = {k: v if isinstance(v, int | float) else str(v) for k, v in row.items()}
                yield {"store": store, "dataset": name, **plain}

    def stored(self, subject: str) -> JsonObject:
        """How many of its rows are in the datasets, and in which files they came."""
        rows = [rows for store, _, rows in self._found(subject) if store == "tables"]
        files = {file for frame in rows for file in frame["_file"].unique().to_list()}
        return {"rows": sum(frame.height for frame in rows), "files": sorted(files)}

    def _found(self, subject: str) -> Iterator[tuple[str, str, pl.DataFrame]]:
        tables, said = open_tables(self._project), worded(subject)
        for name, dataset in self._project.datasets.items():
            column = Contract.load(dataset.contract_path).subject
            if column is not None and tables.exists(name):
                yield "tables", name, tables.read(name).filter(pl.col(column).cast(pl.String) == subject).collect()
            if tables.exists(name + QUARANTINE):
                bad = tables.read(name + QUARANTINE).collect()
                named = pl.Series([bool(said(raw)) for raw in bad["_raw"]], dtype=pl.Boolean)
                yield "quarantine", name, bad.filter(named)


def main(root: str) -> None:
    channel = parent()
    asked = channel.receive() if channel is not None else None
    if channel is None or asked is None:
        raise SystemExit("the server starts this process")
    try:
        with open_project(Path(root), reading=True) as project:
            channel.send(TableSubjects(project).stored(asked["subject"]))
    except TidemillError as exc:
        channel.send({"error": str(exc)})


if __name__ == "__main__":
    main(*sys.argv[1:])
