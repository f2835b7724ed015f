"""Rows in quarantine for a process that must not load what reads tables: ``… TABLES DATASET INGEST MOST``, as a child.

Each row is a message ``{"row": …}`` (see `bad_rows`), the last one is ``{"done": true}``, or ``{"error": …}`` where it cannot be read.
"""

from __future__ import annotations

import sys
from pathlib import Path

import polars as pl

from tidemill.data.ingest.preview import bad_rows
from tidemill.data.tables.tables import QUARANTINE, Tables
from tidemill.errors import TidemillError
from tidemill.process.channel import Channel
from tidemill.process.guarded import parent


def main(root: str, dataset: str, ingest: str, most: str) -> None:
    channel = parent()
    if channel is None:
        raise SystemExit("the server starts this process")
    try:
        _send(channel, Tables(Path(root)), dataset + QUARANTINE, ingest, int(most))
        channel.send({"done": True})
    except TidemillError as exc:
        channel.send({"error": str(exc)})


def _send(channel: Channel, tables: Tables, name: str, ingest: str, most: int) -> None:
    if tables.exists(name):
        frame = tables.read(name).filter(pl.col("_ingest") == ingest).head(most).collect()
        for part in frame.iter_slices(1_000):
            for row in bad_rows(part):
                channel.send({"row": row}, default=str)


if __name__ == "__main__":
    main(*sys.argv[1:])
