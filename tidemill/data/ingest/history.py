"""The online history of a dataset: its rows as the events that serving knows a subject by."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from tidemill.data.contract.contract import Contract
from tidemill.scope.project import Project
from tidemill.store.records import OnlineEvent


def unserved(project: Project) -> bool:
    """Whether nothing was answered or told yet and no server runs: the history may be made anew."""
    live = project.live
    return not (live.predictions.count() or sum(live.outcomes.count().values()) or (project.state / "up.json").exists())


def event_key(contract: Contract) -> pl.Expr:
    """What makes a row one event, live and in a file: its key, else its place in its file."""
    parts = contract.key or ("_file", "_row")
    return pl.concat_str([pl.col(c).cast(pl.String) for c in parts], separator="/")


def online_events(dataset: str, contract: Contract, rows: pl.DataFrame) -> Iterator[OnlineEvent]:
    """The rows as serving's history knows them, in the table's order. Without a value column every row counts 1."""
    value = pl.col(contract.value).cast(pl.Float64) if contract.value else pl.lit(1.0)
    time = pl.col(contract.time or "").cast(pl.Datetime("us")).dt.epoch("us")
    shaped = rows.select(
        event_key(contract).alias("key"),
        pl.col(contract.subject or "").cast(pl.String).alias("subject"),
        pl.col(contract.item or "").cast(pl.String).alias("item"),
        time.alias("at"),
        value.alias("value"),
        pl.col("_file").alias("file"),
        pl.col("_row").alias("row"),
        pl.col("_ingest").alias("ingest"),
    )
    whole = shaped.drop_nulls().filter(pl.col("value") != 0)
    return (OnlineEvent(seq=0, dataset=dataset, **row) for row in whole.iter_rows(named=True))
