"""What a file's rows say of items, told to the live store, where scorers hear of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import polars as pl

from tidemill.data.check.column import Column
from tidemill.data.contract.contract import Contract
from tidemill.data.contract.items import ItemColumns
from tidemill.data.ingest.events import Commit
from tidemill.data.tables.tables import Tables
from tidemill.scope.project import Project
from tidemill.store.records import ItemChange
from tidemill.types import Micros


def items_told(project: Project, dataset: str, contract: Contract, tables: Tables) -> ItemsTold | None:
    """What tells the rows of this dataset; None where it is no table of items."""
    columns = None if project.datasets[dataset].models else contract.items
    if columns is None:
        return None
    return ItemsTold(project, dataset, columns, {c.ingest: Commit.of(c) for c in tables.versions(dataset)})


@dataclass(frozen=True)
class ItemsTold:
    """What the rows of a table of items say of them, each of its moment: its own, else that of the ingest which brought it."""

    project: Project
    dataset: str
    columns: ItemColumns
    commits: Mapping[str, Commit]  # by ingest

    def load(self, rows: pl.DataFrame) -> None:
        """Known to answers from here on; the same again changes nothing."""
        for (ingest,), some in rows.group_by("_ingest", maintain_order=True):
            at = self.commits[str(ingest)].at
            self.project.live.items.load(self._changes(some, at), at)

    def _changes(self, rows: pl.DataFrame, at: Micros) -> Iterator[ItemChange]:
        """What a file has no column for, it does not say."""
        columns = self.columns
        absent = {file.digest: file.absent for commit in self.commits.values() for file in commit.files}
        time = self._moments(columns.time.name) if columns.time else pl.lit(None, pl.Int64)
        shaped = rows.select(
            pl.col(columns.item.name).cast(pl.String).alias("item"),
            (pl.col(columns.store.name).cast(pl.String) if columns.store else pl.lit("")).alias("store"),
            time.fill_null(at).alias("at"),
            pl.struct(_plain(column) for column in columns.values.values()).alias("values"),
            pl.col("_file").alias("file"),
            pl.col("_row").alias("row"),
            pl.col("_ingest").alias("ingest"),
        )
        for row in shaped.drop_nulls(["item", "store"]).iter_rows(named=True):
            left_out = absent.get(row["file"], ())
            values = {name: value for name, value in row.pop("values").items() if name not in left_out}
            yield ItemChange(self.dataset, values=values, **row)

    @staticmethod
    def _moments(name: str) -> pl.Expr:
        return pl.col(name).cast(pl.Datetime("us")).dt.epoch("us")


def _plain(column: Column) -> pl.Expr:
    """As JSON has it: times in µs."""
    value = pl.col(column.name)
    if column.kind in ("date", "timestamp"):
        return value.cast(pl.Datetime("us")).dt.epoch("us")
    return value.cast(pl.Float64) if column.kind == "number" else value
