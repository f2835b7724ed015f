"""A subject in the Delta tables: its rows by the contract's subject column, and the rows in quarantine that name it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import polars as pl

from tidemill.data.contract.contract import Contract
from tidemill.data.tables.tables import QUARANTINE, open_tables
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
