"""What a file's rows say of items, told to the live store, where scorers hear of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from tidemill.data.check.column import Column
from tidemill.data.contract.contract import Contract
from tidemill.data.contract.items import ItemColumns
from tidemill.data.ingest.events import Commit
from tidemill.data.tables.tables import Tables
from tidemill.scope.project import Project
from tidemill.store.records import ItemChange
from tidemill.types import Micros

PLAYED = "items_played"
"""The setting that names the datasets of which, in a copy whose past is played, something else tells what was known when."""


def items_told(project: Project, dataset: str, contract: Contract, tables: Tables) -> ItemsTold | None:
    """What tells the rows of this dataset; None where it is no table of items, or another tells them."""
    columns = None if project.datasets[dataset].models else contract.items
    played = project.store.settings.get(PLAYED)
    if columns is None or (isinstance(played, list) and dataset in played):
        return None
    return ItemsTold(project, dataset, columns, {c.ingest: Commit.of(c) for c in tables.versions(dataset)})


def moments_of(commits: Mapping[str, Commit]) -> dict[str, dict[str, Micros]]:
    """By ingest and file of which moment rows without a time are: the ingest's. Of several files that came at one moment the later one's
    word is the newer, by a microsecond."""
    found, turns = dict[str, dict[str, Micros]](), Counter[Micros]()
    for ingest, commit in commits.items():
        for file in commit.files:
            found.setdefault(ingest, {})[file.digest] = commit.at + turns[commit.at]
            turns[commit.at] += 1
    return found


@dataclass(frozen=True)
class ItemsTold:
    """What the rows of a table of items say of them, each of its moment: its own, else that of its file (`moments_of`)."""

    project: Project
    dataset: str
    columns: ItemColumns
    commits: Mapping[str, Commit]  # by ingest

    def load(self, rows: pl.DataFrame) -> None:
        """Known to answers from here on; the same again changes nothing."""
        for (ingest,), some in rows.group_by("_ingest", maintain_order=True):
            changes = self._changes(some, self._moments[str(ingest)])
            self.project.live.items.load(changes, self.commits[str(ingest)].at)

    @cached_property
    def _moments(self) -> dict[str, dict[str, Micros]]:
        return moments_of(self.commits)

    def _changes(self, rows: pl.DataFrame, moments: Mapping[str, Micros]) -> Iterator[ItemChange]:
        """What a file has no column for, it does not say; but what came late is said, by whichever file."""
        columns = self.columns
        absent = {file.digest: file.absent for commit in self.commits.values() for file in commit.files}
        time = self._own(columns.time.name) if columns.time else pl.lit(None, pl.Int64)
        shaped = rows.select(
            pl.col(columns.item.name).cast(pl.String).alias("item"),
            (pl.col(columns.store.name).cast(pl.String) if columns.store else pl.lit("")).alias("store"),
            pl.coalesce(time, pl.col("_file").replace_strict(moments, return_dtype=pl.Int64)).alias("at"),
            pl.struct(_plain(column) for column in columns.values.values()).alias("values"),
            pl.col("_file").alias("file"),
            pl.col("_row").alias("row"),
            pl.col("_ingest").alias("ingest"),
        )
        for row in shaped.drop_nulls(["item", "store"]).iter_rows(named=True):
            left_out = absent.get(row["file"], ())
            said = row.pop("values").items()
            values = {name: value for name, value in said if value is not None or name not in left_out}
            yield ItemChange(self.dataset, values=values, **row)

    @staticmethod
    def _own(name: str) -> pl.Expr:
        return pl.col(name).cast(pl.Datetime("us")).dt.epoch("us")


def _plain(column: Column) -> pl.Expr:
    """As JSON has it: times in µs."""
    value = pl.col(column.name)
    if column.kind in ("date", "timestamp"):
        return value.cast(pl.Datetime("us")).dt.epoch("us")
    return value.cast(pl.Float64) if column.kind == "number" else value
