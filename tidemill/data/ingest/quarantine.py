"""Quarantine: the rows that broke the contract and the lines that were no rows, as they came, each with its reasons."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from tidemill.data.discover.csvlines import BrokenLine
from tidemill.data.discover.sources import SourceFile
from tidemill.data.tables.tables import QUARANTINE, open_tables
from tidemill.scope.project import Project

QUARANTINE_COLUMNS = {
    "_file": pl.String(),
    "_name": pl.String(),
    "_row": pl.Int64(),
    "_line": pl.Int64(),
    "_reasons": pl.List(pl.String()),
    "_raw": pl.String(),
    "_ingest": pl.String(),
}
"""Source file (digest, name), 0-based row, 1-based line (CSV), reasons, the row as JSON or the line itself, ingest."""


def broken_rows(file: SourceFile, broken: Sequence[BrokenLine]) -> pl.DataFrame:
    """Broken lines in the shape of bad rows."""
    return pl.DataFrame(
        {
            "_row": [b.row for b in broken],
            "_line": [b.line for b in broken],
            "_file": [file.digest] * len(broken),
            "_reasons": [[f"broken line: {b.reason}"] for b in broken],
            "_raw": [b.raw for b in broken],
        },
        schema={n: QUARANTINE_COLUMNS[n] for n in ("_row", "_line", "_file", "_reasons", "_raw")},
    )


def quarantine(project: Project, dataset: str) -> pl.DataFrame:
    """Every row in quarantine once: of an ingested file those of its ingest, of a refused file the latest judgement."""
    tables, name = open_tables(project), dataset + QUARANTINE
    if not tables.exists(name):
        return pl.DataFrame(schema=QUARANTINE_COLUMNS)
    files = project.store.files.list(dataset=dataset)
    known = pl.DataFrame(
        {"_file": [f.digest for f in files], "_took": [f.ingest for f in files]},
        schema={"_file": pl.String, "_took": pl.String},
    )
    rows = tables.read(name).collect().join(known, on="_file", how="left", maintain_order="left")
    kept = rows.filter(pl.col("_took").is_null() | (pl.col("_took") == pl.col("_ingest"))).drop("_took")
    return kept.unique(["_file", "_row"], keep="last", maintain_order=True)
