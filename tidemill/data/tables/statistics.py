"""What a commit says of a file's rows: least and greatest values, so that a reader may leave files out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import polars as pl

from tidemill.data.tables.schema import UTC_TIME
from tidemill.errors import ConfigError
from tidemill.types import Micros, parse_time

_SHORT_YEAR = re.compile(r"^(\d{1,3})-")


def statistics(frame: pl.DataFrame) -> dict[str, Any]:
    """Delta's file statistics: least and greatest of numbers and times. Text is left out: it could name a person."""
    kinds = {n: k for n, k in frame.schema.items() if k.is_integer() or k == UTC_TIME}
    row = frame.select(
        *(pl.col(n).min().alias(f"<{n}") for n in kinds),
        *(pl.col(n).max().alias(f">{n}") for n in kinds),
        *(pl.col(n).null_count().alias(f"0{n}") for n in kinds),
    ).row(0, named=True)

    def plain(value: Any) -> Any:
        return value if isinstance(value, int) else f"{value.replace(tzinfo=None).isoformat(timespec='microseconds')}Z"

    return {
        "numRecords": frame.height,
        "minValues": {n: plain(row[f"<{n}"]) for n in kinds if row[f"<{n}"] is not None},
        "maxValues": {n: plain(row[f">{n}"]) for n in kinds if row[f">{n}"] is not None},
        "nullCount": {n: row[f"0{n}"] for n in kinds},
    }


def spans(stats: Mapping[str, Any]) -> dict[str, tuple[Micros, Micros]]:
    """The first and last moment of each time column, as far as a file's statistics say it."""
    least, greatest = stats.get("minValues", {}), stats.get("maxValues", {})
    found = {name: (_moment(value), _moment(greatest.get(name))) for name, value in least.items()}
    return {name: (first, last) for name, (first, last) in found.items() if first is not None and last is not None}


def _moment(said: Any) -> Micros | None:
    """The moment that statistics name; None where they name none, which leaves the column's span open.

    A log is never edited, so what an earlier version wrote stays readable: years before 1000 without their zeros.

    >>> _moment("201-05-03T00:00:00.000000Z") == _moment("0201-05-03T00:00:00Z"), _moment("soon"), _moment(3)
    (True, None, None)
    """
    if not isinstance(said, str):
        return None
    try:
        return parse_time(_SHORT_YEAR.sub(lambda year: f"{int(year[1]):04}-", said))
    except ConfigError:
        return None
