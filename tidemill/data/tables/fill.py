"""Late values: cells of rows that were null get a value. Which rows and when is kept in the row, in `COMPLETED`.

A file that holds such a row is written anew with the same rows in the same order, and takes the old one's place in its
version: an earlier version of the table goes on reading the old one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from tidemill.data.tables.tables import Tables

COMPLETED = "_completed"
"""Of a row that was completed: one ``INGEST COLUMN`` for each value that came late. A table has the column from its first one on."""


def filled(rows: pl.DataFrame, cells: pl.DataFrame, key: Sequence[str], ingest: str | None = None) -> pl.DataFrame:
    """The rows in their order, with the values of ``cells`` (the key and columns, one row a key) where they have none.

    With ``ingest`` what came so is written into `COMPLETED`.

    >>> rows = pl.DataFrame({"k": ["a", "b"], "x": [None, 1]}, schema={"k": pl.String, "x": pl.Int64})
    >>> filled(rows, pl.DataFrame({"k": ["a", "b"], "x": [7, 8]}), ["k"], "ing_1")["x", COMPLETED].rows()
    [(7, ['ing_1 x']), (1, None)]
    """
    names = [name for name in cells.columns if name not in key]
    both = rows.join(cells.select(*key, *names), on=list(key), how="left", suffix=" ?late", maintain_order="left")
    values = [pl.coalesce(name, f"{name} ?late").alias(name) for name in names]
    if ingest is not None:
        late = [pl.when(is_filled(n)).then(pl.lit(f"{ingest} {n}", pl.String)) for n in names]
        before = pl.col(COMPLETED) if COMPLETED in rows.columns else pl.lit(None, pl.List(pl.String))
        added = pl.concat_list(pl.lit(None, pl.String), *late).list.drop_nulls()
        all_ = pl.concat_list(before.fill_null(pl.lit([], pl.List(pl.String))), added)
        values.append(pl.when(all_.list.len() > 0).then(all_).alias(COMPLETED))
    return both.with_columns(values).select(
        *rows.columns, *([COMPLETED] if ingest else [])[: COMPLETED not in rows.columns]
    )


def corrected(rows: pl.DataFrame, cells: pl.DataFrame, key: Sequence[str], ingest: str | None = None) -> pl.DataFrame:
    """As `filled`, but what ``cells`` says takes the place of what the rows have, also where it is nothing.

    >>> rows = pl.DataFrame({"k": ["a", "b"], "x": [3, 1]}, schema={"k": pl.String, "x": pl.Int64})
    >>> corrected(rows, pl.DataFrame({"k": ["a"], "x": [7]}), ["k"], "ing_1")["x", COMPLETED].rows()
    [(7, ['ing_1 x']), (1, None)]
    """
    names = [name for name in cells.columns if name not in key]
    theirs = pl.struct(key).is_in(cells.select(pl.struct(key)).to_series().implode())
    mine = rows.select(theirs).to_series()
    blank = rows.with_columns(pl.when(~mine).then(pl.col(name)).alias(name) for name in names)
    done = filled(blank, cells, key, ingest)
    if ingest is None:
        return done
    marks = [f"{ingest} {name}" for name in names]  # also of a value that is taken away
    before = done[COMPLETED].list.eval(pl.element().filter(~pl.element().is_in(marks)))
    all_ = pl.concat_list(before.fill_null(pl.lit([], pl.List(pl.String))), pl.lit(marks, pl.List(pl.String)))
    return done.with_columns(pl.when(mine).then(all_).otherwise(pl.col(COMPLETED)).alias(COMPLETED))


Fill = Callable[[pl.DataFrame, pl.DataFrame, Sequence[str], str | None], pl.DataFrame]
"""How rows take on cells: `filled`, or `corrected`."""


def is_filled(name: str) -> pl.Expr:
    """Of rows joined to cells: whether this column gains its value."""
    return pl.col(name).is_null() & pl.col(f"{name} ?late").is_not_null()


def rewritten(
    tables: Tables,
    dataset: str,
    versions: Sequence[int],
    cells: pl.DataFrame,
    key: Sequence[str],
    ingest: str,
    fill: Fill = filled,
) -> dict[str, pl.DataFrame]:
    """The files of these versions that hold such a row, by name, as they are to be. The caller holds the lock."""
    found: dict[str, pl.DataFrame] = {}
    for version in versions:
        for name in tables.standing(dataset, version):
            old = tables.scan(dataset, [name]).collect()
            new = fill(old, cells, key, ingest)
            marks = (
                old[COMPLETED] if COMPLETED in old.columns else pl.Series([None] * old.height, dtype=pl.List(pl.String))
            )
            if not new[COMPLETED].equals(marks):
                found[name] = new
    return found
