"""Quarantine: the rows that broke the contract and the lines that were no rows, as they came, each with its reasons.

As a child process, ``… TABLES DATASET INGEST MOST``, it reads rows for one that must not load what reads tables: each is a
message ``{"row": …}`` (see `bad_rows`), the last one is ``{"done": true}``, or ``{"error": …}`` where it cannot be read.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any

import polars as pl

from tidemill.data.discover.rows import BrokenLine
from tidemill.data.discover.sources import SourceFile
from tidemill.data.tables.tables import QUARANTINE, Tables, open_tables
from tidemill.errors import TidemillError
from tidemill.process.guarded import parent
from tidemill.scope.project import Project
from tidemill.types import JsonObject

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
    rows = [(b.row, b.line, file.digest, [f"broken line: {b.reason}"], b.raw) for b in broken]
    names = ("_row", "_line", "_file", "_reasons", "_raw")
    return pl.DataFrame(rows, schema={n: QUARANTINE_COLUMNS[n] for n in names}, orient="row")


def quarantine(project: Project, dataset: str) -> pl.DataFrame:
    """Every row in quarantine once: of an ingested file those of its ingest, of a refused file the latest judgement."""
    tables, name = open_tables(project), dataset + QUARANTINE
    if not tables.exists(name):
        return pl.DataFrame(schema=QUARANTINE_COLUMNS)
    took = {f.digest: f.ingest for f in project.store.files.list(dataset=dataset)}
    rows = tables.read(name).collect()
    by = pl.col("_file").replace_strict(took, default=pl.col("_ingest"), return_dtype=pl.String)
    return rows.filter(by == pl.col("_ingest")).unique(["_file", "_row"], keep="last", maintain_order=True)


def bad_rows(bad: pl.DataFrame, name: str | None = None) -> list[JsonObject]:
    """Bad rows as people look at them: file, 0-based row, 1-based line (CSV), reasons, and the values as they came."""
    return [
        {
            "file": name or row["_name"],
            "row": row["_row"],
            "line": row["_line"],
            "reasons": row["_reasons"],
            "values": _values(row["_raw"], row["_reasons"]),
        }
        for row in bad.iter_rows(named=True)
    ]


def _values(raw: str, reasons: Sequence[str]) -> Any:
    """The row's values; a line that is no row as it is."""
    if any(reason.startswith("broken line") for reason in reasons):
        return raw
    return {k: v for k, v in json.loads(raw).items() if not k.startswith("_")}


def main(at: str, dataset: str, ingest: str, most: str) -> None:
    channel, tables, name = parent(), Tables(at), dataset + QUARANTINE
    if channel is None:
        raise SystemExit("the server starts this process")
    try:
        found = tables.read(name).filter(pl.col("_ingest") == ingest).head(int(most)).collect()
        for part in found.iter_slices(1_000):
            for row in bad_rows(part):
                channel.send({"row": row}, default=str)
        channel.send({"done": True})
    except TidemillError as exc:
        channel.send({"error": str(exc)})


if __name__ == "__main__":
    main(*sys.argv[1:])
