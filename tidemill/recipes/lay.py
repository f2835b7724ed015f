"""Lays rows into a new project's data folders, as the CSV files that anybody would put there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from tidemill.files import write_whole

SECONDS = "%Y-%m-%d %H:%M:%S"


def drop(folder: Path, name: str, rows: pl.DataFrame) -> list[Path]:
    """The rows as the file ``name`` of the folder, whole or not at all; the paths written: none where one is there."""
    path = folder / name
    if path.exists():
        return []
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, rows.write_csv(datetime_format=SECONDS).encode(), 0o644)
    return [path]


def by_file(folder: Path, place: str, rows: pl.DataFrame, time: str, every: str = "%Y-%m") -> list[Path]:
    """The rows as a file a month (or as ``every`` says), ``place/2010-12.csv``, by their column ``time``; the paths written."""
    dated = rows.sort(time, maintain_order=True).with_columns(_file=pl.col(time).dt.strftime(every))
    parts = dated.partition_by("_file", as_dict=True, include_key=False, maintain_order=True)
    return [path for (name,), part in parts.items() for path in drop(folder, f"{place}/{name}.csv", part)]


def to_now(last: datetime, days: int = 7, now: datetime | None = None) -> timedelta:
    """By how much rows that end at ``last`` are moved, so that they end now or a little before: whole ``days``, so that weekdays stay.

    >>> to_now(datetime(2011, 12, 9, 12, 50), now=datetime(2026, 11, 30)).days % 7
    0
    """
    now = now or datetime.now(UTC).replace(tzinfo=None)
    return timedelta(days=days) * ((now - last) // timedelta(days=days))
